# SPDX-License-Identifier: BSD-3-Clause
"""The package itself: its names, what importing it imports, and the Pythons it supports."""

import importlib
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

import sparsefs

HEAVY = ["torch", "sklearn", "scipy", "numpy", "pandas", "matplotlib", "optuna", "pyarrow", "tqdm"]


def in_a_new_process(program):
    code = (
        f"import sys, json\n{program}\nprint(json.dumps([m for m in {HEAVY} if m in sys.modules]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def test_importing_it_imports_no_library():
    assert in_a_new_process("import sparsefs; sparsefs.__version__; dir(sparsefs)") == []


def test_its_folders_do_not_import_torch_matplotlib_or_optuna():
    folders = "sparsefs.report, sparsefs.plots, sparsefs.search"
    found = in_a_new_process(f"from sparsefs import *; import sparsefs; {folders}")
    assert "sklearn" in found and not {"torch", "matplotlib", "optuna"} & set(found)


def test_every_name_is_there_and_listed():
    for name in sparsefs.__all__:
        assert getattr(sparsefs, name) is not None
        assert name in dir(sparsefs)
    for name in ("selectors", "evaluation", "report", "training", "topology"):
        assert getattr(sparsefs, name) is importlib.import_module(f"sparsefs.{name}")
    with pytest.raises(AttributeError, match="module 'sparsefs' has no attribute 'Selector'"):
        sparsefs.Selector  # noqa: B018


def test_workflow_runs_the_pythons_that_the_classifiers_name():
    root = Path(__file__).resolve().parents[1]
    workflow = root / ".github" / "workflows" / "tests.yml"
    if not workflow.exists():
        pytest.skip("a source distribution has no workflows")
    matrix = yaml.safe_load(workflow.read_text())["jobs"]["tests"]["strategy"]["matrix"]
    pyproject = (root / "pyproject.toml").read_text()
    assert matrix["python"] == re.findall(
        r'"Programming Language :: Python :: (3\.\d+)"', pyproject
    )
