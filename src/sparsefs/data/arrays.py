# SPDX-License-Identifier: BSD-3-Clause
"""Table in an array that is read by slices of rows: a memmap, Zarr, HDF5, Dask or AnnData."""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np

from .table import RowTable, split_rows


class ArrayTable(RowTable):
    """Rows of an array of any kind; see :func:`sparsefs.open_table`.

    Parameters
    ----------
    array : object of shape (n_rows, n_columns)
        Has the attributes `shape` and `dtype`. ``array[start:stop]`` is an ndarray, a sparse
        matrix, or has ``compute()``, which returns one of these. If it has `chunks`, as in Zarr,
        HDF5 and Dask, whole chunks of rows are read.
    column_names : ndarray of shape (n_columns,), dtype object, or None, default=None
    columns : ndarray of int or None, default=None
        Columns to take, in this order. None takes all.
    """

    def __init__(
        self,
        array: Any,
        column_names: np.ndarray | None = None,
        columns: np.ndarray | None = None,
    ):
        if len(array.shape) != 2:
            raise ValueError(f"The array must have rows and columns. Its shape is {array.shape}.")
        if np.dtype(array.dtype).kind not in "biuf":
            raise ValueError(f"The array must contain real numbers. Its dtype is {array.dtype}.")
        if getattr(array, "format", None) == "csc":
            raise ValueError(
                "The sparse matrix is stored by columns (CSC), so its rows cannot be read one "
                "after another. Write it as CSR."
            )
        self.array = array
        self._columns = columns
        n_rows, n_columns = array.shape
        if columns is not None:
            n_columns = len(columns)
            column_names = None if column_names is None else column_names[columns]
        super().__init__((n_rows, n_columns), array.dtype, column_names)

    def chunks(self) -> list[slice]:
        """Return slices of about a megabyte, or of whole chunks if the array is stored in them."""
        n_rows, stored = self.shape[0], getattr(self.array, "chunks", None)
        if stored is None:
            return split_rows(0, n_rows, self.n_chunk_rows)
        if isinstance(stored[0], tuple):  # the sizes of all chunks
            ends = np.cumsum(stored[0]).tolist()
            return [slice(*pair) for pair in pairwise([0, *ends]) if pair[0] < pair[1]]
        n_at_once = stored[0] * max(1, self.n_chunk_rows // stored[0])
        return split_rows(0, n_rows, n_at_once)

    def _read(self, chunk: slice, n_rows: int, columns: np.ndarray | None) -> Iterator[np.ndarray]:
        if columns is None:
            columns = self._columns
        elif self._columns is not None:
            columns = self._columns[columns]
        stored = self.array[chunk]
        if hasattr(stored, "compute"):
            stored = stored.compute()
        for rows in split_rows(0, chunk.stop - chunk.start, n_rows):
            check_file(self.array)
            part = stored[rows]
            part = part.toarray() if hasattr(part, "toarray") else np.asarray(part)
            yield part if columns is None else part[:, columns]


def check_file(array: np.ndarray) -> None:
    """Refuse an array that lies in a file which was cut: reading it would kill the process."""
    base: object = array
    while isinstance(base, np.ndarray):
        mapped = getattr(base, "_mmap", None)
        if isinstance(base, np.memmap) and isinstance(mapped, mmap.mmap):
            n_bytes = base.offset - base.offset % mmap.ALLOCATIONGRANULARITY + len(mapped)
            if mapped.size() < n_bytes:
                raise ValueError(
                    f"{base.filename} was cut to {mapped.size()} bytes since it was opened as a "
                    f"memmap of {n_bytes} bytes."
                )
            return
        base = base.base
