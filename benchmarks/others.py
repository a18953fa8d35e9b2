# SPDX-License-Identifier: BSD-3-Clause
"""Methods of others that the command line does not have: ``method(X, y, K, seed, task)``.

Defaults, on one thread, except: XGBoost's trees see at most 1,000 random columns each.
"""

import numpy as np
from scipy import sparse
from sklearn.ensemble import (
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.feature_selection import SequentialFeatureSelector
from sklearn.inspection import permutation_importance
from sklearn.linear_model import Ridge
from sklearn.model_selection import train_test_split
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import LabelBinarizer, StandardScaler, minmax_scale
from sklearn.svm import LinearSVC

from sparsefs.evaluation.rivals import light_gbm

MOST_COLUMNS = 1000  # that a boosted tree sees
REGRESSION = "regression"


def standardised(X):
    return StandardScaler(with_mean=not sparse.issparse(X)).fit_transform(X)


# Trees.


def light_gbm_shap(X, y, K, seed, task):
    """Mean absolute SHAP value over the training rows, summed over the classes."""
    model = light_gbm(X.shape[0], task, seed, X.shape[1]).fit(X, y)
    values = model.predict(X, pred_contrib=True)
    if sparse.issparse(values):
        values = [values]
    if isinstance(values, list):  # one matrix a class
        means = sum(np.asarray(abs(v).mean(axis=0)).ravel() for v in values)
    else:
        means = np.abs(values).mean(axis=0)
    return means.reshape(-1, X.shape[1] + 1).sum(axis=0)[:-1]  # the last is the intercept


def xgboost_gain(X, y, K, seed, task):
    import xgboost

    model = xgboost.XGBRegressor if task == REGRESSION else xgboost.XGBClassifier
    share = min(1, MOST_COLUMNS / X.shape[1])
    model = model(importance_type="total_gain", colsample_bytree=share, n_jobs=1, random_state=seed)
    return model.fit(X, y).feature_importances_


def gradient_boosting(X, y, K, seed, task):
    model = GradientBoostingRegressor if task == REGRESSION else GradientBoostingClassifier
    return model(random_state=seed).fit(X, y).feature_importances_


def forest(task, seed, **params):
    if task == REGRESSION:
        return RandomForestRegressor(n_jobs=1, random_state=seed, **params)
    return RandomForestClassifier(n_jobs=1, random_state=seed, **params)


def permutation(X, y, K, seed, task):
    """Of a random forest, on a quarter of the rows that it has not seen."""
    classes = None if task == REGRESSION else y
    X, X_left, y, y_left = train_test_split(X, y, stratify=classes, random_state=seed)
    model = forest(task, seed).fit(X, y)
    return permutation_importance(model, X_left, y_left, random_state=seed).importances_mean


def boruta(X, y, K, seed, task):
    """Its ranking; of equally ranked features the more important come first."""
    from boruta import BorutaPy

    weights = {} if task == REGRESSION else {"class_weight": "balanced"}
    trees = forest(task, None, max_depth=5, **weights)
    fitted = BorutaPy(trees, n_estimators="auto", random_state=seed).fit(X, y)
    history = fitted.importance_history_[1:]  # its first row is zeros
    importance = np.nanmean(np.vstack([history, np.zeros(X.shape[1])]), axis=0)
    return importance / (importance.max() + 1) - fitted.ranking_


# Neighbours, linear models, networks.


def relief(X, y, K, seed, task, n_neighbors=10, most_rows=500):
    """ReliefF, after Kononenko 1994: for classes, over at most so many of the rows."""
    X = minmax_scale(np.asarray(X, dtype=np.float64))
    classes, y, counts = np.unique(y, return_inverse=True, return_counts=True)
    rng, weights = np.random.default_rng(seed), np.zeros(X.shape[1])
    rows = rng.permutation(len(X))[:most_rows]
    for c in range(len(classes)):
        members = np.flatnonzero(y == c)
        n = min(n_neighbors, len(members) - 1)
        if n < 1:
            continue
        near = NearestNeighbors(n_neighbors=n + 1, metric="manhattan").fit(X[members])
        found = members[near.kneighbors(X[rows], return_distance=False)]
        for i, neighbours in zip(rows, found, strict=True):
            others = neighbours[neighbours != i][:n]
            distance = np.abs(X[others] - X[i]).mean(axis=0)
            share = -1 if y[i] == c else counts[c] / (len(y) - counts[y[i]])
            weights += share * distance
    return weights / len(rows)


def fast_can(X, y, K, seed, task):
    """Greedy forward selection by canonical correlation with the classes."""
    from fastcan import FastCan

    n = min(int(np.max(K)), X.shape[0] - 2, X.shape[1])  # more is all explained
    y = y if task == REGRESSION else LabelBinarizer().fit_transform(y)
    indices = FastCan(n, verbose=0).fit(standardised(X).astype(np.float64), y).indices_
    scores = np.zeros(X.shape[1])
    scores[indices] = np.arange(n, 0, -1)
    return scores


def sequential(X, y, K, seed, task):
    """Forward selection: it says which, not in what order."""
    model = Ridge() if task == REGRESSION else LinearSVC(random_state=seed)
    selector = SequentialFeatureSelector(model, n_features_to_select=int(np.min(K)))
    return selector.fit(standardised(X), y).get_support().astype(float)


def lasso_net(X, y, K, seed, task):
    """The lambda at which a feature leaves the path."""
    from lassonet import LassoNetClassifier, LassoNetRegressor

    if task == REGRESSION:
        model, y = LassoNetRegressor, ((y - y.mean(axis=0)) / y.std(axis=0)).astype(np.float32)
    else:
        model = LassoNetClassifier
    model = model(random_state=seed, torch_seed=seed, device="cpu", verbose=0)
    model.path(standardised(X), y)
    return model.feature_importances_.numpy()
