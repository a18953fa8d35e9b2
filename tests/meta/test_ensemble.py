# SPDX-License-Identifier: BSD-3-Clause
"""EnsembleSelector: what it averages, what it must not depend on, and what it is good for."""

import pickle
import time
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
from joblib import parallel_config
from scipy import sparse
from sklearn import config_context
from sklearn.base import BaseEstimator, clone
from sklearn.datasets import load_digits
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.exceptions import NotFittedError, SkipTestWarning
from sklearn.feature_selection import RFE, SelectFromModel, SelectKBest, chi2
from sklearn.linear_model import Lasso, LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.utils.estimator_checks import check_estimator, parametrize_with_checks

from sparsefs import (
    EnsembleSelector,
    NeuroFSSelector,
    NeuronAttributionSelector,
    StabilitySelector,
    WASTSelector,
)
from sparsefs.evaluation import k_curve, stability
from sparsefs.utils.random import generators, seeded
from tests.selectors.common import SELECTORS, classes, quick
from tests.shards import SOURCES

RANDOM = [WASTSelector, NeuronAttributionSelector]
every_random = pytest.mark.parametrize("Selector", RANDOM)


class Random(BaseEstimator):
    """Random scores, the larger the more the seed says so; `seen` has the arguments of all fits."""

    seen: list = []  # noqa: RUF012

    def __init__(self, random_state=None):
        self.random_state = random_state

    def fit(self, X, y=None, sample_weight=None, groups=None):
        self.seen.append((X, y, sample_weight, groups))
        rng = np.random.default_rng(self.random_state)
        self.feature_importances_ = rng.random(X.shape[1]) * 10.0 ** rng.integers(-3, 4)
        return self


@pytest.fixture(autouse=True)
def nothing_seen():
    Random.seen = []


def scores_of_each(estimator, X, y=None, n=4, seed=0):
    fits = [seeded(clone(estimator), rng).fit(X, y) for rng in generators(seed, n)]
    return np.array([getattr(f, "scores_", getattr(f, "feature_importances_", None)) for f in fits])


# What is averaged.


@every_random
def test_scores_are_the_mean_and_the_spread_of_the_fits(Selector, wide):
    y = classes(wide)
    selector = EnsembleSelector(quick(Selector), n_fits=3, random_state=0).fit(wide, y)
    each = scores_of_each(quick(Selector), wide, y, 3)
    relative = each / each.mean(axis=1, keepdims=True)
    np.testing.assert_allclose(selector.scores_, relative.mean(axis=0))
    np.testing.assert_allclose(selector.scores_std_, relative.std(axis=0))
    assert (selector.scores_std_[[3, 17]] == 0).all()  # constant columns
    assert (np.diff(selector.scores_[np.argsort(selector.ranking_)]) <= 0).all()
    assert set(selector.ranking_[[3, 17]]) == {39, 40}
    selections = [np.argsort(np.argsort(-row, kind="stable")) < selector.K_ for row in each]
    np.testing.assert_array_equal(selector.selection_frequencies_, np.mean(selections, axis=0))
    assert selector.agreement_ == stability(selections).value


def test_no_fit_counts_more_than_another(wide):
    selector = EnsembleSelector(Random(), n_fits=5, random_state=0).fit(wide)
    each = scores_of_each(Random(), wide, n=5)
    assert each.mean(axis=1).max() > 100 * each.mean(axis=1).min()
    np.testing.assert_allclose(
        selector.scores_, (each / each.mean(axis=1, keepdims=True)).mean(axis=0)
    )


def test_ranks_are_the_share_of_features_that_are_worse(wide):
    selector = EnsembleSelector(Random(), combine="ranks", n_fits=3, random_state=0).fit(wide)
    each = scores_of_each(Random(), wide, n=3)
    share = np.argsort(np.argsort(each, axis=1), axis=1) / 39
    np.testing.assert_allclose(selector.scores_, share.mean(axis=0))
    np.testing.assert_allclose(selector.scores_std_, share.std(axis=0))


def test_infinite_scores_need_ranks():
    X = np.random.default_rng(0).standard_normal((40, 5))
    y = (X[:, 2] > 0).astype(int)
    X[:, 2] = y  # an F value of infinity
    with (
        pytest.warns(RuntimeWarning),
        pytest.raises(ValueError, match="1 scores .*infinite.*ranks"),
    ):
        EnsembleSelector(SelectKBest(k=1), n_fits=2).fit(X, y)
    with pytest.warns(RuntimeWarning):
        selector = EnsembleSelector(SelectKBest(k=1), n_fits=2, combine="ranks").fit(X, y)
    assert selector.get_support(indices=True).tolist() == [2]


def test_scores_that_are_unknown_are_the_lowest(wide):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # scikit-learn's, of constant columns
        selector = EnsembleSelector(SelectKBest(), n_fits=2).fit(wide, classes(wide))
    assert np.isfinite(selector.scores_).all()
    assert not selector.get_support()[[3, 17]].any()


@every_random
def test_the_first_fits_do_not_depend_on_their_number(Selector, wide):
    estimator, y = quick(Selector), classes(wide)
    one = EnsembleSelector(estimator, n_fits=1, random_state=0).fit(wide, y)
    assert (one.scores_std_ == 0).all() and np.isnan(one.agreement_)
    four = EnsembleSelector(estimator, n_fits=4, random_state=0).fit(wide, y)
    each = scores_of_each(estimator, wide, y, 4)
    np.testing.assert_allclose(one.scores_, each[0] / each[0].mean())
    np.testing.assert_allclose(four.scores_, (each / each.mean(axis=1, keepdims=True)).mean(axis=0))


def test_the_mean_of_several_fits_is_more_stable_than_one():
    X, y = load_digits(return_X_y=True)
    for estimator in (
        WASTSelector(K=16, max_iter=2, hidden_layer_sizes=50, device="cpu"),
        ExtraTreesClassifier(5),
    ):
        values = []
        for n_fits in (1, 4):
            selections = [
                EnsembleSelector(estimator, K=16, n_fits=n_fits, random_state=seed)
                .fit(X[:600], y[:600])
                .get_support()
                for seed in range(6)
            ]
            values.append(stability(selections).value)
        assert values[1] > values[0] + 0.02


# How many features.


def test_K_is_that_of_the_estimator_or_fifty_or_given(wide):
    y = classes(wide)

    def found(estimator, **params):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            selector = EnsembleSelector(estimator, n_fits=2, random_state=0, **params)
            return selector.fit(wide, y).K_

    assert found(quick(WASTSelector, K=7)) == found(make_pipeline(quick(WASTSelector, K=7))) == 7
    assert found(SelectKBest(k=3)) == 3
    assert found(LogisticRegression()) == 40  # 50 at most
    assert found(RFE(LogisticRegression(), n_features_to_select=4, step=10)) == 4
    assert found(quick(WASTSelector, K=7), K=4) == found(LogisticRegression(), K=0.1) == 4


def test_another_K_after_the_fit(wide):
    selector = EnsembleSelector(quick(WASTSelector, K=7), n_fits=2, random_state=0).fit(wide)
    assert selector.transform(wide).shape == (60, 7)
    assert selector.set_params(K=3).transform(wide).shape == (60, 3)
    assert selector.set_params(K=0.5).K_ == 20
    assert selector.set_params(K=None).K_ == 7
    with pytest.warns(UserWarning, match="K=50 is greater than n_features=40"):
        assert selector.set_params(K=50).transform(wide).shape == (60, 40)
    with pytest.raises(ValueError, match="'K' parameter of EnsembleSelector"):
        selector.set_params(K="auto").transform(wide)


def test_a_given_K_is_that_of_an_estimator_that_trains_towards_it(wide, monkeypatch):
    fitted, train = [], NeuroFSSelector.fit
    monkeypatch.setattr(
        NeuroFSSelector, "fit", lambda self, *a, **k: fitted.append(self.K) or train(self, *a, **k)
    )
    y = classes(wide)
    inner = quick(NeuroFSSelector, K=30)
    assert EnsembleSelector(inner, K=4, n_fits=2).fit(wide, y).K_ == 4
    assert EnsembleSelector(make_pipeline(inner), K=0.25, n_fits=1).fit(wide, y).K_ == 10
    assert fitted == [4, 4, 10] and inner.K == 30


def test_K_auto_of_the_estimator(wide, monkeypatch):
    inner, y = quick(NeuronAttributionSelector, K="auto"), classes(wide)
    selector = EnsembleSelector(inner, n_fits=3, random_state=0).fit(wide, y)
    each = [seeded(clone(inner), rng).fit(wide, y).K_ for rng in generators(0, 3)]
    assert selector.K_ == np.median(each)
    monkeypatch.setattr("sparsefs.evaluation.path.k_path", lambda *a: pytest.fail("chosen"))
    assert EnsembleSelector(inner, K=5, n_fits=2).fit(wide, y).K_ == 5


# Which estimators.


@pytest.mark.parametrize("Selector", SELECTORS)
def test_every_selector_of_ours(Selector, wide):
    selector = EnsembleSelector(quick(Selector), n_fits=2, random_state=0)
    selector.fit(wide, classes(wide))
    assert selector.transform(wide).shape == (60, quick(Selector).K)


X_INFORMATIVE = np.random.default_rng(1).standard_normal((120, 20))
Y_INFORMATIVE = (X_INFORMATIVE[:, [2, 5, 11]].sum(axis=1) > 0).astype(int)


@pytest.mark.parametrize("combine", ["scores", "ranks"])
@pytest.mark.parametrize(
    ("estimator", "getter"),
    [
        (ExtraTreesClassifier(20), "auto"),
        (LogisticRegression(), "auto"),
        (make_pipeline(StandardScaler(), LogisticRegression()), "auto"),
        (make_pipeline(StandardScaler(), make_pipeline(SelectKBest(k=3))), "auto"),
        (RFE(LogisticRegression(), n_features_to_select=3), "auto"),
        (SelectFromModel(LogisticRegression(), threshold=-np.inf, max_features=3), "auto"),
        (GridSearchCV(LogisticRegression(), {"C": [1]}, cv=2), "best_estimator_.coef_"),
    ],
    ids=str,
)
def test_true_features_are_found_with_every_kind_of_estimator(estimator, getter, combine):
    selector = EnsembleSelector(
        estimator, K=3, n_fits=3, combine=combine, importance_getter=getter, random_state=0
    )
    selector.fit(X_INFORMATIVE, Y_INFORMATIVE)
    assert selector.get_support(indices=True).tolist() == [2, 5, 11]
    assert (selector.selection_frequencies_[[2, 5, 11]] == 1).all()


def test_steps_that_make_other_features_are_named():
    inner = make_pipeline(SelectKBest(k=3), LogisticRegression())
    with pytest.raises(ValueError, match=r"20 of them. Got float64 of shape \(3,\)"):
        EnsembleSelector(inner, n_fits=1).fit(X_INFORMATIVE, Y_INFORMATIVE)


# What the result may depend on.


def test_n_jobs_does_not_matter(wide):
    y = classes(wide)
    selector = EnsembleSelector(quick(NeuronAttributionSelector), n_fits=3, random_state=0)
    expected = selector.fit(wide, y)
    got = [clone(selector).set_params(n_jobs=2).fit(wide, y)]
    with parallel_config(backend="threading", n_jobs=2):
        got.append(clone(selector).fit(wide, y))
    for other in got:
        np.testing.assert_array_equal(other.scores_, expected.scores_)
        np.testing.assert_array_equal(other.scores_std_, expected.scores_std_)


def test_random_state_alone_decides(wide):
    def ranking(random_state):
        return EnsembleSelector(Random(), random_state=random_state).fit(wide).ranking_

    np.random.seed(1)
    before = np.random.get_state()[1].copy()
    first, again = (ranking(np.random.RandomState(0)) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    np.testing.assert_array_equal(ranking(3), ranking(3))
    assert not np.array_equal(ranking(3), ranking(4))
    assert not np.array_equal(ranking(None), ranking(None))
    np.testing.assert_array_equal(np.random.get_state()[1], before)


def test_the_estimator_is_left_alone(wide):
    inner = quick(WASTSelector, K=7, random_state=None)
    EnsembleSelector(inner, K=3, n_fits=2).fit(wide)
    assert inner.K == 7 and inner.random_state is None and not hasattr(inner, "scores_")


# Data of every kind.


@pytest.mark.parametrize("source", SOURCES)
def test_tables_on_disk(source, wide, tmp_path):
    table = SOURCES[source](tmp_path / "X", wide)
    selector = EnsembleSelector(quick(WASTSelector), n_fits=2, random_state=0)
    expected = clone(selector).fit(wide)
    selector.fit(table)
    np.testing.assert_allclose(selector.scores_, expected.scores_, rtol=1e-4)
    np.testing.assert_allclose(selector.transform(table), expected.transform(wide), rtol=1e-6)


def test_sparse_data_stay_sparse():
    X = sparse.random(60, 30, 0.3, random_state=0)
    dense = EnsembleSelector(quick(WASTSelector), n_fits=2, random_state=0).fit(X.toarray())
    for form in (sparse.csr_matrix, sparse.csc_array, sparse.coo_array):
        got = EnsembleSelector(quick(WASTSelector), n_fits=2, random_state=0).fit(form(X))
        np.testing.assert_allclose(got.scores_, dense.scores_, rtol=1e-3, atol=1e-4)
        assert sparse.issparse(got.transform(form(X)))


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_frames_reach_the_estimator_and_set_output(library):
    X = pd.DataFrame(X_INFORMATIVE).add_prefix("gene")
    frame = pl.DataFrame(X) if library == "polars" else X
    read = FunctionTransformer(lambda frame: frame.to_numpy())  # arrays have no such method
    selector = EnsembleSelector(make_pipeline(read, LogisticRegression()), K=3, n_fits=2)
    out = selector.set_output(transform=library).fit_transform(frame, Y_INFORMATIVE)
    assert type(out).__module__.startswith(library)
    assert list(out.columns) == list(selector.get_feature_names_out())
    assert selector.get_support(indices=True).tolist() == [2, 5, 11]
    if library == "pandas":  # scikit-learn 1.6 does not read the names of polars
        assert list(out.columns) == ["gene2", "gene5", "gene11"]
    EnsembleSelector(Random(), n_fits=1).fit(frame)
    assert type(Random.seen[-1][0]) is type(frame)


def test_weights_and_groups_reach_the_estimator(wide):
    weight, groups = np.arange(60.0), np.arange(60) // 6
    EnsembleSelector(Random(), n_fits=2).fit(wide, None, sample_weight=weight, groups=groups)
    for _, _, seen, seen_groups in Random.seen:
        np.testing.assert_array_equal(seen, weight)
        np.testing.assert_array_equal(seen_groups, groups)


def test_metadata_are_routed(wide):
    weight = np.arange(60.0) + 1
    with config_context(enable_metadata_routing=True):
        inner = Random().set_fit_request(sample_weight=True, groups=False)
        pipeline = make_pipeline(EnsembleSelector(inner, n_fits=2))
        pipeline.fit(wide, sample_weight=weight)
    assert all(seen is not None and groups is None for _, _, seen, groups in Random.seen)


# scikit-learn.


# K=3 selects all features of scikit-learn's check of NaN: others may contain NaN.
@parametrize_with_checks(
    [
        EnsembleSelector(SelectKBest(k=3), n_fits=2),
        EnsembleSelector(LogisticRegression(), K=3, n_fits=2, combine="ranks"),
        EnsembleSelector(quick(WASTSelector, K=3, batch_size=64), n_fits=2, random_state=0),
    ]
)
def test_scikit_learn_checks(estimator, check):
    check(estimator)


def test_check_estimator_skips_nothing():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", SkipTestWarning)
        results = check_estimator(EnsembleSelector(SelectKBest(k=1), K=3, n_fits=2))
    assert len(results) > 40
    assert {result["status"] for result in results} == {"passed"}


def test_pickles_are_small_and_keep_no_estimator(wide):
    selector = EnsembleSelector(ExtraTreesClassifier(50), K=5).fit(wide, classes(wide))
    assert len(pickle.dumps(selector)) < 5000
    again = pickle.loads(pickle.dumps(selector))
    np.testing.assert_array_equal(again.get_support(), selector.get_support())


def test_a_failed_fit_leaves_the_earlier_one(wide):
    selector = EnsembleSelector(Random(), K=5, random_state=0).fit(wide)
    before = selector.transform(wide)
    with pytest.raises(ValueError, match="NaN"):
        selector.fit(np.full((30, 5), np.nan))
    np.testing.assert_array_equal(selector.transform(wide), before)
    with pytest.raises(NotFittedError):
        EnsembleSelector(Random()).get_support()


def with_nan():
    X = np.random.default_rng(0).standard_normal((60, 40))
    X[3, 7] = np.nan
    return X


@pytest.mark.parametrize(
    ("params", "data", "words"),
    [
        ({"n_fits": 0}, {}, ["'n_fits'"]),
        ({"n_fits": True}, {}, ["'n_fits'"]),
        ({"K": 0}, {}, ["'K'"]),
        ({"K": "auto"}, {}, ["'K'"]),
        ({"K": 1.5}, {}, ["'K'"]),
        ({"combine": "median"}, {}, ["'combine'", "ranks"]),
        ({"n_jobs": 0}, {}, ["'n_jobs'"]),
        ({"importance_getter": 3}, {}, ["'importance_getter'"]),
        ({"random_state": "lucky"}, {}, ["'random_state'"]),
        ({"estimator": "SelectKBest"}, {}, ["'estimator'"]),
        ({"estimator": SelectKBest}, {}, ["instance"]),
        ({"estimator": Lasso()}, {"y": None}, ["Lasso requires y"]),
        ({}, {"y": np.arange(59)}, ["inconsistent numbers of samples"]),
        ({}, {"X": with_nan()}, ["1 NaN", "column 7"]),
        ({}, {"X": "X.npy"}, ["X is a path"]),
        ({"estimator": StandardScaler()}, {}, ["StandardScaler has none of"]),
    ],
)
def test_fit_refuses(params, data, words, wide):
    selector = EnsembleSelector(**{"estimator": SelectKBest(chi2), **params})
    X, y = data.get("X", np.abs(wide)), data.get("y", classes(wide))
    with pytest.raises((ValueError, TypeError)) as error:
        selector.fit(X, y)
    assert all(word in str(error.value) for word in words), str(error.value)


class Watcher:
    """Counts the fits that it hears of, in this process."""

    def __init__(self):
        self.events = []

    def setup(self, estimator, context):
        self.events.append("setup")

    def on_fit_task_begin(self, estimator, context):
        self.events.append(("begin", context.task_name, context.task_id))

    def on_fit_task_end(self, estimator, context, *, fitted_estimator):
        if context.task_name == "fit" and context.parent is None:
            assert fitted_estimator.get_support().shape == fitted_estimator.ranking_.shape
        self.events.append(("end", context.task_name, context.task_id))

    def teardown(self, estimator, context):
        self.events.append("teardown")


@pytest.mark.parametrize("kind", [EnsembleSelector, StabilitySelector])
def test_scikit_learn_callbacks_see_every_fit(kind, wide):
    pytest.importorskip("sklearn.callback", reason="scikit-learn < 1.9 has no callbacks")
    X, y = wide, classes(wide)
    n = {"n_fits": 4} if kind is EnsembleSelector else {"n_pairs": 2, "pfer": 99}
    for inner in (SelectKBest(k=3), quick(WASTSelector, K=3)):
        selector = kind(inner, random_state=0, **n)
        alone = selector.fit(X, y).scores_
        watcher = Watcher()
        selector.set_callbacks(watcher).fit(X, y)
        np.testing.assert_array_equal(selector.scores_, alone)
        for event in ("begin", "end"):
            seen = [e for e in watcher.events if e[0] == event]
            assert sorted(e[2] for e in seen if e[1] == "clone") == [0, 1, 2, 3]
            assert (event, "fit", 0) in seen
        assert (watcher.events[0], watcher.events[-1]) == ("setup", "teardown")
        assert "_callback_fit_ctx" not in vars(selector)


def test_scikit_learn_progress_bar_shows_the_clones(wide, capsys):
    callback = pytest.importorskip("sklearn.callback", reason="scikit-learn < 1.9")
    pytest.importorskip("rich")
    for n_jobs in (1, 2):
        selector = EnsembleSelector(quick(WASTSelector), n_fits=2, n_jobs=n_jobs)
        selector.set_callbacks(callback.ProgressBar()).fit(wide)
        out = capsys.readouterr().out
        assert "EnsembleSelector" in out and "WASTSelector" in out


class OverlappingSelector(SelectKBest):
    """Fits that silence warnings for a moment, as many do."""

    def fit(self, X, y):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)
            time.sleep(0.001)
        return super().fit(X, y)


@pytest.mark.parametrize("method", ["ensemble", "curve"])
def test_jobs_in_threads_leave_the_warning_filters_alone(wide, method):
    before, y = list(warnings.filters), np.arange(60) % 2
    with warnings.catch_warnings(), parallel_config("threading", n_jobs=2):
        for _ in range(20):  # chance decides how they overlap
            if method == "ensemble":
                EnsembleSelector(OverlappingSelector()).fit(wide, y)
            else:
                k_curve(OverlappingSelector(), wide, y, Ks=[1], cv=4)
            assert list(warnings.filters) == before
