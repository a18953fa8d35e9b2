# SPDX-License-Identifier: BSD-3-Clause
"""Tables and figures of the documentation: all are made of tracked rows, and shown on a page."""

import csv
import io
import re
from pathlib import Path

import pytest
from benchmarks import accuracy, reseeded, tables
from benchmarks.results import Results

DOCS = Path(__file__).resolve().parents[2] / "docs"
SHOWN = {
    name
    for page in DOCS.rglob("*.rst")
    for name in re.findall(r"measured/([\w.]+)", page.read_text(encoding="utf-8"))
}


def table(name):
    """Cells of a table as its file has them."""
    file = io.StringIO()
    csv.writer(file).writerows(tables.typeset(*tables.made(*tables.TABLES[name])))
    return [*csv.reader(io.StringIO(file.getvalue()))]


@pytest.mark.slow
@pytest.mark.parametrize("name", tables.TABLES)
def test_table_is_made_of_the_tracked_rows(name):
    header, *lines = table(name)
    assert lines and {len(line) for line in lines} == {len(header)}
    assert all(sum(map(bool, line)) > 1 for line in lines)  # more than a name
    assert len({*map(tuple, lines)}) == len(lines)


@pytest.mark.slow
@pytest.mark.parametrize("name", tables.FIGURES)
def test_figure_is_made_of_the_tracked_rows(name):
    figure = tables.made(*tables.FIGURES[name])
    assert all(ax.lines or ax.collections for ax in figure.axes if ax.get_visible())


def _is_text(artist):
    return hasattr(artist, "get_text")


def test_pages_show_them_all_and_no_others():
    made = {f"{name}.csv" for name in tables.TABLES} | {f"{name}.svg" for name in tables.FIGURES}
    assert made == SHOWN


def test_what_is_written_is_the_same_each_time(tmp_path, monkeypatch):
    made = {"a": (lambda: (["x"], [["-"], ["1 +-2"]]),), "none": (lambda: (["x", "y"], []),)}
    monkeypatch.setattr(tables, "TABLES", made)
    monkeypatch.setattr(tables, "FIGURES", {"b": tables.FIGURES["accuracy_ranks"]})
    for folder in ("first", "second"):
        tables.write(tmp_path / folder)
    assert (tmp_path / "first" / "a.csv").read_text(encoding="utf-8") == 'x\n""\n1 ± 2\n'
    assert (tmp_path / "first" / "none.csv").read_text() == "x,y\nnot measured yet,\n"
    first, second = ((tmp_path / f / "b.svg").read_bytes() for f in ("first", "second"))
    assert first == second


# Cells, by rows of ours.


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(Results, "folder", tmp_path)
    return tmp_path


def add(results, name, method, seed, svc, status="ok", **more):
    scores = {"svc_50": svc} if status == "ok" else {}
    figures = {"cpu_seconds": 2, "above_data_mb": 10} if status == "ok" else {}
    columns = dict.fromkeys(accuracy.columns(accuracy.KS), "") | {"status": status}
    row = columns | figures | scores | more
    results.add(set=name, method=method, seed=seed, K=more.pop("K", "all"), **row)


@pytest.fixture
def measured(folder):
    """Two sets; ExtraTrees is over the limit on one, all features stand beside, WAST is thinned."""
    results = Results("accuracy", accuracy.KEY)
    for seed, change in ((1000, -1), (1001, 1)):
        add(results, "colon", "mRMR", seed, 80 + change, cpu_seconds=4)
        add(results, "colon", "F-test", seed, 70 + change, cpu_seconds=1)
        add(results, "colon", "ExtraTrees", seed, 90 + change)
        add(results, "orl", "mRMR", seed, 60 + change)
        add(results, "orl", "F-test", seed, 60 + change)
        limit = "over 300 s" if seed == 1000 else "over 300 s on split 1000"
        add(results, "orl", "ExtraTrees", seed, 0, status=limit)
        for name in ("colon", "orl"):
            add(results, name, "all features", seed, "", svc_all=95)
    add(results, "colon", "WAST", 1000, 76)


@pytest.mark.usefixtures("measured")
def test_means_and_ranks_of_the_sets_that_all_have():
    header, *lines = table("accuracy_overall")
    assert header[0] == "Method (1 sets)"
    assert {line[0]: line[3] for line in lines} == {
        "ExtraTrees": "90.0 (1.0)",
        "mRMR": "80.0 (2.0)",
        "F-test": "70.0 (3.0)",
        "all features": "95.0",
    }
    assert table("accuracy_left_out")[1:] == [["orl", "over 300 s: ExtraTrees"]]
    assert table("accuracy_kinds")[0] == ["Method", "genes (1)"]


@pytest.mark.usefixtures("measured")
def test_cells_of_the_sets_are_mean_and_error_or_the_reason():
    header, *lines = table("accuracy_images")
    cells = {line[0]: line[1:] for line in lines}
    assert header == ["Method", "orl", "mean of 0"]
    assert cells["mRMR"] == ["60.0 ± 1.0", ""]
    assert cells["ExtraTrees"] == ["over 300 s", ""]


@pytest.mark.usefixtures("measured")
def test_wins_and_costs():
    assert {line[0]: line[3] for line in table("accuracy_wins")[1:]} == {
        "mRMR": "0",
        "ExtraTrees": "1",
        "F-test": "0",
    }
    costs = {line[0]: line[1:] for line in table("accuracy_costs")[1:]}
    assert costs["mRMR"] == ["1", "2.00", "2.00", "2.00", "3.00", "10"]
    assert costs["F-test"][1] == "0.500"


@pytest.mark.usefixtures("folder")
def test_a_fit_too_short_for_the_clock_is_not_infinitely_fast():
    results = Results("accuracy", accuracy.KEY)
    add(results, "colon", "variance", 1000, 80, cpu_seconds=0.0)
    add(results, "colon", "ExtraTrees", 1000, 90)
    costs = {line[0]: line[1:] for line in table("accuracy_costs")[1:]}
    assert costs["variance"][1:3] == ["0.000500", "0.000500"]


@pytest.mark.usefixtures("measured")
def test_tests_are_over_the_splits_and_sets_that_both_have(monkeypatch):
    monkeypatch.setattr(tables.accuracy, "FLAGSHIP", "mRMR")
    lines = {line[1]: line for line in table("accuracy_tests")[1:]}
    at_50 = {rival: [line[2], line[7]] for rival, line in lines.items()}
    assert at_50["ExtraTrees"] == ["1", "-10.0 (0, 0, 1)"]
    assert at_50["F-test"] == ["2", "+5.0 (1, 1, 0)"]
    assert at_50["WAST \\*"] == ["1", "+3.0 (1, 0, 0)"]  # 79 on the one split of both
    assert table("accuracy_losses")[1:] == [
        ["colon", "50", "80.0", "ExtraTrees", "90.0", "-10.0"],
    ]


@pytest.mark.usefixtures("folder")
def test_agreement_over_splits_and_random_states():
    for file, key in (("accuracy", accuracy.KEY), ("reseeded", reseeded.KEY)):
        results = Results(file, key)
        for seed, start in ((1000, 0), (1001, 10)):
            best = " ".join(map(str, range(start, start + 50)))
            add(results, "colon", "F-test", seed, 80, best=best, n_features=100)
    header, line = table("accuracy_stability")
    found = dict(zip(header, line))
    assert found["Sets"] == "1"
    assert found["Jaccard, K = 20"] == found["Jaccard, same split, K = 20"] == "0.33"
    assert found["Jaccard, K = 50"] == "0.67"
    assert found["Nogueira, K = 50"] == "0.60"


@pytest.mark.usefixtures("folder")
def test_published_figures_stand_beside_ours_on_the_same_splits():
    results = Results("accuracy_as_published", accuracy.KEY)
    for name, svc in (("usps", 91), ("mnist", 95)):
        add(results, name, "WAST", 1000, "", raw_50=svc)
    header, paper, _, ours = table("accuracy_published")
    columns = [header.index("usps (random splits)"), header.index("mnist")]
    assert [paper[i] for i in columns] == ["96.78", "95.3"]
    assert [ours[i] for i in columns] == ["91.0", "95.0"]


@pytest.mark.usefixtures("folder")
def test_the_diagram_names_every_method():
    results = Results("accuracy", accuracy.KEY)
    for name in ("colon", "orl", "yale"):
        for i, method in enumerate(("mRMR", "F-test", "ExtraTrees", "all features")):
            add(results, name, method, 1000, 90 - i, svc_all=90)
    figure = tables.made(*tables.FIGURES["accuracy_ranks"])
    shown = "\n".join(text.get_text() for text in figure.findobj(match=_is_text))
    for label in ("mRMR  1.0", "F-test  2.0", "3.0  ExtraTrees", "critical difference 1.91"):
        assert label in shown
    assert "all features" not in shown


@pytest.mark.usefixtures("folder")
def test_exponents_of_scaling():
    results = Results("scaling", ["method", "axis", "value", "repeat"])
    sizes = {"n": (500, 1000, 2000), "connections": (10_000, 30_000)}
    for repeat in range(3):
        for axis, values in sizes.items():
            for value in values:
                results.add(
                    method="WAST",
                    axis=axis,
                    value=value,
                    repeat=repeat,
                    status="ok",
                    n_connections=10 * value,
                    epoch_s=value / 1000 + (repeat - 1) / 10,
                    peak_mb=40,
                )
    samples, wide = table("performance_exponents")[1:]
    assert samples == ["samples", "500 to 2,000", "WAST", "1.00 ± 0.00", "1.00", "0.00 ± 0.00"]
    assert wide[:3] == ["features, 5 connections each", "10,000 to 30,000", "WAST"]


@pytest.mark.usefixtures("folder")
def test_sizes_over_a_limit_say_so_and_so_do_larger_ones():
    results = Results("sizes", ["kind", "n", "p", "method", "repeat"])
    for n, status, seconds, megabytes in ((100, "ok", 1.5, 20), (10_000, "over 9 s", "", "")):
        figures = {"status": status, "cpu_seconds": seconds, "above_data_mb": megabytes}
        results.add(kind="dense", n=n, p=100, method="WAST", repeat=0, **figures)
    header, line = table("sizes_dense")
    assert dict(zip(header, line, strict=True)) == {
        "Method": "WAST",
        "100 x 100": "1.50 s, 20.0 MB",
        "100 x 10⁴": "",
        "100 x 10⁶": "",
        "10⁴ x 100": "> 9 s",
        "10⁴ x 10⁴": "> 9 s",
        "10⁶ x 100": "> 9 s",
    }
    assert table("sizes_csr")[1][1:] == ["not measured yet", *[""] * 9][1:]


@pytest.mark.usefixtures("folder")
def test_fits_that_were_ended_say_so_and_better_tools_are_named():
    results = Results("fits", ["set", "method", "repeat"])
    rows = [
        ("WAST", "ok", 2, 80),
        ("ExtraTrees", "ok", 1, 90),
        ("LassoNet path", "over 9 s", "", ""),
    ]
    for method, status, seconds, percent in rows:
        figures = {"status": status, "seconds": seconds, "accuracy": percent, "peak_mb": 1}
        results.add(set="isolet_1560", method=method, repeat=0, **figures)
    assert table("performance_fits") == [
        ["Method", "isolet_1560"],
        ["WAST", "2.00 s, 80.0 %"],
        ["LassoNet path", "over 9 s"],
        ["ExtraTrees", "1.00 s, 90.0 %"],
    ]
    line = ["isolet_1560", "WAST", "2.00", "2.00", "> 4.50", "ExtraTrees"]
    assert table("performance_beside")[1:] == [line]


@pytest.mark.usefixtures("folder")
def test_means_are_over_the_sets_that_both_have():
    results = Results("papers", ["set", "method", "seed"])
    for name, seed, percent in [("mnist", 0, 95.0), ("mnist", 1, 96.6), ("yale", 0, 50.0)]:
        results.add(set=name, method="NeuroFS", seed=seed, variant="NeuroFS", accuracy=percent)
    _, line = table("reproducing_means")
    assert line == ["NeuroFS", "1", "95.3", "95.8", "+0.5 to +0.5", "1"]


@pytest.mark.usefixtures("folder")
def test_a_fit_of_several_variants_counts_once():
    papers = Results("papers", ["set", "method", "seed"])
    for variant in ("SET-Attr", "SET-QS"):
        papers.add(set="yale", method="SET", seed=0, variant=variant, seconds=36)
    _, attribution, *others = table("reproducing_times")
    assert attribution[1:] == ["1", "36.0", "36.0", "0.0100"]
    assert all(line[1:] == ["0"] for line in others)  # not measured
