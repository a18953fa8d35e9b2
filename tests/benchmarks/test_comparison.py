# SPDX-License-Identifier: BSD-3-Clause
"""What the benchmark of accuracy computes, against cases done by hand."""

import numpy as np
import pytest
from benchmarks import comparison, evaluation
from scipy import sparse


def test_ties_share_ranks_and_no_result_shares_the_last():
    table = np.array([[90, 80, 90, 70], [50, np.nan, 60, np.nan]])
    np.testing.assert_array_equal(comparison.ranks(table), [[1.5, 3, 1.5, 4], [2, 3.5, 1, 3.5]])


def test_who_is_best_alone_or_with_others():
    table = np.array([[90, 80, 90], [50, np.nan, 60]])
    np.testing.assert_array_equal(comparison.best_on(table), [1, 0, 2])


def test_holm_multiplies_the_smallest_most_and_keeps_the_order():
    adjusted = comparison.holm([0.01, 0.04, 0.03, 0.9])
    np.testing.assert_allclose(adjusted, [0.04, 0.09, 0.09, 0.9])
    np.testing.assert_allclose(comparison.holm([0.6, 0.7]), [1, 1])
    assert comparison.holm([]).shape == (0,)


def test_nemenyi_is_that_of_the_literature():
    # Demsar 2006, section 3.2.4: four methods, 14 data sets.
    assert comparison.critical_difference(4, 14) == pytest.approx(1.25, abs=0.005)


def test_friedman_of_opposite_orders_of_one_order_and_of_too_few_sets():
    table = np.array([[4, 3, 2, 1]] * 5 + [[1, 2, 3, 4]] * 5, dtype=float)
    assert comparison.friedman(table) == pytest.approx(1)
    assert comparison.friedman(table[:5]) == pytest.approx(0.0018166, rel=1e-4)  # chi2 = 15, df = 3
    assert np.isnan(comparison.friedman(table[:2]))


def test_bars_join_what_does_not_differ_and_are_never_inside_another():
    assert comparison.alike([4.0, 1.0, 2.0, 2.5], 1.5) == [(0, 2), (2, 3)]
    assert comparison.alike([1.0, 3.0], 1.5) == []


def test_wilcoxon_uses_the_sets_that_both_have():
    a = np.array([5.0, 6, 7, 8, 9, 10, np.nan])
    assert comparison.wilcoxon(a, a - [1, 2, 3, 4, 5, 6, 0]) == pytest.approx(2 / 2**6)
    assert comparison.wilcoxon(a, a) == 1


def test_clustering_accuracy_names_clusters_in_the_best_way():
    y = np.array([0, 0, 0, 1, 1, 2])
    assert evaluation.clustering_accuracy(y, np.array([2, 2, 2, 0, 0, 1])) == 100
    # Clusters 0 and 1 are named 0 and 1 (3 of 5); greedily by size, 1 would be named 0 (2).
    y, found = np.array([0, 0, 0, 1, 1]), np.array([0, 0, 1, 1, 0])
    assert evaluation.clustering_accuracy(y, found) == 60
    # More clusters than classes: one stays without a name.
    assert evaluation.clustering_accuracy(np.array([0, 0, 0, 1]), np.array([0, 0, 1, 2])) == 75


def test_classifiers_see_all_features_of_csr_as_of_a_dense_array():
    rng = np.random.default_rng(0)
    X = rng.poisson(0.5, (120, 30)) * rng.random((120, 30))
    X[:, 3] = 0
    y = (X[:, 0] + X[:, 1] > 0.5).astype(int)
    dense = evaluation.standardised((X[:80], X[80:], y[:80], y[80:]))
    rows = sparse.csr_array(X)
    sparse_ones = evaluation.standardised((rows[:80], rows[80:], y[:80], y[80:]))
    expected = evaluation.svc(dense[0], 0).fit(dense[0], dense[2]).decision_function(dense[1])
    found = evaluation.svc(sparse_ones[0], 0).fit(sparse_ones[0], y[:80])
    np.testing.assert_allclose(found.decision_function(sparse_ones[1]), expected, atol=1e-6)


def test_rows_for_classifiers_are_stratified_and_no_more_than_asked_for():
    X, y = np.arange(1000)[:, None], np.arange(1000) % 10 // 8  # a fifth of ones
    drawn, labels = evaluation.drawn(X, y, 100, seed=0)
    assert len(drawn) == 100
    assert labels.sum() == 20
    np.testing.assert_array_equal(y[drawn[:, 0]], labels)
    assert evaluation.drawn(X, y, 1000, seed=0)[0] is X


def test_auc_is_the_mean_of_each_class_against_the_rest():
    assert evaluation.auc(np.array([0, 1, 1]), np.array([0.2, 0.1, 0.9])) == 0.5
    y, values = np.array([0, 1, 2]), np.array([[3, 0, 0], [0, 0, 1], [0, 1, 2]])
    assert evaluation.auc(y, values) == pytest.approx((1 + 0.25 + 1) / 3)


def test_features_that_share_the_lowest_score_have_no_rank():
    np.testing.assert_array_equal(evaluation.ranked([0, 3, 0, 4], 3), [3, 1])
    np.testing.assert_array_equal(evaluation.ranked([1, 3, 2, 4], 2), [3, 1])
