# SPDX-License-Identifier: BSD-3-Clause
"""What every table on disk can do, whatever its format."""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any

import numpy as np

# What is read at once: long enough for a disk, and many of them fit in the buffer.
CHUNK_BYTES = 2**20
# What a fit holds of a table: where its rows are shuffled. A smaller table is read whole.
BUFFER_BYTES = 2**27


class RowTable(ABC):
    """Read-only table of numbers on disk, of which only what is asked for is read.

    Selectors take it as X in `fit`, `transform` and `score`. Indexing reads into an array:
    ``table[100:200]``, ``table[rows]``, ``table[:, columns]``, ``table[np.ix_(rows, columns)]``.

    A format implements :meth:`chunks` and :meth:`_read`.

    Parameters
    ----------
    shape : tuple of (n_rows, n_columns)
    dtype : dtype
        Of the arrays that are read.
    column_names : ndarray of shape (n_columns,), dtype object, or None, default=None
        A selector fitted on the table has them as its ``feature_names_in_``.
    """

    ndim = 2

    def __init__(self, shape: tuple[int, int], dtype: Any, column_names: np.ndarray | None = None):
        self.shape = shape
        self.dtype = np.dtype(dtype)
        self.column_names = column_names

    @abstractmethod
    def chunks(self) -> list[slice]:
        """Slices of rows, in order, each of which is best read from its start to its end."""

    @abstractmethod
    def _read(self, chunk: slice, n_rows: int, columns: np.ndarray | None) -> Iterator[np.ndarray]:
        """The rows of a chunk in order, at most `n_rows` at a time, of any type of number."""

    @property
    def nbytes(self) -> int:
        """Bytes of the whole table, were it an array."""
        return self.shape[0] * self.shape[1] * self.dtype.itemsize

    @property
    def n_chunk_rows(self) -> int:
        """How many rows make up about a megabyte, at least one."""
        return max(1, CHUNK_BYTES // max(1, self.shape[1] * self.dtype.itemsize))

    def fits_in_buffer(self) -> bool:
        """Whether the table is so small that a fit reads it whole."""
        return self.nbytes <= BUFFER_BYTES

    def astype(self, dtype) -> RowTable:
        """The same table, read as another type."""
        other = copy.copy(self)
        other.dtype = np.dtype(dtype)
        return other

    def read(
        self, chunk: slice, n_rows: int | None = None, columns: np.ndarray | None = None
    ) -> Iterator[tuple[slice, np.ndarray]]:
        """Read one of the chunks.

        Parameters
        ----------
        chunk : slice
            One of :meth:`chunks`.
        n_rows : int or None, default=None
            At most so many rows at a time; None for about a megabyte.
        columns : ndarray of int or None, default=None
            Read these columns only, in this order.

        Yields
        ------
        rows : slice
        block : ndarray of shape (n, n_columns)
        """
        start = chunk.start
        for block in self._read(chunk, n_rows or self.n_chunk_rows, columns):
            rows = slice(start, start + len(block))
            yield rows, np.asarray(block, dtype=self.dtype)
            start = rows.stop

    def blocks(
        self, n_rows: int | None = None, columns: np.ndarray | None = None
    ) -> Iterator[tuple[slice, np.ndarray]]:
        """All rows from first to last, reading every file once; see :meth:`read`."""
        for chunk in self.chunks():
            yield from self.read(chunk, n_rows, columns)

    def __len__(self):
        return self.shape[0]

    def __repr__(self):
        return f"{type(self).__name__}(shape={self.shape}, dtype={self.dtype})"

    def __array__(self, dtype=None, copy=None):
        if copy is False:
            raise ValueError("A table on disk cannot be an array without a copy.")
        return self[:].astype(dtype or self.dtype, copy=False)

    def __getitem__(self, key):
        rows, columns = self._places(key)
        taken = self._take(np.atleast_1d(rows), np.atleast_1d(columns))
        return taken.reshape(rows.shape + columns.shape)

    def _places(self, key):
        """Row and column numbers of an index, each of 0 or 1 dimensions."""
        key = tuple(k for k in key if k is not Ellipsis) if isinstance(key, tuple) else (key,)
        if len(key) > 2:
            raise IndexError(f"A table has 2 dimensions, got {len(key)} indices.")
        key += (slice(None),) * (2 - len(key))
        if all(np.ndim(k) == 2 for k in key):  # from numpy.ix_
            key = tuple(np.ravel(k) for k in key)
        elif all(np.ndim(k) == 1 for k in key):
            raise IndexError("Pass numpy.ix_(rows, columns) to read some columns of some rows.")
        places = [np.asarray(np.arange(n)[k]) for n, k in zip(self.shape, key, strict=True)]
        if any(place.ndim > 1 for place in places):
            raise IndexError("Rows and columns must be slices, numbers or 1-d arrays of them.")
        return places

    def _take(self, rows, columns):
        everything = len(columns) == self.shape[1] and (np.diff(columns) == 1).all()
        chosen = None if everything else columns
        taken = np.empty((len(rows), len(columns)), dtype=self.dtype)
        order = np.argsort(rows, kind="stable")
        ordered = rows[order]

        def within(part):
            return slice(*np.searchsorted(ordered, [part.start, part.stop]))

        for chunk in self.chunks():
            if len(ordered[within(chunk)]) == 0:
                continue
            for part, block in self.read(chunk, columns=chosen):
                here = within(part)
                taken[order[here]] = block[ordered[here] - part.start]
        return taken


def split_rows(start: int, stop: int, n_rows: int) -> list[slice]:
    """Slices of at most `n_rows` rows that cover a range."""
    return [slice(i, min(i + n_rows, stop)) for i in range(start, stop, n_rows)]
