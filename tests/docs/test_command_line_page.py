# SPDX-License-Identifier: BSD-3-Clause
"""The commands of the documentation's page print about what stands there."""

import re
from pathlib import Path

import numpy as np
import pytest

from sparsefs.cli import main

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "command_line.rst").read_text()
NUMBER = r"\d[\d,]*(?:\.\d*)?"
CHANGES = re.compile(rf"pixel_\d_\d|< 0\.001|[ ]*{NUMBER}")


def blocks():
    found = re.findall(r"\.\. code-block:: console\n\n((?:   .*\n|\n)+)", PAGE)
    for block in found:
        first, _, expected = re.sub(r"(?m)^   ", "", block).strip().partition("\n")
        yield first.removeprefix("$ sparsefs "), expected


def words(text):
    """The text without figures and pixels, which another processor may find otherwise."""
    return CHANGES.sub(" 0", text).split()


def figures(text):
    text = re.sub(r"pixel_\d_\d|(?m:  (?:[\d.]+|< 0\.001)$)", "", text)  # pixels, seconds
    return np.array([n.replace(",", "") for n in re.findall(NUMBER, text)], float)


@pytest.mark.slow
def test_commands_of_the_page(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # files land there
    n_blocks = 0
    for command, expected in blocks():
        command, _, head = command.partition(" | head -")
        main(command.split())
        shown = capsys.readouterr()
        printed = (shown.err + shown.out).strip()
        if head:
            printed = "\n".join(printed.splitlines()[: int(head)])
        assert words(printed) == words(expected)
        np.testing.assert_allclose(figures(printed), figures(expected), rtol=0.3, atol=0.05)
        n_blocks += 1
    assert n_blocks == 6
    assert {path.name for path in tmp_path.iterdir()} == {"digits_8.csv", "digits.html"}


def test_the_page_names_every_option_and_method():
    from sparsefs.cli.names import BUNDLED, OURS, RIVALS

    for name in ("digits", *OURS, *RIVALS):
        assert f"``{name}``" in PAGE
    assert set(BUNDLED) >= {"digits"}
    for option in ("out", "report", "refit", "no-score", "test-size", "task", "keep", "missing"):
        assert f"--{option}" in PAGE
