# SPDX-License-Identifier: BSD-3-Clause
"""Feature selection methods by name, ours and others': ``method(X, y, K, seed)`` gives scores.

Ours have their defaults. The others have theirs, on one thread, with two exceptions: 500 trees,
and columns standardised for the linear models and for LassoNet.
"""

from importlib.util import find_spec

import numpy as np
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.feature_selection import RFE, f_classif, mutual_info_classif
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from sparsefs import (
    HyperSparseSelector,
    NeuroFSSelector,
    NeuronAttributionSelector,
    QuickSelectionSelector,
    WASTSelector,
)

SELECTORS = {
    "WAST": WASTSelector,
    "QuickSelection": QuickSelectionSelector,
    "NeuronAttribution": NeuronAttributionSelector,
    "NeuroFS": NeuroFSSelector,
    "HyperSparse": HyperSparseSelector,
}


def ours(selector, X, y, K, seed, **params):
    return selector(K=K, random_state=seed, device="cpu", **params).fit(X, y).scores_


def lasso_net(X, y, K, seed):
    """The lambda at which a feature leaves the path."""
    from lassonet import LassoNetClassifier

    model = LassoNetClassifier(random_state=seed, torch_seed=seed, device="cpu", verbose=0)
    model.path(StandardScaler().fit_transform(X), y)
    return model.feature_importances_.numpy()


def extra_trees(X, y, K, seed):
    return ExtraTreesClassifier(500, n_jobs=1, random_state=seed).fit(X, y).feature_importances_


def mutual_information(X, y, K, seed):
    return mutual_info_classif(X, y, random_state=seed)


def recursive_elimination(X, y, K, seed):
    svm = LinearSVC(random_state=seed)
    rfe = RFE(svm, n_features_to_select=K, step=0.1).fit(StandardScaler().fit_transform(X), y)
    return -rfe.ranking_


def l1_logistic(X, y, K, seed):
    model = LogisticRegression(l1_ratio=1.0, solver="saga", random_state=seed)
    return np.abs(model.fit(StandardScaler().fit_transform(X), y).coef_).sum(axis=0)


def f_test(X, y, K, seed):
    return np.nan_to_num(f_classif(X, y)[0])  # nan for constant columns


def _method(selector, **params):
    return lambda X, y, K, seed: ours(selector, X, y, K, seed, **params)


OURS = {name: _method(selector) for name, selector in SELECTORS.items()}
DENSE = "NeuronAttribution (dense)"  # the same training with all connections
LASSO_NET, EXTRA_TREES = "LassoNet path", "ExtraTrees"
METHODS = {
    **OURS,
    DENSE: _method(NeuronAttributionSelector, topology="dense"),
    LASSO_NET: lasso_net,
    EXTRA_TREES: extra_trees,
    "mutual information": mutual_information,
    "RFE (LinearSVC)": recursive_elimination,
    "L1 logistic regression": l1_logistic,
    "F-test": f_test,
}
QUICK_SELECTION_PAPER = "QuickSelection.from_paper"
METHODS[QUICK_SELECTION_PAPER] = lambda X, y, K, seed: (
    QuickSelectionSelector.from_paper(K=K, random_state=seed, device="cpu").fit(X).scores_
)


def missing(method):
    """What to install for a method, or None."""
    absent = method == LASSO_NET and find_spec("lassonet") is None
    return 'not installed: pip install "sparsefs[bench]"' if absent else None
