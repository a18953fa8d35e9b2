# SPDX-License-Identifier: BSD-3-Clause
"""Range and moments in one pass, against those of the whole array."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import sparse

from sparsefs.data.summary import Summary
from tests.shards import SOURCES

CONTAINERS = [np.asarray, sparse.csr_matrix]


@pytest.fixture(autouse=True)
def many_blocks(monkeypatch):
    monkeypatch.setattr("sparsefs.data.summary._BLOCK", 30)


@pytest.fixture
def X():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((97, 6)) * [1, 1e-3, 50, 0, 1, 1] + [0, 5, -1e4, 3, 1e6, 0]
    X[:90, 5] = 0  # nothing at first
    return X


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("size", [1e-300, 1.0, 1e300])
def test_range_and_moments(X, container, size):
    summary = Summary.of(container(X * size))
    np.testing.assert_array_equal(summary.low, (X * size).min(axis=0))
    np.testing.assert_array_equal(summary.high, (X * size).max(axis=0))
    np.testing.assert_allclose(summary.mean * summary.unit, (X.mean(axis=0)) * size, rtol=1e-12)
    deviation = np.sqrt(summary.variance) * summary.unit
    np.testing.assert_allclose(deviation, X.std(axis=0) * size, rtol=1e-7)
    assert deviation[3] == 0


@pytest.mark.parametrize("container", CONTAINERS)
def test_weights_count_like_repetitions_and_zeros_not_at_all(X, container):
    weight = np.random.default_rng(1).integers(0, 3, 97).astype(float)
    weight[10:30] = 0  # whole blocks
    weighted = Summary.of(container(X), weight)
    repeated = Summary.of(container(np.repeat(X, weight.astype(int), axis=0)))
    np.testing.assert_array_equal(weighted.used_low, repeated.low)
    np.testing.assert_array_equal(weighted.used_high, repeated.high)
    np.testing.assert_array_equal(weighted.low, X.min(axis=0))
    for name in ("mean", "variance"):
        ours, theirs = (getattr(s, name) * s.unit for s in (weighted, repeated))
        np.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=1e-12)


@settings(deadline=None, max_examples=50)
@given(arrays(np.float64, (23, 2), elements=st.floats(-1e300, 1e300)))
def test_one_pass_is_as_exact_as_fractions(X):
    summary = Summary.of(X)
    for column, mean, variance, unit in zip(
        X.T, summary.mean, summary.variance, summary.unit, strict=True
    ):
        numbers = [Fraction(x) / Fraction(unit) for x in column]
        exact_mean = sum(numbers) / len(numbers)
        exact = sum((x - exact_mean) ** 2 for x in numbers) / len(numbers)
        assert abs(mean - float(exact_mean)) < 1e-14
        assert abs(variance - float(exact)) < 1e-14 + 1e-12 * float(exact)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("container", CONTAINERS)
def test_values_that_are_not_finite_show_in_the_range(X, container, value):
    X[40, 2] = value
    summary = Summary.of(container(X))
    finite = np.isfinite(summary.low) & np.isfinite(summary.high)
    np.testing.assert_array_equal(finite, np.arange(6) != 2)


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_tables_on_disk_have_the_moments_of_the_array(source, dtype, X, tmp_path, cut_small):
    X = X.astype(dtype)
    ours, theirs = Summary.of(SOURCES[source](tmp_path / "X", X)), Summary.of(X)
    for name in ("low", "high", "used_low", "used_high", "unit"):
        np.testing.assert_array_equal(getattr(ours, name), getattr(theirs, name))
    for name in ("mean", "variance"):
        np.testing.assert_allclose(
            getattr(ours, name), getattr(theirs, name), rtol=1e-12, atol=1e-15
        )
