# SPDX-License-Identifier: BSD-3-Clause
"""Checks of parameters, and protection of an earlier fit, for every estimator."""

from __future__ import annotations

import inspect
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
