# SPDX-License-Identifier: BSD-3-Clause
"""Feature selection methods by name, ours and others': ``method(X, y, K, seed)`` gives scores.

K is a number of features, or several of them if one fit is to serve them all. Ours have their
defaults. The others are those of `sparsefs.evaluation.rivals` and of `benchmarks.others`.
"""

from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from typing import NamedTuple

import numpy as np

from benchmarks import others
from sparsefs import (
    DeepLassoSelector,
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
    "DeepLasso": DeepLassoSelector,
}


LARGE = 20_000_000  # values of a set above which only quick methods run


class Method(NamedTuple):
    """A method and what a benchmark has to know of it."""

    scores: Callable
    supervised: bool = True
    for_one_K: bool = False  # whether its training aims at one K
    most_K: int | None = None  # what it selects at most
    takes_csr: bool = True
    regression: bool = True  # whether it can predict a quantity
    needs: str | None = None  # a module that the extra `bench` brings along
    by_kind: bool = False  # whether it is told the kind of data, as WAST's paper is
    # A method that costs too much for every split of every set is thinned:
    most_splits: int | None = None  # the first splits of a set, None: all
    most_values: float = LARGE  # rows times columns of a set

    @property
    def thinned(self):
        return self.most_splits is not None or self.most_values < LARGE

    def __call__(self, X, y, K, seed, task="classification", **params):
        return self.scores(X, y, K, seed, task=task, **params)


# Ours.


def fitted_scores(selector, X, y, K, seed, task):
    selector = selector(K=int(np.max(K)), random_state=seed, device="cpu")
    if "task" in selector.get_params():
        selector.set_params(task=task)
    return selector.fit(X, y).scores_


def ours(selector, *, params=None, **known):
    """A method of ours with its defaults but for `params`; its registry entry is one line."""
    return Method(partial(fitted_scores, partial(selector, **params or {})), **known)


def paper_wast(X, y, K, seed, task, kind="other"):
    return fitted_scores(partial(WASTSelector.from_paper, kind), X, y, K, seed, task)


# Others.


def rival_scores(X, y, K, seed, *, name, task="classification"):
    return rival(name, task=task, random_state=seed, Ks=np.atleast_1d(K)).fit(X, y).scores_


def other(name, **known):
    """A method of the table that the command line has, too."""
    return Method(partial(rival_scores, name=name), **known)


DENSE = "NeuronAttribution (dense)"  # the same training with all connections
LASSO_NET, EXTRA_TREES, ALL = "LassoNet path", "ExtraTrees", "all features"
QUICK_SELECTION_PAPER = "QuickSelection.from_paper"
QUICK = {"most_values": np.inf}
FEW = {"most_splits": 3, "most_values": 3e6}
FEWEST = {"most_splits": 1, "most_values": 1e6}
UNSUPERVISED = {"params": {"supervised": False}, "supervised": False}
OURS = {
    "GradualPruning": ours(GradualPruningSelector, **QUICK),
    "GradualPruning (no labels)": ours(GradualPruningSelector, **UNSUPERVISED, **QUICK),
    "WAST": ours(WASTSelector, supervised=False, **FEW),
    "QuickSelection": ours(QuickSelectionSelector, supervised=False, **FEW),
    "NeuronAttribution": ours(NeuronAttributionSelector, **FEW),
    "NeuroFS": ours(NeuroFSSelector, for_one_K=True, **FEWEST),
    "HyperSparse": ours(HyperSparseSelector, **FEW),
    "DeepLasso": ours(DeepLassoSelector, **FEW),
}
METHODS = {  # the cheap ones first
    ALL: other("all", supervised=False, **QUICK),
    "random": other("random", supervised=False, **QUICK),
    "variance": other("variance", supervised=False, **QUICK),
    "F-test": other("f-test", **QUICK),
    "mRMR": other("mrmr", **QUICK),
    "L1 logistic regression": other("l1"),
    EXTRA_TREES: other("extra-trees"),
    "random forest": other("random-forest"),
    "XGBoost gain": Method(others.xgboost_gain, needs="xgboost"),
    "LightGBM gain": other("lightgbm", needs="lightgbm"),
    **OURS,
    "RFE (LinearSVC)": other("rfe"),
    "mutual information": other("mutual-information", most_splits=1),
    "LightGBM SHAP": Method(others.light_gbm_shap, needs="lightgbm", most_splits=1),
    "fastcan": Method(others.fast_can, takes_csr=False, needs="fastcan", **FEW),
    "ReliefF": Method(others.relief, takes_csr=False, regression=False, **FEW),
    "WAST (paper)": Method(paper_wast, supervised=False, by_kind=True, **FEW),
    QUICK_SELECTION_PAPER: ours(QuickSelectionSelector.from_paper, supervised=False),
    DENSE: ours(NeuronAttributionSelector, params={"topology": "dense"}),
    "permutation importance": Method(others.permutation, takes_csr=False, **FEWEST),
    "Boruta": Method(others.boruta, takes_csr=False, needs="boruta", **FEWEST),
    LASSO_NET: Method(others.lasso_net, takes_csr=False, needs="lassonet", **FEWEST),
    "gradient boosting": Method(others.gradient_boosting, **FEWEST),
    "sequential selection": Method(
        others.sequential, for_one_K=True, most_K=10, most_splits=1, most_values=1e5
    ),
}
VARIANTS = {QUICK_SELECTION_PAPER, DENSE}  # of ours, beside them in some benchmarks only


def missing(method):
    """What to install for a method, or None."""
    module = METHODS[method].needs if method in METHODS else None
    absent = module is not None and find_spec(module) is None
    return 'not installed: pip install "sparsefs[bench]"' if absent else None
