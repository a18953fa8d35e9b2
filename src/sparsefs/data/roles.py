# SPDX-License-Identifier: BSD-3-Clause
"""Columns that a parameter names: covariates, features to keep, features to leave out."""

from __future__ import annotations

import numpy as np

from ..utils.text import listed


def column_mask(entries, names, n_features: int, parameter: str = "adjust_for") -> np.ndarray:
    """Return which columns a parameter means.

    Parameters
    ----------
    entries : sequence of str or int, or None
        Names or indices of columns. None: no column.
    names : ndarray of str of shape (n_features,), or None
        Names of the columns, if X has any.
    n_features : int
        Number of columns.
    parameter : str
        Its name, for the error.

    Returns
    -------
    mask : ndarray of shape (n_features,), dtype bool

    Raises
    ------
    ValueError
        If an entry is no column of X, a column is given twice, or no feature remains.
    """
    mask = np.zeros(n_features, dtype=bool)
    if entries is None:
        return mask
    if isinstance(entries, (str, bytes, dict)) or not hasattr(entries, "__iter__"):
        raise ValueError(
            f"The {parameter!r} parameter must be a list of column names or indices. Got "
            f"{entries!r} instead."
        )
    places = places_of(names)
    for entry in entries:
        j = place_of(entry, places, n_features, parameter)
        if mask[j]:
            raise ValueError(f"The {parameter!r} parameter has column {entry!r} twice.")
        mask[j] = True
    if mask.all():
        raise ValueError(
            f"The {parameter!r} parameter has all columns of X (n_features={n_features}), so there "
            "is no feature to select."
        )
    return mask


def places_of(names) -> dict[str, int]:
    """Return the number of each named column."""
    return {} if names is None else {str(name): j for j, name in enumerate(names)}


def place_of(entry, places: dict[str, int], n_features: int, parameter: str) -> int:
    """Index of the column that an entry means."""
    if isinstance(entry, np.generic):
        entry = entry.item()
    if isinstance(entry, str):
        if entry in places:
            return places[entry]
        known = f"Its columns are {listed(places)}." if places else "X has no column names."
        raise ValueError(f"The {parameter!r} parameter has {entry!r}, which is not in X. {known}")
    if not isinstance(entry, int) or isinstance(entry, bool):
        raise ValueError(
            f"The {parameter!r} parameter must contain column names or indices. Got {entry!r}."
        )
    if not 0 <= entry < n_features:
        raise ValueError(
            f"The {parameter!r} parameter has the index {entry}, but n_features={n_features}: the "
            f"columns of X are 0 to {n_features - 1}."
        )
    return entry
