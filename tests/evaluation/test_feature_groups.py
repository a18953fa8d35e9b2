# SPDX-License-Identifier: BSD-3-Clause
"""Groups of features that say the same, and alternatives to selected ones."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform
from scipy.stats import false_discovery_control, fisher_exact
from sklearn.exceptions import NotFittedError
from sklearn.feature_selection import SelectFromModel, SelectKBest
from sklearn.linear_model import Lasso

from sparsefs import GradualPruningSelector
from sparsefs.evaluation import (
    alternatives,
    feature_groups,
    interchangeable,
    repeated_selections,
    replacements,
)


def blocks(n_samples=60, sizes=(4, 3, 1, 1, 5), noise=0.3, seed=0):
    rng = np.random.default_rng(seed)
    Z = np.repeat(rng.standard_normal((n_samples, len(sizes))), sizes, axis=1)
    X = Z + noise * rng.standard_normal(Z.shape)
    return X * rng.choice([-1, 1], X.shape[1]) * rng.uniform(0.1, 100, X.shape[1])


def literal(X, threshold):
    """scipy's complete linkage of all features."""
    distance = 1 - np.abs(np.corrcoef(X.T))
    np.fill_diagonal(distance, 0)
    tree = linkage(squareform(distance, checks=False), "complete")
    return fcluster(tree, np.nextafter(1 - threshold, 0), "distance")


def same(a, b):
    return np.array_equal(a[:, None] == a, b[:, None] == b)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("threshold", [0.5, 0.9, 0.95])
def test_groups_are_those_of_complete_linkage(seed, threshold):
    X = blocks(seed=seed)
    groups = feature_groups(X, threshold=threshold)
    assert same(groups, literal(X, threshold))
    first = np.unique(groups, return_index=True)[1]
    assert (np.diff(first) > 0).all() and groups.dtype == np.int64
    correlations = np.abs(np.corrcoef(X.T))
    for group in np.unique(groups):
        members = np.flatnonzero(groups == group)
        assert correlations[np.ix_(members, members)].min() > threshold


def test_blocks_and_sparse_data_make_no_difference(monkeypatch):
    X = blocks()
    X[np.abs(X) < 0.3] = 0
    expected = feature_groups(X)
    found = alternatives(SelectKBest(k=4).fit(X, np.arange(60) % 2), X)

    monkeypatch.setattr(interchangeable, "_BLOCK", 200)
    for table in (X, sparse.csr_matrix(X), sparse.csc_array(X), pd.DataFrame(X)):
        np.testing.assert_array_equal(feature_groups(table), expected)
    again = alternatives(SelectKBest(k=4).fit(X, np.arange(60) % 2), sparse.csr_matrix(X))
    pd.testing.assert_frame_equal(found, again)


def test_constants_are_alone():
    X = np.hstack([blocks(sizes=(2,), noise=0.1), np.full((60, 2), 0.1), np.zeros((60, 1))])
    assert feature_groups(X).tolist() == [0, 0, 1, 2, 3]
    assert feature_groups(sparse.csr_matrix(X)).tolist() == [0, 0, 1, 2, 3]
    assert feature_groups(X[:, [0]]).tolist() == [0]


@pytest.mark.parametrize("scale", [1.0, 1e200, 1e-200])
def test_exact_copies_of_any_size_are_one_group(scale):
    for seed in range(20):
        rng = np.random.default_rng(seed)
        column = rng.standard_normal((50, 1))
        X = scale * np.hstack([column * a for a in (1, -1, 2, 0.3)])
        assert feature_groups(X).tolist() == [0, 0, 0, 0]


def test_many_rows_are_thinned():
    X = blocks(n_samples=5000)
    assert same(feature_groups(X), literal(X, 0.9))


def test_alternatives_are_ranked_by_feature_and_correlation():
    X = pd.DataFrame(blocks(noise=0.1), columns=[f"g{j}" for j in range(14)])
    y = X["g0"] / X["g0"].std() + X["g9"] / X["g9"].std() > 0
    for selector in (GradualPruningSelector(K=3, random_state=0), SelectKBest(k=3)):
        selector.fit(X, y)
        table = alternatives(selector, X)
        correlations = X.corr()
        chosen = selector.get_feature_names_out()
        expected = {
            (a, b): correlations.loc[a, b]
            for a in chosen
            for b in X.columns
            if a != b and abs(correlations.loc[a, b]) > 0.9
        }
        found = {(a, b): r for a, b, r in zip(*(table[c] for c in table.columns[:3]), strict=True)}
        assert found == pytest.approx(expected)
        assert table["selected"].tolist() == [b in chosen for b in table["alternative"]]
        if hasattr(selector, "ranking_"):
            ranks = selector.ranking_[[X.columns.get_loc(a) for a in table["feature"]]]
            assert (np.diff(ranks) >= 0).all()
        for _, part in table.groupby("feature"):
            assert (np.diff(part["correlation"].abs()) <= 0).all()


def test_none_selected_and_none_alike():
    X = np.random.default_rng(0).standard_normal((50, 6))
    selector = SelectKBest(k=0).fit(X, np.arange(50) % 2)
    assert alternatives(selector, X).shape == (0, 4)
    assert alternatives(SelectKBest(k=2).fit(X, np.arange(50) % 2), X).shape == (0, 4)


def test_unusable_arguments():
    X = blocks()
    with pytest.raises(ValueError, match="threshold.*1.5"):
        feature_groups(X, threshold=1.5)
    with pytest.raises(ValueError, match="threshold.*'0.9'"):
        feature_groups(X, threshold="0.9")
    frame = pd.DataFrame(X).add_prefix("g")
    selector = SelectKBest(k=2).fit(frame, np.arange(60) % 2)
    with pytest.raises(ValueError, match="Column 0 is 'g1' and was 'g0'"):
        alternatives(selector, frame[["g1", "g0", *frame.columns[2:]]])
    X[3, 5] = np.inf
    with pytest.raises(ValueError, match="1 inf.*column 5"):
        feature_groups(X)
    with pytest.raises(NotFittedError):
        alternatives(SelectKBest(), blocks())
    with pytest.raises(ValueError, match="14 features.*5"):
        alternatives(SelectKBest(k=2).fit(blocks()[:, :5], np.arange(60) % 2), blocks())


def test_replacements_are_pairs_of_fisher_tests():
    rng = np.random.default_rng(0)
    n = 80
    one = rng.random(n) < 0.5
    Z = np.column_stack([one, ~one & (rng.random(n) < 0.9), *(rng.random((6, n)) < 0.5)])
    Z = np.column_stack([Z, np.zeros(n, dtype=bool)])
    table = replacements(Z, feature_names=[f"g{j}" for j in range(9)])
    expected = {}
    for i in range(8):
        for j in range(i + 1, 8):
            both = [[(Z[:, i] & Z[:, j]).sum(), (Z[:, i] & ~Z[:, j]).sum()]]
            both += [[(~Z[:, i] & Z[:, j]).sum(), (~Z[:, i] & ~Z[:, j]).sum()]]
            expected[f"g{i}", f"g{j}"] = fisher_exact(both, "less").pvalue
    first = table.iloc[0]
    assert (first["feature"], first["other"], first["together"]) == ("g0", "g1", 0)
    assert first["p_value"] == pytest.approx(expected["g0", "g1"])
    assert first["expected"] == pytest.approx(Z[:, 0].sum() * Z[:, 1].sum() / n)
    rejected = false_discovery_control(list(expected.values())) <= 0.05
    pairs = set(zip(table["feature"], table["other"], strict=True))
    assert pairs == {pair for pair, yes in zip(expected, rejected, strict=True) if yes}
    assert replacements(Z[:, 2:]).shape == (0, 5) == replacements(Z[:, :1]).shape
    assert replacements(np.zeros((5, 3))).shape == (0, 5)


def test_copies_replace_each_other_in_halves():
    X = blocks(n_samples=100, sizes=(2, 1, 1, 1, 1, 1, 1), noise=0.05)
    y = X[:, 0] / X[:, 0].std() + 0.2 * np.random.default_rng(0).standard_normal(100)
    selector = SelectFromModel(Lasso(0.3), max_features=1, threshold=-np.inf)
    X = X / X.std(axis=0)
    halves = repeated_selections(selector, X, y, n_repeats=60, vary="half", random_state=0)
    table = replacements(halves)
    assert (table["feature"][0], table["other"][0]) == (0, 1)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"min_share": 0}, "min_share"),
        ({"feature_names": ["a"]}, "feature_names"),
        ({"selections": [[2, 3], [1, 0]]}, "selections"),
        ({"selections": np.ones((3, 3000))}, "3000 features.*min_share"),
    ],
)
def test_unusable_selections(settings, words):
    with pytest.raises(ValueError, match=words):
        replacements(**{"selections": np.eye(4), **settings})
