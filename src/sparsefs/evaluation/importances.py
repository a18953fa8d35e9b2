# SPDX-License-Identifier: BSD-3-Clause
"""Importances of the features, read from a fitted estimator of any kind."""

from __future__ import annotations

from operator import attrgetter

import numpy as np
from scipy import sparse
from sklearn.pipeline import Pipeline


def importances(fitted, getter, n_features):
    """Return what a fitted estimator says of the features, and which of them may be taken.

    Parameters
    ----------
    fitted : estimator
    getter : str or callable
        Name of an attribute, or a function of the estimator. ``"auto"`` finds the attribute; for
        a Pipeline in its last step.
    n_features : int

    Returns
    -------
    values : ndarray of shape (n_features,), dtype float64 or bool
        Higher is better; booleans are the selection itself. Never NaN.
    candidates : ndarray of shape (n_features,), dtype bool
    """
    if getter == "auto":
        while isinstance(fitted, Pipeline):
            fitted = fitted[-1]
        getter = _name_of_importances(fitted)
    try:
        values = attrgetter(getter)(fitted) if isinstance(getter, str) else getter(fitted)
    except AttributeError as error:
        raise ValueError(
            f"importance_getter={getter!r} does not work with {type(fitted).__name__}: {error}"
        ) from error
    values = values() if callable(values) else values
    values = abs(values).sum(axis=0) if sparse.issparse(values) else values
    values = np.asarray(values)
    name = getter.rpartition(".")[2] if isinstance(getter, str) else ""
    magnitude = values.ndim == 2 or name in ("coef_", "feature_importances_")
    if values.ndim == 2 or name == "coef_":
        values = np.abs(np.atleast_2d(values)).sum(axis=0)
    if values.shape != (n_features,) or values.dtype.kind not in "biuf":
        raise ValueError(
            f"The 'importance_getter' parameter must give a number per feature, {n_features} of "
            f"them. Got {values.dtype} of shape {values.shape} from {getter!r} of "
            f"{type(fitted).__name__}."
        )
    if values.dtype == bool:
        return values, values
    values = values.astype(np.float64)
    if name == "ranking_":
        values = -values
    known = ~np.isnan(values)  # univariate tests of constant columns give NaN
    return np.where(known, values, -np.inf), known & (values != 0) if magnitude else known


def _name_of_importances(fitted):
    # scores_ of what is no selector are something else: those of cross-validation, for instance.
    names: tuple[str, ...]
    if hasattr(fitted, "get_support"):
        names = ("scores_", "ranking_", "get_support")
    else:
        names = ("feature_importances_", "coef_")
    for name in names:
        if getattr(fitted, name, None) is not None:
            return name
    raise ValueError(
        f"{type(fitted).__name__} has none of {', '.join(names)}: set 'importance_getter', for "
        "example to 'named_steps.clf.coef_' for the step 'clf' of a Pipeline."
    )
