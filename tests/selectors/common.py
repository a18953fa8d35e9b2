# SPDX-License-Identifier: BSD-3-Clause
"""The selectors under test: every contract test runs for each of them.

A selector that the package exports is tested; it needs a line in `QUICK` where it is not quick
with one small hidden layer.
"""

import inspect

import numpy as np
import pytest
from sklearn.datasets import make_classification
from sklearn.utils._param_validation import make_constraint

import sparsefs
from sparsefs.selectors.base import BaseSelector

SELECTORS = [
    item
    for item in (getattr(sparsefs, name) for name in sparsefs.__all__)
    if inspect.isclass(item) and issubclass(item, BaseSelector)
]
# What makes a class quick, besides what `quick` sets for all of them.
QUICK = {
    "HyperSparseSelector": {
        "hidden_layer_sizes": (16, 8),
        "density": 0.1,
        "warmup_epochs": 1,
        "fine_tune_epochs": 1,
    },
    "NeuroFSSelector": {"hidden_layer_sizes": (16, 8), "density": 0.3},
    "NeuronAttributionSelector": {"hidden_layer_sizes": (16, 8), "density": 0.1},
    "QuickSelectionSelector": {"density": 0.3},
}
# What makes scikit-learn's checks of the default selector affordable.
AFFORDABLE = {
    "HyperSparseSelector": {"max_iter": 5, "hidden_layer_sizes": 50, "fine_tune_epochs": 2},
    "NeuroFSSelector": {"max_iter": 5, "hidden_layer_sizes": 50},
    "NeuronAttributionSelector": {"max_iter": 20},
}


def needs_y(Selector):
    return Selector().__sklearn_tags__().target_tags.required


SUPERVISED = [Selector for Selector in SELECTORS if needs_y(Selector)]
UNSUPERVISED = [Selector for Selector in SELECTORS if not needs_y(Selector)]
every_selector = pytest.mark.parametrize("Selector", SELECTORS)
# What trains one network keeps it, to predict with.
SCORING = [Selector for Selector in SELECTORS if hasattr(Selector, "score")]
every_scoring = pytest.mark.parametrize("Selector", SCORING)
every_supervised_scoring = pytest.mark.parametrize(
    "Selector", [Selector for Selector in SUPERVISED if Selector in SCORING]
)
every_supervised = pytest.mark.parametrize("Selector", SUPERVISED)
every_unsupervised = pytest.mark.parametrize("Selector", UNSUPERVISED)


# Where training is random sample by sample, a weight of 2 is not the same as a sample twice.
NOT_RANDOM = {"GradualPruningSelector": {"noise_std": 0.0}}


def with_parameter(*names):
    """Run a test for the selectors that have these parameters."""
    having = [S for S in SELECTORS if set(names) <= set(S().get_params())]
    return pytest.mark.parametrize("Selector", having)


def with_each(name, values):
    """Run a test for every selector with each of the values it takes for a parameter."""
    pairs = [(S, value) for S in SELECTORS for value in values if takes(S, name, value)]
    return pytest.mark.parametrize(("Selector", name), pairs)


def takes(Selector, name, value):
    if name not in Selector().get_params():
        return False
    constraints = Selector._parameter_constraints[name]
    return any(make_constraint(c).is_satisfied_by(value) for c in constraints)


def quick(Selector, K=5, **params):
    """A selector that fits in milliseconds."""
    setting = {"max_iter": 3, "hidden_layer_sizes": 16, "batch_size": 16, "random_state": 0}
    setting = {**setting, **QUICK.get(Selector.__name__, {}), "device": "cpu"}
    return Selector(K=K, **{**setting, **params})


def classes(X):
    """A y for X: three classes in turn."""
    n_samples = X.shape[0] if hasattr(X, "shape") else len(X)
    return np.arange(n_samples) % 3


def first_ten_informative(seed):
    """Samples of eight classes, of which the first 10 of 60 features tell."""
    return make_classification(
        n_samples=500,
        n_features=60,
        n_informative=10,
        n_redundant=0,
        n_classes=8,
        n_clusters_per_class=1,
        class_sep=2.0,
        shuffle=False,
        random_state=seed,
    )


def fit(selector, X, y=None, **kwargs):
    """Fit with the given y, else with `classes` where the selector needs a y."""
    if y is None and needs_y(type(selector)):
        y = classes(X)
    return selector.fit(X, y, **kwargs)
