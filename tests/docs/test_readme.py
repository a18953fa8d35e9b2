# SPDX-License-Identifier: BSD-3-Clause
"""The README's code runs, its command is understood, and its links lead somewhere."""

import contextlib
import io
import re
import shlex
from urllib.parse import urlsplit

import numpy as np
import pytest

from tests.docs.pages import DOCS

README = (DOCS.parent / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"(?ms)^```(python|bash)\n(.*?)^```", README)


@pytest.mark.slow
def test_code():
    ((_, code),) = (block for block in BLOCKS if block[0] == "python")
    (printed,) = re.findall(r"(?ms)^```text\n(.*?)^```", README)
    with contextlib.redirect_stdout(io.StringIO()) as output:
        exec(compile(code, "README.md", "exec"), {})
    # Another processor may round to the next hundredth.
    numbers = [
        np.array(re.findall(r"0\.\d+", text), float) for text in (output.getvalue(), printed)
    ]
    np.testing.assert_allclose(*numbers, atol=0.02)
    assert re.sub(r"0\.\d+", "", output.getvalue()) == re.sub(r"0\.\d+", "", printed)


def test_it_is_short():
    prose = [line for line in README.splitlines() if not line.startswith("|")]
    assert len(" ".join(prose).split()) <= 500


def test_command():
    from sparsefs.cli.parser import make_parser

    lines = [line for kind, block in BLOCKS if kind == "bash" for line in block.splitlines()]
    (command,) = (line for line in lines if line.startswith("sparsefs "))
    arguments = make_parser().parse_args(shlex.split(command)[1:])
    assert arguments.report is not None


def test_links():
    links = [link for link in re.findall(r"\]\(([^)]+)\)", README) if not urlsplit(link).scheme]
    assert links
    for link in links:
        assert (DOCS.parent / link.partition("#")[0]).exists(), link


def test_table_of_selectors_is_complete():
    import sparsefs

    rows = set(re.findall(r"(?m)^\| `(\w+Selector)`", README))
    exported = {name for name in sparsefs.__all__ if name.endswith("Selector")}
    assert rows == exported - {"StabilitySelector", "EnsembleSelector", "KnockoffSelector"}
