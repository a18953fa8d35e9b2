# SPDX-License-Identifier: BSD-3-Clause
"""The package itself: its names, and what importing it imports."""

import importlib
import json
import subprocess
import sys

import pytest

import sparsefs

HEAVY = ["torch", "sklearn", "scipy", "numpy", "pandas", "matplotlib", "pyarrow", "tqdm"]


def in_a_new_process(program):
    code = (
        f"import sys, json\n{program}\nprint(json.dumps([m for m in {HEAVY} if m in sys.modules]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def test_importing_it_imports_no_library():
    assert in_a_new_process("import sparsefs; sparsefs.__version__; dir(sparsefs)") == []


def test_selectors_do_not_import_torch_or_matplotlib():
    found = in_a_new_process("from sparsefs import *; import sparsefs; sparsefs.report")
    assert "sklearn" in found and not {"torch", "matplotlib"} & set(found)


def test_every_name_is_there_and_listed():
    for name in sparsefs.__all__:
        assert getattr(sparsefs, name) is not None
        assert name in dir(sparsefs)
    for name in ("selectors", "evaluation", "report", "training", "topology"):
        assert getattr(sparsefs, name) is importlib.import_module(f"sparsefs.{name}")
    with pytest.raises(AttributeError, match="module 'sparsefs' has no attribute 'Selector'"):
        sparsefs.Selector  # noqa: B018
