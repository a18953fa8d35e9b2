# SPDX-License-Identifier: BSD-3-Clause
"""The documentation's page on performance: its tables are those of the rows, its bytes are true."""

import csv
import re
from pathlib import Path

import numpy as np
import pytest
from benchmarks import performance_tables
from benchmarks.results import Results

from sparsefs.networks import make_sparse_linear
from sparsefs.topology import sample_positions

COMMITTED = Results.folder
PAGE = (Path(__file__).resolve().parents[2] / "docs" / "performance.rst").read_text()


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(Results, "folder", tmp_path)
    return tmp_path


def table(folder, name):
    with (folder / f"performance_{name}.csv").open(newline="") as file:
        return list(csv.reader(file))


def test_tables_without_rows_say_so(folder):
    (folder / "speed.csv").write_text("set,who\ntiny,earlier form\n")
    performance_tables.write(*performance_tables.TABLES)
    names = {name for tables in performance_tables.TABLES.values() for name in tables}
    for name in names:
        header, *lines = table(folder, name)
        assert lines == [["not measured yet", *[""] * (len(header) - 1)]]
    assert len(table(folder, "machine")) == 1 + len(performance_tables.TABLES)


def test_a_command_writes_its_own_tables_and_the_machine(folder):
    performance_tables.write("accuracy")
    assert not list(folder.iterdir())
    performance_tables.write("startup")
    assert {p.name for p in folder.iterdir()} == {
        "performance_startup.csv",
        "performance_machine.csv",
    }


def test_exponents_and_features_of_scaling(folder):
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
                    above_data_mb=30,
                )
    performance_tables.write("scaling")
    samples, wide = table(folder, "exponents")[1:]
    assert samples == ["samples", "500 to 2,000", "WAST", "1.00 ± 0.00", "1.00", "0.00 ± 0.00"]
    assert wide[:3] == ["features, 5 connections each", "10,000 to 30,000", "WAST"]
    assert table(folder, "features")[2] == ["30,000", "30.0 s, 30.0 MB"]
    assert table(folder, "machine")[1][-1] != "not measured yet"


def test_fits_that_were_ended_say_so_and_better_tools_are_named(folder):
    results = Results("fits", ["set", "method", "repeat"])
    rows = [
        ("WAST", "ok", 2, 80),
        ("ExtraTrees", "ok", 1, 90),
        ("LassoNet path", "over 9 s", "", ""),
    ]
    for method, status, seconds, accuracy in rows:
        figures = {"status": status, "seconds": seconds, "accuracy": accuracy, "peak_mb": 1}
        results.add(set="isolet_1560", method=method, repeat=0, **figures)
    performance_tables.write("fits")
    assert table(folder, "fits") == [
        ["Method", "isolet_1560"],
        ["WAST", "2.00 s, 80.0 %"],
        ["LassoNet path", "over 9 s"],
        ["ExtraTrees", "1.00 s, 90.0 %"],
    ]
    line = ["isolet_1560", "WAST", "2.00", "2.00", "> 4.50", "ExtraTrees"]
    assert table(folder, "beside")[1:] == [line]


def test_committed_tables_are_those_of_the_committed_rows(folder):
    for command in performance_tables.TABLES:
        if (COMMITTED / f"{command}.csv").exists():
            (folder / f"{command}.csv").write_bytes((COMMITTED / f"{command}.csv").read_bytes())
    performance_tables.write(*performance_tables.TABLES)
    for path in folder.glob("performance_*.csv"):
        assert path.read_text() == (COMMITTED / path.name).read_text(), (
            "run python -m benchmarks.performance_tables"
        )


def test_the_page_shows_every_table():
    shown = set(re.findall(r"performance_(\w+)\.csv", PAGE))
    written = {name for tables in performance_tables.TABLES.values() for name in tables}
    assert shown == written | {"machine"}


@pytest.mark.parametrize(
    ("kernel", "bytes_of"), [("csr", [4, 8, 12]), ("block", [4, 17, 12]), ("masked", [4, 4, 0])]
)
@pytest.mark.parametrize("shape", [(100, 3000), (3000, 100), (50, 10_000)])
def test_bytes_of_the_page(kernel, bytes_of, shape):
    rows = dict(re.findall(r"\* - (\S.*)\n((?:     - .*\n){3})", PAGE))
    column = ["csr", "block", "masked"].index(kernel)
    names = ["weight", "where it is", "transpose, where one is needed"]
    assert [int(rows[n].split("-")[1 + column]) for n in names] == bytes_of

    rng = np.random.default_rng(0)
    layer = make_sparse_linear(
        shape,
        sample_positions(shape, 0.1, rng),
        bound=0.1,
        rng=rng,
        kernel=kernel,
        filled_side="in" if shape[1] > shape[0] else "out",
    )
    weight, place, transpose = bytes_of
    per_neuron = 20 * sum(shape)
    slots = len(layer.values)
    assert 0 <= layer.n_bytes - (weight + place) * slots <= per_neuron
    if transpose:
        before = layer.n_bytes
        layer.refresh()
        assert abs(layer.n_bytes - before - transpose * slots) <= per_neuron
