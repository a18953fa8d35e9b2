# SPDX-License-Identifier: BSD-3-Clause
"""Streaming over tables that may be larger than memory."""

from __future__ import annotations

import numpy as np
from scipy import sparse


def row_blocks(X, n_numbers: int = 2**20) -> list[slice]:
    """Slices of consecutive rows of about `n_numbers` numbers, to stream over a memmap."""
    n_rows = max(1, n_numbers // max(1, X.shape[1]))
    return [slice(i, i + n_rows) for i in range(0, X.shape[0], n_rows)]


def column_range(X) -> tuple[np.ndarray, np.ndarray]:
    """Smallest and largest value of every column; NaN and inf pass through."""
    if sparse.issparse(X):
        low, high = (np.asarray(m.todense()).ravel() for m in (X.min(axis=0), X.max(axis=0)))
        return low, high
    low = np.full(X.shape[1], np.inf)
    high = -low
    for rows in row_blocks(X):
        low = np.minimum(low, X[rows].min(axis=0))
        high = np.maximum(high, X[rows].max(axis=0))
    return low, high
