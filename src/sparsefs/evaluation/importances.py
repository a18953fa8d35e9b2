# SPDX-License-Identifier: BSD-3-Clause
"""Importances of the features, read from a fitted estimator of any kind."""

from __future__ import annotations

from operator import attrgetter

import numpy as np
from scipy import sparse

from ..utils.warning import warn_user
from .folds import last_step


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
        fitted, _ = last_step(fitted)
        getter = _name_of_importances(fitted)
    try:
        values = attrgetter(getter)(fitted) if isinstance(getter, str) else getter(fitted)
    except Exception as error:
        if not isinstance(getter, (str, type)) and not isinstance(error, AttributeError):
            raise  # of the user's function
        raise ValueError(
            f"importance_getter={getter!r} does not work with {type(fitted).__name__}: {error}"
        ) from error
    values = values() if callable(values) else values
    values = abs(values).sum(axis=0) if sparse.issparse(values) else values
    try:
        values = np.asarray(values)
    except ValueError:  # lists of different lengths
        values = np.asarray(None)
    if values.ndim == 2:
        values = np.abs(values).sum(axis=0)
    if values.shape != (n_features,) or values.dtype.kind not in "biuf":
        raise ValueError(
            f"The 'importance_getter' parameter must give a number per feature, {n_features} of "
            f"them. Got {values.dtype} of shape {values.shape} from {getter!r} of "
            f"{type(fitted).__name__}."
        )
    if values.dtype == bool:
        return values, values
    values = values.astype(np.float64)
    name = getter.rpartition(".")[2] if isinstance(getter, str) else ""
    known = candidates = ~np.isnan(values)  # univariate tests of constant columns give NaN
    if name in ("ranking_", "pvalues_"):
        values = -values
    elif name != "scores_":  # as in SelectFromModel and RFE
        if name not in ("coef_", "feature_importances_"):
            _check_magnitudes(values, getter)
        known = values > -np.inf
        values = np.abs(values)
        candidates = known & (values > 0)
    return np.where(known, values, -np.inf), candidates


def _check_magnitudes(values, getter):
    """Refuse ranks, by whose magnitudes the worst would be first, and warn of negated values."""
    negated, sizes = bool((values < 0).all()), np.unique(np.abs(values))
    one_sign = negated or bool((values > 0).all())
    if one_sign and 1 < len(sizes) == sizes[-1] and (sizes == np.arange(len(sizes)) + 1).all():
        raise ValueError(
            f"importance_getter={getter!r} gives ranks, the whole numbers from 1 to {len(sizes)}, "
            "but a larger number means a better feature. If 1 is the best, pass 'ranking_' (the "
            "name of the attribute) or return 1 / rank."
        )
    if negated and len(values) > 1:
        warn_user(
            f"importance_getter={getter!r} gives negative values only. Their magnitudes count, as "
            "those of coefficients do. If a higher value is better, return values of at least 0, "
            "such as np.exp(values)."
        )


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
        f"{type(fitted).__name__} has none of {', '.join(names)}. Set 'importance_getter': to the "
        "name of an attribute, such as 'named_steps.clf.coef_' for the step 'clf' of a Pipeline; "
        "or to a function of the fitted estimator, such as sklearn.inspection's "
        "lambda model: permutation_importance(model, X, y, random_state=0).importances_mean.clip(0)"
    )
