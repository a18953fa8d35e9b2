# SPDX-License-Identifier: BSD-3-Clause
"""Missing numbers are estimated from the other columns of the row."""

import numpy as np
import pytest

from sparsefs.data.encoding import Encoding
from sparsefs.data.low_rank import LowRank
from sparsefs.data.target import Target


def of_rank(n=200, d=60, rank=3, noise=0.1, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, rank)) @ rng.standard_normal((rank, d))
    X += noise * rng.standard_normal((n, d))
    X = 100 + X * np.geomspace(0.01, 100, d)  # columns in units of their own
    return X, np.where(rng.random((n, d)) < 0.3, np.nan, X)


def explained(X, gaps, filled):
    """Share of the variance of the missing numbers, column by column."""
    error = np.where(np.isnan(gaps), X - filled, 0) ** 2
    total = np.where(np.isnan(gaps), X - X.mean(axis=0), 0) ** 2
    return 1 - (error.sum(axis=0) / total.sum(axis=0)).mean()


def test_missing_numbers_are_estimated_and_others_stay():
    X, gaps = of_rank()
    model = LowRank(gaps[:150], 0)
    filled = model.filled(gaps)
    there = ~np.isnan(gaps)
    np.testing.assert_array_equal(filled[there], gaps[there])
    assert explained(X[:150], gaps[:150], filled[:150]) > 0.9
    assert explained(X[150:], gaps[150:], filled[150:]) > 0.9  # rows that it has not seen
    np.testing.assert_allclose(model.filled(gaps[10:12]), filled[10:12], rtol=1e-6)


def test_of_noise_the_mean_is_the_best_estimate():
    X = np.random.default_rng(0).standard_normal((200, 60))
    gaps = np.where(np.random.default_rng(1).random(X.shape) < 0.3, np.nan, X)
    assert explained(X, gaps, LowRank(gaps, 0).filled(gaps)) > -0.1


@pytest.mark.parametrize("spoilt", ["empty column", "empty row", "constant", "outlier"])
def test_columns_and_rows_may_say_nothing(spoilt):
    X, gaps = of_rank()
    if spoilt == "empty column":
        gaps[:, 3] = np.nan
    elif spoilt == "empty row":
        gaps[3] = np.nan
    elif spoilt == "constant":
        gaps[:, 3] = 5.0
    else:
        gaps[0, 3] = 1e30
    filled = LowRank(gaps, 0).filled(gaps)
    assert np.isfinite(filled).all()
    others = np.delete(np.arange(60), 3)
    rows = np.delete(np.arange(200), 3)
    found = filled[np.ix_(rows, others)]
    assert explained(X[np.ix_(rows, others)], gaps[np.ix_(rows, others)], found) > 0.85


def test_an_encoding_takes_it_where_many_columns_have_gaps():
    X, gaps = of_rank()
    y = np.random.default_rng(0).standard_normal(200)
    encoding, inputs = Encoding.of(gaps, None, Target.of(y), np.arange(200), 0)
    assert explained(X, gaps, inputs[:, :60]) > 0.9
    np.testing.assert_allclose(encoding.inputs(gaps), inputs)
    assert len(encoding.incomplete) == 60
    assert inputs.shape[1] < 65  # where values are missing says nothing of y
