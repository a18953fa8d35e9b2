# SPDX-License-Identifier: BSD-3-Clause
"""The score of a ranking on rows that it has not seen."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.datasets import make_classification
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from sparsefs.evaluation._held_out import held_out_scores


def data(n_features):
    X, y = make_classification(
        240,
        n_features,
        n_informative=6,
        n_redundant=0,
        n_clusters_per_class=1,
        shuffle=False,
        random_state=0,
    )
    order = np.random.default_rng(0).permutation(240)
    X, y = X[order], y[order]
    return (X[:160], y[:160]), (X[160:], y[160:])


@pytest.mark.parametrize("n_features", [40, 600])
def test_it_is_an_svc_on_standardised_features(n_features):
    train, held_out = data(n_features)
    order = np.random.default_rng(0).permutation(n_features)
    found = held_out_scores(order, [3, n_features], train, held_out)
    for K, value in zip([3, n_features], found.values):
        columns = order[:K]
        model = make_pipeline(StandardScaler(), SVC()).fit(train[0][:, columns], train[1])
        assert value == model.score(held_out[0][:, columns], held_out[1])
    assert found.metric == "accuracy" and found[2:] == (160, 80)
    of_csr = [(sparse.csr_array(X), y) for X, y in (train, held_out)]
    assert held_out_scores(order, [3, n_features], *of_csr).values == found.values


def test_whole_numbers_as_a_quantity_and_no_target():
    train, held_out = data(40)
    order = np.arange(40)
    found = held_out_scores(order, [6], train, held_out, task="regression")
    assert found.metric == "R2"
    without = held_out_scores(order, [6], (train[0], None), (held_out[0], None))
    assert without.metric == "explained variance" and 0 <= without.values[0] < 0.5


def test_many_rows_are_fewer(monkeypatch):
    monkeypatch.setattr("sparsefs.evaluation.judge._MOST_ROWS", 50)
    train, held_out = data(40)
    found = held_out_scores(np.arange(40), [6], train, held_out)
    assert found[2:] == (50, 50) and found.values[0] > 0.6
