"""Features that could stand for a selected one, and the table of all features."""

import sys

import numpy as np
import pytest
from scipy import sparse

from sparsefs import EnsembleSelector, GradualPruningSelector, WASTSelector
from sparsefs.training import near_copies


def with_copies(n=300, d=40):
    """Columns 0 and 5, useful; 1 and 2 are copies of 0, and 6 is one of 5, turned round."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n, d))
    X[:, 1:3] = 3 * X[:, [0]] + 0.3 * rng.standard_normal((n, 2))
    X[:, 6] = -X[:, 5] + 0.1 * rng.standard_normal(n)
    X[:, 9] = 4.0
    return X, (X[:, 0] + X[:, 5] > 0).astype(int)


def fitted(X, y, K=2, **params):
    return GradualPruningSelector(K=K, random_state=0, device="cpu", **params).fit(X, y)


@pytest.mark.parametrize("d", [40, 700])  # networks; closed form
@pytest.mark.parametrize("most", [2**24, 3000])  # all columns at once, or a few
def test_near_copies_of_the_selected_features_are_known(d, most, monkeypatch):
    monkeypatch.setattr(near_copies, "_MOST_NUMBERS", most)
    X, y = with_copies(d=d)
    selector = fitted(X, y)
    groups = [{0, 1, 2}, {5, 6}]
    chosen = selector.get_support(indices=True)
    found = selector.interchangeable_
    assert len(found) == len(chosen) == 2
    for feature, others in zip(chosen, found, strict=True):
        assert {feature, *others} in groups
        assert feature not in others
    # It follows K, and constant features have none.
    every = selector.set_params(K=d - 1).interchangeable_ if d == 40 else []
    with np.errstate(invalid="ignore"):
        correlations = np.abs(np.corrcoef(X.T))
    for feature, others in zip(selector.get_support(indices=True), every, strict=d == 40):
        literal = np.flatnonzero(correlations[feature] > 0.9)
        np.testing.assert_array_equal(others, literal[literal != feature])


def test_copies_in_sparse_data_are_those_of_dense_data():
    X, y = with_copies()
    X = X * (np.abs(X) > 0.3)
    dense, csr = (fitted(data, y, K=30) for data in (X, sparse.csr_array(X)))
    for feature, others in dense._near_copies.items():
        np.testing.assert_array_equal(others, csr._near_copies[feature])


def test_copies_of_too_many_features_are_refused():
    X, y = np.random.default_rng(0).standard_normal((60, 600)), np.arange(60) % 2
    selector = fitted(X, y, K=501)
    with pytest.raises(ValueError, match="501 features are selected"):
        selector.interchangeable_  # noqa: B018
    assert len(selector.set_params(K=500).interchangeable_) == 500


def test_the_table_names_rank_score_spread_selection_and_copies():
    pd = pytest.importorskip("pandas")
    X, y = with_copies()
    frame = pd.DataFrame(X, columns=[f"f{i}" for i in range(40)])
    selector = fitted(frame, y)
    table = selector.to_frame()
    assert list(table.columns) == ["feature", "rank", "score", "spread", "selected", "copy_of"]
    assert list(table["rank"]) == [*range(1, 41)]
    assert (np.diff(table["score"]) <= 0).all()
    by_name = table.set_index("feature")
    chosen = list(by_name.index[by_name["selected"]])
    assert chosen == list(table["feature"][:2])
    assert sorted(chosen) == sorted(selector.get_feature_names_out())
    assert by_name["copy_of"][chosen].isna().all()
    for group in ({"f0", "f1", "f2"}, {"f5", "f6"}):
        (original,) = group & {*chosen}
        assert {by_name["copy_of"][name] for name in group - {original}} == {original}
    assert by_name["copy_of"].notna().sum() == 3


def test_every_ranking_has_a_table(monkeypatch):
    pd = pytest.importorskip("pandas")
    X, y = with_copies()
    wast = WASTSelector(K=3, max_iter=2, random_state=0).fit(X)
    table = wast.to_frame()
    assert list(table.columns) == ["feature", "rank", "score", "selected"]
    assert list(table["feature"][:3]) == list(np.argsort(wast.ranking_)[:3])
    several = EnsembleSelector(GradualPruningSelector(max_iter=5), K=3, n_fits=2).fit(X, y)
    assert isinstance(several.to_frame(), pd.DataFrame)
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match="needs pandas"):
        wast.to_frame()
