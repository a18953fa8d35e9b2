# SPDX-License-Identifier: BSD-3-Clause
"""Tables of numbers: their layout in memory, missing values, row numbers."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from ..utils.text import counted, listed
from .errors import InputError

FEW_ROWS = 10  # below, values may all differ, or count the rows, by chance
_STEADY = 0.5  # share of steps of 1 in a column of row numbers
_PART = 2**23  # numbers copied at a time


def numbers_of(frame, numeric, converted) -> np.ndarray:
    """Return numeric columns as one array in row order, as :func:`in_single_precision` does.

    Some columns are copied at a time, so that there is no second copy of the table.
    """
    found: np.ndarray = np.empty((len(frame), len(numeric)), np.float32)
    start, n_columns = 0, max(1, _PART // max(1, len(frame)))
    while start < len(numeric):
        some = numeric[start : start + n_columns]
        part = frame.iloc[:, some].to_numpy() if converted.keys().isdisjoint(some) else None
        if part is None:
            columns = [converted[i] if i in converted else frame.iloc[:, i] for i in some]
            part = np.column_stack([np.asarray(column, np.float64) for column in columns])
        part = in_single_precision(part)
        if found.dtype == np.float32 and part.dtype != np.float32:
            found, start = np.empty(found.shape), 0
            continue
        found[:, start : start + n_columns] = part
        start += n_columns
    return found


def in_single_precision(X) -> np.ndarray:
    """Return X in row order; in float32 where that keeps the differences within each column."""
    dtype: type = np.float32
    if X.dtype.kind == "b" or X.dtype == np.float16 or X.dtype.itemsize <= 2:
        return X.astype(dtype)
    if X.dtype.kind != "f":
        X = X.astype(np.float64)
    if X.dtype != np.float32 and _loses(X, dtype):
        dtype = np.float64
    if X.flags.c_contiguous:
        return X.astype(dtype, copy=False)
    turned, n_columns = np.empty(X.shape, dtype), max(1, _PART // max(1, len(X)))
    for i in range(0, X.shape[1], n_columns):
        turned[:, i : i + n_columns] = X[:, i : i + n_columns]
    return turned


def _loses(X, dtype):
    """Return whether the type is too coarse for a column, or too small."""
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
    """Count the missing values of each column; infinite values are an error."""
    if sparse.issparse(X):
        bad = ~np.isfinite(X.data)
        if not bad.any():
            return np.zeros(X.shape[1], dtype=np.int64)
        infinite = np.bincount(X.indices[np.isinf(X.data)], minlength=X.shape[1])
        missing = np.bincount(X.indices[np.isnan(X.data)], minlength=X.shape[1])
    else:
        # The sum of a column is finite unless one of its values is not.
        total = X.sum(axis=0, dtype=np.float64) if X.size else np.zeros(X.shape[1])
        suspects = np.flatnonzero(~np.isfinite(total))
        missing, infinite = np.zeros((2, X.shape[1]), dtype=np.int64)
        for i in suspects:
            missing[i], infinite[i] = np.isnan(X[:, i]).sum(), np.isinf(X[:, i]).sum()
    if infinite.any():
        where = listed(at(names, infinite > 0))
        n = counted(int(infinite.sum()), "infinite value")
        raise InputError(f"{n} in {where}: replace them, or use --exclude")
    return missing


def counts_rows(X) -> np.ndarray:
    """Return a mask of the columns that number the rows: whole numbers, each a step further.

    Steps may be larger where rows were left out.
    """
    n = len(X)
    span = np.abs(X[-1] - X[0])
    found = (span >= n - 1) & (span <= 2 * n) & (n >= FEW_ROWS)
    for i in np.flatnonzero(found):
        steps = np.diff(X[:, i]) * np.sign(X[-1, i] - X[0, i])
        found[i] = (steps >= 1).all() and (steps == 1).mean() >= _STEADY and _is_whole(X[0, i])
        found[i] &= bool((steps == np.rint(steps)).all())
    return found


def _is_whole(value):
    return value == np.rint(value)


def at(names, mask) -> list[str]:
    """Return the names where the mask is True."""
    return [name for name, yes in zip(names, mask, strict=True) if yes]
