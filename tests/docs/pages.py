# SPDX-License-Identifier: BSD-3-Clause
"""The code and the commands of a page of the documentation, and the output that it shows."""

import re
import shlex
from pathlib import Path

import numpy as np

from sparsefs.cli import main
from sparsefs.cli.parser import make_parser

DOCS = Path(__file__).resolve().parents[2] / "docs"
NUMBER = r"\d[\d,]*(?:\.\d*)?"
BLOCK = r"(?m)^\.\. code-block:: (python|bash|console|none)\n\n((?:   .*\n|\n)+)"


def blocks(page):
    """Code blocks (kind, text) of ``docs/PAGE``, in their order."""
    found = re.findall(BLOCK, (DOCS / page).read_text(encoding="utf-8"))
    return [(kind, re.sub(r"(?m)^   ", "", text).strip()) for kind, text in found]


def assert_about(printed, expected, rtol=0.5, atol=0.05):
    """The same words, and about the same numbers: another processor rounds otherwise."""
    ours, theirs = (re.sub(rf"\s*{NUMBER}", " 0", text).split() for text in (printed, expected))
    assert ours == theirs
    ours, theirs = (
        np.array([n.replace(",", "") for n in re.findall(NUMBER, text)], float)
        for text in (printed, expected)
    )
    np.testing.assert_allclose(ours, theirs, rtol=rtol, atol=atol)


def without_chance(text):
    """The text of a terminal without pixels, which may be others, and without seconds."""
    return re.sub(r"(?m)  (?:[\d.]+|< 0\.001)$", "", re.sub(r"pixel_\d_\d", "pixel", text))


def run_page(page, capsys):
    """Run a page from top to bottom in one namespace, and compare what it prints.

    Of its commands only ours are run; without their file they are parsed.
    """
    names, printed = {}, ""
    for kind, text in blocks(page):
        if kind == "python":
            exec(compile(text, f"docs/{page}", "exec"), names)
            printed += capsys.readouterr().out
        elif kind == "bash":
            for line in text.splitlines():
                if line.startswith("sparsefs "):
                    printed += command(line, capsys)
        elif kind == "console":
            line, _, expected = text.removeprefix("$ ").partition("\n")
            line, _, head = line.partition(" | head -")
            shown = command(line, capsys, with_messages=True).strip().splitlines()
            shown = "\n".join(shown[: int(head)] if head else shown)
            assert_about(without_chance(shown), without_chance(expected), rtol=0.3)
        elif printed:  # else it is what an example prints
            assert_about(printed, text)
            printed = ""
    return names


def command(line, capsys, with_messages=False):
    """What one of our commands prints."""
    _, *arguments = shlex.split(line)
    source = arguments[1]
    if "." in source and not Path(source).exists():
        make_parser().parse_args(arguments)
        return ""
    status = main(arguments)
    out, messages = capsys.readouterr()
    assert with_messages or status == 0, messages
    return messages + out if with_messages else out
