# SPDX-License-Identifier: BSD-3-Clause
"""The code of a page of the documentation, and what stands there as its output."""

import re
from itertools import pairwise
from pathlib import Path

import numpy as np

DOCS = Path(__file__).resolve().parents[2] / "docs"
NUMBER = r"\d+(?:\.\d*)?"
BLOCK = r"(?m)^\.\. code-block:: (python|bash|none)\n\n((?:   .*\n|\n)+)"


def blocks(page):
    """Code blocks (kind, text) of ``docs/PAGE``, in their order."""
    found = re.findall(BLOCK, (DOCS / page).read_text(encoding="utf-8"))
    return [(kind, re.sub(r"(?m)^   ", "", text).strip()) for kind, text in found]


def code_and_output(page, kind="python"):
    """(code, what it prints) in the order of the page; None where no output follows."""
    found = [*blocks(page), (None, None)]
    for (this, code), (following, output) in pairwise(found):
        if this == kind:
            yield code, output if following == "none" else None


def assert_about(printed, expected, rtol=0.5, atol=0.05):
    """The same words, and about the same numbers: another processor rounds otherwise."""
    ours, theirs = (re.sub(rf"\s*{NUMBER}", " 0", text.strip()) for text in (printed, expected))
    assert ours == theirs
    ours, theirs = (np.array(re.findall(NUMBER, text), float) for text in (printed, expected))
    np.testing.assert_allclose(ours, theirs, rtol=rtol, atol=atol)


def run_page(page, capsys):
    """Run the Python of a page from top to bottom in one namespace, and compare what it prints."""
    names = {}
    for code, expected in code_and_output(page):
        exec(compile(code, f"docs/{page}", "exec"), names)
        printed = capsys.readouterr().out
        if expected is not None:
            assert_about(printed, expected)
    return names
