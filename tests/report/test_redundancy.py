# SPDX-License-Identifier: BSD-3-Clause
"""Correlations among the selected features."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import BaseEstimator

from sparsefs.report import _redundancy
from sparsefs.report._redundancy import Redundancy
from sparsefs.report._subject import Subject


class Fixed(BaseEstimator):
    """A fitted selector of given features, the first the best."""

    def __init__(self, order, n_features):
        self.ranking_ = np.empty(n_features, dtype=int)
        rest = np.setdiff1d(np.arange(n_features), order)
        self.ranking_[np.concatenate([order, rest])] = np.arange(1, n_features + 1)
        self.scores_ = -self.ranking_.astype(float)
        self._K = len(order)

    def fit(self):
        """Nothing to do."""

    def get_support(self):
        return self.ranking_ <= self._K


def of(X, order):
    return Redundancy.of(Subject.of(Fixed(np.array(order), X.shape[1]), X, None, None, None))


@pytest.fixture
def table():
    """Columns 1, 4 and 6 are near-copies, 6 with the other sign, and so are 2 and 3."""
    X = np.random.default_rng(0).standard_normal((500, 8))
    X[:, 4] = X[:, 1] + 0.1 * X[:, 4]
    X[:, 6] = -X[:, 1] + 0.1 * X[:, 6]
    X[:, 3] = 5 + 3 * X[:, 2] + 0.1 * X[:, 3]
    return X


@pytest.mark.parametrize("form", [np.asarray, sparse.csr_matrix, sparse.csc_array])
def test_correlations_are_numpys(table, form, monkeypatch):
    monkeypatch.setattr("sparsefs.report._subject.BLOCK", 100)  # several blocks
    order = [5, 6, 3, 4, 1]
    found = of(form(table), order)
    np.testing.assert_array_equal(found.features, order)
    expected = np.corrcoef(table[:, order].T)
    np.testing.assert_allclose(found.correlations, expected, atol=1e-12)


def test_groups_have_the_best_first(table):
    groups = of(table, [5, 3, 6, 4, 2, 1]).groups
    assert [group.tolist() for group in groups] == [[3, 2], [6, 4, 1]]


def test_pairs_are_sorted_by_magnitude(table):
    pairs = of(table, [0, 1, 2, 3, 4, 5, 6, 7]).pairs(4)
    assert {(a, b) for a, b, _ in pairs} == {(2, 3), (1, 4), (1, 6), (4, 6)}
    values = [abs(value) for _, _, value in pairs]
    assert values == sorted(values, reverse=True)
    assert all((value < 0) == (b == 6) for _, b, value in pairs)


def test_clustering_puts_copies_side_by_side(table):
    found = of(table, [1, 2, 0, 4, 5, 3, 7, 6])
    places = {feature: i for i, feature in enumerate(found.features[found.clustered(50)])}
    assert sorted(places) == list(range(8))
    assert abs(places[2] - places[3]) == 1
    assert max(places[i] for i in (1, 4, 6)) - min(places[i] for i in (1, 4, 6)) == 2


def test_only_the_best_are_in_the_picture(table):
    found = of(table, [1, 2, 0, 4, 5, 3])
    assert set(found.clustered(4)) == {0, 1, 2, 3}
    assert found.clustered(1).tolist() == [0]


def test_constant_and_missing_values(table):
    table[:, 0] = 0.1
    table[3, 1] = np.nan
    found = of(table, [0, 1, 4])
    np.testing.assert_array_equal(found.correlations[0], 0)
    assert found.correlations[1, 2] > 0.98
    assert np.isfinite(found.correlations).all()


def test_many_rows_are_sampled(table, monkeypatch):
    monkeypatch.setattr(_redundancy, "MOST_ROWS", 200)
    for form in (table, sparse.csr_matrix(table)):
        found = of(form, [1, 4, 5])
        assert found.n_samples == 200
        expected = np.corrcoef(table[:, [1, 4, 5]].T)
        np.testing.assert_allclose(found.correlations, expected, atol=0.2)
        assert not np.allclose(found.correlations, expected, atol=1e-6)
