# SPDX-License-Identifier: BSD-3-Clause
"""The tour: its commands and its code run in their order, in an empty folder."""

import shlex

import pytest

from tests.docs.pages import assert_about, blocks, run_page

pytestmark = pytest.mark.slow


def test_code_and_commands_of_the_page(capsys, tmp_path, monkeypatch):
    pandas = pytest.importorskip("pandas", reason="the command line reads tables with pandas")
    pytest.importorskip("matplotlib", reason="the report has pictures")
    from sparsefs.cli import main

    monkeypatch.chdir(tmp_path)
    names, printed = {}, ""
    for kind, block in blocks("tour.rst"):
        if kind == "none":
            assert_about(printed, block)
        elif kind == "python":
            exec(block, names)
            printed = capsys.readouterr().out
        elif block.startswith("sparsefs "):
            status = main(shlex.split(block)[1:])
            printed, errors = capsys.readouterr()
            assert status == 0, errors
    assert pandas.read_csv("small.csv").shape == (569, 6)
    report = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "diagnosis" in report


def test_start_page(capsys):
    run_page("index.rst", capsys)
