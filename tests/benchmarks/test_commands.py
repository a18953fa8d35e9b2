# SPDX-License-Identifier: BSD-3-Clause
"""Every benchmark runs, on data as small as possible; what it finds is not looked at."""

import math

import numpy as np
import pytest
import torch
from benchmarks import data, kernels, methods, scaling, startup, wide_settings
from benchmarks.__main__ import main
from benchmarks.formatting import short, spread
from benchmarks.isolated import measure
from benchmarks.results import Results
from scipy import sparse

from tests.benchmarks.rows import rows_of


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(Results, "folder", tmp_path)
    monkeypatch.setattr(startup, "PROGRAMS", dict.fromkeys(startup.PROGRAMS, "sum(range(10**6))"))
    with torch.random.fork_rng():  # a benchmark may draw from the global generator
        yield tmp_path


@pytest.mark.slow
@pytest.mark.parametrize(
    ("command", "n_rows"),
    [
        ("speed --sets tiny --repeats 2 --epochs 1", 2),
        ("time_to_accuracy --sets tiny --repeats 1", 31),
        ("kernels --shapes 1 --repeats 1 --devices cpu", 50),
        ("startup --repeats 1", 6),
        ("command_line --repeats 1 --rows 60 --columns 20", 1),
        ("scaling --axes C --points 2 --repeats 1", 2),
        ("distributed --rows 2000 --columns 20 --repeats 1 --sets tiny --seeds 1", 12),
        ("distributed --what launcher --rows 2000 --columns 20 --repeats 1", 2),
        ("fits --sets tiny --repeats 1 --methods WAST F-test", 2),
        ("sizes --largest 100 --methods GradualPruning F-test", 4),
        ("memory --sets tiny --repeats 1 --methods WAST NeuroFS", 2),
    ],
)
def test_command_measures_prints_and_resumes(command, n_rows, folder, capsys):
    main(command.split())
    first = rows_of(folder, command.split()[0])
    assert len(first) == n_rows
    assert {row.get("status", "ok") for row in first} == {"ok"}
    assert all(row["cpu"] and row["gpu"] and row["commit"] is not None for row in first)
    capsys.readouterr()
    main(command.split())
    assert rows_of(folder, command.split()[0]) == first
    assert "# cpu:" in capsys.readouterr().out


@pytest.mark.skipif(torch.cuda.is_available(), reason="says so only without a CUDA device")
def test_gpu_without_a_device_says_so_and_touches_nothing(folder, capsys):
    (folder / "gpu.csv").write_text("case,repeat\n")
    main(["gpu", "--fresh"])
    assert "no CUDA device" in capsys.readouterr().out
    assert (folder / "gpu.csv").exists()


def test_a_new_column_does_not_shift_the_earlier_rows(folder):
    results = Results("some", ["a"])
    results.add(a=1)
    Results("some", ["a"]).add(a=2, b=3)
    rows = rows_of(folder, "some")
    assert [(row["a"], row["b"]) for row in rows] == [("1", ""), ("2", "3")]
    assert rows[0]["torch"] == rows[1]["torch"] == torch.__version__


def test_a_file_of_an_earlier_form_is_refused(folder):
    Results("some", ["a"]).add(a=1)
    with pytest.raises(SystemExit, match="--fresh"):
        Results("some", ["b"])


@pytest.mark.slow
def test_a_fit_over_the_limit_is_ended_and_its_row_says_so():
    figures = measure("benchmarks.fits:job", 0.01, name="tiny", method="ExtraTrees", seed=0)
    assert figures == {"status": "over 0.01 s"}


@pytest.mark.slow
def test_a_fit_that_fails_says_why():
    figures = measure("benchmarks.fits:job", 9, name="tiny", method="unheard of", seed=0)
    assert figures == {"status": "failed: KeyError: 'unheard of'"}


@pytest.mark.parametrize("name", methods.SELECTORS)
@pytest.mark.parametrize("max_iter", [1, 4])
@pytest.mark.filterwarnings("ignore:With warmup_epochs")
def test_wide_settings_have_five_connections_per_feature(name, max_iter):
    X, y = data.wide(20, 1000)
    fitted = wide_settings.selector(name, methods.SELECTORS, max_iter).fit(X, y)
    first = fitted.network_.weights[0]
    n_connections = first.nnz if sparse.issparse(first) else np.count_nonzero(first)
    assert fitted.n_iter_ == max_iter
    assert n_connections <= 5 * 1000
    if name in ("WAST", "QuickSelection", "NeuronAttribution"):
        assert n_connections > 4.9 * 1000  # the others remove some


def test_generated_sparse_rows_have_the_given_numbers():
    X, y = data.wide_csr(50, 10_000, 20)
    assert X.shape == (50, 10_000)
    assert len(y) == 50
    assert X.has_canonical_format
    assert 0.98 * 50 * 20 <= X.nnz <= 50 * 20


def test_half_of_the_connections_fill_inputs():
    positions = kernels.half_filled((50, 400), 0.2, np.random.default_rng(0))
    degree = np.bincount(positions % 400, minlength=400)
    assert (degree == 50).sum() >= 40
    assert 0.17 < len(positions) / 20_000 < 0.2


def test_crossover_lies_between_the_densities_where_the_order_changes():
    assert kernels.crossover({0.1: 1.0, 0.4: 4.0}, {0.1: 2.0, 0.4: 2.0}) == short(0.2)
    assert kernels.crossover({0.1: 1.0}, {0.1: 2.0}) == "> 0.1"
    assert kernels.crossover({0.1: 3.0}, {0.1: 2.0}) == "< 0.1"


def test_exponent_and_its_error():
    x = np.log([1.0, 2.0, 4.0, 8.0])
    assert scaling.slope_with_error(x, 3 + 1.5 * x) == pytest.approx((1.5, 0), abs=1e-7)
    slope, error = scaling.slope_with_error(x, 1.5 * x + [0.1, -0.1, 0.1, -0.1])
    assert error == pytest.approx(math.sqrt(0.032 / 2 / (x.var() * 4)), rel=1e-6)
    assert abs(slope - 1.5) < error


def test_spread_shows_median_and_range():
    assert spread([3.0, 1.0, 2.0]) == "2.00 [1.00, 3.00]"
    assert spread([]) == "-"
