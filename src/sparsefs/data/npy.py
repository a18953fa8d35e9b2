# SPDX-License-Identifier: BSD-3-Clause
"""Tables in ``.npy`` files, one below the other."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np

from .table import RowTable, split_rows


class NpyTable(RowTable):
    """Rows of ``.npy`` files; see :func:`sparsefs.open_shards`.

    Parameters
    ----------
    files : list of Path
    columns : ndarray of int or None, default=None
        The columns of the files that make up the table; None for all.
    """

    def __init__(self, files: list[Path], columns: np.ndarray | None = None):
        self.files = files
        self._columns = columns
        self._starts, dtypes = [0], set()
        n_columns = opened(files[0]).shape[1]
        for file in files:
            shard = opened(file)
            if shard.shape[1] != n_columns:
                raise ValueError(
                    f"{file} has {shard.shape[1]} columns, {files[0].name} has {n_columns}."
                )
            self._starts.append(self._starts[-1] + len(shard))
            dtypes.add(shard.dtype)
        if columns is not None:
            n_columns = len(columns)
        super().__init__((self._starts[-1], n_columns), np.result_type(*dtypes))

    def chunks(self) -> list[slice]:
        """Slices of about a megabyte, none of which is in two files."""
        return [
            rows
            for start, stop in pairwise(self._starts)
            for rows in split_rows(start, stop, self.n_chunk_rows)
        ]

    def column(self, number: int) -> np.ndarray:
        """A whole column of the files, for instance the labels that the table leaves out."""
        return np.concatenate([np.array(opened(file)[:, number]) for file in self.files])

    def _read(self, chunk: slice, n_rows: int, columns: np.ndarray | None) -> Iterator[np.ndarray]:
        if columns is None:
            columns = self._columns
        elif self._columns is not None:
            columns = self._columns[columns]
        i = np.searchsorted(self._starts, chunk.start, side="right") - 1
        # Opened for this chunk only: thousands of shards are more than may be open at a time.
        shard = opened(self.files[i])
        for rows in split_rows(chunk.start, chunk.stop, n_rows):
            part = np.asarray(shard[rows.start - self._starts[i] : rows.stop - self._starts[i]])
            yield part if columns is None else part[:, columns]


def opened(file) -> np.memmap:
    """A file as a memory-mapped array of rows and columns."""
    try:
        shard = np.load(file, mmap_mode="r", allow_pickle=False)
    except ValueError as error:
        raise ValueError(f"{file} is no .npy file of numbers: {error}") from error
    if shard.dtype.kind not in "biuf":
        raise ValueError(f"{file} holds no real numbers: its dtype is {shard.dtype}.")
    if shard.ndim != 2:
        raise ValueError(f"{file} must have rows and columns. Its shape is {shard.shape}.")
    return shard
