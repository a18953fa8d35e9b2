# SPDX-License-Identifier: BSD-3-Clause
"""The page on the papers: its tables are those of the rows, its commands exist."""

import csv
import importlib
import re
import shlex

import pytest
from benchmarks import __main__ as benchmarks_main
from benchmarks import reproducing_tables
from benchmarks.results import Results

from tests.docs.pages import DOCS, blocks

PAGE = (DOCS / "reproducing.rst").read_text(encoding="utf-8")
COMMITTED = Results.folder


def test_committed_tables_are_those_of_the_rows(tmp_path, monkeypatch):
    for name in ("papers", "wast", "coverage"):
        (tmp_path / f"{name}.csv").write_bytes((COMMITTED / f"{name}.csv").read_bytes())
    monkeypatch.setattr(Results, "folder", tmp_path)
    reproducing_tables.write()
    for name in reproducing_tables.TABLES:
        file = f"reproducing_{name}.csv"
        assert (tmp_path / file).read_text() == (COMMITTED / file).read_text()


def test_means_are_over_the_sets_that_both_have(tmp_path, monkeypatch):
    monkeypatch.setattr(Results, "folder", tmp_path)
    results = Results("papers", ["set", "method", "seed"])
    for name, seed, accuracy in [("mnist", 0, 95.0), ("mnist", 1, 96.6), ("yale", 0, 50.0)]:
        results.add(set=name, method="NeuroFS", seed=seed, variant="NeuroFS", accuracy=accuracy)
    header, (line,) = reproducing_tables.means()
    assert line == ["NeuroFS", 1, "95.3", "95.8", "+0.5 to +0.5", 1]
    assert len(header) == len(line)


def test_a_fit_of_several_variants_counts_once(tmp_path, monkeypatch):
    monkeypatch.setattr(Results, "folder", tmp_path)
    papers = Results("papers", ["set", "method", "seed"])
    for variant in ("SET-Attr", "SET-QS"):
        papers.add(set="yale", method="SET", seed=0, variant=variant, seconds=36)
    _, (attribution, *others) = reproducing_tables.times()
    assert attribution[1:] == [1, "36.0", "36.0", "0.0100"]
    assert all(line[1:] == [0] for line in others)  # not measured


def commands():
    """What follows ``python -m benchmarks`` on the page."""
    table = PAGE[PAGE.index("The papers at a glance") : PAGE.index("How long it takes")]
    yield from re.findall(r"(?m)^     - ``(\w[^`]*)``$", table)
    for _, block in (b for b in blocks("reproducing.rst") if b[0] == "bash"):
        yield from re.findall(r"(?m)^python -m benchmarks (.*)$", block)
    with (COMMITTED / "reproducing_times.csv").open(newline="") as file:
        yield from (line[0].strip("`") for line in list(csv.reader(file))[1:])


def test_there_is_a_command_for_every_paper():
    assert len(list(commands())) >= 8 + 1 + 5


@pytest.mark.parametrize("command", list(commands()))
def test_commands_are_understood(command, monkeypatch):
    """Run as they stand, but for what they would measure."""
    name, *_ = shlex.split(command)
    module = importlib.import_module(f"benchmarks.{name}")
    seen = []
    monkeypatch.setattr(module, "run", seen.append)
    monkeypatch.setattr(benchmarks_main.performance_tables, "write", lambda name: None)
    monkeypatch.setattr(benchmarks_main.accuracy_tables, "write", lambda: None)
    monkeypatch.setattr(Results, "print_origin", lambda self: None)
    folder = Results.folder
    try:
        benchmarks_main.main(shlex.split(command))
    finally:
        Results.folder = folder
    (arguments,) = seen
    known = {"papers": "METHODS", "wast": "SETTINGS"}.get(name)
    if known:
        asked = getattr(arguments, known.lower())
        assert set(asked) <= set(getattr(module, known))
