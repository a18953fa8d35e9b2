# SPDX-License-Identifier: BSD-3-Clause
"""K="auto": the rules, the path they choose from, and what the path must not have seen."""

import pickle
import re
import warnings

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn import config_context
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor
from sklearn.exceptions import NotFittedError
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import accuracy_score
from sklearn.model_selection import (
    GridSearchCV,
    KFold,
    RepeatedStratifiedKFold,
    ShuffleSplit,
    StratifiedKFold,
    cross_val_score,
)
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.utils.estimator_checks import check_estimator, parametrize_with_checks

from sparsefs import CrossValidatedK, NeuroFSSelector, NeuronAttributionSelector, WASTSelector
from sparsefs.data import RowTable
from sparsefs.evaluation import KCurve
from tests.selectors.common import NOT_RANDOM, SELECTORS, classes, fit, needs_y, quick
from tests.selectors.test_contract import TARGETS, absolute_error, learnable
from tests.shards import SOURCES

NESTED = [Selector for Selector in SELECTORS if Selector._nested_ranking]
NESTED_SUPERVISED = [Selector for Selector in NESTED if needs_y(Selector)]
every_nested = pytest.mark.parametrize("Selector", NESTED)
every_nested_supervised = pytest.mark.parametrize("Selector", NESTED_SUPERVISED)


# The rules, on paths made by hand.


class HandMade(KCurve):
    """Curve of given means and standard errors."""

    mean = se = None

    def __init__(self, K, mean, se):
        super().__init__(np.array(K), np.empty((len(K), 0)), "score")
        self.mean, self.se = np.array(mean), np.array(se)


path_of = HandMade


@pytest.mark.parametrize(
    ("mean", "se", "best", "one_standard_error", "knee"),
    [
        # log K is 0, 1, 2, 3, 4 times log 2; the chord of the first rises by 0.1 a step.
        ([0.5, 0.7, 0.85, 0.91, 0.90], [0.0, 0.0, 0.0, 0.07, 0.0], 8, 4, 4),
        ([0.5, 0.7, 0.85, 0.91, 0.90], [0.9, 0.9, 0.9, 0.05, 0.9], 8, 8, 4),
        ([0.5, 0.9, 0.9, 0.9, 0.9], [0.0] * 5, 2, 2, 2),  # ties go to the smallest
        ([0.5, 0.8, 0.9, 0.7, 0.5], [0.1] * 5, 4, 2, 4),
        ([0.1, 0.2, 0.3, 0.5, 0.9], [0.0] * 5, 16, 16, 16),  # nothing above the chord
        ([0.9, 0.5, 0.3, 0.2, 0.1], [0.0] * 5, 1, 1, 1),
        ([0.1, 0.2, 0.3, 0.4, 0.5], [0.0] * 5, 16, 16, 16),  # the chord itself
        ([0.5] * 5, [0.0] * 5, 1, 1, 1),
        ([0.8, 0.8 + 1e-16, 0.8, 0.8, 0.8], [0.0] * 5, 1, 1, 1),  # differs by rounding
        ([-3.0, -1.0, -0.9, -0.5, -0.4], [0.0, 0.0, 0.0, 0.0, 0.1], 16, 8, 2),
    ],
)
def test_rules_by_hand(mean, se, best, one_standard_error, knee):
    path = path_of([1, 2, 4, 8, 16], mean, se)
    for rule, K in (("best", best), ("one_standard_error", one_standard_error), ("knee", knee)):
        assert CrossValidatedK(rule=rule)._choose(path) == K


@pytest.mark.parametrize("rule", ["best", "one_standard_error", "knee"])
def test_rules_on_one_or_two_points(rule):
    choice = CrossValidatedK(rule=rule)
    assert choice._choose(path_of([3], [0.5], [0.1])) == 3
    assert choice._choose(path_of([3, 9], [0.5, 0.7], [0.1, 0.1])) == 9
    assert choice._choose(path_of([3, 9], [0.7, 0.5], [0.1, 0.1])) == 3


def test_numbers_that_are_tried():
    def tried(n_features, Ks=None):
        return CrossValidatedK(Ks=Ks)._numbers(n_features).tolist()

    assert tried(1) == [1]
    assert tried(40) == [1, 2, 3, 4, 6, 8, 11, 16, 23, 32, 40]
    assert tried(256)[-3:] == [128, 181, 256]
    assert tried(10**6) == tried(256)
    assert tried(40, [8, 2, 2, 50]) == [2, 8, 40]
    assert tried(40, np.array([5])) == [5]
    assert tried(40, range(1, 4)) == [1, 2, 3]


# The path.


def five_of_hundred(kind, seed=0, n_samples=240):
    """X of 100 features, of which the first five alone decide y."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n_samples, 100)).astype(np.float32)
    z = X[:, :5] @ rng.permutation([1.5, 1.3, -1.2, 1.1, -1.4])
    return X, {
        "classes": lambda: np.where(z > 0, "up", "down"),
        "number": lambda: z + 0.1 * rng.standard_normal(n_samples),
        "numbers": lambda: np.column_stack([z, X[:, 0] - X[:, 1]]).astype(np.float64),
        "labels": lambda: np.column_stack([z > 0, z > 1, X[:, 0] > 0]).astype(int),
    }[kind]()


KINDS = ["classes", "number", "numbers", "labels"]


def learning(K, **params):
    """A supervised selector that finds what decides y within a second."""
    setting = {"max_iter": 20, "hidden_layer_sizes": 32, "density": 0.5, "batch_size": 32}
    setting = {**setting, "learning_rate_init": 0.01, "random_state": 0, "device": "cpu"}
    return NeuronAttributionSelector(K=K, **{**setting, **params})


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_every_rule_finds_about_five_of_a_hundred(kind):
    X, y = five_of_hundred(kind)
    selector = learning("auto").fit(X, y)
    assert 3 <= selector.K_ <= 8
    assert set(selector.get_support(indices=True)[:3]) <= set(range(5))
    for rule, K in (("best", (4, 16)), ("one_standard_error", (3, 8)), ("knee", (2, 8))):
        assert K[0] <= selector.set_params(K=CrossValidatedK(rule=rule)).K_ <= K[1]


def test_correlated_features_need_few_and_noise_none_without_labels():
    rng = np.random.default_rng(0)
    latent = rng.standard_normal((200, 4))
    X = np.repeat(latent, 10, axis=1) + 0.3 * rng.standard_normal((200, 40))
    setting = {"scaling": "feature", "max_iter": 10, "random_state": 0}
    selector = WASTSelector(K="auto", **setting).fit(X)
    assert 4 <= selector.K_ <= 16
    # Features that say nothing of each other: any number is as good, and the least is taken.
    noise = WASTSelector(K="auto", **setting).fit(rng.standard_normal((200, 40)))
    assert noise.K_ == 1
    assert noise.path_.mean.max() < 0.01


@every_nested
def test_what_a_fit_leaves(Selector, wide):
    selector = fit(quick(Selector, K="auto"), wide)
    path = selector.path_
    assert isinstance(path, KCurve) and path.rankings is None and path.fit_seconds is None
    assert path.metric == ("accuracy" if needs_y(Selector) else "explained variance")
    np.testing.assert_array_equal(path.Ks, [1, 2, 3, 4, 6, 8, 11, 16, 23, 32, 40])
    assert path.scores.shape == (11, 5) and path.scores.dtype == np.float64
    np.testing.assert_array_equal(path.mean, path.scores.mean(axis=1))
    np.testing.assert_array_equal(path.std, path.scores.std(axis=1))
    np.testing.assert_allclose(path.se, path.std / 2)  # sqrt(5 - 1)
    assert type(selector.K_) is int
    assert selector.K_ in path.Ks
    assert selector.K_ == selector.support_.sum() == selector.transform(wide).shape[1]
    # The fit to all the data is the one of any K.
    given = fit(quick(Selector, K=7), wide)
    np.testing.assert_array_equal(selector.scores_, given.scores_)
    np.testing.assert_array_equal(selector.ranking_, given.ranking_)
    assert selector.costs_ == given.costs_
    assert given.K_ == 7 and not hasattr(given, "path_")
    assert given.set_params(K=0.5).K_ == 20


def literal_path(selector, X, y, folds, estimator, Ks):
    scores = np.empty((len(Ks), len(folds)))
    for j, (train, validation) in enumerate(folds):
        ranking = clone(selector).set_params(K=1).fit(X[train], y[train]).ranking_
        for i, K in enumerate(Ks):
            best = np.flatnonzero(ranking <= K)
            model = clone(estimator).fit(X[train][:, best], y[train])
            scores[i, j] = model.score(X[validation][:, best], y[validation])
    return scores


DEFAULTS = {
    "classes": SVC(),
    "number": TransformedTargetRegressor(KernelRidge(kernel="rbf"), transformer=StandardScaler()),
}
DEFAULTS["numbers"] = DEFAULTS["labels"] = DEFAULTS["number"]


@pytest.mark.parametrize("kind", KINDS)
@every_nested_supervised
def test_the_path_is_that_of_a_literal_loop(Selector, kind):
    X, y = five_of_hundred(kind, n_samples=60)
    folds, Ks = list(KFold(4).split(X)), [1, 3, 10, 100]
    selector = quick(Selector)
    expected = literal_path(
        selector, X, y, folds, make_pipeline(StandardScaler(), DEFAULTS[kind]), Ks
    )
    choice = CrossValidatedK(cv=folds, Ks=Ks)
    path = selector.set_params(K=choice).fit(X, y).path_
    np.testing.assert_allclose(path.scores, expected, atol=1e-5)
    # A splitter in place of its splits, and an estimator of one's own.
    own = make_pipeline(StandardScaler(), Ridge() if kind != "classes" else LogisticRegression())
    choice.set_params(cv=KFold(4), estimator=own)
    expected = literal_path(selector, X, y, folds, own, Ks)
    np.testing.assert_allclose(selector.fit(X, y).path_.scores, expected, atol=1e-5)


@pytest.mark.parametrize("Selector", [S for S in NESTED if not needs_y(S)])
def test_without_labels_the_path_is_that_of_a_literal_loop(Selector, wide):
    folds, Ks = list(KFold(3).split(wide)), [1, 3, 10, 40]
    selector = quick(Selector, K=CrossValidatedK(cv=folds, Ks=Ks))
    got = selector.fit(wide).path_.scores
    for j, (train, validation) in enumerate(folds):
        ranking = quick(Selector).fit(wide[train]).ranking_
        scaler = StandardScaler().fit(wide[train])
        Z, held_out = scaler.transform(wide[train]), scaler.transform(wide[validation])
        for i, K in enumerate(Ks):
            said, unsaid = ranking <= K, ranking > K
            explained = 0.0
            if unsaid.any():
                ridge = Ridge().fit(Z[:, said], Z[:, unsaid])
                error = ridge.predict(held_out[:, said]) - held_out[:, unsaid]
                explained = (held_out[:, unsaid] ** 2 - error**2).sum() / (held_out**2).sum()
            assert got[i, j] == pytest.approx(max(0.0, explained), abs=1e-4)


@every_nested
def test_labels_choose_K_for_a_ranking_made_without_them(Selector, wide):
    y = classes(wide)
    choice = CrossValidatedK(target="y", cv=KFold(3), Ks=[2, 5])
    selector = quick(Selector, K=choice)
    got = selector.fit(wide, y).path_.scores
    folds = list(KFold(3).split(wide))
    expected = literal_path(
        quick(Selector), wide, y, folds, make_pipeline(StandardScaler(), SVC()), [2, 5]
    )
    np.testing.assert_allclose(got, expected)
    # And the other way round: what a ranking by labels says of X.
    by_X = fit(quick(Selector, K=CrossValidatedK(target="X")), wide)
    assert by_X.path_.mean[-1] == 0 < by_X.path_.mean.max()


@every_nested
def test_y_is_ignored_without_labels(Selector, wide):
    if needs_y(Selector):
        return
    given, ignored = (quick(Selector, K="auto").fit(wide, y) for y in (None, np.arange(60)))
    np.testing.assert_array_equal(given.path_.scores, ignored.path_.scores)


@every_nested_supervised
@pytest.mark.parametrize("kind", TARGETS)
def test_every_kind_of_target(Selector, kind):
    X, z = learnable(n_samples=60)
    selector = quick(Selector, K=CrossValidatedK(cv=2, Ks=[1, 5, 40])).fit(X, TARGETS[kind](z))
    scores = selector.path_.scores
    assert scores.shape == (3, 2) and np.isfinite(scores).all()
    assert selector.K_ in (1, 5, 40) and selector.get_support().sum() == selector.K_


@every_nested_supervised
def test_a_loss_of_your_own_is_the_one_of_the_folds(Selector, wide):
    choice = CrossValidatedK(cv=[(np.arange(60), np.arange(30))] * 2, Ks=[5], estimator=Ridge())
    y = wide[:, 0] - wide[:, 5]
    own = quick(Selector, K=choice, loss=absolute_error).fit(wide, y)
    best = own.ranking_ <= 5
    expected = Ridge().fit(wide[:, best], y).score(wide[:30, best], y[:30])
    np.testing.assert_allclose(own.path_.scores, expected, rtol=1e-5)


# No leakage.


@every_nested
def test_a_fold_sees_its_training_part_only(Selector, wide, monkeypatch):
    """Rankings and scores of the other folds do not change with what a validation part holds."""
    seen, train = [], Selector._train

    def spy(self, data, *args):
        seen.append((np.array(data.X), data.summary.mean.copy()))
        return train(self, data, *args)

    monkeypatch.setattr(Selector, "_train", spy)
    folds = list(KFold(3).split(wide))
    selector = fit(quick(Selector, K=CrossValidatedK(cv=folds)), wide)
    assert [len(X) for X, _ in seen] == [40, 40, 40, 60]
    for (X, _), (rows, _) in zip(seen, folds):
        np.testing.assert_array_equal(X, wide[rows])
    # Other validation rows, the same copy of the selector and the same estimator.
    other = wide.copy()
    other[folds[0][1]] *= 1000
    before = [moments for _, moments in seen]
    seen.clear()
    changed = fit(selector, other).path_.scores
    assert changed.shape == (11, 3)
    np.testing.assert_array_equal(seen[0][1], before[0])
    np.testing.assert_array_equal(seen[0][0], wide[folds[0][0]])


def test_the_estimator_sees_the_training_part_only(wide):
    seen = []

    class Spy(SVC):
        def fit(self, X, y, sample_weight=None):
            seen.append(X)
            return super().fit(X, y)

    folds = list(KFold(3).split(wide))
    choice = CrossValidatedK(cv=folds, estimator=Spy(), Ks=[2, 40])
    fit(quick(NESTED_SUPERVISED[0], K=choice), wide)
    assert [X.shape for X in seen] == [(40, 2), (40, 40)] * 3
    for X, (rows, _) in zip(seen[1::2], folds):
        np.testing.assert_array_equal(np.sort(X, axis=1), np.sort(wide[rows], axis=1))


def random_labels(seed):
    rng = np.random.default_rng(seed)
    return rng.standard_normal((60, 2000)).astype(np.float32), np.arange(60) % 2


@pytest.mark.slow
def test_noise_scores_like_chance():
    leaking, honest = [], []
    for seed in range(3):
        X, y = random_labels(seed)
        selector = learning("auto", early_stopping=False, random_state=seed).fit(X, y)
        honest.append(selector.path_.mean.mean())
        ranked_on_all = selector.set_params(K=128).transform(X)
        leaking.append(cross_val_score(SVC(), ranked_on_all, y).mean())
    # Columns of noise that separate the samples they were chosen on separate no others.
    assert np.mean(leaking) > 0.85
    assert 0.3 < np.mean(honest) < 0.55


def test_an_outer_fold_is_not_seen(wide, monkeypatch):
    """In cross_val_score every fit, inner ones included, reads its own training part only."""
    seen, train = [], NeuronAttributionSelector._train

    def spy(self, data, *args):
        seen.append(set(np.array(data.X)[:, 0].tolist()))
        return train(self, data, *args)

    monkeypatch.setattr(NeuronAttributionSelector, "_train", spy)
    selector = quick(NeuronAttributionSelector, K=CrossValidatedK(cv=2))
    outer = list(StratifiedKFold(3).split(wide, classes(wide)))
    cross_val_score(make_pipeline(selector, SVC()), wide, classes(wide), cv=outer)
    assert len(seen) == 9
    for number, (rows, _) in enumerate(outer):
        allowed = set(wide[rows, 0].tolist())
        assert all(part <= allowed for part in seen[3 * number : 3 * number + 3])


# After the fit.


@every_nested
def test_K_and_the_rule_change_without_a_refit(Selector, wide):
    selector = fit(quick(Selector, K=CrossValidatedK(rule="best")), wide)
    path, ranking = selector.path_, selector.ranking_
    for rule in ("knee", "one_standard_error", "best"):
        selector.set_params(K__rule=rule)
        assert selector.K_ == CrossValidatedK(rule=rule)._choose(path) == selector.support_.sum()
    for K, n_expected in ((25, 25), (0.1, 4)):
        assert selector.set_params(K=K).transform(wide).shape == (60, n_expected)
    default = CrossValidatedK()._choose(path)
    assert selector.set_params(K="auto").transform(wide).shape == (60, default)
    assert selector.path_ is path and selector.ranking_ is ranking


@every_nested
def test_auto_after_a_fit_with_a_given_K_needs_a_refit(Selector, wide):
    selector = fit(quick(Selector, K=5), wide).set_params(K="auto")
    for use in (selector.transform, lambda X: selector.support_, lambda X: selector.K_):
        with pytest.raises(NotFittedError, match=f"{Selector.__name__} was fitted with a given K"):
            use(wide)
    selector = fit(selector, wide)
    assert selector.K_ in selector.path_.Ks
    # And a refit with a given K forgets the path.
    fit(selector.set_params(K=3), wide)
    assert not hasattr(selector, "path_")


@every_nested
def test_a_failing_fit_keeps_the_earlier_path(Selector, wide, monkeypatch):
    selector = fit(quick(Selector, K="auto"), wide)
    path, train, calls = selector.path_, Selector._train, []

    def failing(self, data, *args):
        calls.append(self)
        if len(calls) == 6:  # the fit to all the data
            raise KeyboardInterrupt
        return train(self, data, *args)

    monkeypatch.setattr(Selector, "_train", failing)
    with pytest.raises(KeyboardInterrupt):
        fit(selector, wide[:, :30])
    assert selector.path_ is path
    assert selector.transform(wide).shape == (60, selector.K_)


@every_nested
def test_unfitted(Selector, wide):
    with pytest.raises(NotFittedError):
        quick(Selector, K="auto").transform(wide)
    assert not hasattr(quick(Selector, K="auto"), "K_")
    assert not hasattr(quick(Selector), "K_")


@every_nested
def test_pickles_stay_small(Selector, wide):
    given, auto = (pickle.dumps(fit(quick(Selector, K=K), wide)) for K in (5, "auto"))
    assert len(auto) < len(given) + 5000
    assert pickle.loads(auto).transform(wide).shape[1] == pickle.loads(auto).K_


# What the result may depend on.


@every_nested
def test_the_seed_alone_decides(Selector, wide):
    expected = fit(quick(Selector, K="auto"), wide).path_.scores
    for params in ({}, {"n_jobs": 2}, {"verbose": True}):
        got = fit(quick(Selector, K="auto", **params), wide).path_.scores
        np.testing.assert_array_equal(got, expected)
    other = fit(quick(Selector, K="auto", random_state=1), wide).path_.scores
    assert not np.array_equal(other, expected)
    before = np.random.get_state()[1].copy()
    fit(quick(Selector, K="auto", random_state=None), wide)
    np.testing.assert_array_equal(np.random.get_state()[1], before)


def test_a_random_state_gives_one_number_whatever_K_is(wide):
    def scores(K):
        state = np.random.RandomState(0)
        selectors = [fit(quick(NESTED[0], K=K, random_state=state), wide) for _ in range(2)]
        return [selector.scores_ for selector in selectors]

    np.testing.assert_array_equal(scores("auto"), scores(5))


@every_nested
@pytest.mark.parametrize(
    "convert",
    [sparse.csr_matrix, sparse.coo_array, lambda X: pd.DataFrame(X).add_prefix("f")],
    ids=["csr", "coo", "frame"],
)
def test_every_container_gives_the_same_path(Selector, wide, convert):
    wide[np.abs(wide) < 0.5] = 0
    choice = CrossValidatedK(cv=3, Ks=[2, 8, 20])
    expected = fit(quick(Selector, K=choice), wide)
    got = fit(quick(Selector, K=clone(choice)), convert(wide))
    np.testing.assert_allclose(got.path_.scores, expected.path_.scores, atol=0.02)
    assert got.K_ == expected.K_
    X = convert(wide)
    assert got.transform(X).shape == (60, got.K_)


def test_the_users_estimator_is_given_columns_of_sparse_data_as_sparse(wide):
    seen = []

    class Spy(LogisticRegression):
        def fit(self, X, y, sample_weight=None):
            seen.append(type(X))
            return super().fit(X, y)

    choice = CrossValidatedK(cv=2, Ks=[3], estimator=Spy())
    fit(quick(NESTED_SUPERVISED[0], K=choice), sparse.csr_matrix(wide))
    assert all(issubclass(kind, sparse.csr_matrix) for kind in seen)


@pytest.mark.parametrize("source", SOURCES)
def test_folds_of_tables_on_disk(source, wide, tmp_path, monkeypatch):
    table = SOURCES[source](tmp_path / "X", wide)
    selector = quick(NESTED[0], K="auto")
    expected = fit(selector, wide).path_.scores if source != "parquet" else None
    got = fit(selector, table).path_.scores
    if expected is not None:
        np.testing.assert_array_equal(got, expected)
    monkeypatch.setattr("sparsefs.data.table.CHUNK_BYTES", 600)
    monkeypatch.setattr("sparsefs.data.table.BUFFER_BYTES", 3000)
    monkeypatch.setattr(RowTable, "__array__", None)
    first, again = (fit(selector, table).path_ for _ in range(2))
    np.testing.assert_array_equal(first.scores, again.scores)
    np.testing.assert_allclose(first.mean, got.mean(axis=1), atol=0.3)


@pytest.mark.parametrize("source", SOURCES)
def test_a_table_whose_folds_fit_has_the_scores_of_the_array(source, wide, tmp_path, monkeypatch):
    X = np.tile(wide, (2, 1))
    selector = quick(NESTED[0], K=CrossValidatedK(cv=2, Ks=[1, 4, 9]))
    expected = fit(selector, X).path_.scores
    monkeypatch.setattr("sparsefs.data.table.CHUNK_BYTES", 600)
    monkeypatch.setattr("sparsefs.data.table.BUFFER_BYTES", X.nbytes - 1)
    got = fit(selector, SOURCES[source](tmp_path / "X", X)).path_.scores
    np.testing.assert_array_equal(got, expected)


def test_data_of_any_unit_and_columns_that_hardly_vary(wide):
    expected = quick(WASTSelector, K="auto").fit(wide).path_.scores
    for size in (1e-300, 1e40):
        got = quick(WASTSelector, K="auto").fit(wide.astype(np.float64) * size).path_.scores
        np.testing.assert_allclose(got, expected, atol=1e-3)
    # A pixel that is dark in all rows but one must not decide.
    wide[:, 17] = 1e-4 * np.random.default_rng(0).standard_normal(60)
    before = quick(WASTSelector, K="auto").fit(wide).path_.mean
    wide[7, 17] = 1e4
    after = quick(WASTSelector, K="auto", scaling="feature").fit(wide).path_.mean
    assert after.max() > before.max() - 0.3


# Weights.


@every_nested
def test_samples_of_weight_0_are_in_no_fold(Selector, wide):
    weight, y = np.arange(60) % 3 * 1.0, np.arange(60) // 2 % 3
    used = weight > 0
    folds = [(np.arange(0, 60, 2), np.arange(1, 60, 2)), (np.arange(1, 60, 2), np.arange(0, 60, 2))]
    number = np.cumsum(used) - 1
    of_used = [tuple(number[part[used[part]]] for part in fold) for fold in folds]
    paths = [
        quick(Selector, K=CrossValidatedK(cv=cv)).fit(X, labels, sample_weight=w).path_.scores
        for X, labels, w, cv in (
            (wide, y, weight, folds),
            (wide[used], y[used], weight[used], of_used),
            (wide, y, 10 * weight, folds),
        )
    ]
    np.testing.assert_allclose(paths[1], paths[0], atol=1e-6)
    np.testing.assert_allclose(paths[2], paths[0], atol=1e-6)
    # The folds that are made of a number, too.
    selector = quick(Selector, K="auto").fit(wide, y, sample_weight=weight)
    assert selector.path_.scores.shape[1] == 5


@pytest.mark.parametrize("own", [False, True])
def test_weights_reach_the_estimator_and_the_score(own, wide):
    y, weight = np.arange(60) % 2, 1.0 + np.arange(60) % 5
    folds = list(KFold(3).split(wide))
    model = make_pipeline(StandardScaler(), SVC())
    choice = CrossValidatedK(cv=folds, Ks=[4], estimator=model if own else None)
    Selector = NESTED_SUPERVISED[0]
    got = quick(Selector, K=choice).fit(wide, y, sample_weight=weight).path_.scores[0]
    for score, (train, validation) in zip(got, folds):
        ranker = quick(Selector, K=4).fit(wide[train], y[train], sample_weight=weight[train])
        w = weight[train] / weight.mean()
        given = {"standardscaler__sample_weight": w, "svc__sample_weight": w}
        fitted = clone(model).fit(ranker.transform(wide[train]), y[train], **given)
        predicted = fitted.predict(ranker.transform(wide[validation]))
        expected = accuracy_score(y[validation], predicted, sample_weight=weight[validation])
        assert score == pytest.approx(expected)


def test_estimators_and_scorers_that_take_no_weights_get_none(wide):
    def own_scorer(estimator, X, y):
        return estimator.score(X, y)

    choice = CrossValidatedK(cv=2, estimator=KNeighborsClassifier(), scoring=own_scorer)
    y = np.arange(60) % 2
    quick(NESTED_SUPERVISED[0], K=choice).fit(wide, y, sample_weight=np.arange(60.0))


@pytest.mark.parametrize("routing", [False, True])
def test_a_search_as_estimator_is_given_weights(wide, routing):
    y = np.repeat([0, 1], [45, 15])
    search = GridSearchCV(make_pipeline(StandardScaler(), SVC()), {"svc__C": [1, 10]}, cv=2)
    choice = CrossValidatedK(cv=StratifiedKFold(3), Ks=[5], estimator=search)
    with config_context(enable_metadata_routing=routing):
        given = quick(NESTED_SUPERVISED[0], K=choice).fit(wide, y, sample_weight=np.arange(60.0))
        balanced = quick(NESTED_SUPERVISED[0], K=choice, class_weight="balanced").fit(wide, y)
    assert given.path_.metric == balanced.path_.metric == "accuracy"


def test_balanced_classes_are_scored_as_such(wide):
    y = np.repeat([0, 1], [45, 15])
    folds = list(StratifiedKFold(3).split(wide, y))
    Selector = NESTED_SUPERVISED[0]

    def path(cv, **params):
        choice = CrossValidatedK(cv=folds, Ks=[5], **cv)
        return quick(Selector, K=choice, **params).fit(wide, y).path_.scores

    own = {"estimator": Spied()}
    balanced = path(own, class_weight="balanced")
    assert not np.allclose(balanced, path(own))
    # Weights make of accuracy what balanced accuracy is.
    np.testing.assert_allclose(
        balanced, path({**own, "scoring": "balanced_accuracy"}, class_weight="balanced")
    )


class Spied(KNeighborsClassifier):
    """Its score must be given weights."""

    def score(self, X, y, sample_weight=None):
        return accuracy_score(y, self.predict(X), sample_weight=sample_weight)


# Folds.


def test_folds_spread_every_class_and_have_equal_sizes():
    from sparsefs.data.target import Target
    from sparsefs.evaluation.folds import _shuffled_folds

    y = np.repeat(["a", "b", "c"], [2, 11, 38])
    rows = np.arange(51)
    folds = _shuffled_folds(5, rows, Target.of(y, "auto"), np.random.default_rng(0))
    assert sorted(np.concatenate([part for _, part in folds])) == rows.tolist()
    for train, validation in folds:
        np.testing.assert_array_equal(np.sort(np.r_[train, validation]), rows)
        assert len(validation) in (10, 11)
        assert set(y[train]) == {"a", "b", "c"}
        for name, n in (("a", 2), ("b", 11), ("c", 38)):
            assert abs((y[validation] == name).sum() - n / 5) < 1


@every_nested
@pytest.mark.parametrize("n_samples", [4, 5, 7])
def test_few_samples_make_few_folds_without_warnings(Selector, wide, n_samples):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        y = np.arange(n_samples) % 2
        selector = fit(quick(Selector, K="auto"), wide[:n_samples], y)
    assert selector.path_.scores.shape[1] == n_samples // 2


@every_nested
def test_one_feature(Selector, wide):
    params = {"density": 1.0} if "density" in Selector().get_params() else {}
    selector = fit(quick(Selector, K="auto", **params), wide[:, :1])
    assert selector.K_ == 1
    np.testing.assert_array_equal(selector.path_.Ks, [1])


def test_splitters_of_every_kind(wide):
    Selector, y = NESTED_SUPERVISED[0], classes(wide)
    for cv, n_folds in (
        (3, 3),
        (None, 5),
        (RepeatedStratifiedKFold(n_splits=2, n_repeats=3, random_state=0), 6),
        (ShuffleSplit(4, test_size=10, random_state=0), 4),
        (list(KFold(2).split(wide)), 2),
        (KFold(2).split(wide), 2),
    ):
        selector = quick(Selector, K=CrossValidatedK(cv=cv, Ks=[2, 5])).fit(wide, y)
        assert selector.path_.scores.shape == (2, n_folds)


def test_splits_from_a_generator_can_be_cloned_pickled_and_used_again(wide):
    choice = CrossValidatedK(cv=KFold(3).split(wide), Ks=[2, 5])
    selector = fit(quick(WASTSelector, K=choice), wide)
    expected = selector.path_.scores
    again = clone(pickle.loads(pickle.dumps(selector)))
    for other in (again, selector.set_params(K__cv=KFold(3).split(wide))):
        np.testing.assert_array_equal(fit(other, wide).path_.scores, expected)


def test_many_rows_are_thinned_for_the_default_estimator_only(monkeypatch):
    monkeypatch.setattr("sparsefs.evaluation.scorer.MOST_ROWS", 20)
    X, y = five_of_hundred("classes", n_samples=150)
    seen = []

    class Spy(SVC):
        def fit(self, X, y, sample_weight=None):
            seen.append((len(X), (y == "up").mean()))
            return super().fit(X, y)

        def score(self, X, y, sample_weight=None):
            seen.append((len(X), (y == "up").mean()))
            return super().score(X, y)

    monkeypatch.setattr("sparsefs.evaluation.scorer.DefaultSVC", Spy)
    quick(NESTED_SUPERVISED[0], K=CrossValidatedK(Ks=[5])).fit(X, y)
    assert [n for n, _ in seen] == [20] * 10
    np.testing.assert_allclose([share for _, share in seen], (y == "up").mean(), atol=0.06)
    seen.clear()
    quick(NESTED_SUPERVISED[0], K=CrossValidatedK(Ks=[5], estimator=Spy())).fit(X, y)
    assert [n for n, _ in seen] == [120, 30] * 5
    monkeypatch.setattr("sparsefs.evaluation.scorer._MOST_COLUMNS", 7)
    assert quick(WASTSelector, K="auto").fit(X).path_.scores.shape[1] == 5
    quick(NESTED_SUPERVISED[0], K=CrossValidatedK(Ks=[5])).fit(X, X[:, 0])


# Who watches.


@every_nested
def test_verbose_shows_the_folds_and_then_the_epochs(Selector, wide, capsys):
    fit(quick(Selector, K="auto", verbose=True), wide)
    out, err = capsys.readouterr()
    assert out == ""
    assert f"{Selector.__name__}, folds to choose K" in err and "5/5" in err and "3/3" in err
    assert err.count("/5 ") < 20 and "60/60" not in err
    fit(quick(Selector, K="auto"), wide)
    assert capsys.readouterr() == ("", "")


@every_nested
def test_callbacks_watch_the_fit_to_all_the_data(Selector, wide):
    pytest.importorskip("sklearn.callback", reason="scikit-learn < 1.9 has no callbacks")

    class Recorder:
        supports = ()

        def setup(self, estimator, context):
            pass

        teardown = on_fit_task_begin = setup

        def on_fit_task_end(self, estimator, context, *, fitted_estimator):
            if context.task_name == "epoch":
                self.supports += (fitted_estimator.transform(wide).shape,)

    recorder = Recorder()
    selector = fit(quick(Selector, K="auto").set_callbacks(recorder), wide)
    assert recorder.supports == ((60, selector.K_),) * 3


def test_a_y_that_draws_a_warning_draws_it_once(wide):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        quick(NESTED_SUPERVISED[0], K="auto").fit(wide, np.arange(60.0))
    assert ["different whole numbers" in str(w.message) for w in caught].count(True) == 1


def test_the_end_of_the_default_numbers_draws_a_warning(wide):
    path = path_of([1, 16, 256], [0.1, 0.2, 0.9], [0.0] * 3)
    with pytest.warns(UserWarning, match="256 of 300 features.*Ks="):
        CrossValidatedK()._warn_of_end(path, 300)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        CrossValidatedK()._warn_of_end(path, 256)  # all there are
        CrossValidatedK(Ks=[1, 16, 256])._warn_of_end(path, 300)  # as asked for
        CrossValidatedK()._warn_of_end(path_of([1, 256], [0.9, 0.1], [0, 0]), 300)


# scikit-learn.


def test_parameters_reach_into_the_object(wide):
    selector = WASTSelector(K=CrossValidatedK(estimator=Ridge()))
    selector.set_params(K__rule="knee", K__estimator__alpha=3.0)
    copy = clone(selector)
    assert copy.K is not selector.K
    assert (copy.K.rule, copy.K.estimator.alpha) == ("knee", 3.0)
    assert "CrossValidatedK" in repr(selector)
    pipeline = make_pipeline(quick(NESTED_SUPERVISED[0], K="auto"), SVC())
    name = pipeline.steps[0][0]
    grid = {f"{name}__K": ["auto", 3, CrossValidatedK(rule="best", cv=2)]}
    search = GridSearchCV(pipeline, grid, cv=2, error_score="raise").fit(wide, classes(wide))
    assert len(search.cv_results_["params"]) == 3


# A path of one number makes equal selections of equal data, however they fall into folds.
@pytest.mark.slow
@parametrize_with_checks(
    [
        quick(
            Selector,
            K=CrossValidatedK(Ks=[3], cv=2),
            batch_size=64,
            **NOT_RANDOM.get(Selector.__name__, {}),
        )
        for Selector in NESTED
    ]
)
def test_scikit_learn_checks(estimator, check):
    check(estimator)


@pytest.mark.slow
@pytest.mark.parametrize("Selector", [WASTSelector, NeuronAttributionSelector])
def test_scikit_learn_checks_of_auto(Selector):
    estimator = quick(Selector, K="auto", batch_size=64)
    results = check_estimator(estimator, on_skip=None, on_fail=None)
    assert len(results) > 50
    # A sample given twice may be in both parts of a fold, a sample of weight 2 is in one. And a
    # column that is not selected may contain NaN.
    assert {r["check_name"] for r in results if r["status"] != "passed"} <= {
        "check_estimators_nan_inf",
        "check_sample_weight_equivalence_on_dense_data",
        "check_sample_weight_equivalence_on_sparse_data",
    }


# Bad input.


def test_a_selector_that_trains_towards_K_refuses_auto(wide):
    for K in ("auto", CrossValidatedK()):
        with pytest.raises(ValueError, match=r"NeuroFSSelector trains towards K.*GridSearchCV"):
            quick(NeuroFSSelector, K=K).fit(wide, classes(wide))
    selector = quick(NeuroFSSelector).fit(wide, classes(wide)).set_params(K="auto")
    with pytest.raises(ValueError, match=r"NeuroFSSelector trains towards K"):
        selector.transform(wide)


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"rule": "elbow"}, ["'rule' parameter of CrossValidatedK", "knee"]),
        ({"cv": 1}, ["'cv'"]),
        ({"cv": "five"}, ["'cv'"]),
        ({"cv": [(np.arange(30), np.arange(30, 60))]}, ["at least two folds", "(30, 30)"]),
        ({"cv": [(np.arange(60), [])] * 2}, ["samples in both parts", "(60, 0)"]),
        ({"cv": [(np.arange(0, 60, 3), np.arange(9))] * 2}, ["fold 0 of 2", "one class only"]),
        ({"Ks": []}, ["'Ks'", "positive ints"]),
        ({"Ks": [0, 3]}, ["'Ks'", "[0, 3]"]),
        ({"Ks": [0.5]}, ["'Ks'"]),
        ({"Ks": [True]}, ["'Ks'"]),
        ({"Ks": "few"}, ["'Ks'"]),
        ({"Ks": 5}, ["'Ks'"]),
        ({"target": "z"}, ["'target'"]),
        ({"estimator": 3}, ["'estimator'"]),
        ({"scoring": 3}, ["'scoring'"]),
        ({"target": "X", "scoring": "r2"}, ["scoring of CrossValidatedK", "target of y"]),
    ],
)
def test_bad_settings_are_named(params, words, wide, monkeypatch):
    Selector = NESTED_SUPERVISED[0]
    monkeypatch.setattr(Selector, "_train", lambda *args: pytest.fail("training began"))
    selector = quick(Selector, K=CrossValidatedK(**params))
    with pytest.raises(ValueError, match=re.escape(words[0])) as error:
        fit(selector, wide)
    for word in words:
        assert word in str(error.value)
    assert not hasattr(selector, "path_")


def test_bad_data_are_named(wide):
    for K in (CrossValidatedK, "best", [5]):
        with pytest.raises(ValueError, match="'K' parameter of WASTSelector"):
            quick(WASTSelector, K=K).fit(wide)
    with pytest.raises(ValueError, match=r"at least 4 samples.*n_samples=3\. Give K a number"):
        quick(WASTSelector, K="auto").fit(wide[:3])
    with pytest.raises(ValueError, match=r"at least 4 samples.*n_samples=2"):
        quick(WASTSelector, K="auto").fit(wide, sample_weight=np.arange(60) < 2)
    with pytest.raises(ValueError, match="target='y' of CrossValidatedK needs a y"):
        quick(WASTSelector, K=CrossValidatedK(target="y")).fit(wide)
    Selector = NESTED_SUPERVISED[0]
    with pytest.raises(ValueError, match="training part has one class only"):
        quick(Selector, K="auto").fit(wide, np.arange(60) == 0)
    with pytest.raises(ValueError, match="training part has a constant y"):
        quick(Selector, K="auto").fit(wide, (np.arange(60) == 0) * 0.5)


@pytest.mark.filterwarnings("ignore:R.2 score is not well-defined")
def test_scores_that_are_not_finite_are_refused(wide):
    one_out = CrossValidatedK(cv=KFold(30), Ks=[3], estimator=Ridge())
    with pytest.raises(ValueError, match=r"not finite.*two samples in every validation part"):
        quick(NESTED_SUPERVISED[0], K=one_out).fit(wide[:30], wide[:30, 0])


def test_rules_changed_to_nonsense_after_the_fit_are_named(wide):
    selector = fit(quick(WASTSelector, K=CrossValidatedK()), wide).set_params(K__rule="elbow")
    with pytest.raises(ValueError, match="'rule' parameter of CrossValidatedK"):
        selector.transform(wide)


@pytest.mark.parametrize("kind", ["constant", "one feature", "noise"])
def test_features_that_do_not_explain_each_other_draw_a_warning(kind):
    X = np.random.default_rng(0).standard_normal((200, 1 if kind == "one feature" else 10))
    X = np.ones((200, 5)) if kind == "constant" else X
    with pytest.warns(UserWarning, match=r"more than 0\.\d% of the variance .* K=\d is arbitrary"):
        quick(WASTSelector, K="auto").fit(X)
    X = np.hstack([X[:, :1], X[:, :1] + np.arange(200)[:, None], np.arange(200)[:, None]])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        quick(WASTSelector, K="auto").fit(X)


@pytest.mark.parametrize("target", ["y", "X"])
def test_the_global_generator_is_neither_used_nor_moved(target, wide):
    estimator = ExtraTreesClassifier(5) if target == "y" else ExtraTreesRegressor(5)
    for given in (None, estimator):
        choice = CrossValidatedK(cv=ShuffleSplit(3), Ks=[1, 4], target=target, estimator=given)
        found = []
        for seed in (1, 2):
            np.random.seed(seed)
            before = np.random.get_state()
            selector = quick(NESTED_SUPERVISED[0], K=choice).fit(wide, classes(wide))
            found.append(selector.path_.scores)
            for now, then in zip(np.random.get_state(), before):
                np.testing.assert_array_equal(now, then)
        np.testing.assert_array_equal(*found)
