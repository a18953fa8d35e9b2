# SPDX-License-Identifier: BSD-3-Clause
"""Pages of the documentation: their figures are those of the rows, their commands exist."""

import importlib
import re
import shlex

import numpy as np
import pytest
from benchmarks import __main__ as benchmarks_main
from benchmarks import accuracy, data, tables
from benchmarks.results import Results

from tests.docs.pages import DOCS, blocks

PAGE = (DOCS / "which_selector.rst").read_text(encoding="utf-8")
TABLE = PAGE[: PAGE.index("In short\n--------")]
LINES = [line.split("\n     - ") for line in re.split(r"\n   \* - ", TABLE)[2:]]
REPRODUCING = (DOCS / "reproducing.rst").read_text(encoding="utf-8")

# The figures of the table that chooses a selector.


def cell(table, line, column):
    header, lines = tables.made(*tables.TABLES[table])
    (found,) = (cells for cells in lines if cells[0] == line)
    (title,) = (t for t in header if t == column or t.startswith(f"{column} of "))  # "mean of 8"
    return found[header.index(title)]


def mean(table, method, column="mean"):
    return cell(f"accuracy_{table}", method, column).split()[0]


def why(beginning):
    """The last cell of the line of the table that begins so."""
    (line,) = (line for line in LINES if line[0].replace("*", "").startswith(beginning))
    return line[-1]


def test_accuracy_by_kind():
    ours = why("Labels, any kind")
    for kind in ("genes", "images"):
        assert f"{kind} {mean(kind, 'GradualPruning')}" in ours
    assert mean("genes", "mRMR") in why("Labels, dozens")
    of_text = [mean("text", m) for m in ("F-test", "GradualPruning")]
    assert " against ".join(of_text) in why("Labels, counts of words")
    of_arcene = [
        mean("speech_and_spectra", m, "arcene") for m in ("LightGBM gain", "GradualPruning")
    ]
    assert " against ".join(of_arcene) in why("Labels, mass spectra")


def test_the_first_by_mean_rank():
    said = why("Labels, any kind")
    header, lines = tables.made(*tables.TABLES["accuracy_overall"])
    ranked = [line for line in lines if "(" in line[1]]
    for k in re.findall(r"\d+", said[: said.index("features")]):
        place = header.index(f"K = {k}")
        ranks = {line[0]: float(re.search(r"\(([\d.]+)\)", line[place])[1]) for line in ranked}
        assert min(ranks, key=ranks.get) == "GradualPruning"


def test_accuracy_without_labels():
    expected = [mean("overall", m, "K = 50") for m in ("GradualPruning (no labels)", "variance")]
    assert re.findall(r"\d\d\.\d", why("No labels, one unit")) == expected


def ratio(sets, method, other):
    """How many times as long `method` takes as `other`, geometric mean over the sets."""
    fits = Results("accuracy", key=()).rows

    def seconds(name, method):
        return np.median(
            [
                float(r["cpu_seconds"])
                for r in fits
                if (r["set"], r["method"], r["status"]) == (name, method, "ok")
            ]
        )

    ratios = [seconds(s, method) / max(seconds(s, other), 1e-4) for s in sets]
    return np.exp(np.mean(np.log(ratios)))


def test_times():
    genes = ["colon", "lymphoma", "prostate_ge", "tox_171"]
    text = ["relathe", "pcmac", "basehock", "dexter"]
    for line, sets, slow, fast in [
        ("Labels, dozens", genes, "GradualPruning", "mRMR"),
        ("Labels, counts", text, "GradualPruning", "F-test"),
    ]:
        (said,) = re.findall(r"1/(\d+)", why(line))
        assert 0.8 < float(said) / ratio(sets, slow, fast) < 1.25


def test_a_million_features():
    said = re.findall(r"(\d+) s in (\d\.\d) GB", why("A million"))
    for figures, name in zip(said, ("NeuronAttribution", "QuickSelection"), strict=True):
        shown = cell("performance_wide", name, "200 x 1,000,000, dense, 4 epochs")
        seconds, megabytes = map(float, re.findall(r"[\d.]+", shown))
        np.testing.assert_allclose(np.array(figures, float), [seconds, megabytes / 1000], rtol=0.07)


# Commands of the page on the papers.


def commands():
    """What follows ``python -m benchmarks`` on the page."""
    table = REPRODUCING[
        REPRODUCING.index("The papers at a glance") : REPRODUCING.index("How long it takes")
    ]
    yield from re.findall(r"(?m)^     - ``(\w[^`]*)``$", table)
    for _, block in (b for b in blocks("reproducing.rst") if b[0] == "bash"):
        yield from re.findall(r"(?m)^python -m benchmarks (.*)$", block)
    _, lines = tables.made(*tables.TABLES["reproducing_times"])
    yield from (line[0].strip("`") for line in lines)


def test_there_is_a_command_for_every_paper():
    assert len(list(commands())) >= 8 + 1 + 5


@pytest.mark.parametrize("command", list(commands()))
def test_commands_are_understood(command, monkeypatch):
    """Run as they stand, but for what they would measure."""
    name, *_ = shlex.split(command)
    module = importlib.import_module(f"benchmarks.{name}")
    seen = []
    monkeypatch.setattr(module, "run", seen.append)
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


# The table of the README.

README_SETS = (  # of fewer than 500 samples
    *data.SETS_OF["genes"],
    *("warpar10p", "yale", "orl", "warppie10p", "orlraws10p", "arcene"),
)
README_METHODS = {
    "`GradualPruningSelector`": "GradualPruning",
    "LightGBM (gain)": "LightGBM gain",
    "ExtraTrees (500 trees)": "ExtraTrees",
    "RFE (linear SVM)": "RFE (LinearSVC)",
    "L1 logistic regression": "L1 logistic regression",
    "mRMR": "mRMR",
    "F-test": "F-test",
    "Random features": "random",
}


def test_table_of_the_readme():
    results = (DOCS.parent / "README.md").read_text(encoding="utf-8").split("## Results")[1]
    rows = Results("accuracy", accuracy.KEY).rows
    for title, method in README_METHODS.items():
        found = [
            [row for row in rows if (row["set"], row["method"]) == (name, method)
             and int(row["seed"]) < 1004]
            for name in README_SETS
        ]  # fmt: skip
        assert [len(of_set) for of_set in found] == [4] * len(README_SETS), method
        *accuracies, seconds = (
            [np.mean([float(row[column]) for row in of_set]) for of_set in found]
            for column in ("svc_10", "svc_20", "svc_50", "cpu_seconds")
        )
        line = next(line for line in results.splitlines() if line.startswith(f"| {title} |"))
        cells = [cell.strip(" *") for cell in line.split("|")[2:6]]
        assert cells == [
            *(f"{np.mean(each):.1f}" for each in accuracies), f"{np.median(seconds):.2f}",
        ]  # fmt: skip
