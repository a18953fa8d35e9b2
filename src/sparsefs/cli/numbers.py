# SPDX-License-Identifier: BSD-3-Clause
"""Tables of numbers: how they lie in memory, and what is missing in them."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from .errors import InputError
from .messages import counted, listed

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
    if X.dtype != np.float32:
        finite = np.isfinite(X)
        low = np.min(X, axis=0, initial=np.inf, where=finite)
        high = np.max(X, axis=0, initial=-np.inf, where=finite)
        largest = np.maximum(np.abs(low), np.abs(high))
        step = np.finfo(dtype).eps * largest
        lossy = (high > low) & ((step > 1e-3 * (high - low)) | (largest > np.finfo(dtype).max))
        dtype = np.float64 if lossy.any() else np.float32
    if X.flags.c_contiguous:
        return X.astype(dtype, copy=False)
    turned = np.empty(X.shape, dtype)
    for i in range(0, X.shape[1], _PARTS):
        turned[:, i : i + _PARTS] = X[:, i : i + _PARTS]
    return turned


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


def at(names, mask) -> list[str]:
    """The names where a mask says so."""
    return [name for name, yes in zip(names, mask, strict=True) if yes]
