# SPDX-License-Identifier: BSD-3-Clause
"""Fits run on any backend of joblib with the same result, and their data are sent once."""

import os
import warnings

import numpy as np
import pytest
from joblib import parallel_config
from sklearn.base import BaseEstimator
from sklearn.datasets import make_classification
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.feature_selection import SelectKBest

from sparsefs import (
    CrossValidatedK,
    EnsembleSelector,
    KnockoffSelector,
    ParetoSearchCV,
    StabilitySelector,
    WASTSelector,
)
from sparsefs.evaluation import k_curve, permutation_test, repeated_selections
from sparsefs.utils.parallel import calls, parallel, results
from tests.engines import on_engine

X, y = make_classification(80, 12, n_informative=4, shuffle=False, random_state=0)
X = X.astype(np.float32)


@pytest.fixture(scope="module")
def cluster():
    distributed = pytest.importorskip("distributed", reason="Dask needs distributed")
    with (
        distributed.LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            host="127.0.0.1",
            dashboard_address=None,
            memory_limit=0,
        ) as started,
        distributed.Client(started),
    ):
        yield started


@pytest.fixture(params=["dask", "loky", "multiprocessing", "threading"])
def backend(request):
    """A context in which two calls run at the same time."""
    if request.param == "dask":
        request.getfixturevalue("cluster")
        return parallel_config("dask")
    return parallel_config(request.param, n_jobs=2)


def wast(**params):
    return WASTSelector(max_iter=2, hidden_layer_sizes=8, random_state=0, **params)


def folds_of_auto():
    choice = CrossValidatedK(Ks=[1, 3, 6], cv=3)
    selector = wast(K=choice).fit(X, y)
    return selector.path_.scores, selector.scores_


def halves():
    selector = StabilitySelector(wast(), q=4, n_pairs=3, random_state=0).fit(X, y)
    return selector.selection_frequencies_, selector.ranking_


def ensemble():
    return (EnsembleSelector(wast(), K=4, n_fits=3, random_state=0).fit(X, y).scores_,)


def knockoffs():
    trees = ExtraTreesClassifier(5)
    return (KnockoffSelector(trees, n_draws=3, random_state=0).fit(X, y).statistics_,)


def curve():
    found = k_curve(SelectKBest(), X, y, Ks=[1, 4], cv=3, random_state=0)
    return found.scores, found.rankings


def permutations():
    found = permutation_test(SelectKBest(), X, y, K=2, cv=3, n_permutations=3, random_state=0)
    return (found.scores,)


def selections():
    settings = {"K": 3, "n_repeats": 3, "vary": "half", "random_state": 0}
    return (repeated_selections(wast(), X, y, **settings),)


def trials():
    search = ParetoSearchCV(
        ExtraTreesClassifier(5, random_state=0),
        {"max_depth": [1, 2, 3]},
        objectives=("score",),
        n_trials=3,
        cv=2,
        random_state=0,
    ).fit(X, y)
    return (search.cv_results_["split0_test_score"], search.cv_results_["split1_test_score"])


def halves_of_auto():
    """Calls within calls."""
    ranker = wast(K=CrossValidatedK(Ks=[1, 3], cv=2))
    return (EnsembleSelector(ranker, n_fits=2, random_state=0).fit(X, y).scores_,)


WORK = [
    folds_of_auto,
    halves,
    ensemble,
    knockoffs,
    curve,
    permutations,
    selections,
    trials,
    halves_of_auto,
]
OF_ENGINES = [folds_of_auto, trials]  # Ray starts new processes for each


@pytest.mark.slow
@pytest.mark.parametrize("work", WORK)
def test_every_backend_gives_the_result_of_one_process(work, backend):
    expected = work()
    with backend:
        got = work()
    for one, other in zip(got, expected, strict=True):
        np.testing.assert_array_equal(one, other)


def on_two_workers(engine):
    """Results of Ray or Spark, and processes: this one, and those of some calls."""
    with parallel_config(engine, n_jobs=2):
        found = [work() for work in OF_ENGINES]
        numbers, processes = zip(*results(parallel(None)(calls(where, ((i,) for i in range(4))))))
    return found, numbers, os.getpid(), processes


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["ray", "spark"])
def test_ray_and_spark_give_the_result_of_one_process(engine):
    found, numbers, caller, processes = on_engine(engine, on_two_workers, engine)
    for got, work in zip(found, OF_ENGINES):
        for one, other in zip(got, work()):
            np.testing.assert_array_equal(one, other)
    assert numbers == (0, 1, 2, 3)
    assert caller not in processes


def where(number, *data):
    return number, os.getpid()


@pytest.mark.slow
def test_the_calls_run_in_other_processes(backend, request):
    with backend:
        found = list(results(parallel(None)(calls(where, ((i,) for i in range(8))))))
    assert [number for number, _ in found] == list(range(8))
    elsewhere = "threading" not in request.node.name
    assert all((process != os.getpid()) == elsewhere for _, process in found)


class Pickled:
    """Data that count how often they are sent."""

    def __init__(self):
        self.n_sent = 0

    def __getstate__(self):
        self.n_sent += 1
        return {"n_sent": self.n_sent}


@pytest.mark.slow
def test_dask_sends_data_once(cluster):
    data = Pickled()
    with parallel_config("dask"):
        list(results(parallel(None)(calls(where, ((i,) for i in range(20)), data))))
    assert data.n_sent == 1


def mapped_file(number, data):
    return os.fspath(data["X"].filename)


@pytest.mark.slow
def test_loky_maps_large_arrays_of_all_calls_to_one_file():
    data = {"X": np.ones((2000, 100))}
    with parallel_config("loky", n_jobs=2):
        found = list(results(parallel(None)(calls(mapped_file, ((i,) for i in range(6)), data))))
    assert len(set(found)) == 1


class Loud(BaseEstimator):
    def fit(self, X, y):
        warnings.warn("the data are few", stacklevel=1)
        warnings.warn("ignored", DeprecationWarning, stacklevel=1)
        self.feature_importances_ = np.arange(X.shape[1])
        return self


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["dask", "loky"], indirect=True)
def test_a_warning_of_a_worker_reaches_the_user_once(backend):
    with backend, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warnings.simplefilter("ignore", DeprecationWarning)
        EnsembleSelector(Loud(), K=3, n_fits=6, random_state=0).fit(X, y)
    assert [str(warning.message) for warning in caught] == ["the data are few"]
    assert caught[0].filename == __file__


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["dask", "loky"], indirect=True)
def test_a_warning_that_is_an_error_ends_the_work(backend):
    with backend, warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        with pytest.raises(UserWarning, match="the data are few"):
            EnsembleSelector(Loud(), K=3, n_fits=2, random_state=0).fit(X, y)
