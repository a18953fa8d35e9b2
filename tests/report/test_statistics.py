# SPDX-License-Identifier: BSD-3-Clause
"""Figures of columns are numpy's, whatever holds them."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.feature_selection import VarianceThreshold

from sparsefs.report._statistics import ColumnFacts, FeatureFacts
from sparsefs.report._subject import Subject

FORMS = [np.asarray, sparse.csr_matrix, sparse.csr_array]


@pytest.fixture
def table():
    """Numbers, whole numbers, zeros and ones, zeros, twos; and NaN in four of the columns."""
    rng = np.random.default_rng(0)
    X = np.zeros((120, 8))
    X[:, 0] = rng.standard_normal(120) * (rng.random(120) < 0.5)
    X[:, 1] = rng.integers(0, 5, 120)
    X[:, 2] = rng.integers(0, 2, 120)
    X[:, 4] = 2
    X[:, 5:8] = X[:, [0, 2, 4]]
    X[3:6, 5:8] = np.nan
    X[:, 3] = 0
    return X


@pytest.mark.parametrize("form", FORMS)
def test_kinds_of_columns(table, form, monkeypatch):
    monkeypatch.setattr("sparsefs.report._statistics.BLOCK", 100)  # several blocks
    facts = ColumnFacts.of(form(table))
    assert facts.n_missing.tolist() == [0, 0, 0, 0, 0, 3, 3, 3]
    assert np.flatnonzero(facts.constant).tolist() == [3, 4, 7]
    assert np.flatnonzero(~facts.whole).tolist() == [0, 5]
    assert np.flatnonzero(facts.binary).tolist() == [2, 3, 6]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("dtype", [bool, np.int8, np.uint64, np.float32])
def test_types_of_numbers(form, dtype):
    facts = ColumnFacts.of(form(np.array([[0, 1], [0, 0], [0, 1]], dtype=dtype)))
    assert facts.constant.tolist() == [True, False]
    assert facts.binary.all() and not facts.n_missing.any()


def subject(X, y=None):
    every = VarianceThreshold().fit(np.random.default_rng(0).random((5, X.shape[1])))
    return Subject.of(every, X, y, None, None)


@pytest.mark.parametrize("form", FORMS)
def test_figures_of_features(table, form, monkeypatch):
    monkeypatch.setattr("sparsefs.report._subject.BLOCK", 100)
    columns = np.array([5, 0, 7, 3])
    y = np.arange(120) % 3
    facts = FeatureFacts.of(subject(form(table), y), columns)
    part = table[:, columns]
    np.testing.assert_allclose(facts.mean, np.nanmean(part, axis=0))
    np.testing.assert_allclose(facts.std, np.nanstd(part, axis=0))
    there = ~np.isnan(part)
    np.testing.assert_allclose(facts.nonzero, ((part != 0) & there).sum(0) / there.sum(0))
    within = sum(np.nanvar(part[y == c, 0]) * there[y == c, 0].sum() for c in range(3))
    total = np.nanvar(part[:, 0]) * there[:, 0].sum()
    np.testing.assert_allclose(facts.between[0], 1 - within / total)
    assert np.isnan(facts.between[2:]).all()


@pytest.mark.parametrize("form", FORMS)
def test_correlations_with_numbers(table, form):
    rng = np.random.default_rng(1)
    Y = table[:, :1] * [1, -2] + rng.standard_normal((120, 2))
    facts = FeatureFacts.of(subject(form(table), Y), np.array([0, 1, 3]))
    expected = np.corrcoef(table[:, :2].T, Y.T)[:2, 2:]
    np.testing.assert_allclose(facts.correlations[:2], expected)
    assert np.isnan(facts.correlations[2]).all()


def test_a_mean_of_nothing_but_rounding_is_zero():
    x = np.random.default_rng(0).standard_normal(1001) * 1e3
    X = np.column_stack([x - x.mean(), np.full(1001, 0.1)])
    facts = FeatureFacts.of(subject(X), np.arange(2))
    assert facts.mean[0] == 0
    assert facts.mean[1] == pytest.approx(0.1) and facts.std[1] == 0
