# SPDX-License-Identifier: BSD-3-Clause
"""Feature selection methods by name, ours and others': ``method(X, y, K, seed)`` gives scores.

K is a number of features, or several of them if one fit is to serve them all. Ours have their
defaults. The others are those of `sparsefs.evaluation.rivals` and some more, on one thread.
"""

from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from typing import NamedTuple

import numpy as np
from scipy import sparse
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
from sklearn.feature_selection import SequentialFeatureSelector
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from sparsefs import (
    GradualPruningSelector,
    HyperSparseSelector,
    NeuroFSSelector,
    NeuronAttributionSelector,
    QuickSelectionSelector,
    WASTSelector,
)
from sparsefs.evaluation.rivals import rival

SELECTORS = {  # the papers'
    "WAST": WASTSelector,
    "QuickSelection": QuickSelectionSelector,
    "NeuronAttribution": NeuronAttributionSelector,
    "NeuroFS": NeuroFSSelector,
    "HyperSparse": HyperSparseSelector,
}


class Method(NamedTuple):
    """A method and what a benchmark has to know of it."""

    scores: Callable
    supervised: bool = True
    for_one_K: bool = False  # whether its training aims at one K
    most_K: int | None = None  # what it selects at most
    takes_csr: bool = True
    needs: str | None = None  # a module that the extra `bench` brings along
    by_kind: bool = False  # whether it is told the kind of data, as WAST's paper is

    def __call__(self, X, y, K, seed, **params):
        return self.scores(X, y, K, seed, **params)


# Ours.


def fitted_scores(selector, X, y, K, seed):
    return selector(K=int(np.max(K)), random_state=seed, device="cpu").fit(X, y).scores_


def ours(selector, *, supervised=True, for_one_K=False, **params):
    """A method of ours with its defaults but for `params`; its registry entry is one line."""
    scores = partial(fitted_scores, partial(selector, **params))
    return Method(scores, supervised=supervised, for_one_K=for_one_K)


def paper_wast(X, y, K, seed, kind="other"):
    return fitted_scores(partial(WASTSelector.from_paper, kind), X, y, K, seed)


def standardised(X):
    return StandardScaler(with_mean=not sparse.issparse(X)).fit_transform(X)


# Others.


def rival_scores(X, y, K, seed, *, name, task="classification"):
    return rival(name, task=task, random_state=seed, Ks=np.atleast_1d(K)).fit(X, y).scores_


def other(name, *, supervised=True):
    """A method of the table that the command line has, too."""
    return Method(partial(rival_scores, name=name), supervised=supervised)


def gradient_boosting(X, y, K, seed):
    return GradientBoostingClassifier(random_state=seed).fit(X, y).feature_importances_


def boruta(X, y, K, seed):
    """Its ranking; of equally ranked features the more important come first."""
    from boruta import BorutaPy

    forest = RandomForestClassifier(n_jobs=1, max_depth=5, class_weight="balanced")
    fitted = BorutaPy(forest, n_estimators="auto", random_state=seed).fit(X, y)
    history = fitted.importance_history_[1:]  # its first row is zeros
    importance = np.nanmean(np.vstack([history, np.zeros(X.shape[1])]), axis=0)
    return importance / (importance.max() + 1) - fitted.ranking_


def sequential(X, y, K, seed):
    """Forward selection: it says which, not in what order."""
    svm = LinearSVC(random_state=seed)
    selector = SequentialFeatureSelector(svm, n_features_to_select=int(np.min(K)))
    return selector.fit(standardised(X), y).get_support().astype(float)


def lasso_net(X, y, K, seed):
    """The lambda at which a feature leaves the path."""
    from lassonet import LassoNetClassifier

    model = LassoNetClassifier(random_state=seed, torch_seed=seed, device="cpu", verbose=0)
    model.path(standardised(X), y)
    return model.feature_importances_.numpy()


DENSE = "NeuronAttribution (dense)"  # the same training with all connections
LASSO_NET, EXTRA_TREES, ALL = "LassoNet path", "ExtraTrees", "all features"
QUICK_SELECTION_PAPER = "QuickSelection.from_paper"
UNSUPERVISED = partial(GradualPruningSelector, supervised=False)
OURS = {
    "GradualPruning": ours(GradualPruningSelector),
    "GradualPruning (no labels)": ours(UNSUPERVISED, supervised=False),
    "WAST": ours(WASTSelector, supervised=False),
    "QuickSelection": ours(QuickSelectionSelector, supervised=False),
    "NeuronAttribution": ours(NeuronAttributionSelector),
    "NeuroFS": ours(NeuroFSSelector, for_one_K=True),
    "HyperSparse": ours(HyperSparseSelector),
}
METHODS = {  # the cheap ones first
    ALL: other("all", supervised=False),
    "random": other("random", supervised=False),
    "variance": other("variance", supervised=False),
    "F-test": other("f-test"),
    "mRMR": other("mrmr"),
    EXTRA_TREES: other("extra-trees"),
    **OURS,
    "WAST (paper)": Method(paper_wast, supervised=False, by_kind=True),
    QUICK_SELECTION_PAPER: ours(QuickSelectionSelector.from_paper, supervised=False),
    DENSE: ours(NeuronAttributionSelector, topology="dense"),
    "L1 logistic regression": other("l1"),
    "random forest": other("random-forest"),
    "mutual information": other("mutual-information"),
    "RFE (LinearSVC)": other("rfe"),
    "gradient boosting": Method(gradient_boosting),
    LASSO_NET: Method(lasso_net, takes_csr=False, needs="lassonet"),
    "Boruta": Method(boruta, takes_csr=False, needs="boruta"),
    "sequential selection": Method(sequential, for_one_K=True, most_K=10),
}
VARIANTS = {QUICK_SELECTION_PAPER, DENSE}  # of ours, beside them in some benchmarks only


def missing(method):
    """What to install for a method, or None."""
    module = METHODS[method].needs if method in METHODS else None
    absent = module is not None and find_spec(module) is None
    return 'not installed: pip install "sparsefs[bench]"' if absent else None
