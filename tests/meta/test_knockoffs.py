# SPDX-License-Identifier: BSD-3-Clause
"""KnockoffSelector: what it selects, what its bound is worth, and what it refuses."""

import pickle
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
from joblib import parallel_config
from scipy import sparse
from sklearn import config_context
from sklearn.base import BaseEstimator, clone
from sklearn.ensemble import ExtraTreesRegressor
from sklearn.exceptions import NotFittedError, SkipTestWarning
from sklearn.feature_selection import SelectKBest, f_classif, f_regression
from sklearn.impute import SimpleImputer
from sklearn.linear_model import Lasso, LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator, parametrize_with_checks

from sparsefs import GradualPruningSelector, KnockoffSelector, open_shards
from sparsefs.meta import knockoffs
from sparsefs.meta.knockoff_filter import q_values, selected
from tests.selectors.common import classes, quick


class Recorder(BaseEstimator):
    """Scores features by their squared covariance with y; `seen` has the arguments of all fits."""

    seen: list = []  # noqa: RUF012

    def __init__(self, random_state=None):
        self.random_state = random_state

    def fit(self, X, y, sample_weight=None, groups=None):
        self.seen.append((X, y, sample_weight, groups, self.random_state))
        values = np.asarray(X, dtype=float)
        y = np.asarray(y, dtype=float)
        self.feature_importances_ = ((values - values.mean(axis=0)).T @ (y - y.mean())) ** 2
        return self


@pytest.fixture(autouse=True)
def nothing_seen():
    Recorder.seen = []


class Permuted:
    """A sampler; the name of a test with a function would have its address."""

    def __call__(self, X, rng):
        return rng.permutation(X)

    def __repr__(self):
        return "permuted"


permuted = Permuted()


def means(X, rng):
    """Knockoffs that no feature of use loses to."""
    return np.broadcast_to(X.mean(axis=0), X.shape)


def recorder(**params):
    settings = {"estimator": Recorder(), "sampler": permuted, "random_state": 0}
    return KnockoffSelector(**{**settings, **params})


def table(seed=0, n_samples=200, n_features=40, n_true=12, rho=0.0):
    """Columns of which the first ones, or some of them if they are correlated, make y."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n_samples, n_features))
    for j in range(1, n_features if rho else 0):
        X[:, j] = rho * X[:, j - 1] + np.sqrt(1 - rho**2) * X[:, j]
    true = np.arange(n_true) if not rho else rng.choice(n_features, n_true, replace=False)
    y = X[:, true] @ rng.choice([-1, 1], n_true) + rng.standard_normal(n_samples)
    return X, y, true


# ---- the filter, beside literal loops


def literal_threshold(W, level):
    for t in sorted({abs(w) for w in W if w != 0}):
        n_below = sum(w <= -t for w in W)
        n_above = sum(w >= t for w in W)
        if n_above and (1 + n_below) / n_above <= level + 1e-12:
            return t
    return np.inf


def literal_selection(statistics, level):
    """e-BH on the mean of the e-values of the draws; one draw: knockoff+."""
    p = statistics.shape[1]
    if len(statistics) == 1:
        return statistics[0] >= literal_threshold(statistics[0], level)
    e = np.zeros(p)
    for W in statistics:
        t = literal_threshold(W, level / 2)
        for j in range(p):
            if W[j] >= t:
                e[j] += p / (1 + sum(w <= -t for w in W)) / len(statistics)
    for k in range(p, 0, -1):
        if np.sort(e)[-k] >= p / (level * k) - 1e-9:
            return e >= np.sort(e)[-k]
    return np.zeros(p, dtype=bool)


def statistics_of(kind, n_draws, seed):
    rng = np.random.default_rng(seed)
    W = rng.standard_normal((n_draws, 60)) * 0.5 + np.where(np.arange(60) < 30, 1.5, 0)
    if kind == "ties":
        W = np.round(W)
    if kind == "zeros":
        W = np.where(np.abs(W) < 0.7, 0, W)
    if kind == "noise":
        W -= W.mean(axis=1, keepdims=True)
    return W


@pytest.mark.parametrize("kind", ["plain", "ties", "zeros", "noise"])
@pytest.mark.parametrize("n_draws", [1, 2, 5])
def test_selections_are_those_of_literal_loops(n_draws, kind):
    n_selected = 0
    for seed in range(10):
        W = statistics_of(kind, n_draws, seed)
        for level in (0.05, 0.1, 0.2, 0.3, 0.5, 0.99):
            got = selected(W, level)
            np.testing.assert_array_equal(got, literal_selection(W, level))
            n_selected += got.sum()
    assert n_selected > 0


@pytest.mark.parametrize("kind", ["plain", "ties", "noise"])
@pytest.mark.parametrize("n_draws", [1, 3])
def test_q_values_are_the_smallest_levels(n_draws, kind):
    for seed in range(2):
        W = statistics_of(kind, n_draws, seed)
        q = q_values(W)
        grid = np.linspace(0.02, 0.98, 49)
        table_of = np.array([literal_selection(W, level) for level in grid])
        for j in range(60):
            assert not table_of[grid < q[j] - 1e-9, j].any()
            if q[j] < 1:
                assert literal_selection(W, q[j])[j]
        if n_draws == 1:
            for level, row in zip(grid, table_of, strict=True):
                np.testing.assert_array_equal(row, q <= level + 1e-12)


def test_at_least_one_over_the_level_must_lead():
    for n_lead, level, expected in [(9, 0.1, 0), (10, 0.1, 10), (4, 0.2, 0), (5, 0.2, 5)]:
        W = np.where(np.arange(100) < n_lead, 1.0, 0.0)
        assert selected(W[None], level).sum() == expected
        assert selected(np.array([W, W]), 2 * level).sum() == expected
    assert q_values(np.where(np.arange(100) < 10, 1.0, 0.0)[None])[[0, 50]].tolist() == [0.1, 1]


def test_q_values_of_many_features():
    W = np.random.default_rng(0).standard_normal((5, 5000)) + 3 * (np.arange(5000) < 500)
    assert (q_values(W)[:500] < 0.2).sum() > 100


# ---- the statistics


def test_statistics_are_leads_whichever_half_a_feature_stands_in():
    X, y, _ = table()
    selector = recorder(n_draws=3).fit(X, y)
    assert selector.statistics_.shape == (3, 40)
    n_left = 0
    for (both, *_), W in zip(list(Recorder.seen), selector.statistics_, strict=True):
        scores = Recorder().fit(both, y).feature_importances_
        for j in range(40):
            at_left = (both[:, j] == X[:, j]).all()
            assert at_left or (both[:, 40 + j] == X[:, j]).all()
            lead = scores[j] - scores[40 + j]
            assert W[j] == pytest.approx(lead if at_left else -lead)
            n_left += at_left
    assert 40 < n_left < 80  # of 120, by chance
    relative = selector.statistics_ / np.abs(selector.statistics_).mean(axis=1, keepdims=True)
    np.testing.assert_allclose(selector.scores_, relative.mean(axis=0))


class First(BaseEstimator):
    """Likes the columns on the left, whatever is in them."""

    def fit(self, X, y):
        self.feature_importances_ = np.arange(X.shape[1])[::-1] + 1.0
        return self


def test_an_estimator_that_looks_at_the_order_gives_no_lead():
    X, y, _ = table(n_features=400)
    selector = KnockoffSelector(First(), level=0.2, random_state=0)
    with pytest.warns(UserWarning, match="No features"):
        W = selector.fit(X, y).statistics_
    assert abs(np.mean(W > 0) - 0.5) < 0.1
    assert not selector.support_.any()


def test_ranking_is_by_q_value_then_score_and_selected_features_come_first():
    X, y, _ = table()
    selector = KnockoffSelector(Lasso(0.05), level=0.2, random_state=0).fit(X, y)
    best = sorted(range(40), key=lambda j: (selector.q_values_[j], -selector.scores_[j], j))
    np.testing.assert_array_equal(np.argsort(selector.ranking_), best)
    assert set(np.argsort(selector.ranking_)[: selector.support_.sum()]) == set(
        selector.get_support(indices=True)
    )
    assert selector.scores_.dtype == selector.q_values_.dtype == np.float64


def test_constant_features_have_no_lead():
    X, y, _ = table()
    X[:, 20] = 3
    selector = KnockoffSelector(Ridge(), random_state=0).fit(X, y)
    assert selector.statistics_[0, 20] == 0
    assert not selector.support_[20]


def test_knockoffs_do_not_copy_data_of_the_same_seed():
    X = np.random.default_rng(0).standard_normal((200, 40))
    recorder(sampler="gaussian", level=0.5).fit(X, X[:, :12].sum(axis=1))
    both = Recorder.seen[0][0]
    correlations = [np.corrcoef(both[:, j], both[:, 40 + j])[0, 1] for j in range(40)]
    assert np.abs(correlations).max() < 0.4


# ---- the bound


@pytest.mark.parametrize("n_draws", [1, 4])
def test_false_discovery_rate_and_power(n_draws):
    proportions, powers = [], []
    for seed in range(25):
        X, y, true = table(seed, 300, 80, 20, rho=0.5)
        selector = KnockoffSelector(Lasso(0.05), level=0.2, n_draws=n_draws, random_state=seed).fit(
            X, y
        )
        chosen = selector.get_support(indices=True)
        proportions.append(np.mean(~np.isin(chosen, true)) if len(chosen) else 0)
        powers.append(np.isin(true, chosen).mean())
    # Measured: 0.17 and 0.09, with standard errors of 0.02; powers of 1.
    assert np.mean(proportions) < 0.23
    assert np.mean(powers) > 0.85


def test_pure_noise():
    n_selecting = 0
    for seed in range(30):
        rng = np.random.default_rng(seed)
        X, y = rng.standard_normal((100, 50)), rng.standard_normal(100)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            selector = KnockoffSelector(SelectKBest(f_regression), level=0.2, random_state=seed)
            n_selecting += selector.fit(X, y).support_.any()
    # If all selections are false, the rate is the share of tables with any.
    assert n_selecting <= 12  # expected at most 6; three standard errors above


@pytest.mark.parametrize(
    ("estimator", "getter"),
    [
        (Lasso(0.05), "auto"),
        (SelectKBest(f_regression), "auto"),
        (ExtraTreesRegressor(50, random_state=0), "auto"),
        (make_pipeline(StandardScaler(), Ridge()), "auto"),
        (GradualPruningSelector(K=10, max_iter=20, device="cpu"), "auto"),
        (Ridge(), lambda model: np.abs(model.coef_)),
    ],
    ids=["lasso", "F-test", "trees", "pipeline", "flagship", "function"],
)
def test_true_features_are_found_with_every_kind_of_estimator(estimator, getter):
    X, y, true = table(n_samples=400, n_features=30, n_true=10)
    selector = KnockoffSelector(estimator, level=0.3, importance_getter=getter, random_state=0).fit(
        X, y
    )
    assert selector.support_[true].sum() >= 8
    assert selector.support_[10:].sum() <= 5


def test_classes_and_several_outputs():
    X, y, _ = table()
    labels = np.where(y > 0, "high", "low")
    selector = KnockoffSelector(LogisticRegression(), level=0.3, random_state=0)
    assert selector.fit(X, labels).support_[:12].sum() >= 8
    selector = KnockoffSelector(Ridge(), level=0.3, random_state=0)
    assert selector.fit(X, np.c_[y, X[:, 0]]).support_[:12].sum() >= 8


# ---- the level


def test_the_level_changes_the_selection_without_another_fit(monkeypatch):
    X, y, _ = table(n_true=8)
    with pytest.warns(UserWarning, match="No features"):
        selector = KnockoffSelector(Lasso(0.02), level=0.01, random_state=0).fit(X, y)
    monkeypatch.setattr(knockoffs, "_one_draw", lambda *args: pytest.fail("a fit began"))
    assert selector.get_support().sum() == 0
    for level in (0.2, 0.5):
        selector.set_params(level=level)
        np.testing.assert_array_equal(selector.support_, selector.q_values_ <= level)
        assert selector.transform(X).shape == (200, selector.support_.sum())
        assert selector.support_.sum() >= 8
    for level in (0, 1, -1, "high", True, None):
        selector.set_params(level=level)
        with pytest.raises(ValueError, match="'level'"):
            selector.get_support()


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"level": 0.1}, ["level=0.1,", "at least 10 features", "q-value", "StabilitySelector"]),
        ({"level": 0.15}, ["at least 7 features"]),
        ({"level": 0.1, "n_draws": 2}, ["n_draws=2", "at least 20 features"]),
        ({"level": 0.02}, ["at least 50 features", "there are 40 features"]),
    ],
)
def test_a_selection_of_nothing_is_explained(params, words):
    X, y, _ = table(n_true=4)
    selector = KnockoffSelector(Lasso(0.3), random_state=0, **params)
    with pytest.warns(UserWarning, match="No features were selected") as said:
        selector.fit(X, y)
    assert all(word in str(said[0].message) for word in words), str(said[0].message)
    assert said[0].filename == __file__
    with pytest.warns(UserWarning, match="No features were selected"):
        assert selector.transform(X).shape == (200, 0)


# ---- covariates


def test_covariates_are_seen_by_every_fit_and_never_selected():
    X, y, _ = table()
    selector = recorder(adjust_for=[0, 3], n_draws=2, level=0.4).fit(X, y)
    for both, *_ in Recorder.seen:
        assert both.shape == (200, 78)
        np.testing.assert_array_equal(both[:, [0, 3]], X[:, [0, 3]])
    assert not selector.support_[[0, 3]].any() and selector.support_.sum() >= 8
    assert (selector.statistics_[:, [0, 3]] == 0).all()
    assert selector.scores_[[0, 3]].tolist() == [0, 0]
    assert selector.q_values_[[0, 3]].tolist() == [1, 1]
    assert set(selector.ranking_[[0, 3]]) == {39, 40}


def test_what_a_covariate_explains_is_not_selected():
    rng = np.random.default_rng(0)
    age = rng.standard_normal((500, 1))
    X = np.hstack([age, 0.8 * age + 0.6 * rng.standard_normal((500, 30))])
    y = 3 * age[:, 0] + 0.1 * rng.standard_normal(500)
    y += X[:, 1:11].sum(axis=1) - X[:, 1:11].sum(axis=1).mean()
    selector = KnockoffSelector(Lasso(0.01), level=0.2, adjust_for=[0], random_state=0).fit(X, y)
    assert selector.support_[1:11].all()
    assert selector.support_[11:].sum() <= 4
    frame = pd.DataFrame(X).add_prefix("x")
    named = clone(selector).set_params(adjust_for=["x0"]).fit(frame, y)
    np.testing.assert_array_equal(named.ranking_, selector.ranking_)


# ---- frames, weights and other metadata


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_frames_reach_the_estimator_with_names(library):
    X, y, _ = table(n_features=12)
    names = [f"gene{j}" for j in range(11)] + ["gene0_knockoff"]
    frame = pd.DataFrame(X, columns=names, index=range(1000, 1200))
    y = pd.Series(y, index=frame.index)
    if library == "polars":
        frame = pl.DataFrame(frame)
    selector = recorder(level=0.3).set_output(transform=library).fit(frame, y)
    if not hasattr(selector, "feature_names_in_"):
        pytest.skip("this scikit-learn reads no names from such frames")
    both = Recorder.seen[0][0]
    assert type(both) is type(frame)
    assert list(both.columns)[:12] == names
    assert len(set(both.columns)) == 24 and "gene3_knockoff" in both.columns
    if library == "pandas":
        assert list(both.index) == list(frame.index)
    out = selector.transform(frame)
    assert list(out.columns) == list(selector.get_feature_names_out())
    plain = recorder(level=0.3).fit(X, y.to_numpy())
    np.testing.assert_allclose(plain.statistics_, selector.statistics_)


def test_integers_booleans_and_memmaps(tmp_path):
    X, y, _ = table()
    X = (X * 10).astype(np.int16)
    on_disk = np.memmap(tmp_path / "X", dtype=np.int16, mode="w+", shape=X.shape)
    on_disk[:] = X
    mixed = pd.DataFrame(X).add_prefix("x").astype({"x1": "Int64"})
    mixed["x2"] = mixed["x2"] > 0
    expected = recorder(sampler="gaussian").fit(X.astype(float), y).statistics_
    for data in (X, on_disk, X.tolist()):
        got = recorder(sampler="gaussian").fit(data, y).statistics_
        np.testing.assert_array_equal(got, expected)
    assert recorder(sampler="gaussian").fit(mixed, y).statistics_.shape == (1, 40)
    recorder(sampler="gaussian").fit(X.astype(np.float32), y)
    assert Recorder.seen[-1][0].dtype == np.float32


def test_weights_groups_and_samples_of_weight_zero():
    X, y, _ = table()
    weight, groups = np.repeat([1.0, 0.0, 2.0], [150, 10, 40]), np.arange(200) // 4
    selector = recorder(sampler="gaussian").fit(X, y, sample_weight=weight, groups=groups)
    both, its_y, its_weight, its_groups, _ = Recorder.seen[0]
    kept = weight > 0
    assert both.shape == (190, 80)
    np.testing.assert_array_equal(its_y, y[kept])
    np.testing.assert_array_equal(its_weight, weight[kept])
    np.testing.assert_array_equal(its_groups, groups[kept])
    same = recorder(sampler="gaussian").fit(X[kept], y[kept])
    np.testing.assert_array_equal(same.statistics_, selector.statistics_)
    with pytest.raises(ValueError, match="2 samples of weight above 0"):
        recorder().fit(X, y, sample_weight=np.arange(200) < 2)


def test_weights_are_routed():
    X, y, _ = table()
    with config_context(enable_metadata_routing=True):
        inner = Recorder().set_fit_request(sample_weight=True, groups=False)
        recorder().set_params(estimator=inner).fit(X, y, sample_weight=np.arange(200) + 1.0)
    np.testing.assert_array_equal(Recorder.seen[0][2], np.arange(200) + 1)


# ---- the contract


CHECKED = [
    KnockoffSelector(SelectKBest(k=1)),
    KnockoffSelector(LogisticRegression(), level=0.9, n_draws=2),
    KnockoffSelector(SelectKBest(k=1), sampler=permuted),
    KnockoffSelector(make_pipeline(StandardScaler(), Ridge()), adjust_for=[0], level=0.99),
    KnockoffSelector(quick(GradualPruningSelector, K=2)),
]


def prepared(estimator, name):
    if "nan_inf" in name:  # columns that are not selected may contain NaN
        estimator.set_params(estimator=LogisticRegression(), sampler=means, level=0.99)
        estimator.set_params(n_draws=1, adjust_for=None)
    return estimator


@parametrize_with_checks(CHECKED)
def test_scikit_learn_checks(estimator, check):
    check(prepared(estimator, check.func.__name__))


@pytest.mark.slow
def test_check_estimator_skips_nothing():
    selector = KnockoffSelector(LogisticRegression(), sampler=means, level=0.99)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", SkipTestWarning)
        results = check_estimator(selector)
    assert len(results) > 40
    assert {result["status"] for result in results} == {"passed"}


def test_n_jobs_does_not_matter():
    X, y, _ = table()
    selector = KnockoffSelector(ExtraTreesRegressor(5), n_draws=3, level=0.4, random_state=0)
    expected = selector.fit(X, y).statistics_
    state = np.random.get_state()[1].copy()
    got = clone(selector).set_params(n_jobs=2).fit(X, y)
    np.testing.assert_array_equal(got.statistics_, expected)
    with parallel_config(backend="threading", n_jobs=2):
        got = clone(selector).fit(X, y)
    np.testing.assert_array_equal(got.statistics_, expected)
    np.testing.assert_array_equal(np.random.get_state()[1], state)
    first = clone(selector).set_params(n_draws=1, level=0.3).fit(X, y)
    np.testing.assert_array_equal(first.statistics_[0], expected[0])
    other = clone(selector).set_params(random_state=1).fit(X, y)
    assert not np.array_equal(other.statistics_, expected)


def test_every_draw_has_a_seed_of_its_own_and_the_estimator_is_left_alone():
    X, y, _ = table()
    selector = recorder(n_draws=4).fit(X, y)
    seeds = [seed for *_, seed in Recorder.seen]
    assert len(set(seeds)) == 4 and None not in seeds
    assert selector.estimator.random_state is None
    assert not hasattr(selector.estimator, "feature_importances_")


def test_nested_parameters_and_grid_search():
    X, y, _ = table()
    pipeline = make_pipeline(KnockoffSelector(Lasso(0.05), random_state=0), Ridge())
    grid = {"knockoffselector__level": [0.2, 0.5], "knockoffselector__estimator__alpha": [0.05]}
    assert GridSearchCV(pipeline, grid, cv=2).fit(X, y).best_score_ > 0.5


def test_pickles_are_small_and_a_failed_fit_leaves_the_earlier_one():
    X, y, _ = table()
    selector = KnockoffSelector(Lasso(0.05), level=0.2, random_state=0).fit(X, y)
    assert len(pickle.dumps(selector)) < 5000 + 40 * 40
    again = pickle.loads(pickle.dumps(selector))
    np.testing.assert_array_equal(again.get_support(), selector.get_support())
    with pytest.raises(ValueError, match="NaN"):
        selector.fit(np.full((30, 5), np.nan), np.arange(30))
    np.testing.assert_array_equal(again.get_support(), selector.get_support())
    frame = selector.to_frame()
    assert frame["selected"].sum() == selector.support_.sum()


def test_not_fitted():
    for use in (lambda s: s.get_support(), lambda s: s.support_, lambda s: s.transform([[1]])):
        with pytest.raises(NotFittedError):
            use(recorder())


# ---- bad input


def with_nan():
    X = table()[0]
    X[3, 7] = np.nan
    return X


def plain():
    return table()[0]


BAD = [
    ("level of 0", {"level": 0}, plain, {}, ["'level'", "0"]),
    ("level of 1", {"level": 1}, plain, {}, ["'level'"]),
    ("level as bool", {"level": True}, plain, {}, ["'level'", "True"]),
    ("no draws", {"n_draws": 0}, plain, {}, ["'n_draws'"]),
    ("too many draws", {"n_draws": 10**9}, plain, {}, ["'n_draws'", "at most"]),
    ("unknown sampler", {"sampler": "deep"}, plain, {}, ["'sampler'", "gaussian"]),
    ("no such column", {"adjust_for": [40]}, plain, {}, ["'adjust_for'", "40"]),
    ("no names", {"adjust_for": ["age"]}, plain, {}, ["'adjust_for'", "'age'"]),
    ("one name", {"adjust_for": "age"}, plain, {}, ["'adjust_for'", "'age'"]),
    ("all columns", {"adjust_for": list(range(40))}, plain, {}, ["'adjust_for'", "all"]),
    ("no estimator", {"estimator": "Lasso"}, plain, {}, ["'estimator'"]),
    ("a class", {"estimator": Lasso}, plain, {}, ["instance"]),
    ("NaN", {}, with_nan, {}, ["1 NaN", "column 7"]),
    ("NaN that an imputer would take", {"estimator": make_pipeline(SimpleImputer(), Lasso())},
     with_nan, {}, ["1 NaN", "column 7"]),
    ("text", {}, lambda: [*plain().tolist()[1:], ["blue"] * 40], {}, ["numeric"]),
    ("sparse", {}, lambda: sparse.csr_array(plain()), {}, ["sparse", "toarray"]),
    ("two rows", {}, lambda: plain()[:2], {"y": [0, 1]}, ["minimum of 3"]),
    ("a path", {}, lambda: "X.npy", {}, ["X is a path"]),
    ("no y", {}, plain, {"y": None}, ["requires y"]),
    ("short y", {}, plain, {"y": np.arange(199)}, ["inconsistent numbers"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("params", "X", "fit_args", "words"), [pytest.param(*case[1:], id=case[0]) for case in BAD]
)
def test_fit_refuses(params, X, fit_args, words, monkeypatch):
    monkeypatch.setattr(knockoffs, "_one_draw", lambda *args: pytest.fail("a fit began"))
    with pytest.raises((ValueError, TypeError)) as error:
        recorder(**params).fit(X(), **{"y": table()[1], **fit_args})
    assert all(word in str(error.value) for word in words), str(error.value)


@pytest.mark.parametrize(
    ("sampler", "words"),
    [
        (lambda X, rng: X[:, :3], ["shape", "(200, 3)"]),
        (lambda X, rng: np.full(X.shape, np.nan), ["NaN"]),
        (lambda X, rng: np.full(X.shape, "a"), ["numbers"]),
        (lambda X, rng: None, ["shape", "()"]),
    ],
)
def test_samplers_that_are_none(sampler, words):
    X, y, _ = table()
    with pytest.raises(ValueError, match="'sampler'") as error:
        recorder(sampler=sampler).fit(X, y)
    assert all(word in str(error.value) for word in words), str(error.value)


def test_a_sampler_may_not_change_the_data():
    X, y, _ = table()
    before = X.copy()

    def careless(X, rng):
        X[:] = 0
        return X + 1

    with pytest.warns(UserWarning, match="No features"):
        recorder(sampler=careless, level=0.01).fit(X, y)
    np.testing.assert_array_equal(X, before)


def test_infinite_scores_and_scores_of_half_of_the_columns_are_refused():
    X, y, _ = table()
    X[:, 0] = labels = classes(X)
    with pytest.raises(ValueError, match=r"infinite.*importance_getter"):
        KnockoffSelector(SelectKBest(f_classif)).fit(X, labels)
    half = KnockoffSelector(Lasso(), importance_getter=lambda model: model.coef_[:40])
    with pytest.raises(ValueError, match="80 of them"):
        half.fit(X, y)


def test_files_on_disk_are_refused(tmp_path):
    np.save(tmp_path / "part.npy", table()[0])
    with pytest.raises(TypeError, match=r"X\[:\]"):
        recorder().fit(open_shards(tmp_path), table()[1])
