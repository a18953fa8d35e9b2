# SPDX-License-Identifier: BSD-3-Clause
"""What the gallery does not show of the examples, which its build runs offline and in which it
makes warnings errors.
"""

import ast
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))


@pytest.mark.slow
def test_quick_start_needs_no_matplotlib(tmp_path):
    hidden = "import sys, runpy; sys.modules['matplotlib'] = None; runpy.run_path(sys.argv[1])"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", hidden, ROOT / "examples" / "quickstart.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
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
