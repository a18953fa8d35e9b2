# SPDX-License-Identifier: BSD-3-Clause
"""Rankings of features by other methods, for comparison.

One table for the command line and the benchmarks. The settings are the libraries' defaults, except:
500 trees of a forest; features standardised for linear models and the F-test (CSR is not centred);
LightGBM on one thread, where a tree sees at most 1,000 random columns and a leaf has at least a
twentieth of the rows if that is less than 20 (by default it would never split 40 rows).
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import sklearn
from scipy import sparse
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.feature_selection import (
    RFE,
    SelectKBest,
    f_classif,
    f_regression,
    mutual_info_classif,
    mutual_info_regression,
)
from sklearn.linear_model import LassoCV, LogisticRegression, MultiTaskLassoCV, Ridge
from sklearn.multiclass import OneVsRestClassifier
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from .mrmr import mrmr

_N_TREES = 500
_MOST_COLUMNS = 1000  # that a tree of LightGBM sees
# scikit-learn 1.8 replaced penalty="l1".
_VERSION = tuple(map(int, sklearn.__version__.split(".")[:2]))
_L1 = {"l1_ratio": 1.0} if _VERSION >= (1, 8) else {"penalty": "l1"}


def rival(name: str, *, task="classification", random_state=0, Ks=(256,)) -> SelectKBest:
    """Make an estimator whose ``scores_`` rank the features.

    Parameters
    ----------
    name : str
        A key of `RIVALS`.
    task : {"classification", "regression"}, default="classification"
        What y is. Ignored by the methods in `WITHOUT_TARGET`.
    random_state : int, default=0
        Seed.
    Ks : sequence of int, default=(256,)
        Numbers of features that the ranking must serve. mRMR selects the largest of them, and
        recursive elimination stops at each.

    Returns
    -------
    SelectKBest
    """
    scores = partial(RIVALS[name], task=task, seed=random_state, Ks=Ks)
    return SelectKBest(scores, k="all")


def _standardised(X):
    return StandardScaler(with_mean=not sparse.issparse(X)).fit_transform(X)


def _f_test(X, y, task, seed, Ks):
    X = _standardised(X)  # in single precision large means would drown the variances
    # Constant columns are warned about by their numbers, and get nan.
    with warnings.catch_warnings(), np.errstate(invalid="ignore"):
        warnings.filterwarnings("ignore", "Features .* are constant", UserWarning)
        if task != "regression":
            return np.nan_to_num(f_classif(X, y)[0])
        outputs = np.reshape(y, (len(y), -1)).T
        return np.sum([np.nan_to_num(f_regression(X, output)[0]) for output in outputs], axis=0)


def _mutual_information(X, y, task, seed, Ks):
    information = mutual_info_regression if task == "regression" else mutual_info_classif
    return information(X, y, random_state=seed)


def _mrmr(X, y, task, seed, Ks):
    return mrmr(X, _f_test(X, y, task, seed, Ks), int(np.max(Ks)))


def _l1(X, y, task, seed, Ks):
    X = _standardised(X)
    if task == "regression":
        model = (
            LassoCV(random_state=seed) if np.ndim(y) == 1 else MultiTaskLassoCV(random_state=seed)
        )
        return np.abs(np.atleast_2d(model.fit(X, y).coef_)).sum(axis=0)
    # liblinear converges, and sooner than saga stops at its default max_iter.
    model = LogisticRegression(solver="liblinear", random_state=seed, **_L1)
    models = OneVsRestClassifier(model).fit(X, y).estimators_
    return sum(np.abs(model.coef_[0]) for model in models)


def _forest(classifier, regressor, X, y, task, seed, Ks):
    trees = regressor if task == "regression" else classifier
    return trees(_N_TREES, random_state=seed).fit(X, y).feature_importances_


def light_gbm(n_rows, task, seed, n_columns=1):
    """Make a LightGBM model for so many rows and columns."""
    import lightgbm

    model = lightgbm.LGBMRegressor if task == "regression" else lightgbm.LGBMClassifier
    return model(
        importance_type="gain",
        min_child_samples=int(np.clip(n_rows // 20, 2, 20)),
        colsample_bytree=min(1, _MOST_COLUMNS / n_columns),
        n_jobs=1,
        random_state=seed,
        verbose=-1,
    )


def _gain(X, y, task, seed, Ks):
    return light_gbm(X.shape[0], task, seed, X.shape[1]).fit(X, y).feature_importances_


def _recursive_elimination(X, y, task, seed, Ks):
    """Down to the largest K, from there to the next: a tenth of a stage's features each round.

    A single elimination down to the smallest would leave most of the larger K to its last round.
    """
    X = _standardised(X)
    model = Ridge() if task == "regression" else LinearSVC(random_state=seed)
    left, scores = np.arange(X.shape[1]), np.zeros(X.shape[1])
    for stage, K in enumerate(sorted(np.atleast_1d(Ks), reverse=True)):
        if K < len(left):
            rfe = RFE(model, n_features_to_select=int(K), step=0.1)
            ranking = rfe.fit(X[:, left], y).ranking_
            # Features of a later stage are ahead of all that left in this one.
            scores[left] = stage + 1 / ranking
            left = left[rfe.support_]
    return scores


def _cox(X, y, task, seed, Ks):
    """Score test of a Cox regression on each feature alone: the log-rank test, for numbers."""
    X = _standardised(X)
    X = X.toarray() if sparse.issparse(X) else X
    order = np.argsort(-y["time"], kind="stable")
    X, event, time = X[order], y["event"][order], y["time"][order]
    # Those at risk at a time are all rows up to the last one of the same time.
    last = np.searchsorted(-time, -time[event], side="right") - 1
    n = (last + 1)[:, None]
    mean = np.cumsum(X, axis=0)[last] / n
    variance = np.cumsum(X**2, axis=0)[last] / n - mean**2
    return (X[event] - mean).sum(axis=0) ** 2 / np.maximum(variance.sum(axis=0), 1e-12)


def _variance(X, y, task, seed, Ks):
    # StandardScaler takes CSR, and adds up in double precision.
    return StandardScaler(with_mean=False).fit(X).var_


def _random(X, y, task, seed, Ks):
    return np.random.default_rng(seed).random(X.shape[1])


def _all(X, y, task, seed, Ks):
    return np.ones(X.shape[1])


WITHOUT_TARGET = {"variance": _variance, "random": _random, "all": _all}
RIVALS: dict[str, Callable[..., Any]] = {
    "f-test": _f_test,
    "mutual-information": _mutual_information,
    "mrmr": _mrmr,
    "l1": _l1,
    "extra-trees": partial(_forest, ExtraTreesClassifier, ExtraTreesRegressor),
    "random-forest": partial(_forest, RandomForestClassifier, RandomForestRegressor),
    "lightgbm": _gain,
    "rfe": _recursive_elimination,
    "cox": _cox,
    **WITHOUT_TARGET,
}
