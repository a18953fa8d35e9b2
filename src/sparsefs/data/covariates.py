# SPDX-License-Identifier: BSD-3-Clause
"""Covariates: columns that every fit sees and that no selection may contain."""

from __future__ import annotations

import numpy as np

from ..utils.text import listed


def covariate_mask(adjust_for, names, n_features: int) -> np.ndarray:
    """Return which columns `adjust_for` means.

    Parameters
    ----------
    adjust_for : sequence of str or int, or None
        Names or indices of columns. None: no covariates.
    names : ndarray of str of shape (n_features,), or None
        Names of the columns, if X has any.
    n_features : int
        Number of columns.

    Returns
    -------
    mask : ndarray of shape (n_features,), dtype bool

    Raises
    ------
    ValueError
        If an entry is no column of X, a column is given twice, or no feature remains.
    """
    mask = np.zeros(n_features, dtype=bool)
    if adjust_for is None:
        return mask
    if isinstance(adjust_for, (str, bytes, dict)) or not hasattr(adjust_for, "__iter__"):
        raise ValueError(
            "The 'adjust_for' parameter must be a list of column names or indices. Got "
            f"{adjust_for!r} instead."
        )
    places = {} if names is None else {str(name): j for j, name in enumerate(names)}
    for entry in adjust_for:
        j = _place(entry, places, n_features)
        if mask[j]:
            raise ValueError(f"The 'adjust_for' parameter has column {entry!r} twice.")
        mask[j] = True
    if mask.all():
        raise ValueError(
            f"The 'adjust_for' parameter has all columns of X (n_features={n_features}), so there "
            "is no feature to select."
        )
    return mask


def _place(entry, places: dict[str, int], n_features: int) -> int:
    """Index of the column that an entry means."""
    if isinstance(entry, np.generic):
        entry = entry.item()
    if isinstance(entry, str):
        if entry in places:
            return places[entry]
        known = f"Its columns are {listed(places)}." if places else "X has no column names."
        raise ValueError(f"The 'adjust_for' parameter has {entry!r}, which is not in X. {known}")
    if not isinstance(entry, int) or isinstance(entry, bool):
        raise ValueError(
            f"The 'adjust_for' parameter must contain column names or indices. Got {entry!r}."
        )
    if not 0 <= entry < n_features:
        raise ValueError(
            f"The 'adjust_for' parameter has the index {entry}, but n_features={n_features}: the "
            f"columns of X are 0 to {n_features - 1}."
        )
    return entry
