# SPDX-License-Identifier: BSD-3-Clause
"""Every script in examples runs as it stands, anywhere, offline and without a warning."""

import ast
import os
import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
QUICK = {"own_growth_rule.py", "own_importance.py"}
OFFLINE = """
import socket

def refuse(*args, **kwargs):
    raise OSError("examples need no network")

socket.getaddrinfo = socket.socket.connect = refuse
"""


def run(*command, folder):
    (folder / "site").mkdir()
    (folder / "site" / "sitecustomize.py").write_text(OFFLINE)
    (folder / "empty").mkdir()
    paths = [folder / "site", *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    python_path = os.pathsep.join(str(Path(path).resolve()) for path in paths)
    environment = os.environ | {"MPLBACKEND": "Agg", "PYTHONPATH": python_path}
    environment.pop("SPARSEFS_DATA", None)  # the data that everybody has
    return subprocess.run(
        [sys.executable, "-W", "ignore:FigureCanvasAgg is non-interactive", *command],
        cwd=folder / "empty",  # pictures land there
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(script, id=script.name, marks=() if script.name in QUICK else pytest.mark.slow)
        for script in EXAMPLES
    ],
)
def test_example_runs_and_prints(script, tmp_path):
    done = run(script, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert re.search("accuracy|score", done.stdout)
    assert "Warning" not in done.stderr


@pytest.mark.slow
def test_quick_start_needs_no_matplotlib(tmp_path):
    hidden = "import sys, runpy; sys.modules['matplotlib'] = None; runpy.run_path(sys.argv[1])"
    done = run("-c", hidden, ROOT / "examples" / "quickstart.py", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "accuracy of the pipeline" in done.stdout
    assert "sparsefs[plot]" in done.stdout


@pytest.mark.parametrize("script", EXAMPLES, ids=lambda script: script.name)
def test_example_is_a_page_of_the_gallery(script):
    source = script.read_text()
    title, line = ast.get_docstring(ast.parse(source)).splitlines()[:2]
    assert line == "=" * len(title)
    assert "\n# %%\n" in source


def test_gallery_has_an_order_of_all_examples():
    order = runpy.run_path(str(ROOT / "docs" / "_gallery.py"))["ORDER"]
    assert sorted(order) == [script.name for script in EXAMPLES]
