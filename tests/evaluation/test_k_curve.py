# SPDX-License-Identifier: BSD-3-Clause
"""k_curve: what it computes, and what neither ranking nor estimator may have seen."""

import subprocess
import sys
import time
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse
from sklearn.base import BaseEstimator, clone
from sklearn.compose import make_column_transformer
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.feature_selection import RFE, SelectFromModel, SelectKBest, f_regression
from sklearn.impute import SimpleImputer
from sklearn.linear_model import Lasso, LogisticRegression, Ridge
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from sklearn.svm import SVC

from sparsefs import open_shards
from sparsefs.evaluation import KCurve, k_curve
from tests.selectors.common import SELECTORS, needs_y, quick


def five_of_sixty(n_samples=200, seed=0):
    """X of 60 features of which the first five decide y, and the number they add up to."""
    X = np.random.default_rng(seed).standard_normal((n_samples, 60))
    z = X[:, :5] @ np.array([1.5, 1.3, -1.2, 1.1, -1.4])
    return X, np.where(z > 0, "up", "down"), z


class Recorder(BaseEstimator):
    """A ranker that keeps, outside of itself, what it was fitted to."""

    seen: list = []  # noqa: RUF012

    def __init__(self, random_state=None):
        self.random_state = random_state

    def fit(self, X, y=None, sample_weight=None):
        self.seen.append((X, y, sample_weight, self.random_state))
        self.feature_importances_ = np.arange(1, X.shape[1] + 1)
        return self


@pytest.fixture
def recorded():
    Recorder.seen.clear()
    return Recorder.seen


def test_the_curve_is_that_of_a_literal_loop():
    X, y, _ = five_of_sixty()
    cv = StratifiedKFold(4, shuffle=True, random_state=1)
    curve = k_curve(SelectKBest(), X, y, Ks=[7, 1, 3], cv=cv, estimator=LogisticRegression())
    assert isinstance(curve, KCurve) and curve.Ks.tolist() == [1, 3, 7]
    assert curve.scores.shape == (3, 4) and curve.rankings.shape == (4, 60)
    for fold, (train, test) in enumerate(cv.split(X, y)):
        order = np.argsort(-SelectKBest().fit(X[train], y[train]).scores_)
        np.testing.assert_array_equal(np.argsort(curve.rankings[fold]), order)
        for i, K in enumerate([1, 3, 7]):
            columns = order[:K]
            model = LogisticRegression().fit(X[train][:, columns], y[train])
            assert curve.scores[i, fold] == model.score(X[test][:, columns], y[test])
    np.testing.assert_allclose(curve.mean, curve.scores.mean(axis=1))
    np.testing.assert_allclose(curve.std, curve.scores.std(axis=1))
    np.testing.assert_allclose(curve.se, curve.scores.std(axis=1, ddof=1) / 2)


def test_the_default_estimator_and_numbers_are_those_of_k_auto():
    X, y, _ = five_of_sixty()
    Selector = next(S for S in SELECTORS if needs_y(S) and S._nested_ranking)
    auto = quick(Selector, K="auto").fit(X, y)
    curve = k_curve(quick(Selector), X, y, random_state=0)
    np.testing.assert_array_equal(curve.Ks, auto.path_.Ks)
    np.testing.assert_array_equal(curve.scores, auto.path_.scores)


def test_a_curve_chooses_K():
    scores = np.array([[0.5, 0.5], [0.88, 0.92], [0.85, 0.99], [0.7, 0.8]])
    curve = KCurve(np.array([1, 2, 4, 8]), scores, "accuracy")
    assert [curve.choose(rule) for rule in ("best", "one_standard_error", "knee")] == [4, 2, 2]
    assert curve.choose() == 2
    with pytest.raises(ValueError, match="rule must be one of .*'elbow'"):
        curve.choose("elbow")


# The trap: with far fewer rows than features, some noise always tells the labels of all rows apart.


@pytest.mark.parametrize(
    "ranker",
    [
        SelectKBest(),
        make_pipeline(StandardScaler(), SelectKBest()),
        make_pipeline(SelectKBest(k=100), SelectKBest()),
        ExtraTreesClassifier(20, random_state=0),
    ],
)
def test_noise_stays_at_chance(ranker):
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((60, 3000)), np.arange(60) % 2
    of_all_rows = SelectKBest(k=20).fit_transform(X, y)
    trapped = k_curve(SelectKBest(), of_all_rows, y, Ks=[20], random_state=0)
    assert trapped.mean[0] > 0.9
    curve = k_curve(ranker, X, y, Ks=[5, 20, 50], random_state=0)
    assert 0.3 < curve.mean.mean() < 0.66
    assert curve.mean.max() < 0.75


def test_what_is_held_out_changes_no_ranking():
    X, y, _ = five_of_sixty(100)
    train, test = np.arange(60), np.arange(60, 100)
    cv = [(train, test), (train[::-1], test)]
    ranker = make_pipeline(StandardScaler(), SimpleImputer(), LogisticRegression())
    settings = {"Ks": [3], "cv": cv, "random_state": 0}
    before = k_curve(ranker, X, y, **settings)
    tampered, flipped = X.copy(), y.copy()
    tampered[test] = 1e3 * np.random.default_rng(1).standard_normal((40, 60))
    flipped[test] = y[test][::-1]
    after = k_curve(ranker, tampered, flipped, **settings)
    np.testing.assert_array_equal(before.rankings, after.rankings)
    assert (before.scores != after.scores).any()


def test_a_ranker_sees_the_training_rows_and_their_weights(recorded):
    X, y, _ = five_of_sixty(30)
    weight = np.arange(30.0)
    cv = KFold(3)
    k_curve(Recorder(), X, y, Ks=[2], cv=cv, sample_weight=weight, random_state=7)
    assert len(recorded) == 3
    for (seen, labels, weights, seed), (train, _) in zip(recorded, cv.split(X)):
        train = train[weight[train] > 0]
        np.testing.assert_array_equal(seen, X[train])
        np.testing.assert_array_equal(labels, y[train])
        np.testing.assert_allclose(weights / weights[0], weight[train] / weight[train][0])
        assert seed == 7


def test_a_rankers_own_seed_is_kept(recorded):
    X, y, _ = five_of_sixty(30)
    k_curve(Recorder(random_state=3), X, y, Ks=[2], random_state=7)
    assert {seed for *_, seed in recorded} == {3}


def test_rows_of_weight_zero_do_not_count():
    X, y, _ = five_of_sixty(120)
    nonsense = np.vstack([X, 100 * X[:40]]), np.append(y, np.where(y[:40] == "up", "down", "up"))
    weight = np.append(np.ones(120), np.zeros(40))
    settings = {"Ks": [1, 5], "cv": [(np.arange(80), np.arange(80, 120))] * 2, "random_state": 0}
    ranker = quick(SELECTORS[0])
    with_them = k_curve(ranker, *nonsense, sample_weight=weight, **settings)
    without = k_curve(ranker, X, y, sample_weight=np.ones(120), **settings)
    np.testing.assert_array_equal(with_them.scores, without.scores)


# Rankers of all kinds.


@pytest.mark.parametrize("Selector", SELECTORS)
def test_every_selector_of_ours(Selector):
    X, y, _ = five_of_sixty(80)
    ranker = quick(Selector)
    before = str(ranker.get_params())
    curve = k_curve(ranker, X, y, Ks=[2, 8], cv=2, random_state=0)
    assert curve.metric == "accuracy" and curve.scores.shape == (2, 2)
    assert np.sort(curve.rankings, axis=1).tolist() == [list(range(1, 61))] * 2
    assert (curve.fit_seconds > 0).all()
    assert str(ranker.get_params()) == before and not hasattr(ranker, "ranking_")
    again = k_curve(ranker, X, y, Ks=[2, 8], cv=2, random_state=0)
    np.testing.assert_array_equal(curve.scores, again.scores)


def test_what_trains_towards_K_is_fitted_for_every_K(monkeypatch):
    from sparsefs import NeuroFSSelector

    fitted, fit = [], NeuroFSSelector.fit
    monkeypatch.setattr(
        NeuroFSSelector, "fit", lambda self, *a, **k: fitted.append(self.K) or fit(self, *a, **k)
    )
    X, y, _ = five_of_sixty(80)
    k_curve(quick(NeuroFSSelector, K=30), X, y, Ks=[2, 8], cv=2, random_state=0)
    assert fitted == [2, 8, 2, 8]
    kept = quick(NeuroFSSelector, K=30, keep=[0, 1, 2])  # K counts these
    assert k_curve(kept, X, y, Ks=[2, 8], cv=2, random_state=0).Ks.tolist() == [2, 8]
    assert fitted[4:] == [3, 8, 3, 8]


def test_K_auto_does_not_choose_K_in_every_fold(monkeypatch):
    monkeypatch.setattr("sparsefs.evaluation.path.k_path", lambda *a: pytest.fail("chosen"))
    X, y, _ = five_of_sixty(80)
    k_curve(quick(SELECTORS[0], K="auto"), X, y, Ks=[2], cv=2, random_state=0)


@pytest.mark.parametrize(
    "ranker",
    [
        ExtraTreesClassifier(100, random_state=0),
        LogisticRegression(),
        RFE(LogisticRegression(), n_features_to_select=1, step=0.2),
        Pipeline([("nothing", "passthrough"), ("fs", SelectKBest())]),
        Pipeline([("fs", SelectKBest())]),
    ],
)
def test_rankers_of_others(ranker):
    X, y, _ = five_of_sixty()
    curve = k_curve(ranker, X, y, Ks=[1, 5], random_state=0)
    assert curve.mean[1] > 0.8 and curve.rankings.shape == (5, 60)


def test_numbers_are_scored_by_R2():
    X, _, z = five_of_sixty(300)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # numbers need no explanation where a regressor is asked
        curve = k_curve(Ridge(), X, z, Ks=[1, 5], random_state=0)
    assert curve.metric == "R2" and curve.mean[1] > 0.8 > 0.4 > curve.mean[0]
    whole = k_curve(Ridge(), X, np.round(z), Ks=[5], random_state=0)  # would be classes
    assert whole.metric == "R2"
    other = k_curve(SelectKBest(f_regression), X, z, Ks=[5], estimator=Ridge(), random_state=0)
    assert other.mean[0] > 0.99


def test_labels_are_used_by_the_estimator_where_the_ranker_has_no_use_for_them():
    from sparsefs import WASTSelector

    X, y, _ = five_of_sixty(100)
    ranker = WASTSelector(max_iter=2, random_state=0)
    assert k_curve(ranker, X, y, Ks=[4], random_state=0).metric == "accuracy"
    without = k_curve(ranker, X, Ks=[4], random_state=0)
    assert without.metric == "explained variance" and without.scores.shape == (1, 5)


def test_scorers_and_their_names():
    X, y, _ = five_of_sixty()
    curve = k_curve(SelectKBest(), X, y, Ks=[5], scoring="f1_macro", random_state=0)
    assert curve.metric == "f1_macro"

    def always_one(estimator, X, y):
        return 1.0

    curve = k_curve(SelectKBest(), X, y, Ks=[5], scoring=always_one, random_state=0)
    assert curve.metric == "always_one" and curve.mean[0] == 1


# Kinds of X.


@pytest.mark.parametrize("form", [sparse.csr_array, sparse.csc_matrix, sparse.coo_array])
def test_sparse_data(form):
    X, y, _ = five_of_sixty()
    X[np.random.default_rng(0).random(X.shape) < 0.5] = 0
    for ranker in (quick(SELECTORS[0]), make_pipeline(SimpleImputer(), SelectKBest())):
        settings = {"Ks": [1, 9], "cv": 3, "random_state": 0}
        dense, curve = (
            k_curve(clone(ranker), form_of(X), y, **settings) for form_of in (list, form)
        )
        np.testing.assert_allclose(curve.scores, dense.scores, atol=0.05)


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
def test_frames_keep_names(frame):
    X, y, _ = five_of_sixty(80)
    names = [f"f{i}" for i in range(60)]
    table = frame(dict(zip(names, X.T)))
    curve = k_curve(SelectKBest(), table, y, Ks=[5], random_state=0)
    assert curve.feature_names.tolist() == names
    plain = k_curve(SelectKBest(), X, y, Ks=[5], random_state=0)
    assert plain.feature_names is None
    np.testing.assert_array_equal(curve.scores, plain.scores)


def test_text_and_missing_values_are_prepared_within_the_folds():
    X, y, _ = five_of_sixty(90)
    X[::7, 8] = np.nan
    table = pd.DataFrame(X, columns=[f"f{i}" for i in range(60)])
    table["town"] = np.where(y == "up", "Rome", "Oslo")
    table.loc[[0, 1], "town"] = "Bern"  # some fold does not see it in training
    prepare = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore", sparse_output=False), ["town"]),
        remainder=SimpleImputer(),
    )
    cv = [(np.arange(2, 90, 2), np.arange(1, 90, 2)), (np.arange(0, 90, 2), np.arange(1, 90, 2))]
    curve = k_curve(Pipeline([("prepare", prepare), ("fs", SelectKBest())]), table, y, cv=cv)
    names = curve.feature_names.tolist()
    assert len(names) == 63
    bern = names.index("onehotencoder__town_Bern")
    assert curve.rankings[0, bern] == 63  # not seen there, so last
    assert curve.rankings[1, bern] < 63
    assert curve.Ks[-1] == 62 and curve.mean[1] > 0.85  # both towns


def test_columns_without_names_must_agree_between_folds():
    X, y, _ = five_of_sixty(40)
    uneven = FunctionTransformer(lambda X: X[:, : len(X)])
    cv = [(np.arange(20), np.arange(20, 40)), (np.arange(19), np.arange(19, 40))]
    ranker = make_pipeline(uneven, LogisticRegression())
    with pytest.raises(ValueError, match=r"make \[19, 20\] features .*get_feature_names_out"):
        k_curve(ranker, X, y, Ks=[3], cv=cv, estimator=KNeighborsClassifier())


def test_processes_give_the_same():
    X, y, _ = five_of_sixty(60)
    settings = {"Ks": [1, 5], "cv": 3, "random_state": 0}
    one, two = (k_curve(Ridge(), X, y == "up", n_jobs=n, **settings) for n in (1, 2))
    np.testing.assert_array_equal(one.scores, two.scores)


def test_time_of_the_ranking_and_of_the_steps_before_it_counts():
    X, y, _ = five_of_sixty(40)
    slow = FunctionTransformer(lambda X: time.sleep(0.1) or X)
    curve = k_curve(make_pipeline(slow, SelectKBest()), X, y, Ks=[3], cv=2, estimator=SVC())
    assert curve.fit_seconds.shape == (2,) and (curve.fit_seconds >= 0.1).all()


# Bad input.


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"Ks": [0]}, "'Ks' parameter"),
        ({"cv": "five"}, "'cv'"),
        ({"estimator": 3}, "'estimator'"),
        ({"scoring": 3}, "'scoring'"),
        ({"y": None, "scoring": "r2"}, "'scoring' is for a y"),
        ({"y": np.arange(3)}, "inconsistent numbers of samples"),
        ({"sample_weight": -np.ones(40)}, "sample_weight must not be negative"),
        ({"cv": [(np.arange(40), [])] * 2}, "k_curve needs at least two folds"),
        ({"X": np.full((40, 60), np.nan)}, "2400 NaN"),
        ({"ranker": SelectFromModel(LogisticRegression())}, "which features it selects, but not"),
        ({"ranker": StandardScaler()}, "StandardScaler has none of"),
    ],
)
def test_bad_input_is_named(params, words):
    X, y, _ = five_of_sixty(40)
    ranker = params.get("ranker", SelectKBest())
    rest = {k: v for k, v in params.items() if k not in ("ranker", "X", "y")}
    with pytest.raises((ValueError, TypeError), match=words):
        k_curve(ranker, params.get("X", X), params.get("y", y), **rest)


def test_missing_values_are_named_by_column():
    X, y, _ = five_of_sixty(40)
    table = pd.DataFrame(X, columns=[f"f{i}" for i in range(60)])
    table.loc[3, "f5"] = np.nan
    with pytest.raises(ValueError, match="1 NaN and 0 inf values, in column 'f5'"):
        k_curve(SelectKBest(), table, y)


def test_data_on_disk_are_refused(tmp_path):
    np.save(tmp_path / "0.npy", np.zeros((4, 3)))
    with pytest.raises(TypeError, match="k_curve needs X in memory"):
        k_curve(SelectKBest(), open_shards(tmp_path), np.arange(4) % 2)


def test_whole_numbers_may_be_a_quantity():
    X, _, z = five_of_sixty(200)
    counts = np.round(2 * z).astype(int)
    by_test = SelectKBest(f_regression)
    curve = k_curve(by_test, X, counts, Ks=[5], task="regression", random_state=0)
    assert curve.metric == "R2" and curve.mean[0] > 0.7
    assert k_curve(by_test, X, counts > 0, Ks=[5], random_state=0).metric == "accuracy"
    with pytest.raises(ValueError, match="'task' parameter must be one of"):
        k_curve(by_test, X, counts, task="ranking")


def test_negative_coefficients_from_a_function_rank_as_those_from_the_attribute():
    X = np.random.default_rng(0).standard_normal((200, 20))
    y = X[:, 0] - X[:, 1] - X[:, 2]
    settings = {"Ks": [1, 3], "random_state": 0}
    expected = k_curve(Lasso(0.05), X, y, **settings)
    found = k_curve(Lasso(0.05), X, y, importance_getter=lambda m: m.coef_, **settings)
    np.testing.assert_array_equal(found.scores, expected.scores)
    assert found.mean[1] > 0.9


def test_splits_from_a_generator_are_those_of_the_list():
    X = np.random.default_rng(0).standard_normal((60, 8))
    y = (X[:, 0] > 0).astype(int)
    splits = list(KFold(3).split(X))
    curves = [k_curve(SelectKBest(), X, y, Ks=[2], cv=cv) for cv in (splits, iter(splits))]
    np.testing.assert_array_equal(curves[0].scores, curves[1].scores)


@pytest.mark.parametrize("estimator", [None, ExtraTreesClassifier(5)])
def test_random_state_alone_decides_and_the_global_generator_stays(estimator):
    X = np.random.default_rng(0).standard_normal((90, 8))
    y = np.arange(90) % 3
    curves = []
    for seed in (1, 2):
        np.random.seed(seed)
        before = np.random.get_state()[1].copy()
        cv = StratifiedKFold(3, shuffle=True)
        curves.append(k_curve(SelectKBest(), X, y, estimator=estimator, cv=cv, random_state=0))
        np.testing.assert_array_equal(np.random.get_state()[1], before)
    np.testing.assert_array_equal(curves[0].scores, curves[1].scores)


def test_probabilities_need_an_estimator_that_gives_them():
    X = np.random.default_rng(0).standard_normal((60, 8))
    y = (X[:, 0] > 0).astype(int)
    ranker = Unfit()
    for scoring in ("neg_brier_score", "neg_log_loss"):
        with pytest.raises(ValueError, match=f"{scoring}' needs predict_proba.*'estimator'"):
            k_curve(ranker, X, y, scoring=scoring)
    k_curve(SelectKBest(), X, y, scoring="roc_auc", Ks=[2])  # by decision_function
    estimator = LogisticRegression()
    k_curve(SelectKBest(), X, y, scoring="neg_brier_score", estimator=estimator, Ks=[2])


class Unfit(SelectKBest):
    def fit(self, X, y=None):
        raise AssertionError("a fit began")


def test_a_lazy_frame_is_refused():
    lazy = pl.LazyFrame({"a": [1.0, 2.0], "b": [1.0, 3.0]})
    with pytest.raises(TypeError, match=r"X is a LazyFrame.*X\.collect\(\)"):
        k_curve(SelectKBest(), lazy, [0, 1])
    with pytest.raises(TypeError, match=r"y is a LazyFrame.*y\.collect\(\)"):
        k_curve(SelectKBest(), lazy.collect(), lazy)


def test_rankers_of_others_need_no_torch():
    script = """
import sys

class NoTorch:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == "torch":
            raise ModuleNotFoundError("No module named 'torch'", name="torch")

sys.meta_path.insert(0, NoTorch())
import numpy as np
from sklearn.feature_selection import SelectKBest
from sklearn.linear_model import LogisticRegression
from sparsefs import EnsembleSelector, ParetoSearchCV, StabilitySelector
from sparsefs.evaluation import k_curve

X, y = np.random.default_rng(0).standard_normal((40, 6)), np.arange(40) % 2
k_curve(SelectKBest(k=2), X, y)
for kind in (EnsembleSelector, StabilitySelector):
    kind(SelectKBest(k=2)).fit(X, y).transform(X)
search = ParetoSearchCV(LogisticRegression(), {"C": [1.0]}, objectives=("score",), refit="score")
search.set_params(n_trials=1).fit(X, y)
"""
    subprocess.run([sys.executable, "-W", "ignore", "-c", script], check=True)
