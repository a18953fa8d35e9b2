# SPDX-License-Identifier: BSD-3-Clause
"""The figures of the table that chooses a selector are those of the benchmark's results."""

import csv
import re

import numpy as np

from tests.docs.pages import DOCS

RESULTS = DOCS.parent / "benchmarks" / "results"
PAGE = (DOCS / "which_selector.rst").read_text(encoding="utf-8")
TABLE = PAGE[: PAGE.index("In short\n--------")]
LINES = [line.split("\n     - ") for line in re.split(r"\n   \* - ", TABLE)[2:]]


def rows(name):
    with (RESULTS / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def mean(name, method, column="mean"):
    (row,) = (r for r in rows(f"accuracy_table_{name}") if r["Method"] == method)
    return row[column].split()[0]


def why(beginning):
    """The last cell of the line of the table that begins so."""
    (line,) = (line for line in LINES if line[0].replace("*", "").startswith(beginning))
    return line[-1]


def test_accuracy_by_kind():
    ours = why("Labels, any kind")
    for kind in ("genes", "text", "speech_and_spectra", "images"):
        shown = mean(kind, "GradualPruning")
        assert f"{kind.replace('_', ' ')} {shown}" in ours.replace("\n       ", " ")
    assert mean("genes", "mRMR") in why("Labels, dozens")
    assert f"F-test {mean('genes', 'F-test')}" in why("Labels, dozens")
    assert mean("text", "F-test") in why("Labels, counts of words")


def test_accuracy_on_madelon():
    both = [mean("other", m, "madelon") for m in ("ExtraTrees", "GradualPruning")]
    assert " and ".join(both) in why("Labels, few useful")
    none = [mean("other", m, "madelon") for m in ("variance", "GradualPruning (no labels)")]
    assert re.findall(r"\d\d\.\d", why("No labels, mostly noise")) == none


def test_accuracy_without_labels():
    methods = ("GradualPruning (no labels)", "WAST (paper)", "variance")
    expected = [mean("overall", m, "K = 50") for m in methods]
    assert re.findall(r"\d\d\.\d", why("No labels, one unit")) == expected


def ratio(sets, method, other):
    """How many times as long `method` takes as `other`, geometric mean over the sets."""
    fits = rows("accuracy")

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
    many = ["mnist", "fashion_mnist"]
    for line, sets, slow, fast in [
        ("Labels, dozens", genes, "GradualPruning", "mRMR"),
        ("Labels, counts", text, "GradualPruning", "F-test"),
        ("Labels, thousands", many, "ExtraTrees", "GradualPruning"),
    ]:
        (said,) = re.findall(r"1/(\d+)", why(line))
        assert 0.8 < float(said) / ratio(sets, slow, fast) < 1.25


def test_a_million_features():
    shown = {
        row["Selector"]: row["200 x 1,000,000, dense, 4 epochs"] for row in rows("performance_wide")
    }
    said = re.findall(r"(\d+) s in (\d\.\d) GB", why("A million"))
    for figures, name in zip(said, ("NeuronAttribution", "QuickSelection"), strict=True):
        seconds, megabytes = map(float, re.findall(r"[\d.]+", shown[name]))
        np.testing.assert_allclose(np.array(figures, float), [seconds, megabytes / 1000], rtol=0.07)
