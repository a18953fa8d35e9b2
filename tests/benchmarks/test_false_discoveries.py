# SPDX-License-Identifier: BSD-3-Clause
"""Benchmarks of lists with controlled errors: the truth, and how it is counted."""

import numpy as np
import pytest
from benchmarks import false_discoveries
from benchmarks.__main__ import main
from benchmarks.false_discoveries import DESIGNS, figures, make

from tests.benchmarks.rows import rows_of

GENERATED = [design for design in DESIGNS if design != "genes"]


def test_figures_by_hand():
    row = figures({10: np.array([3, 5, 9]), 20: np.array([], dtype=int)}, np.array([3, 9, 11, 12]))
    assert row == {
        "n_10": 3, "fdp_10": 0.3333, "power_10": 0.5, "n_20": 0, "fdp_20": 0.0, "power_20": 0.0
    }  # fmt: skip
    assert figures({10: np.array([3])}, np.empty(0, dtype=int))["power_10"] == ""
    assert figures({10: np.array([3])}, np.empty(0, dtype=int))["fdp_10"] == 1


@pytest.mark.parametrize("design", GENERATED)
def test_draws_depend_on_the_seed_and_have_their_signal(design):
    X, y, true = make(design, "linear", 400, 60, 0)
    assert X.shape == (400, 60) and X.dtype == np.float32 and len(set(true)) == 10
    np.testing.assert_array_equal(X, make(design, "linear", 400, 60, 0)[0])
    assert not np.array_equal(X, make(design, "linear", 400, 60, 1)[0])
    explained = np.linalg.lstsq(np.c_[np.ones(400), X[:, true]], y, rcond=None)[1][0]
    assert 0.2 < explained / ((y - y.mean()) ** 2).sum() < 0.5  # a third is noise


def test_correlations_are_those_of_the_design():
    wide = np.corrcoef(make("ar", "linear", 3000, 40, 0)[0].T)
    assert abs(np.diag(wide, 1) - 0.9).max() < 0.05 and abs(np.diag(wide, 20)).max() < 0.3
    blocks = np.corrcoef(make("blocks", "linear", 3000, 40, 0)[0].T)
    assert abs(blocks[:10, :10][np.triu_indices(10, 1)] - 0.9).max() < 0.05
    assert abs(blocks[:10, 10:]).max() < 0.1


def test_xor_says_nothing_of_single_columns():
    X, y, true = make("independent", "xor", 4000, 20, 0)
    assert abs(np.corrcoef(X[:, true].T, y)[-1, :-1]).max() < 0.06


def test_a_small_run(folder, monkeypatch, capsys):
    cells = [("independent", "linear", 120, 40), ("independent", "nothing", 60, 30)]
    monkeypatch.setattr(false_discoveries, "CELLS", cells)
    methods = ["q-values (lasso)", "knockoffs (lasso)"]
    main(["false_discoveries", "--seeds", "0", "1", "--methods", *methods])
    rows = rows_of(folder, "false_discoveries_tuning")
    assert len(rows) == 8 and {row["status"] for row in rows} == {"ok"}
    linear = [row for row in rows if row["target"] == "linear"]
    assert sum(float(row["power_20"]) for row in linear) > 2
    assert "independent, linear, 120 x 40" in capsys.readouterr().out


def test_p_values_of_chance(folder, capsys):
    main(["chance", "--seeds", "0", "1", "--tests", "permutation_test"])
    rows = rows_of(folder, "chance")
    assert [float(row["p_value"]) * 40 % 1 for row in rows] == pytest.approx([0, 0])
    assert "Kolmogorov-Smirnov" in capsys.readouterr().out
