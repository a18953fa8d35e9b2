# SPDX-License-Identifier: BSD-3-Clause
"""ParetoSearchCV: as a search of scikit-learn, and as a search for several objectives."""

import json
import pickle
import time
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
from joblib import parallel_config
from scipy import sparse
from scipy.stats import loguniform, randint, rv_histogram, uniform
from sklearn import config_context
from sklearn.base import clone, is_classifier
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.datasets import load_digits, load_iris, make_classification
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import BaggingClassifier
from sklearn.exceptions import FitFailedWarning, NotFittedError
from sklearn.feature_selection import SelectKBest, f_regression
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import make_scorer, matthews_corrcoef
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    KFold,
    StratifiedKFold,
    cross_val_score,
)
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.utils.estimator_checks import parametrize_with_checks

from sparsefs import NeuronAttributionSelector, ParetoSearchCV, WASTSelector, open_shards
from sparsefs.search import Conditional, hypervolume
from sparsefs.search.samplers import ADAPTIVE, DESIGNS
from tests.search.toy import Toy, Uncounted, X, y
from tests.selectors.common import quick

SPACE = {"quality": uniform(), "size": randint(1, 100)}


@pytest.fixture(autouse=True)
def nothing_fitted():
    Toy.fits = []


def search(estimator=None, space=SPACE, **params):
    settings = {
        "objectives": ("score", "parameters"),
        "n_trials": 12,
        "cv": 3,
        "random_state": 0,
    }
    estimator = Toy() if estimator is None else estimator
    return ParetoSearchCV(estimator, space, **{**settings, **params})


def without_times(results):
    return {name: column for name, column in results.items() if "_time" not in name}


def assert_same(first, second, times=False):
    """Two searches have found the same."""
    mine, other = first.cv_results_, second.cv_results_
    if not times:
        mine, other = without_times(mine), without_times(other)
    assert list(mine) == list(other)
    for name in mine:
        np.testing.assert_array_equal(np.asarray(mine[name]), np.asarray(other[name]), name)
    assert (first.pareto_front_ == second.pareto_front_).all()
    assert (first.hypervolume_ == second.hypervolume_).all()


# scikit-learn's side


# Lists, since a distribution's repr has its address and is part of the test's name.
CHECKED = [
    (LogisticRegression(), {"C": [0.1, 1.0]}, {"objectives": "score"}),
    (Ridge(), {"alpha": [0.1, 1.0]}, {}),
    (
        make_pipeline(StandardScaler(), LogisticRegression()),
        {"logisticregression__C": [0.1, 1.0]},
        {"sampler": "tpe"},
    ),
]


@parametrize_with_checks(
    # The checks expect the estimator's own errors, as scikit-learn's do of its searches.
    [
        ParetoSearchCV(estimator, space, n_trials=2, cv=2, error_score="raise", **params)
        for estimator, space, params in CHECKED
    ]
)
def test_scikit_learns_checks(estimator, check):
    check(estimator)


def test_results_are_those_of_a_grid_search():
    data, target = make_classification(120, 10, n_informative=4, random_state=0)
    pipeline = Pipeline([("fs", SelectKBest()), ("clf", SVC())])
    space = {"fs__k": randint(1, 11), "clf__C": loguniform(0.1, 10)}
    found = ParetoSearchCV(
        pipeline,
        space,
        objectives=("accuracy", "roc_auc", "n_features"),
        n_trials=8,
        return_train_score=True,
        random_state=0,
    ).fit(data, target)
    grid = GridSearchCV(
        pipeline,
        [{name: [value] for name, value in p.items()} for p in found.cv_results_["params"]],
        scoring=["accuracy", "roc_auc"],
        refit=False,
        return_train_score=True,
    ).fit(data, target)
    assert found.cv_results_["params"] == grid.cv_results_["params"]
    assert found.n_splits_ == grid.n_splits_ == 5
    for name, column in without_times(grid.cv_results_).items():
        np.testing.assert_array_equal(found.cv_results_[name], column, name)
    for name in ("mean_fit_time", "std_fit_time", "mean_score_time", "std_score_time"):
        assert (found.cv_results_[name] > 0).all()
    assert found.cv_results_["mean_n_features"].tolist() == [
        p["fs__k"] for p in found.cv_results_["params"]
    ]


def test_it_stands_for_its_best_estimator():
    data, target = load_digits(return_X_y=True)
    frame = pd.DataFrame(data, columns=[f"pixel {i}" for i in range(64)])
    pipeline = Pipeline([("fs", SelectKBest()), ("clf", SVC(probability=False))])
    made = ParetoSearchCV(pipeline, {"fs__k": [20, 64]}, n_trials=2, cv=3, random_state=1)
    with pytest.raises(NotFittedError):
        made.predict(frame)
    made.fit(frame, target)
    best = made.best_estimator_
    assert (made.predict(frame) == best.predict(frame)).all()
    assert (made.decision_function(frame) == best.decision_function(frame)).all()
    assert made.score(frame, target) == best.score(frame, target)
    assert made.feature_names_in_.tolist() == frame.columns.tolist()
    assert made.n_features_in_ == 64
    assert (made.classes_ == np.arange(10)).all()
    assert is_classifier(made)
    assert not hasattr(made, "transform")
    assert made.best_params_ == made.cv_results_["params"][made.best_index_]
    assert "SVC" in made._repr_html_()
    again = pickle.loads(pickle.dumps(made))
    assert (again.predict(frame) == made.predict(frame)).all()


def test_a_selector_alone_transforms():
    data, target = make_classification(60, 12, random_state=0)
    made = ParetoSearchCV(
        quick(NeuronAttributionSelector),
        {"density": uniform(0.1, 0.5), "K": [3, 6]},
        objectives=("score", "n_features", "parameters", "training_flops"),
        n_trials=4,
        cv=2,
        random_state=0,
    ).fit(data, target)
    assert made.transform(data).shape == (60, made.best_params_["K"])
    results = made.cv_results_
    assert set(results["mean_n_features"]) <= {3.0, 6.0}
    order = np.argsort([p["density"] for p in results["params"]])
    for cost in ("parameters", "training_flops"):
        assert (np.diff(results[f"mean_{cost}"][order]) > 0).all()


def test_an_unsupervised_selector_needs_no_y():
    made = ParetoSearchCV(
        quick(WASTSelector), {"density": [0.2, 0.5]}, n_trials=3, cv=2, random_state=0
    ).fit(X)
    best = WASTSelector(**made.best_estimator_.get_params()).fit(X)
    np.testing.assert_array_equal(made.transform(X), best.transform(X))


def test_it_clones_and_nests():
    made = search(refit="score")
    scores = cross_val_score(made, X, y, cv=3, error_score="raise")
    assert scores.shape == (3,)
    assert scores == pytest.approx(scores[0], abs=0.05)
    copy = clone(made.fit(X, y))
    assert not hasattr(copy, "cv_results_")
    assert copy.get_params()["estimator__quality"] == 0.5
    outer = GridSearchCV(made, {"n_trials": [2, 4]}, cv=2, error_score="raise").fit(X, y)
    assert outer.best_estimator_.cv_results_["params"]


def test_nothing_is_validated_in_init():
    params = {"objectives": 3, "sampler": "?", "n_trials": -1}
    assert params.items() <= ParetoSearchCV(None, "?", **params).get_params().items()


def test_sparse_data_and_frames_reach_the_folds_as_they_are():
    for data in (sparse.csr_matrix(X), pd.DataFrame(X)):
        Toy.fits = []

        class Takes(Toy):
            def score(self, X, y):
                return self.quality

        search(Takes(), n_trials=2).fit(data, y)
        assert all(type(seen) is type(data) for _, seen, _ in Toy.fits)


def test_sample_weights_and_groups_are_cut_into_folds():
    weight = np.arange(1.0, 41.0)
    groups = np.repeat(np.arange(4), 10)
    search(cv=GroupKFold(2), n_trials=1).fit(X, y, sample_weight=weight, groups=groups)
    for _, rows, given in Toy.fits:
        whole = [int(np.flatnonzero((X == row).all(axis=1))[0]) for row in rows]
        assert (given == weight[whole]).all()
    first = Toy.fits[0][1]
    assert len(first) == 20
    assert len({int(np.flatnonzero((X == row).all(axis=1))[0]) // 10 for row in first}) == 2


def test_metadata_goes_where_it_is_requested():
    weight = np.arange(1.0, 41.0)
    with config_context(enable_metadata_routing=True):
        toy = Toy().set_fit_request(sample_weight=True).set_score_request(sample_weight=False)
        made = search(toy, cv=GroupKFold(2), n_trials=1)
        made.fit(X, y, sample_weight=weight, groups=np.repeat(np.arange(4), 10))
        assert all(given is not None for _, _, given in Toy.fits)
        with pytest.raises(TypeError, match="unexpected argument"):
            made.fit(X, y, nonsense=weight)
        for unclear in (Toy(), Toy().set_fit_request(sample_weight=False)):
            with pytest.raises(ValueError, match="sample_weight.* not explicitly set"):
                search(unclear, n_trials=1).fit(X, y, sample_weight=weight)


def test_scorers_get_weights_that_they_request():
    seen = []

    def weighted(y_true, y_pred, sample_weight=None):
        seen.append(sample_weight)
        return float(np.mean(y_true == y_pred))

    weight = np.arange(1.0, 41.0)
    with config_context(enable_metadata_routing=True):
        scorer = make_scorer(weighted).set_score_request(sample_weight=True)
        toy = Toy().set_fit_request(sample_weight=False)
        search(toy, objectives={"w": scorer, "parameters": "parameters"}, n_trials=1).fit(
            X, y, sample_weight=weight
        )
    assert len(seen) == 3
    assert sorted(np.concatenate(seen)) == weight.tolist()


@pytest.mark.parametrize("refit", ["one_standard_error", False])
def test_callbacks_see_the_folds(refit):
    pytest.importorskip("sklearn.callback")
    from sklearn.callback import ProgressBar

    class Counter:
        """The least that scikit-learn takes for a callback."""

        def __init__(self):
            self.begun, self.ended = [], []

        def setup(self, estimator, context):
            pass

        def teardown(self, estimator, context):
            pass

        def on_fit_task_begin(self, estimator, context):
            self.begun.append(context.task_name)

        def on_fit_task_end(self, estimator, context):
            self.ended.append(context.task_name)

    counter = Counter()
    made = search(n_trials=3, refit=refit)
    made.set_callbacks(counter)
    made.fit(X, y)
    assert counter.begun.count("fold") == counter.ended.count("fold") == 9
    assert counter.begun.count("search") == counter.ended.count("search") == 1
    assert counter.begun.count("refit") == (refit is not False)
    assert len(counter.begun) == len(counter.ended)
    inside = search(quick(NeuronAttributionSelector, K=2), {"K": [2, 3]}, n_trials=1, cv=2)
    inside.set_params(objectives=("score", "n_features"))
    inside.set_callbacks(ProgressBar()).fit(X, y)
    assert inside.best_params_["K"] in (2, 3)


# several objectives


def test_the_front_is_what_no_trial_beats():
    made = search(n_trials=40, objectives=("score", "parameters", "bytes")).fit(X, y)
    results = made.cv_results_
    points = np.column_stack([-results["mean_test_score"], results["mean_parameters"]])
    front = [
        i
        for i, point in enumerate(points)
        if not any((other <= point).all() and (other < point).any() for other in points)
    ]
    assert sorted(made.pareto_front_) == front
    assert (np.diff(results["mean_test_score"][made.pareto_front_]) <= 0).all()
    assert sorted(made.non_dominated_layers_[0]) == front
    assert sorted(np.concatenate(made.non_dominated_layers_)) == list(range(40))
    assert made.objectives_ == {"score": "maximize", "parameters": "minimize", "bytes": "minimize"}


def test_hypervolume_grows_to_the_share_of_the_box():
    made = search(n_trials=30).fit(X, y)
    volume = made.hypervolume_
    assert volume.shape == (30,)
    assert (np.diff(volume) >= 0).all()
    assert 0 < volume[-1] <= 1
    assert (pickle.loads(pickle.dumps(made)).hypervolume_ == volume).all()
    assert len(clone(made).set_params(n_trials=3).fit(X, y).hypervolume_) == 3
    assert not hasattr(clone(made), "hypervolume_")
    size, score = made.cv_results_["mean_parameters"], made.cv_results_["mean_test_score"]
    rng = np.random.default_rng(0)
    for n in (10, 30):
        at_size = rng.uniform(size.min(), size.max() + 0.1 * np.ptp(size), 40_000)
        at_score = rng.uniform(score.min() - 0.1 * np.ptp(score), score.max(), 40_000)
        dominated = np.zeros(40_000, dtype=bool)
        for i in range(n):
            dominated |= (size[i] <= at_size) & (score[i] >= at_score)
        assert volume[n - 1] == pytest.approx(dominated.mean(), abs=0.02)


def test_costs_are_those_of_the_fitted_parts():
    two = Pipeline([("scale", StandardScaler()), ("fs", SelectKBest(k=3)), ("clf", Toy(size=7))])
    costs = ("n_features", "parameters", "bytes", "inference_flops", "training_flops", "fit_time")
    made = search(two, {"clf__size": [7]}, objectives=("score", *costs), n_trials=1).fit(X, y)
    means = {name: made.cv_results_[f"mean_{name}"][0] for name in costs}
    assert means.pop("fit_time") > 0
    assert means == {
        "n_features": 3,
        "parameters": 7,
        "bytes": 28,
        "inference_flops": 14,
        "training_flops": 42,
    }
    assert made.cv_results_["split2_parameters"][0] == 7
    assert made.cv_results_["rank_fit_time"][0] == 1


@pytest.mark.parametrize("wrap", ["union", "columns", "bagging"])
def test_features_of_a_selector_out_of_reach_are_not_guessed(wrap):
    fs = SelectKBest(k=2)
    model = {
        "union": lambda: make_pipeline(FeatureUnion([("fs", fs)]), Toy()),
        "columns": lambda: make_pipeline(ColumnTransformer([("fs", fs, [0, 1, 2])]), Toy()),
        "bagging": lambda: BaggingClassifier(make_pipeline(fs, SVC())),
    }[wrap]()
    space = {next(name for name in model.get_params() if name.endswith("__k")): [1, 2]}
    with pytest.raises(ValueError, match="'n_features'|how many features .* SelectKBest inside"):
        search(model, space, objectives=("score", "n_features")).fit(X, y)


def test_parts_of_a_union_and_of_a_target_transformer_are_counted():
    fs = quick(NeuronAttributionSelector, K=2)
    alone = search(fs, {"K": [2]}, objectives=("score", "parameters")).fit(X, y)
    expected = alone.cv_results_["mean_parameters"][0]
    union = make_pipeline(FeatureUnion([("a", fs), ("b", fs)]), LogisticRegression())
    space = {"logisticregression__C": [1.0]}
    found = search(union, space, objectives=("score", "parameters")).fit(X, y)
    assert found.cv_results_["mean_parameters"][0] == 2 * expected
    target = TransformedTargetRegressor(make_pipeline(SelectKBest(f_regression, k=3), Ridge()))
    space = {"regressor__ridge__alpha": [1.0]}
    found = search(target, space, objectives=("score", "n_features")).fit(X, X[:, 0])
    assert found.cv_results_["mean_n_features"][0] == 3


def test_where_selectors_vary_one_without_costs_fails_alone():
    model = Pipeline([("fs", quick(NeuronAttributionSelector, K=2)), ("clf", SVC())])
    space = {"fs": [model["fs"], SelectKBest(k=2)]}
    with pytest.warns(FitFailedWarning, match="'parameters' is read from 'costs_'"):
        made = search(model, space, objectives=("score", "parameters")).fit(X, y)
    assert isinstance(made.best_params_["fs"], NeuronAttributionSelector)


def test_plain_functions_score_beside_weights():
    weight = np.arange(1.0, 41.0)
    objectives = {"half": half, "acc": "accuracy", "parameters": "parameters"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that a scorer takes no weights
        made = search(objectives=objectives, n_trials=2).fit(X, y, sample_weight=weight)
    assert made.best_score_ == made.score(X, y) == 0.5
    assert made.scorer_ is half


def test_a_backend_that_returns_all_at_the_end():
    with parallel_config("multiprocessing", n_jobs=2):
        made = search(n_trials=3).fit(X, y)
    assert_same(made, search(n_trials=3).fit(X, y))


def test_large_integers_and_equal_choices():
    made = search(space={"size": [10**20, 1, 1, 10**20]}, refit=False).fit(X, y)
    assert sorted(p["size"] for p in made.cv_results_["params"]) == [1, 10**20]


def test_an_estimator_without_a_score_is_named():
    with pytest.raises(ValueError, match="SelectKBest has no 'score'. Name a scorer"):
        search(SelectKBest(), {"k": [1, 2]}, objectives=("score", "n_features")).fit(X, y)


def test_without_a_selector_all_features_count():
    made = search(objectives=("score", "n_features"), n_trials=1).fit(X, y)
    assert made.cv_results_["mean_n_features"][0] == 6


def test_a_cost_that_nobody_knows_ends_the_search_at_once():
    with pytest.raises(ValueError, match="'bytes' is read from 'costs_'"):
        search(Uncounted(), objectives=("score", "bytes"), n_trials=50).fit(X, y)
    assert len(Toy.fits) == 1


def test_scorers_may_be_named_or_made():
    made = search(
        DummyClassifier(),
        {"strategy": ["most_frequent", "uniform"]},
        objectives={"mcc": make_scorer(matthews_corrcoef), "acc": "accuracy"},
        refit="acc",
        n_trials=2,
    ).fit(X, y)
    assert {"mean_test_mcc", "mean_test_acc", "split1_test_mcc"} <= set(made.cv_results_)
    assert made.objectives_ == {"mcc": "maximize", "acc": "maximize"}


@pytest.mark.parametrize("sampler", [*DESIGNS, "nsga2", "tpe"])
def test_the_result_is_the_same_for_any_n_jobs(sampler):
    made = [
        search(sampler=sampler, n_trials=20, n_jobs=n_jobs, random_state=3).fit(X, y)
        for n_jobs in (1, 2)
    ]
    with parallel_config("threading", n_jobs=3):
        made.append(search(sampler=sampler, n_trials=20, random_state=3).fit(X, y))
    for other in made[1:]:
        assert_same(made[0], other)
        assert made[0].best_params_ == other.best_params_


@pytest.mark.parametrize(
    "sampler", [*DESIGNS, "nsga2", "tpe", pytest.param("gp", marks=pytest.mark.slow)]
)
def test_samplers_leave_logging_and_random_state_alone(sampler, capfd):
    np.random.seed(1)
    before = np.random.get_state()[1].copy()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", "GPSampler is experimental")  # before Optuna 5
        search(sampler=sampler, n_trials=12, batch_size=5).fit(X, y)
    assert (np.random.get_state()[1] == before).all()
    assert capfd.readouterr().err == ""
    if sampler in ADAPTIVE:
        import optuna

        assert optuna.logging.get_verbosity() == optuna.logging.INFO


class Trap(Toy):
    """ZDT1, a standard problem: few of the parameters' values come near to its front."""

    def __init__(self, a=0.0, b=0.0, c=0.0, d=0.0):
        self.a, self.b, self.c, self.d = a, b, c, d
        self.seconds, self.fails = 0, None

    @property
    def size(self):
        return self.a

    def score(self, X, y):
        g = 1 + 9 * (self.b + self.c + self.d) / 3
        return -g * (1 - np.sqrt(self.a / g))


@pytest.mark.slow
@pytest.mark.parametrize("sampler", ADAPTIVE)
def test_samplers_that_look_at_results_find_more(sampler):
    space = dict.fromkeys("abcd", uniform())
    split = [(np.arange(20), np.arange(20, 40))]

    def volumes(name, n_seeds):
        n = 16 if sampler == "gp" else 100
        for seed in range(n_seeds):
            made = search(Trap(), space, sampler=name, n_trials=n, random_state=seed, cv=split)
            results = made.fit(X, y).cv_results_
            points = [-results["mean_test_score"], results["mean_parameters"]]
            yield hypervolume(np.column_stack(points), [10, 1])

    assert min(volumes(sampler, 2)) > max(volumes("random", 4))


def test_without_optuna_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "optuna", None)
    with pytest.raises(
        ImportError, match=r"sampler='tpe' needs Optuna: pip install 'sparsefs\[opt"
    ):
        search(sampler="tpe").fit(X, y)
    assert Toy.fits == []
    search(sampler="sobol").fit(X, y)


@pytest.mark.parametrize("sampler", [*DESIGNS, "nsga2", "tpe"])
@pytest.mark.parametrize("n_trials", [30, None])
def test_what_repeats_a_trial_is_none(sampler, n_trials):
    if n_trials is None and sampler == "latin-hypercube":
        pytest.skip("a design needs a number")
    made = search(space={"size": [1, 2, 3]}, sampler=sampler, n_trials=n_trials, max_seconds=240)
    started = time.monotonic()
    made.fit(X, y)
    assert time.monotonic() - started < 120  # it takes a second
    assert sorted(p["size"] for p in made.cv_results_["params"]) == [1, 2, 3]
    assert len(made.hypervolume_) == 3
    assert len(Toy.fits) == 3 * 3 + 1


def test_parameters_that_do_not_exist_are_masked_and_left_alone():
    space = {"kind": ["a", "b"], "size": Conditional(randint(5, 9), kind="b")}
    made = search(Toy(size=77), space, n_trials=20, refit=False).fit(X, y)
    column = made.cv_results_["param_size"]
    for i, p in enumerate(made.cv_results_["params"]):
        assert bool(column.mask[i]) == (p["kind"] == "a") == ("size" not in p)
        assert made.cv_results_["mean_parameters"][i] == p.get("size", 77)
    assert column.dtype.kind == "i"
    assert made.cv_results_["param_kind"].dtype == object


def test_estimators_may_be_choices():
    pipeline = Pipeline([("fs", "passthrough"), ("clf", SVC())])
    made = ParetoSearchCV(
        pipeline,
        {"fs": ["passthrough", SelectKBest(k=2)], "clf": [SVC(), LogisticRegression()]},
        n_trials=12,
        cv=2,
        random_state=0,
    ).fit(X, y)
    assert set(made.cv_results_["mean_n_features"]) == {2.0, 6.0}
    assert not hasattr(made.param_space["clf"][0], "classes_")


# which trial is taken


def test_the_cheapest_within_one_standard_error():
    made = search(n_trials=40).fit(X, y)
    results = made.cv_results_
    score, cost = results["mean_test_score"], results["mean_parameters"]
    best = score.argmax()
    folds = np.array([results[f"split{i}_test_score"][best] for i in range(3)])
    near = np.flatnonzero(score >= score[best] - folds.std(ddof=1) / np.sqrt(3))
    assert made.best_index_ in near
    assert cost[made.best_index_] == cost[near].min()
    assert made.best_score_ == score[made.best_index_]
    assert made.best_estimator_.size == made.best_params_["size"]


def test_one_fold_has_no_standard_error():
    one = [(np.arange(20), np.arange(20, 40))]
    made = search(n_trials=20, cv=one).fit(X, y)
    assert made.best_index_ == made.cv_results_["mean_test_score"].argmax()
    assert made.n_splits_ == 1


def test_the_knee_is_farthest_above_the_chord():
    sizes = [1, 2, 4, 8, 16, 32]
    scores = dict(zip(sizes, [0.1, 0.3, 0.75, 0.8, 0.85, 0.9]))

    class Bent(Toy):
        def score(self, X, y):
            return scores[self.size]

    made = search(Bent(), {"size": sizes}, n_trials=60, refit="knee").fit(X, y)
    assert made.best_params_ == {"size": 4}


def test_other_rules():
    assert search(refit="parameters", n_trials=20).fit(X, y).best_params_["size"] == min(
        p["size"] for p in search(n_trials=20).fit(X, y).cv_results_["params"]
    )
    made = search(refit=lambda results: int(results["mean_parameters"].argmax())).fit(X, y)
    assert made.best_index_ == made.cv_results_["mean_parameters"].argmax()
    none = search(refit=False).fit(X, y)
    assert not hasattr(none, "best_index_")
    assert len(none.pareto_front_) >= 1


@pytest.mark.parametrize(
    ("answer", "error", "message"),
    [(0.5, TypeError, "index"), (99, IndexError, "0 to 11"), (True, TypeError, "index")],
)
def test_a_callable_must_return_a_trial(answer, error, message):
    with pytest.raises(error, match=message):
        search(refit=lambda results: answer).fit(X, y)


def test_only_costs_need_a_rule_for_costs():
    with pytest.raises(ValueError, match="needs a score among the objectives"):
        search(objectives=("parameters", "bytes")).fit(X, y)
    made = search(objectives=("parameters", "bytes"), refit="bytes").fit(X, y)
    assert made.best_params_["size"] == made.cv_results_["mean_parameters"].min()
    assert not hasattr(made, "best_score_")


# failures


@pytest.mark.parametrize("fails", ["fit", "score", "nan"])
@pytest.mark.parametrize("sampler", ["random", "nsga2", "tpe"])
def test_a_failing_trial_is_noted(fails, sampler):
    space = {**SPACE, "fails": [None, fails]}
    with pytest.warns(FitFailedWarning, match=r"of 16 trials failed, see cv_results_\['error'\]"):
        made = search(space=space, sampler=sampler, n_trials=16, batch_size=4).fit(X, y)
    results = made.cv_results_
    failed = np.array([p["fails"] is not None for p in results["params"]])
    assert 0 < failed.sum() < 16
    assert ((results["status"] == "failed") == failed).all()
    expected = "nan" if fails == "nan" else "today"
    for error, bad in zip(results["error"], failed):
        assert expected in error if bad else error is None
    assert np.isnan(results["mean_test_score"][failed]).all()
    assert (results["rank_test_score"][failed] > results["rank_test_score"][~failed].max()).all()
    assert not set(made.pareto_front_) & set(np.flatnonzero(failed))
    assert sorted(np.concatenate(made.non_dominated_layers_)) == np.flatnonzero(~failed).tolist()
    assert (np.diff(made.hypervolume_) >= 0).all()
    assert made.best_params_["fails"] is None


def test_a_bad_value_of_a_parameter_fails_its_trials_only():
    with pytest.warns(FitFailedWarning, match="C"):
        made = search(
            SVC(), {"C": [-1.0, 1.0]}, objectives=("score", "n_features"), n_trials=6
        ).fit(X, y)
    assert made.best_params_ == {"C": 1.0}


def test_errors_can_be_raised():
    with pytest.raises(RuntimeError, match="no fit today"):
        search(space={"fails": ["fit"]}, error_score="raise").fit(X, y)


def test_if_all_fail_the_first_error_is_told():
    with pytest.raises(ValueError, match="All 12 trials failed. The first error: Runtime"):
        search(space={"fails": ["fit"], "quality": uniform()}).fit(X, y)


def test_a_failed_fit_leaves_the_earlier_one():
    made = search().fit(X, y)
    before = made.best_params_
    made.set_params(param_space={"fails": ["fit"]})
    with pytest.raises(ValueError, match="All 1 trials failed"):
        made.fit(X, y)
    assert made.best_params_ == before


def test_a_fit_forgets_what_the_earlier_one_refitted():
    made = search().fit(X, y).set_params(refit=False).fit(X, y)
    assert not hasattr(made, "best_estimator_")
    assert not hasattr(made, "best_index_")


# budget


def test_time_ends_the_search():
    made = search(Toy(seconds=0.05), n_trials=None, max_seconds=0.8, refit=False).fit(X, y)
    n = len(made.cv_results_["params"])
    assert 1 <= n <= 6  # by three folds of 0.05 seconds at least
    assert len(made.hypervolume_) == n == len(made.cv_results_["status"])
    whole = search(n_trials=n, refit=False).fit(X, y)
    assert made.cv_results_["params"] == whole.cv_results_["params"]


@pytest.mark.parametrize("sampler", ["sobol", "tpe"])
@pytest.mark.parametrize("n_jobs", [1, 2])
def test_at_least_one_trial_is_made(sampler, n_jobs):
    made = search(sampler=sampler, max_seconds=1e-9, n_jobs=n_jobs, n_trials=None, refit=False)
    assert len(made.fit(X, y).cv_results_["params"]) == 1


# the study file


class Killed(BaseException):
    pass


class Mortal(Toy):
    """Does not survive its `lives`-th fit."""

    lives: float = np.inf

    def fit(self, X, y=None):
        if len(Toy.fits) >= self.lives:
            raise Killed
        return super().fit(X, y)


@pytest.mark.parametrize("sampler", [*DESIGNS, "nsga2", "tpe"])
@pytest.mark.parametrize("torn", [False, True])
def test_a_search_that_was_killed_goes_on(sampler, torn, tmp_path, monkeypatch):
    path = tmp_path / "study.jsonl"
    made = search(Mortal(), sampler=sampler, n_trials=20, study=path, batch_size=5, refit=False)
    monkeypatch.setattr(Mortal, "lives", 3 * 7 + 1)
    with pytest.raises(Killed):
        made.fit(X, y)
    lines = path.read_text().splitlines()
    assert len(lines) == 1 + 7
    if torn:
        path.write_text("\n".join(lines[:5]) + "\n" + lines[5][:30])
    monkeypatch.setattr(Mortal, "lives", np.inf)
    Toy.fits = []
    whole = clone(made).set_params(study=None).fit(X, y)
    n_fits, Toy.fits = len(Toy.fits), []
    made.fit(X, y)
    assert len(Toy.fits) == n_fits - 3 * (4 if torn else 7)
    assert_same(made, whole)
    Toy.fits = []
    assert_same(clone(made).fit(X, y), made, times=True)
    assert Toy.fits == []


def test_a_study_can_be_made_longer(tmp_path):
    path = tmp_path / "study.jsonl"
    search(n_trials=6, study=path, refit=False).fit(X, y)
    Toy.fits = []
    made = search(n_trials=10, study=str(path), refit=False).fit(X, y)
    assert len(Toy.fits) == 3 * 4
    assert_same(made, search(n_trials=10, refit=False).fit(X, y))


def test_a_study_keeps_the_seed_of_a_search_without_one(tmp_path):
    path = tmp_path / "study.jsonl"
    first = search(study=path, random_state=None, refit=False).fit(X, y)
    Toy.fits = []
    again = search(study=path, random_state=None, refit=False).fit(X, y)
    assert_same(first, again, times=True)
    assert Toy.fits == []


def test_failed_trials_are_kept_in_the_study(tmp_path):
    path = tmp_path / "study.jsonl"
    made = search(space={**SPACE, "fails": [None, "fit"]}, study=path, refit=False)
    with pytest.warns(FitFailedWarning):
        first = clone(made).fit(X, y)
    Toy.fits = []
    with pytest.warns(FitFailedWarning):
        again = clone(made).fit(X, y)
    assert Toy.fits == []
    assert first.cv_results_["error"].tolist() == again.cv_results_["error"].tolist()


@pytest.mark.parametrize(
    ("changed", "what"),
    [
        ({"random_state": 1}, "seed was 0 and is 1"),
        ({"param_space": {"quality": uniform()}}, "space"),
        ({"objectives": ("score", "bytes")}, "objectives"),
        ({"sampler": "sobol"}, "sampler"),
        ({"cv": 4}, "folds"),
        ({"return_train_score": True}, "return_train_score"),
        ({"estimator__kind": "b"}, "estimator"),
    ],
)
def test_a_study_of_another_search_is_refused(changed, what, tmp_path):
    path = tmp_path / "study.jsonl"
    made = search(study=path, n_trials=2).fit(X, y)
    kept = path.read_bytes()
    with pytest.raises(ValueError, match=rf"belongs to another search: {what}"):
        clone(made).set_params(**changed).fit(X, y)
    assert path.read_bytes() == kept


def test_a_study_of_other_data_is_refused(tmp_path):
    made = search(study=tmp_path / "study.jsonl", n_trials=2).fit(X, y)
    with pytest.raises(ValueError, match="another search: data"):
        made.fit(X + 1, y)


def half(estimator, X, y):
    return 0.5


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (half, lambda estimator, X, y: 0.25),
        (lambda estimator, X, y: 0.5, lambda estimator, X, y: 0.25),
        (make_scorer(matthews_corrcoef), make_scorer(matthews_corrcoef, greater_is_better=False)),
        ("accuracy", "balanced_accuracy"),
    ],
)
def test_a_study_with_another_scorer_is_refused(first, second, tmp_path):
    def made(scorer):
        objectives = {"s": scorer, "parameters": "parameters"}
        return search(study=tmp_path / "study.jsonl", n_trials=2, objectives=objectives)

    made(first).fit(X, y)
    made(first).fit(X, y)
    with pytest.raises(ValueError, match="another search: objectives"):
        made(second).fit(X, y)


class Quantiles:
    def __init__(self, values):
        self.values = values

    def ppf(self, q):
        return self.values[int(q * len(self.values))]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (Quantiles([1, 2]), Quantiles([3, 4])),
        (rv_histogram(np.histogram([1, 2, 3])), rv_histogram(np.histogram([1, 2, 9]))),
        (np.r_[np.arange(2000), 7], np.r_[np.arange(1000), np.arange(1001, 2001), 7]),
    ],
)
def test_a_study_of_a_space_that_looks_the_same_is_refused(first, second, tmp_path):
    made = search(study=tmp_path / "study.jsonl", n_trials=2, refit=False)
    clone(made).set_params(param_space={"size": first}).fit(X, y)
    with pytest.raises(ValueError, match=r"study: .*space"):
        made.set_params(param_space={"size": second}).fit(X, y)


def test_a_study_of_another_long_estimator_is_refused(tmp_path):
    def made(C):
        steps = [(f"scale_with_a_long_name_{i}", StandardScaler()) for i in range(60)]
        pipeline = Pipeline([*steps, ("clf", SVC(C=C))])
        space = {"clf__tol": loguniform(1e-3, 1e-2)}
        return search(
            pipeline, space, study=tmp_path / "s", n_trials=1, objectives=("score", "n_features")
        )

    made(2.0).fit(X, y)
    with pytest.raises(ValueError, match="another search: estimator"):
        made(3.0).fit(X, y)
    with config_context(print_changed_only=False):
        made(2.0).fit(X, y)


def test_a_population_is_that_of_the_study(tmp_path):
    made = search(sampler="nsga2", study=tmp_path / "study.jsonl", refit=False)
    clone(made).set_params(n_trials=50).fit(X, y)
    longer = clone(made).set_params(n_trials=60).fit(X, y)
    assert_same(longer, clone(made).set_params(n_trials=60, study=None, batch_size=5).fit(X, y))


def test_time_is_for_new_trials(tmp_path):
    settings = {"n_trials": None, "max_seconds": 0.4, "refit": False, "sampler": "tpe", "cv": 2}
    made = search(Toy(seconds=0.05), study=tmp_path / "study.jsonl", **settings)
    n = [len(made.fit(X, y).hypervolume_) for _ in range(4)]
    assert all(np.diff(n) >= 1), n


def test_a_study_that_two_began_at_once(tmp_path):
    path = tmp_path / "study.jsonl"
    made = search(study=path, refit=False).fit(X, y)
    about, *trials = path.read_text().splitlines(keepends=True)
    path.write_text("".join([about, *trials[:3], about, *trials]))
    Toy.fits = []
    assert_same(clone(made).fit(X, y), made, times=True)
    assert Toy.fits == []


def test_the_error_of_a_trial_in_the_study_is_raised(tmp_path):
    made = search(space={"fails": [None, "fit"]}, study=tmp_path / "study.jsonl", refit=False)
    with pytest.warns(FitFailedWarning):
        made.fit(X, y)
    with pytest.raises(RuntimeError, match="of the study failed: RuntimeError: no fit today"):
        made.set_params(error_score="raise").fit(X, y)


def test_a_relative_path_stays_where_it_was(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    class Wanders(Toy):
        def fit(self, X, y=None):
            import os

            (tmp_path / "elsewhere").mkdir(exist_ok=True)
            os.chdir(tmp_path / "elsewhere")
            return super().fit(X, y)

    search(Wanders(), study="study.jsonl", n_trials=3, refit=False).fit(X, y)
    assert len((tmp_path / "study.jsonl").read_text().splitlines()) == 4


@pytest.mark.parametrize("sampler", ["latin-hypercube", "nsga2"])
def test_numbers_may_be_those_of_numpy(sampler, tmp_path):
    def found(integer, study):
        return search(
            sampler=sampler,
            n_trials=integer(4),
            batch_size=integer(2),
            random_state=integer(1),
            max_seconds=np.float64(600),
            study=study,
        ).fit(X, y)

    assert_same(found(np.int64, tmp_path / "study"), found(int, None))


@pytest.mark.parametrize("content", ["hello\n", '{"a": 1}\n', "[1, 2]\n"])
def test_what_is_no_study_is_refused_and_kept(content, tmp_path):
    path = tmp_path / "precious.txt"
    path.write_text(content)
    with pytest.raises(ValueError, match="not a study"):
        search(study=path).fit(X, y)
    assert path.read_text() == content


def test_a_study_is_lines_of_json(tmp_path):
    path = tmp_path / "study.jsonl"
    made = search(study=path, n_trials=3, refit=False).fit(X, y)
    about, *trials = map(json.loads, path.read_text().splitlines())
    assert about["sampler"] == "random"
    assert [trial["trial"] for trial in trials] == [0, 1, 2]
    scores = [np.mean([fold["test_score"] for fold in trial["folds"]]) for trial in trials]
    assert scores == made.cv_results_["mean_test_score"].tolist()


# bad input


def test_files_on_disk_are_refused(tmp_path):
    np.save(tmp_path / "0.npy", X)
    for table in (open_shards(tmp_path), tmp_path):
        with pytest.raises(TypeError, match=r"X cannot be files on disk|X is a path"):
            search().fit(table, y)


def test_a_target_that_is_missing_is_named():
    for estimator in (LogisticRegression(), quick(NeuronAttributionSelector)):
        with pytest.raises(ValueError, match="requires y to be passed"):
            ParetoSearchCV(estimator, {"max_iter": [5]}, n_trials=1).fit(X)


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        (
            {"param_space": {"qualty": uniform()}},
            ValueError,
            "'qualty' is no .* Did you mean 'quality'",
        ),
        ({"param_space": 3}, ValueError, "'param_space' parameter"),
        ({"objectives": ()}, ValueError, "'objectives' parameter must contain at least one"),
        ({"objectives": ("score", "score")}, ValueError, "no name twice"),
        (
            {"objectives": ("score", "acuracy")},
            ValueError,
            "'acuracy' is .* Did you mean 'accuracy'",
        ),
        ({"objectives": ("score", "n_feature")}, ValueError, "Did you mean 'n_features'"),
        ({"objectives": {"bytes": "accuracy"}}, ValueError, "'bytes' is a cost"),
        ({"objectives": {"size": "bytes"}}, ValueError, "cannot be named 'size'"),
        ({"objectives": (3,)}, ValueError, "must contain names"),
        ({"sampler": "grid"}, ValueError, "'sampler' parameter"),
        ({"n_trials": 0}, ValueError, "'n_trials' parameter"),
        ({"n_trials": True}, ValueError, "'n_trials' parameter"),
        ({"n_trials": None}, ValueError, "'n_trials' parameter may be None only with"),
        ({"max_seconds": 0}, ValueError, "'max_seconds' parameter"),
        ({"batch_size": "all"}, ValueError, "'batch_size' parameter"),
        ({"refit": "accuracy"}, ValueError, "'refit' parameter must be .* of the objectives"),
        ({"refit": True}, ValueError, "'refit' parameter must be .* of the objectives"),
        ({"error_score": 0.0}, ValueError, "'error_score' parameter must be 'raise' or nan"),
        ({"n_jobs": 0}, ValueError, "'n_jobs' parameter"),
        ({"study": 3}, ValueError, "'study' parameter"),
        ({"cv": 1}, ValueError, "n_splits"),
        (
            {"sampler": "latin-hypercube", "n_trials": None, "max_seconds": 1},
            ValueError,
            "'latin-hypercube' needs 'n_trials'",
        ),
    ],
)
def test_bad_parameters_are_named_before_any_fit(changed, error, message):
    made = search().set_params(**changed)
    with pytest.raises(error, match=message):
        made.fit(X, y)
    assert Toy.fits == []


def test_nested_parameters_are_checked_before_any_fit():
    pipeline = Pipeline([("fs", SelectKBest()), ("clf", Toy())])
    with pytest.raises(ValueError, match="'clf__qualty' is no .* Did you mean 'clf__quality'"):
        search(pipeline, {"clf__qualty": uniform()}).fit(X, y)
    assert Toy.fits == []


def test_splits_are_the_same_for_all_trials():
    made = search(cv=StratifiedKFold(3, shuffle=True), n_trials=5, refit=False).fit(X, y)
    rows = [seen.tobytes() for _, seen, _ in Toy.fits]
    assert len(rows) == 15
    assert len(set(rows)) == 3
    assert made.n_splits_ == 3
    search(cv=KFold(2).split(X), n_trials=2, refit=False).fit(X, y)


def test_progress_is_shown_on_stderr(capfd):
    search(verbose=1).fit(X, y)
    captured = capfd.readouterr()
    assert captured.out == ""
    assert "12/12" in captured.err


# what users do


def test_fewest_features_within_one_standard_error_of_the_best():
    data, target = (a[:400] for a in load_digits(return_X_y=True))
    fs = NeuronAttributionSelector(max_iter=5, random_state=0)
    pipeline = Pipeline([("fs", fs), ("scale", StandardScaler()), ("clf", SVC())])
    made = ParetoSearchCV(
        pipeline,
        {"fs__K": [5, 30, 60, 64]},  # some of the 64 pixels are always white
        objectives=("accuracy", "n_features"),
        n_trials=4,
        random_state=0,
    ).fit(data, target)
    n_selected = made.best_estimator_["fs"].get_support().sum()

    results = made.cv_results_
    accuracy, n_features = results["mean_test_accuracy"], results["mean_n_features"]
    best = accuracy.argmax()
    near = accuracy >= accuracy[best] - results["std_test_accuracy"][best] / np.sqrt(5 - 1)
    assert n_selected == n_features[near].min() < n_features[near].max()
    np.testing.assert_array_equal(made.predict(data[:9]), made.best_estimator_.predict(data[:9]))


# folds


@pytest.mark.parametrize(
    ("estimator", "name"),
    [
        (quick(NeuronAttributionSelector), "K"),
        (quick(WASTSelector), "K"),
        (SelectKBest(), "k"),
        (make_pipeline(StandardScaler(), SelectKBest()), "selectkbest__k"),
    ],
    ids=["ours", "without labels", "scikit-learn's", "pipeline"],
)
def test_folds_of_a_selector_keep_the_shares_of_the_classes(estimator, name):
    data, target = load_iris(return_X_y=True)  # sorted by class
    for of_class in (target, np.array(["a", "b", "c"])[target]):
        seen = []

        def shares(estimator, X, y, seen=seen):
            seen.append(np.unique(y, return_counts=True)[1].tolist())
            return 1.0

        made = ParetoSearchCV(estimator, {name: [1]}, objectives={"shares": shares}, refit=False)
        made.fit(data, of_class)
        assert seen == [[10, 10, 10]] * 5


@pytest.mark.parametrize("groups", [None, np.repeat(np.arange(50), 3)])
def test_folds_keep_the_share_of_events(groups):
    data, _ = load_iris(return_X_y=True)
    event, seen = np.repeat([1, 0], [30, 120]), []

    def shares(estimator, X, y):
        seen.append(int(y[:, 0].sum()))
        return 1.0

    selector = quick(NeuronAttributionSelector, task="survival")
    made = ParetoSearchCV(selector, {"K": [1]}, objectives={"shares": shares}, refit=False)
    made.fit(data, np.column_stack([event, np.arange(1.0, 151)]), groups=groups)
    assert seen == [6] * 5


def test_folds_of_numbers_are_consecutive_rows():
    data, target = load_iris(return_X_y=True)
    for of_numbers in ({"task": "regression"}, {"loss": "squared_error"}):
        seen = []

        def rows(estimator, X, y, seen=seen):
            seen.append(y.tolist())
            return 1.0

        selector = quick(NeuronAttributionSelector, **of_numbers)
        ParetoSearchCV(selector, {"K": [1]}, objectives={"rows": rows}, refit=False).fit(
            data, target
        )
        assert np.concatenate(seen).tolist() == target.tolist()


def test_a_bare_selector_on_sorted_classes_scores():
    data, target = load_iris(return_X_y=True)
    selector = NeuronAttributionSelector(
        K=2, hidden_layer_sizes=16, topology="dense", batch_size=8, max_iter=20, random_state=0
    )
    assert ParetoSearchCV(selector, {"K": [2]}).fit(data, target).best_score_ > 0.6


def test_splits_from_a_generator_can_be_cloned_pickled_and_used_again():
    made = search(n_trials=1, cv=KFold(3).split(X))
    again = pickle.loads(pickle.dumps(clone(made))).fit(X, y)
    assert again.n_splits_ == again.fit(X, y).n_splits_ == 3


def test_a_lazy_frame_is_refused():
    with pytest.raises(TypeError, match=r"X is a LazyFrame.*X\.collect\(\)"):
        search(n_trials=1).fit(pl.DataFrame(X).lazy(), y)


def test_a_search_of_costs_alone_has_no_score():
    for objectives in ("n_features", ["n_features", "fit_time"]):
        made = search(n_trials=1, objectives=objectives, refit=False)
        assert not hasattr(made, "score") and not hasattr(made.fit(X, y), "score")
    made = search(n_trials=1, objectives={"agreement": "accuracy", "n_features": "n_features"})
    assert 0 <= made.fit(X, y).score(X, y) <= 1
