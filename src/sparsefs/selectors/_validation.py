# SPDX-License-Identifier: BSD-3-Clause
"""Input checks whose messages name the column."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from .._blocks import column_range, row_blocks


def non_numeric_columns(X) -> list:
    """Names (or numbers) of the columns of `X` that are no real numbers."""
    if hasattr(X, "columns") and hasattr(X, "__getitem__"):
        columns = [(name, np.asarray(X[name])) for name in X.columns]
    else:
        X = np.asarray(X, dtype=object)
        if X.ndim != 2:
            return []
        columns = [(j, X[:, j]) for j in range(X.shape[1])]

    def is_numeric(column):
        if column.dtype.kind in "mMc":  # dates, durations, complex numbers
            return False
        try:
            column.astype(np.float64)
        except (TypeError, ValueError):
            return False
        return True

    return [name for name, column in columns if not is_numeric(column)]


def constant_columns(X, feature_names=None) -> np.ndarray:
    """Which columns of `X` hold one value only, after checking that all values are finite.

    Parameters
    ----------
    X : ndarray, memmap or CSR matrix of shape (n_samples, n_features)
    feature_names : ndarray of str or None

    Returns
    -------
    ndarray of shape (n_features,), dtype bool

    Raises
    ------
    ValueError
        If there are NaN or infinite values; says how many, and in which columns.
    """
    low, high = column_range(X)
    finite = np.isfinite(low) & np.isfinite(high)
    if not finite.all():
        raise ValueError(_describe_non_finite(X, np.flatnonzero(~finite), feature_names))
    return low == high


def _describe_non_finite(X, columns, feature_names):
    if sparse.issparse(X):
        n_nan, n_inf = int(np.isnan(X.data).sum()), int(np.isinf(X.data).sum())
    else:
        n_nan = sum(int(np.isnan(X[rows][:, columns]).sum()) for rows in row_blocks(X))
        n_inf = sum(int(np.isinf(X[rows][:, columns]).sum()) for rows in row_blocks(X))
    return (
        f"Input X contains {n_nan} NaN and {n_inf} inf values, in "
        f"{name_columns(columns, feature_names)}. Impute or remove them first, for "
        "example with sklearn.impute.SimpleImputer."
    )


def mean_one(weight: np.ndarray) -> np.ndarray:
    """Scale weights to mean 1 over those that are not 0, however large or small they are."""
    weight = weight / weight.max()
    return weight / weight[weight > 0].mean()


def name_columns(columns, feature_names=None, most: int = 10) -> str:
    """Read like ``columns 'a', 'b' and 7 more``."""
    names = columns if feature_names is None else np.asarray(feature_names)[columns]
    shown = ", ".join(
        repr(getattr(name, "item", lambda name=name: name)()) for name in names[:most]
    )
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return f"column{'s' if len(names) > 1 else ''} {shown}{more}"
