# SPDX-License-Identifier: BSD-3-Clause
"""Streaming over tables that may be larger than memory."""

from __future__ import annotations


def row_blocks(X, n_numbers: int = 2**20) -> list[slice]:
    """Slices of consecutive rows of about `n_numbers` numbers, to stream over a memmap."""
    n_rows = max(1, n_numbers // max(1, X.shape[1]))
    return [slice(i, i + n_rows) for i in range(0, X.shape[0], n_rows)]
