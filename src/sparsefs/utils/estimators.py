# SPDX-License-Identifier: BSD-3-Clause
"""Handling of parameters and of an earlier fit, common to all estimators."""

from __future__ import annotations

import inspect
import warnings
from contextlib import contextmanager
from numbers import Integral

import numpy as np
from sklearn.utils._param_validation import Interval


def refuse_booleans(estimator):
    """Refuse True and False for integer parameters: Python takes them for 1 and 0."""
    for name, constraints in estimator._parameter_constraints.items():
        counts = any(isinstance(c, Interval) and c.type is Integral for c in constraints)
        value = getattr(estimator, name)
        if counts and isinstance(value, (bool, np.bool_)):
            raise ValueError(
                f"The {name!r} parameter of {type(estimator).__name__} must be a number. Got "
                f"{value!r} instead."
            )


def refuse_classes(selector, *names):
    """Raise ValueError where a parameter is a class and should be one of its objects."""
    for name in names:
        value = getattr(selector, name)
        if inspect.isclass(value):
            raise ValueError(
                f"The {name!r} parameter of {type(selector).__name__} is the class "
                f"{value.__name__}: pass an object of it, {value.__name__}(...)."
            )


def number_of_features(K, n_features: int, warn: bool) -> int:
    """Return how many features a K selects: a number, or a share of all.

    Warns
    -----
    UserWarning
        If K is greater than the number of features and `warn` is true.
    """
    if not isinstance(K, Integral):
        return max(1, round(K * n_features))
    if warn and int(K) > n_features:
        warnings.warn(
            f"K={K} is greater than n_features={n_features}. All the features are kept.",
            UserWarning,
            stacklevel=5,
        )
    return min(int(K), n_features)


@contextmanager
def earlier_fit_kept(selector):
    """Undo what validation writes to the selector, if the fit fails."""
    names = ("n_features_in_", "feature_names_in_", "path_")
    before = {name: getattr(selector, name) for name in names if hasattr(selector, name)}
    try:
        yield
    except BaseException:
        for name in names:
            selector.__dict__.pop(name, None)
        selector.__dict__.update(before)
        raise
