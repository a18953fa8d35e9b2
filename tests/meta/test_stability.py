# SPDX-License-Identifier: BSD-3-Clause
"""StabilitySelector: what it counts, what it promises, and what its bound is worth."""

import os
import pickle
import warnings
from operator import attrgetter

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch
from joblib import parallel_config
from scipy import sparse
from sklearn import config_context
from sklearn.base import BaseEstimator, clone
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.exceptions import NotFittedError, SkipTestWarning
from sklearn.feature_selection import (
    RFE,
    SelectFromModel,
    SelectKBest,
    VarianceThreshold,
    f_classif,
    f_regression,
)
from sklearn.impute import SimpleImputer
from sklearn.inspection import permutation_importance
from sklearn.linear_model import (
    BayesianRidge,
    Lasso,
    LogisticRegression,
    LogisticRegressionCV,
    Ridge,
)
from sklearn.model_selection import GridSearchCV, GroupKFold
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import SVC
from sklearn.utils.estimator_checks import check_estimator, parametrize_with_checks

from sparsefs import (
    EnsembleSelector,
    GradualPruningSelector,
    NeuronAttributionSelector,
    ParetoSearchCV,
    StabilitySelector,
    WASTSelector,
    open_shards,
)
from sparsefs.evaluation import k_curve, repeated_selections
from sparsefs.meta import stability
from tests.selectors.common import classes, quick


class Recorder(BaseEstimator):
    """Scores features by their sum; `seen` has the arguments of all fits in this process."""

    seen: list = []  # noqa: RUF012

    def __init__(self, random_state=None):
        self.random_state = random_state

    def fit(self, X, y=None, sample_weight=None):
        self.seen.append((X, y, sample_weight, self.random_state))
        self.importances_ = np.asarray(X.sum(axis=0)).ravel()
        return self


@pytest.fixture(autouse=True)
def nothing_seen():
    Recorder.seen = []


def recorder(**params):
    settings = {"q": 3, "n_pairs": 6, "importance_getter": "importances_", "random_state": 0}
    return StabilitySelector(Recorder(), **{**settings, **params})


def f_test(**params):
    settings = {"estimator": SelectKBest(), "q": 5, "n_pairs": 10, "random_state": 0}
    return StabilitySelector(**{**settings, **params})


def noise(seed=0, n_samples=60, n_features=40):
    return np.random.default_rng(seed).standard_normal((n_samples, n_features))


# ---- what is counted


def literal(estimator, X, y, halves, q):
    """Frequencies and mean ranks, one subsample after the other, without ties."""
    counts, ranks = np.zeros(X.shape[1]), np.zeros(X.shape[1])
    for half in halves:
        scores = clone(estimator).fit(X[half], y[half]).scores_
        order = sorted(range(X.shape[1]), key=lambda j: -scores[j])
        for place, j in enumerate(order, 1):
            counts[j] += place <= q
            ranks[j] += place
    frequencies = counts / len(halves)
    best_first = sorted(range(X.shape[1]), key=lambda j: (-frequencies[j], ranks[j], j))
    return frequencies, [best_first.index(j) + 1 for j in range(X.shape[1])]


@pytest.mark.parametrize("q", [1, 5, 40])
def test_frequencies_and_ranking_are_those_of_a_literal_loop(q, monkeypatch):
    X, y = noise(), classes(noise())
    halves, draw = [], stability.complementary_pair

    def watched(*args):
        pair = draw(*args)
        halves.extend(pair)
        return pair

    monkeypatch.setattr(stability, "complementary_pair", watched)
    selector = f_test(q=q).fit(X, y)
    assert len(halves) == 20
    frequencies, ranking = literal(SelectKBest(), X, y, halves, q)
    np.testing.assert_array_equal(selector.selection_frequencies_, frequencies)
    np.testing.assert_array_equal(selector.scores_, frequencies)
    np.testing.assert_array_equal(selector.ranking_, ranking)
    np.testing.assert_array_equal(selector.support_, frequencies >= 0.75)
    assert selector.selection_frequencies_.dtype == np.float64
    assert frequencies.sum() == pytest.approx(q)


def test_every_fit_sees_half_of_the_samples_and_pairs_share_none():
    X = noise()
    X[:, 0] = np.arange(60)
    recorder().fit(X, classes(X))
    assert len(Recorder.seen) == 12
    for (A, y_A, *_), (B, y_B, *_) in zip(Recorder.seen[::2], Recorder.seen[1::2]):
        assert len(A) == len(B) == 30
        assert sorted([*A[:, 0], *B[:, 0]]) == list(range(60))
        np.testing.assert_array_equal(A[:, 0] % 3, y_A)
        assert np.bincount(y_A).tolist() == np.bincount(y_B).tolist() == [10, 10, 10]
    assert len({tuple(A[:, 0]) for A, *_ in Recorder.seen}) == 12


def test_every_fit_has_a_seed_of_its_own_and_the_estimator_is_left_alone():
    selector = recorder()
    selector.fit(noise())
    first = [seed for *_, seed in Recorder.seen]
    assert len(set(first)) == 12 and None not in first
    assert selector.estimator.random_state is None
    assert not hasattr(selector.estimator, "importances_")
    selector.fit(noise())
    assert [seed for *_, seed in Recorder.seen[12:]] == first


def test_seeds_reach_the_parts_of_a_pipeline():
    inner = make_pipeline(StandardScaler(), Recorder())
    selector = recorder(importance_getter="named_steps.recorder.importances_")
    selector.set_params(estimator=inner, q=40).fit(noise())
    assert len({seed for *_, seed in Recorder.seen}) == 12


def test_chance_decides_among_equals():
    X = np.ones((40, 30))
    frequencies = recorder(n_pairs=50).fit(X).selection_frequencies_
    assert frequencies.sum() == pytest.approx(3)
    assert frequencies.max() < 0.25  # by index it would be 1 for the first three


def test_features_of_weight_zero_are_not_taken():
    X, y = noise(), noise()[:, 4]
    selector = StabilitySelector(Lasso(alpha=0.3), q=10, n_pairs=5, random_state=0).fit(X, y)
    assert selector.selection_frequencies_[4] == 1
    assert selector.selection_frequencies_.sum() < 5  # a feature or two of each half


def test_constant_features_are_not_taken():
    X = noise()
    X[:, 3] = 1
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # scikit-learn's, for each half
        selector = f_test(q=39).fit(X, classes(X))
    assert selector.selection_frequencies_[3] == 0
    assert selector.ranking_[3] == 40


# ---- which estimators


X_INFORMATIVE = noise(1, 120, 20)
Y_INFORMATIVE = (X_INFORMATIVE[:, [2, 5, 11]].sum(axis=1) > 0).astype(int)


def attribution():
    return NeuronAttributionSelector(
        4, hidden_layer_sizes=32, topology="dense", max_iter=50, batch_size=16, device="cpu"
    )


@pytest.mark.parametrize(
    ("estimator", "getter"),
    [
        (SelectKBest(), "auto"),
        (SelectKBest(), "scores_"),
        (RFE(LogisticRegression(), n_features_to_select=2, step=4), "auto"),
        (SelectFromModel(LogisticRegression(), threshold=-np.inf, max_features=4), "auto"),
        (LogisticRegression(), "auto"),
        (LogisticRegression(), "coef_"),
        (LogisticRegression(), lambda model: np.abs(model.coef_[0])),
        (LogisticRegressionCV(Cs=2, cv=2), "auto"),  # its scores_ are no scores of features
        (BayesianRidge(), "auto"),
        (ExtraTreesClassifier(10), "auto"),
        (Pipeline([("clf", LogisticRegression())]), "named_steps.clf.coef_"),
        (make_pipeline(StandardScaler(), LogisticRegression()), "auto"),
        (make_pipeline(StandardScaler(), SelectKBest()), "auto"),
        (GridSearchCV(LogisticRegression(), {"C": [1]}, cv=2), "best_estimator_.coef_"),
        (SelectKBest(k=4), attrgetter("get_support")),
        (attribution(), "auto"),
        (attribution(), "ranking_"),
        (attribution(), "support_"),
    ],
    # Of a function not its address: the processes of pytest-xdist must agree on the names.
    ids=lambda value: getattr(value, "__name__", str(value)),
)  # fmt: skip
@pytest.mark.filterwarnings("ignore")  # the estimators' own
def test_true_features_are_found_with_every_kind_of_estimator(estimator, getter):
    selector = StabilitySelector(
        estimator, q=4, n_pairs=4, importance_getter=getter, random_state=0
    ).fit(X_INFORMATIVE, Y_INFORMATIVE)
    assert {2, 5, 11} <= set(selector.get_support(indices=True))
    assert set(np.argsort(selector.ranking_)[:3]) == {2, 5, 11}
    assert selector.selection_frequencies_.sum() <= 4 + 1e-9


def test_several_outputs():
    Y = X_INFORMATIVE[:, [2, 5]] + 0.1 * noise(2, 120, 2)
    selector = StabilitySelector(Lasso(alpha=0.01), q=3, n_pairs=3, random_state=0)
    assert {2, 5} <= set(selector.fit(X_INFORMATIVE, Y).get_support(indices=True))


def test_without_labels():
    X = noise()
    X[:, [7, 9]] *= 5
    inner = WASTSelector(4, hidden_layer_sizes=16, lam=0.9, device="cpu")
    selector = StabilitySelector(inner, q=4, n_pairs=3, random_state=0)
    assert {7, 9} <= set(selector.fit(X).get_support(indices=True))


SIGNED = noise(3, 200, 20)
Y_SIGNED = SIGNED[:, 0] - SIGNED[:, 1] - SIGNED[:, 2]


@pytest.mark.parametrize(
    "getter",
    [
        "auto",
        "coef_",
        lambda model: model.coef_,
        lambda model: list(model.coef_),
        lambda model: model.coef_[None],
        lambda model: sparse.csr_array(model.coef_[None]),
        lambda model: np.where(model.coef_ == 0, np.nan, model.coef_),
        lambda model: np.where(model.coef_ == 0, -np.inf, model.coef_),
    ],
    ids=["auto", "attribute", "function", "list", "row", "CSR", "NaN", "inf"],
)
def test_coefficients_count_by_their_magnitude_and_zeros_are_not_taken(getter):
    selector = StabilitySelector(Lasso(0.05), q=3, importance_getter=getter, n_pairs=5)
    selector.fit(SIGNED, Y_SIGNED)
    assert selector.get_support(indices=True).tolist() == [0, 1, 2]
    selector.set_params(q=20).fit(SIGNED, Y_SIGNED)
    assert selector.selection_frequencies_.sum() < 10  # not all that are 0


def test_p_values_are_better_the_lower():
    selector = f_test(q=4, importance_getter="pvalues_").fit(X_INFORMATIVE, Y_INFORMATIVE)
    assert {2, 5, 11} <= set(selector.get_support(indices=True))


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("n_best", [1, 18])
def test_ranks_from_a_function_are_refused(sign, n_best):
    inner = RFE(LogisticRegression(), n_features_to_select=n_best)
    ranks = StabilitySelector(inner, q=4, n_pairs=1, importance_getter=lambda m: sign * m.ranking_)
    with pytest.raises(ValueError, match=r"gives ranks.*'ranking_'.*1 / rank"):
        ranks.fit(X_INFORMATIVE, Y_INFORMATIVE)


def test_values_that_are_all_negative_are_warned_about():
    getter = lambda model: -model.pvalues_  # noqa: E731
    with pytest.warns(UserWarning, match=r"negative values only. Their magnitudes count"):
        f_test(importance_getter=getter).fit(X_INFORMATIVE, Y_INFORMATIVE)


def test_the_advice_for_estimators_without_importances_works():
    X, y = X_INFORMATIVE, Y_INFORMATIVE
    selector = StabilitySelector(SVC(), q=4, n_pairs=2, random_state=0)
    with pytest.raises(ValueError, match=r"SVC has none of .*coef_\. Set") as error:
        selector.fit(X, y)
    line = str(error.value)[str(error.value).index("lambda") :]
    getter = eval(line, {"permutation_importance": permutation_importance, "X": X, "y": y})
    selector.set_params(importance_getter=getter).fit(X, y)
    assert {2, 5, 11} <= set(selector.get_support(indices=True))


@pytest.mark.parametrize(
    ("estimator", "getter", "words"),
    [
        (SelectKBest(), lambda s: [[1, 2], [3]], ["'importance_getter'", "40 of them"]),
        (VarianceThreshold(), "auto", ["VarianceThreshold selects 40 features", "q=5"]),
        (StandardScaler(), "auto", ["StandardScaler has none of", "importance_getter"]),
        (make_pipeline(SelectKBest(), LogisticRegression()), "auto", ["40 of them", "(10,)"]),
        (make_pipeline(SelectKBest(), StandardScaler()), "auto", ["StandardScaler", "named_steps"]),
        (SelectKBest(), "coef_", ["importance_getter='coef_'", "SelectKBest"]),
        (
            make_pipeline(SelectKBest(k=3), LogisticRegression()),
            "named_steps.logisticregression.coef_",
            ["'importance_getter'", "40 of them", "(3,)"],
        ),
        (SelectKBest(), lambda s: ["a"] * 40, ["'importance_getter'", "40 of them"]),
    ],
)
def test_importances_that_cannot_be_used(estimator, getter, words):
    selector = StabilitySelector(estimator, q=5, n_pairs=2, importance_getter=getter)
    with pytest.raises(ValueError, match="q=|importance_getter") as error:
        selector.fit(noise(), classes(noise()))
    assert all(word in str(error.value) for word in words)


# ---- the bound


@pytest.mark.slow
def test_false_selections_stay_within_the_bound():
    """100 tables of noise: the mean number of selected features beside its bounds."""
    q, n_features, n_pairs = 5, 100, 10
    thresholds = [0.6, 0.7, 0.8, 0.9]
    n_false = np.zeros((100, len(thresholds)))
    for seed in range(100):
        X, y = noise(seed, 50, n_features), np.arange(50) % 2
        found = f_test(q=q, n_pairs=n_pairs, random_state=seed).fit(X, y).selection_frequencies_
        n_false[seed] = [(found >= threshold).sum() for threshold in thresholds]
    mean = n_false.mean(axis=0)
    for bound in ("worst_case", "unimodal"):
        bounds = [
            f_test(q=q, n_pairs=n_pairs, threshold=t, bound=bound).fit(X, y).pfer_
            for t in thresholds
        ]
        assert (mean <= bounds).all()
    assert mean[0] > 0.1  # the check would notice something


def test_chance_exceeds_the_bound_without_subsamples():
    """What the simulation above would say of a selector that is no stability selector."""
    n_false = [
        (f_classif(noise(seed, 50, 100), np.arange(50) % 2)[1] < 0.05).sum() for seed in range(50)
    ]
    assert np.mean(n_false) > 5**2 / (0.2 * 100)


def test_true_features_are_found_and_false_ones_are_not():
    n_true, n_false = 0, 0
    for seed in range(10):
        X = noise(seed, 200, 200)
        y = X[:, :5].sum(axis=1) + noise(seed + 100, 200, 1)[:, 0]
        selector = StabilitySelector(SelectKBest(f_regression), n_pairs=20, random_state=seed)
        found = selector.fit(X, y).get_support(indices=True)
        n_true, n_false = n_true + (found < 5).sum(), n_false + (found >= 5).sum()
    assert n_true >= 45
    assert n_false <= 10 * selector.pfer_


# ---- the contract


CHEAP = {"q": 2, "threshold": 0.51, "n_pairs": 2}
ALL = {"pfer": 1000, "threshold": 0.51, "n_pairs": 2}  # features are selected
CHECKED = [
    StabilitySelector(SelectKBest(k=1), n_pairs=4),
    StabilitySelector(SelectKBest(k=1), control="fdr", level=0.999, n_pairs=4),
    StabilitySelector(LogisticRegression(), **CHEAP),
    StabilitySelector(quick(WASTSelector, K=2, batch_size=64), **CHEAP),
]


@parametrize_with_checks(CHECKED)
def test_scikit_learn_checks(estimator, check):
    if "nan_inf" in check.func.__name__ and estimator.control == "pfer":
        estimator.set_params(q=None, **ALL)  # columns that are not selected may contain NaN
    check(estimator)


@pytest.mark.filterwarnings("ignore:K=50 is greater:UserWarning")
@pytest.mark.parametrize(
    "selector",
    [
        StabilitySelector(SelectKBest(), **ALL),
        StabilitySelector(WASTSelector(max_iter=1, hidden_layer_sizes=8, device="cpu"), **ALL),
    ],
)
@pytest.mark.slow
def test_check_estimator_skips_nothing(selector):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", SkipTestWarning)
        results = check_estimator(selector)
    assert len(results) > 40
    assert {result["status"] for result in results} == {"passed"}


def test_n_jobs_does_not_matter():
    X, y = X_INFORMATIVE, Y_INFORMATIVE
    selector = StabilitySelector(ExtraTreesClassifier(5), q=4, n_pairs=4, random_state=0)
    expected = selector.fit(X, y)
    state = np.random.get_state()[1].copy()
    for n_jobs in (1, 2):
        got = clone(selector).set_params(n_jobs=n_jobs).fit(X, y)
        np.testing.assert_array_equal(got.selection_frequencies_, expected.selection_frequencies_)
        np.testing.assert_array_equal(got.ranking_, expected.ranking_)
    with parallel_config(backend="threading", n_jobs=2):
        got = clone(selector).fit(X, y)
    np.testing.assert_array_equal(got.ranking_, expected.ranking_)
    np.testing.assert_array_equal(np.random.get_state()[1], state)


def test_a_network_of_ours_in_two_processes():
    selector = StabilitySelector(quick(WASTSelector), q=4, n_pairs=2, random_state=0)
    expected = selector.fit(noise()).ranking_
    got = clone(selector).set_params(n_jobs=2).fit(noise()).ranking_
    np.testing.assert_array_equal(got, expected)


def test_random_state_alone_decides():
    X, y = noise(), classes(noise())
    expected = f_test().fit(X, y).ranking_
    np.random.seed(1)
    np.testing.assert_array_equal(f_test().fit(X, y).ranking_, expected)
    assert not np.array_equal(f_test(random_state=1).fit(X, y).ranking_, expected)
    before = np.random.get_state()[1].copy()
    rankings = [f_test(random_state=None).fit(X, y).ranking_ for _ in range(2)]
    assert not np.array_equal(*rankings)
    np.testing.assert_array_equal(np.random.get_state()[1], before)
    first, again = (f_test(random_state=np.random.RandomState(0)).fit(X, y) for _ in range(2))
    np.testing.assert_array_equal(first.ranking_, again.ranking_)
    state = np.random.RandomState(0)
    first, second = (f_test(random_state=state).fit(X, y).ranking_ for _ in range(2))
    assert not np.array_equal(first, second)


@pytest.mark.parametrize(
    "convert", [sparse.csr_matrix, sparse.csc_matrix, sparse.csr_array, sparse.coo_array]
)
def test_sparse_data_stay_sparse(convert, monkeypatch):
    X = sparse.random(60, 30, 0.3, random_state=0).toarray()
    expected = f_test().fit(X, classes(X))
    sizes = []
    for kind in (sparse.csr_matrix, sparse.csr_array, sparse.coo_array, sparse.csc_matrix):

        def watched(self, *args, _toarray=kind.toarray, **kwargs):
            sizes.append(np.prod(self.shape))
            return _toarray(self, *args, **kwargs)

        monkeypatch.setattr(kind, "toarray", watched)
    got = f_test().fit(convert(X), classes(X))
    assert max(sizes, default=0) <= 30  # sums of columns
    np.testing.assert_array_equal(got.ranking_, expected.ranking_)
    assert sparse.issparse(got.transform(convert(X)))


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_frames_and_set_output(library):
    names = [f"gene{j}" for j in range(20)]
    X = pd.DataFrame(X_INFORMATIVE, columns=names)
    y = pd.Series(Y_INFORMATIVE, index=range(1000, 1120))
    selector = f_test().set_output(transform=library)
    out = selector.fit_transform(X, y)
    assert type(out).__module__.startswith(library)
    chosen = [names[j] for j in selector.get_support(indices=True)]
    assert list(out.columns) == chosen == list(selector.get_feature_names_out())
    np.testing.assert_array_equal(selector.feature_names_in_, names)
    for same in (X_INFORMATIVE, pl.DataFrame(X)):
        again = f_test().fit(same, Y_INFORMATIVE)
        np.testing.assert_array_equal(again.ranking_, selector.ranking_)


def test_memmaps_and_integers(tmp_path):
    X = (noise() * 10).astype(np.int16)
    on_disk = np.memmap(tmp_path / "X", dtype=np.int16, mode="w+", shape=X.shape)
    on_disk[:] = X
    expected = f_test().fit(X.astype(float), classes(X)).ranking_
    for data in (X, on_disk, X.tolist()):
        np.testing.assert_array_equal(f_test().fit(data, classes(X)).ranking_, expected)


def test_nested_parameters_and_grid_search():
    selector = StabilitySelector(SelectKBest(), q=5, n_pairs=3, random_state=0)
    assert clone(selector.set_params(estimator__k=3)).estimator.k == 3
    pipeline = make_pipeline(selector, LogisticRegression())
    grid = {"stabilityselector__q": [2, 8], "stabilityselector__threshold": [0.6, 0.9]}
    search = GridSearchCV(pipeline, grid, cv=2).fit(X_INFORMATIVE, Y_INFORMATIVE)
    assert search.best_score_ > 0.7


def test_pickles_are_small_and_keep_no_estimator():
    selector = f_test().fit(noise(), classes(noise()))
    assert len(pickle.dumps(selector)) < 5000 + 30 * 40
    again = pickle.loads(pickle.dumps(selector))
    np.testing.assert_array_equal(again.get_support(), selector.get_support())


def test_a_failed_fit_leaves_the_earlier_one():
    selector = f_test().fit(X_INFORMATIVE, Y_INFORMATIVE)
    before = selector.transform(X_INFORMATIVE)
    with pytest.raises(ValueError, match="NaN"):
        selector.fit(np.full((30, 5), np.nan), np.arange(30) % 2)
    np.testing.assert_array_equal(selector.transform(X_INFORMATIVE), before)


def test_not_fitted():
    with pytest.raises(NotFittedError):
        f_test().get_support()


# ---- weights and other metadata


def test_weights_are_those_of_the_half():
    X = noise()
    X[:, 0] = np.arange(60)
    recorder().fit(X, sample_weight=np.arange(60) + 1.0)
    for half, _, weight, _ in Recorder.seen:
        np.testing.assert_array_equal(weight, half[:, 0] + 1)


def test_a_weight_of_zero_is_no_sample():
    X, y = noise(), classes(noise())
    weight = np.repeat([1.0, 0.0], 30)
    selector = StabilitySelector(LogisticRegression(), q=5, n_pairs=3, random_state=0)
    expected = clone(selector).fit(X[:30], y[:30], sample_weight=np.ones(30))
    got = selector.fit(X, y, sample_weight=weight)
    np.testing.assert_array_equal(got.ranking_, expected.ranking_)


@pytest.mark.parametrize("requested", [True, "importance_of_samples"])
def test_weights_are_routed(requested):
    weight = np.arange(60.0) + 1
    with config_context(enable_metadata_routing=True):
        inner = Recorder().set_fit_request(sample_weight=requested)
        scaler = StandardScaler().set_fit_request(sample_weight=False)
        pipeline = make_pipeline(scaler, recorder().set_params(estimator=inner))
        name = "sample_weight" if requested is True else requested
        pipeline.fit(noise(), **{name: weight})
    assert all(len(w) == 30 and w is not None for _, _, w, _ in Recorder.seen)
    assert sorted(np.concatenate([w for _, _, w, _ in Recorder.seen[:2]])) == list(weight)


def test_weights_reach_a_step_of_a_pipeline():
    inner = make_pipeline(StandardScaler(), Recorder())
    selector = recorder(importance_getter="named_steps.recorder.importances_")
    given = np.arange(60.0) + 1
    selector.set_params(estimator=inner).fit(noise(), recorder__sample_weight=given)
    halves = [weight for _, _, weight, _ in Recorder.seen]
    assert sorted(np.concatenate(halves[:2])) == list(given)


# ---- bad input


def with_nan():
    X = noise()
    X[3, 7] = np.nan
    return X


def shards(tmp_path):
    np.save(tmp_path / "part.npy", noise())
    return open_shards(tmp_path)


Y = classes(noise())
BAD = [
    ("q of 0", {"q": 0}, noise, {}, ["'q'", "0"]),
    ("q as float", {"q": 2.5}, noise, {}, ["'q'"]),
    ("q as bool", {"q": True}, noise, {}, ["'q'", "True"]),
    ("q above n_features", {"q": 41}, noise, {}, ["q=41", "n_features=40"]),
    ("threshold of one half", {"threshold": 0.5}, noise, {}, ["'threshold'", "0.5"]),
    ("threshold above 1", {"threshold": 1.1}, noise, {}, ["'threshold'", "1.1"]),
    ("pfer of 0", {"pfer": 0}, noise, {}, ["'pfer'"]),
    ("all three", {"threshold": 0.9, "pfer": 1}, noise, {}, ["'q'", "'threshold'", "'pfer'"]),
    ("pfer too low", {"pfer": 0.01}, noise, {}, ["pfer=0.01", "q=5"]),
    ("unknown bound", {"bound": "r-concave"}, noise, {}, ["'bound'", "unimodal"]),
    ("q and level", {"control": "fdr"}, noise, {}, ["'q'", "'level'"]),
    ("unknown control", {"control": "fwer"}, noise, {}, ["'control'", "fdr"]),
    ("level of 1", {"level": 1}, noise, {}, ["'level'"]),
    ("groups of too few", {"feature_groups": [0, 1]}, noise, {}, ["'feature_groups'", "40"]),
    ("a gap in groups", {"feature_groups": [None] * 40}, noise, {}, ["'feature_groups'"]),
    ("no such covariate", {"adjust_for": [40]}, noise, {}, ["'adjust_for'", "40"]),
    ("no pairs", {"n_pairs": 0}, noise, {}, ["'n_pairs'"]),
    ("no jobs", {"n_jobs": 0}, noise, {}, ["'n_jobs'"]),
    ("getter", {"importance_getter": 3}, noise, {}, ["'importance_getter'"]),
    ("seed", {"random_state": "lucky"}, noise, {}, ["'random_state'"]),
    ("no estimator", {"estimator": "SelectKBest"}, noise, {}, ["'estimator'"]),
    ("a class", {"estimator": SelectKBest}, noise, {}, ["instance"]),
    ("NaN", {}, with_nan, {}, ["1 NaN", "column 7"]),
    ("NaN in CSR", {}, lambda: sparse.csr_matrix(with_nan()), {}, ["1 NaN", "column 7"]),
    ("no rows", {}, lambda: noise()[:0], {}, ["0 sample"]),
    ("three rows", {}, lambda: noise()[:3], {}, ["minimum of 4"]),
    ("1-d", {}, lambda: noise()[0], {}, ["1D array"]),
    ("text", {}, lambda: [*noise().tolist()[1:], ["blue"] * 40], {}, ["numeric"]),
    ("no y", {"estimator": Lasso()}, noise, {"y": None}, ["Lasso requires y"]),
    ("short y", {}, noise, {"y": Y[:-1]}, ["inconsistent numbers of samples"]),
    ("no text in y", {}, noise, {"y": ["a", None] * 30}, ["y contains 30 NaN"]),
    ("a path", {}, lambda: "X.npy", {}, ["X is a path", "X.npy"]),
    ("NaN in y", {}, noise, {"y": np.where(Y, Y, np.nan)}, ["y contains 20 NaN"]),
    ("one of a class", {}, noise, {"y": np.arange(60) == 3}, ["two classes", "single sample"]),
    ("short weights", {}, noise, {"sample_weight": np.ones(59)}, ["sample_weight.shape"]),
    ("text as weights", {}, noise, {"sample_weight": ["a"] * 60}, ["sample_weight", "'a'"]),
    ("three weights", {}, noise, {"sample_weight": np.arange(60) < 3}, ["3 sample"]),
    ("weights of 0", {}, noise, {"sample_weight": np.zeros(60)}, ["eight"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("params", "X", "fit_args", "words"), [pytest.param(*case[1:], id=case[0]) for case in BAD]
)
def test_fit_refuses(params, X, fit_args, words, monkeypatch):
    monkeypatch.setattr(stability, "_of_pair", lambda *args: pytest.fail("a fit began"))
    with pytest.raises((ValueError, TypeError)) as error:
        f_test(**params).fit(X(), **{"y": Y, **fit_args})
    assert all(word in str(error.value) for word in words), str(error.value)


@pytest.mark.parametrize("estimator", [quick(WASTSelector), SelectKBest(f_classif)])
def test_halves_of_files_on_disk(estimator, tmp_path):
    selector = f_test(estimator=estimator)
    expected = selector.fit(noise(), Y).ranking_
    table = shards(tmp_path)
    np.testing.assert_array_equal(selector.fit(table, Y).ranking_, expected)
    np.testing.assert_array_equal(selector.transform(table), noise()[:, selector.get_support()])


@pytest.mark.parametrize("memmap", [False, True])
def test_halves_that_do_not_fit_in_the_buffer(memmap, tmp_path, cut_small, monkeypatch):
    selector, table = f_test(estimator=quick(WASTSelector)), shards(tmp_path)
    if memmap:
        table = np.load(tmp_path / "part.npy", mmap_mode="r")
    monkeypatch.setattr("sparsefs.data.RowTable._take", None)  # no half is read as a whole
    rankings = [selector.fit(table, Y).ranking_ for _ in range(2)]
    np.testing.assert_array_equal(*rankings)


def test_what_the_estimator_takes_is_not_refused():
    inner = make_pipeline(SimpleImputer(), SelectKBest())
    selector = StabilitySelector(
        inner, q=5, n_pairs=2, importance_getter="named_steps.selectkbest.scores_"
    )
    assert selector.fit(with_nan(), Y).q_ == 5
    # Every number once: classes to no one but the check.
    f_test(estimator=SelectKBest(f_regression)).fit(noise(), np.arange(60))


def test_frames_reach_the_estimator():
    X = pd.DataFrame(X_INFORMATIVE).add_prefix("gene")
    read = FunctionTransformer(lambda frame: frame.to_numpy())  # arrays have no such method
    inner = make_pipeline(read, SelectKBest())
    for frame in (X, pl.DataFrame(X)):
        selector = StabilitySelector(inner, q=4, n_pairs=4, random_state=0)
        assert {2, 5, 11} <= set(selector.fit(frame, Y_INFORMATIVE).get_support(indices=True))


@pytest.mark.parametrize("control", ["pfer", "fdr"])
def test_groups_are_counted_as_their_best_member(control):
    """Five noisy copies take each other's places; as a group they have the place of one."""
    rng = np.random.default_rng(0)
    signal = rng.standard_normal((120, 2))
    X = rng.standard_normal((120, 60))
    X[:, :5] = signal[:, [0]] + 0.05 * X[:, :5]
    X[:, 5] = signal[:, 1]
    y = signal.sum(axis=1) + 0.3 * rng.standard_normal(120)
    groups = np.array(["a"] * 5 + [f"g{j}" for j in range(55)])
    lasso = fdr(Lasso(0.1), control=control, feature_groups=groups, adjust_for=[59]).fit(X, y)
    assert lasso.get_support(indices=True).tolist() == [0, 1, 2, 3, 4, 5]
    assert len(set(lasso.scores_[:5])) == 1 == len(set(lasso.selection_frequencies_[:5]))
    assert lasso.ranking_[59] == 60 and sorted(lasso.ranking_) == list(range(1, 61))
    assert lasso.selection_frequencies_[0] == 1
    alone = fdr(Lasso(0.1), control=control).fit(X, y)
    assert alone.selection_frequencies_[:5].max() < 1


def test_groups_of_one_change_nothing():
    X = noise(1, 120, 60)
    y = X[:, :3].sum(axis=1) > 0
    plain, grouped = fdr().fit(X, y), fdr(feature_groups=np.arange(60)[::-1]).fit(X, y)
    np.testing.assert_allclose(np.sort(plain.scores_)[-3:], np.sort(grouped.scores_)[-3:])
    np.testing.assert_array_equal(plain.support_, grouped.support_)


def fdr(estimator=None, **params):
    settings = {"control": "fdr", "n_pairs": 20, "random_state": 0}
    return StabilitySelector(estimator or SelectKBest(), **{**settings, **params})


def test_q_values_find_the_true_features_and_the_level_may_change():
    X = noise(1, 120, 60)
    y = X[:, :3].sum(axis=1) + 0.3 * noise(2, 120, 1)[:, 0] > 0
    selector = fdr().fit(X, y)
    assert selector.get_support(indices=True).tolist() == [0, 1, 2]
    assert selector.transform(X).shape == (120, 3)
    assert selector.q_ == 21 and selector.selection_frequencies_[:3].tolist() == [1, 1, 1]
    assert selector.expected_false_ == 60 * selector.p_values_[:3].max() <= 0.3
    np.testing.assert_array_equal(selector.scores_.argmax(), selector.ranking_.argmin())
    assert (np.diff(selector.scores_[np.argsort(selector.ranking_)]) <= 0).all()
    assert selector.set_params(level=0.99).support_.sum() > 3
    assert selector.set_params(level=1e-12).support_.sum() == 0 == selector.expected_false_
    with pytest.raises(ValueError, match="'level'"):
        selector.set_params(level=1.5).get_support()


def test_a_fit_with_the_other_control_forgets_the_first():
    X = noise(1, 120, 60)
    y = X[:, :3].sum(axis=1) > 0
    selector = fdr().fit(X, y).set_params(control="pfer").fit(X, y)
    assert not hasattr(selector, "q_values_")
    np.testing.assert_array_equal(selector.support_, selector.selection_frequencies_ >= 0.75)
    assert selector.expected_false_ == selector.pfer_
    selector.set_params(control="fdr").fit(X, y)
    assert not hasattr(selector, "pfer_") and selector.support_[:3].all()


def test_nothing_is_selected_from_noise_at_a_rate():
    X, n_empty = noise(3, 80, 100), 0
    for seed in range(30):
        y = np.random.default_rng(seed).permutation(80) % 2
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            selector = fdr(random_state=seed).fit(X, y)
        n_empty += not selector.support_.any()
        assert any("level=0.1" in str(w.message) for w in said) == (not selector.support_.any())
    assert n_empty >= 24  # 27 expected, or more


def test_covariates_are_seen_but_not_ranked():
    """What a covariate explains already is not selected; without it, it would be."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((200, 40))
    X[:, 1] += 2 * X[:, 0]
    y = 3 * X[:, 0] + X[:, 2] + 0.3 * rng.standard_normal(200)
    X = pd.DataFrame(X, columns=[f"g{j}" for j in range(40)]).rename(columns={"g0": "age"})
    for control in ("fdr", "pfer"):
        selector = fdr(Ridge(1e-3), control=control, adjust_for=["age"]).fit(X, y)
        assert selector.get_feature_names_out().tolist() == ["g2"]
        assert selector.ranking_[0] == 40 and selector.scores_[0] == 0
        assert selector.n_features_in_ == 40 and len(selector.scores_) == 40
    alone = fdr(Ridge(1e-3)).fit(X.drop(columns="age"), y)
    assert "g1" in alone.get_feature_names_out()
    with pytest.raises(ValueError, match="'adjust_for'.*'weight'"):
        fdr(adjust_for=["weight"]).fit(X, y)


def test_nothing_is_selected_from_noise_with_a_warning():
    with pytest.warns(UserWarning, match=r"frequency is 0\.\d+, below the threshold of 1\. Lower"):
        selector = f_test(threshold=1.0).fit(noise(), Y)
    with pytest.warns(UserWarning, match="No features were selected"):
        assert selector.transform(noise()).shape == (60, 0)


def test_a_half_reads_y_as_the_same_task_as_all_of_y():
    X, y = np.random.default_rng(0).standard_normal((80, 5)), np.arange(80) // 2
    tasks = []

    class Watching(GradualPruningSelector):
        def _train(self, data, *args):
            tasks.append(data.target.task)
            return super()._train(data, *args)

    inner = make_pipeline(StandardScaler(), Watching(K=2, max_iter=1))
    search = ParetoSearchCV(inner, {"watching__K": [1]}, objectives=["n_features"], refit=False)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        inner.fit(X, y)
        StabilitySelector(inner, n_pairs=2).fit(X, y)
        search.set_params(n_trials=1, cv=2).fit(X, y)
        repeated_selections(inner[-1], X, y, vary="half", n_repeats=2)
    assert tasks == ["classification"] * 9
    said = [one for one in said if "whole numbers" in str(one.message)]
    assert len(said) <= 4  # each once
    assert {one.filename for one in said} <= {__file__}


@pytest.mark.parametrize("meta", [StabilitySelector, EnsembleSelector])
def test_masks_and_dates_are_refused_whatever_the_estimator(meta):
    X, y = np.random.default_rng(0).standard_normal((40, 4)), np.arange(40.0)
    masked = np.ma.masked_less(y, 3)
    selector = meta(Ridge())
    with pytest.raises(ValueError, match="y contains 3 masked values"):
        selector.fit(X, masked)
    with pytest.raises(ValueError, match="sample_weight contains 3 masked values"):
        selector.fit(X, y, sample_weight=masked)
    with pytest.raises(TypeError, match=r"columns 0, 1, 2, 3 \(dates\)"):
        selector.fit((1e9 * X).astype("datetime64[s]"), y)


@pytest.mark.parametrize("dispatch", [False, True])
def test_tensors_are_arrays_to_every_estimator(dispatch):
    if dispatch and os.environ.get("SCIPY_ARRAY_API") != "1":
        pytest.skip("scikit-learn dispatches only if SCIPY_ARRAY_API=1 was set before the import")
    X = np.random.default_rng(0).standard_normal((60, 6))
    y = X[:, 0]
    tensors = torch.tensor(X, requires_grad=True), torch.tensor(y, requires_grad=True)
    inner = make_pipeline(SelectKBest(f_regression, k=2), Ridge())
    search = ParetoSearchCV(inner, {"ridge__alpha": [1.0]}, n_trials=1, objectives=["score"])
    with config_context(array_api_dispatch=dispatch):
        for selector in (
            StabilitySelector(Ridge(), q=1, random_state=0),
            EnsembleSelector(Ridge()),
        ):
            expected = clone(selector).fit(X, y).scores_
            np.testing.assert_array_equal(selector.fit(*tensors).scores_, expected)
        for result in (
            lambda *data: search.fit(*data).best_score_,
            lambda *data: repeated_selections(inner[:1][0], *data, n_repeats=2),
            lambda *data: k_curve(Ridge(), *data, Ks=[1], random_state=0).scores,
        ):
            np.testing.assert_array_equal(result(*tensors), result(X, y))


def test_masks_are_refused_by_searches_and_repeated_selections():
    X, y = np.random.default_rng(0).standard_normal((40, 4)), np.arange(40) % 2
    masked = np.ma.masked_array(y, mask=np.arange(40) < 3)
    search = ParetoSearchCV(Ridge(), {"alpha": [1.0]}, objectives=["score"], cv=GroupKFold(2))
    with pytest.raises(ValueError, match="y contains 3 masked values"):
        search.fit(X, masked, groups=y)
    with pytest.raises(ValueError, match="groups contains 3 masked values"):
        search.fit(X, y, groups=masked)
    with pytest.raises(ValueError, match="y contains 3 masked values"):
        repeated_selections(SelectKBest(k=2), X, masked, n_repeats=2)


def test_numbers_of_fits_beyond_all_measure_are_refused_at_once():
    X, y = np.random.default_rng(0).standard_normal((40, 4)), np.arange(40.0)
    with pytest.raises(ValueError, match="'n_pairs' parameter must be at most"):
        StabilitySelector(Ridge(), n_pairs=10**18).fit(X, y)
    with pytest.raises(ValueError, match="'n_fits' parameter must be at most"):
        EnsembleSelector(Ridge(), n_fits=10**18).fit(X, y)
    with pytest.raises(ValueError, match="'n_repeats' parameter must be at most"):
        repeated_selections(SelectKBest(), X, y, n_repeats=10**12)
