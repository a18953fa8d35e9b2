# SPDX-License-Identifier: BSD-3-Clause
"""Every script in examples runs as it stands."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = sorted((Path(__file__).resolve().parents[1] / "examples").glob("*.py"))
SLOW = {
    "accuracy_against_cost.py",
    "quickstart.py",
    "sparse_residual_network.py",
    "stability.py",
}


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(script, id=script.name, marks=pytest.mark.slow if script.name in SLOW else ())
        for script in EXAMPLES
    ],
)
def test_example_runs_and_prints(script, tmp_path):
    run = subprocess.run(
        [sys.executable, script],
        cwd=tmp_path,  # pictures land there
        env=os.environ | {"MPLBACKEND": "Agg"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert "accuracy" in run.stdout
