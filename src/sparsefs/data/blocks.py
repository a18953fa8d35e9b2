# SPDX-License-Identifier: BSD-3-Clause
"""Streaming over tables that may be larger than memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from . import RowTable


def row_blocks(X, n_numbers: int = 2**20) -> list[slice]:
    """Slices of consecutive rows of about `n_numbers` numbers, to stream over a table."""
    n_rows = max(1, n_numbers // max(1, X.shape[1]))
    return [slice(i, min(i + n_rows, X.shape[0])) for i in range(0, X.shape[0], n_rows)]


def read_blocks(X, n_numbers: int = 2**20) -> Iterator[tuple[slice, Any]]:
    """Pairs of (slice, rows) of about `n_numbers` numbers at most, from first to last."""
    if isinstance(X, RowTable):
        yield from X.blocks(max(1, n_numbers // max(1, X.shape[1])))
    else:
        yield from ((rows, X[rows]) for rows in row_blocks(X, n_numbers))
