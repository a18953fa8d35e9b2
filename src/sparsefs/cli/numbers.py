# SPDX-License-Identifier: BSD-3-Clause
"""Tables of numbers: how they lie in memory, and what is missing in them."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from .errors import InputError
from .messages import counted, listed

FEW_ROWS = 10  # in which all values differ, or count, by chance
_PARTS = 256  # columns at a time, while the order in memory is changed


def numbers_of(frame, numeric, converted) -> np.ndarray:
    """Columns as one array, rows by rows in memory."""
    plain = [i for i in numeric if i not in converted]
    whole = len(plain) == frame.shape[1]
    found = (frame if whole else frame.iloc[:, plain]).to_numpy()
    if not converted:
        return in_single_precision(found)
    X = np.empty((len(frame), len(numeric)))
    place = {i: at for at, i in enumerate(numeric)}
    X[:, [place[i] for i in plain]] = found
    for i, values in converted.items():
        X[:, place[i]] = values
    return in_single_precision(X)


def in_single_precision(X) -> np.ndarray:
    """X in float32 if that keeps what its columns differ by, and in the order of its rows."""
    dtype: type = np.float32
    if X.dtype.kind == "b" or X.dtype == np.float16 or X.dtype.itemsize <= 2:
        return X.astype(dtype)
    if X.dtype.kind != "f":
        X = X.astype(np.float64)
    if X.dtype != np.float32 and _loses(X, dtype):
        dtype = np.float64
    if X.flags.c_contiguous:
        return X.astype(dtype, copy=False)
    turned = np.empty(X.shape, dtype)
    for i in range(0, X.shape[1], _PARTS):
        turned[:, i : i + _PARTS] = X[:, i : i + _PARTS]
    return turned


def _loses(X, dtype):
    """Whether a column differs by less than the type resolves, or is out of its range."""
    low, high = X.min(axis=0), X.max(axis=0)
    gaps = np.flatnonzero(np.isnan(low))
    low[gaps] = np.fmin.reduce(X[:, gaps], axis=0)
    high[gaps] = np.fmax.reduce(X[:, gaps], axis=0)
    finite = np.isfinite(low) & np.isfinite(high)  # infinite values are refused later
    low, high = low[finite], high[finite]
    largest = np.maximum(np.abs(low), np.abs(high))
    limits = np.finfo(dtype)
    coarse = limits.eps * largest > 1e-3 * (high - low)
    return bool(((high > low) & (coarse | (largest > limits.max))).any())


def missing_in(X, names) -> np.ndarray:
    """How many values of every column are missing; infinite ones are refused."""
    if sparse.issparse(X):
        bad = ~np.isfinite(X.data)
        if not bad.any():
            return np.zeros(X.shape[1], dtype=np.int64)
        infinite = np.bincount(X.indices[np.isinf(X.data)], minlength=X.shape[1])
        missing = np.bincount(X.indices[np.isnan(X.data)], minlength=X.shape[1])
    else:
        # A column with a value that is not finite has a sum that is not; most have none.
        total = X.sum(axis=0, dtype=np.float64) if X.size else np.zeros(X.shape[1])
        suspects = np.flatnonzero(~np.isfinite(total))
        missing, infinite = np.zeros((2, X.shape[1]), dtype=np.int64)
        for i in suspects:
            missing[i], infinite[i] = np.isnan(X[:, i]).sum(), np.isinf(X[:, i]).sum()
    if infinite.any():
        where = listed(at(names, infinite > 0))
        raise InputError(f"{counted(int(infinite.sum()), 'infinite value')} in {where}")
    return missing


def counts_rows(X) -> np.ndarray:
    """Which columns count the rows, from 0 or from 1."""
    n = len(X)
    found = np.isin(X[0], (0, 1)) & (X[-1] - X[0] == n - 1) & (n >= FEW_ROWS)
    for i in np.flatnonzero(found):
        found[i] = np.array_equal(X[:, i], X[0, i] + np.arange(n))
    return found


def at(names, mask) -> list[str]:
    """The names where a mask says so."""
    return [name for name, yes in zip(names, mask, strict=True) if yes]
