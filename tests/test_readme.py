# SPDX-License-Identifier: BSD-3-Clause
"""The README's code runs, its command is understood, and its links lead somewhere."""

import re
import shlex
from urllib.parse import urlsplit

import pytest

from tests.pages import DOCS

README = (DOCS.parent / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"(?ms)^```(python|bash)\n(.*?)^```", README)


@pytest.mark.slow
def test_code():
    (code,) = (code for kind, code in BLOCKS if kind == "python")
    exec(compile(code, "README.md", "exec"), names := {})
    assert names["selector"].K_ > 1


def test_command():
    from sparsefs.cli.parser import make_parser

    lines = [line for kind, block in BLOCKS if kind == "bash" for line in block.splitlines()]
    (command,) = (line for line in lines if line.startswith("sparsefs "))
    arguments = make_parser().parse_args(shlex.split(command)[1:])
    assert arguments.report is not None


def test_links():
    links = [link for link in re.findall(r"\]\(([^)]+)\)", README) if not urlsplit(link).scheme]
    assert len(links) > 10
    for link in links:
        assert (DOCS.parent / link.partition("#")[0]).exists(), link


def test_table_of_selectors_is_complete():
    import sparsefs

    rows = set(re.findall(r"(?m)^\| `(\w+Selector)`", README))
    exported = {name for name in sparsefs.__all__ if name.endswith("Selector")}
    assert rows == exported - {"EnsembleSelector", "StabilitySelector"}
