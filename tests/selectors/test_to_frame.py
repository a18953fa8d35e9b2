"""The table of all features."""

import sys

import numpy as np
import pytest

from sparsefs import EnsembleSelector, GradualPruningSelector, WASTSelector


def data():
    X = np.random.default_rng(0).standard_normal((300, 40))
    X[:, 9] = 4.0
    return X, (X[:, 0] + X[:, 5] > 0).astype(int)


def test_the_table_names_rank_score_spread_and_selection():
    pd = pytest.importorskip("pandas")
    X, y = data()
    frame = pd.DataFrame(X, columns=[f"f{i}" for i in range(40)])
    selector = GradualPruningSelector(K=2, random_state=0).fit(frame, y)
    table = selector.to_frame()
    assert list(table.columns) == ["feature", "rank", "score", "spread", "selected"]
    assert list(table["rank"]) == [*range(1, 41)]
    assert (np.diff(table["score"]) <= 0).all()
    by_name = table.set_index("feature")
    chosen = list(by_name.index[by_name["selected"]])
    assert chosen == list(table["feature"][:2])
    assert sorted(chosen) == sorted(selector.get_feature_names_out())


def test_every_ranking_has_a_table(monkeypatch):
    pd = pytest.importorskip("pandas")
    X, y = data()
    wast = WASTSelector(K=3, max_iter=2, random_state=0).fit(X)
    table = wast.to_frame()
    assert list(table.columns) == ["feature", "rank", "score", "selected"]
    assert list(table["feature"][:3]) == list(np.argsort(wast.ranking_)[:3])
    several = EnsembleSelector(GradualPruningSelector(max_iter=5), K=3, n_fits=2).fit(X, y)
    assert isinstance(several.to_frame(), pd.DataFrame)
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match="needs pandas"):
        wast.to_frame()
