# SPDX-License-Identifier: BSD-3-Clause
"""Table in ``.npy`` files, whose rows follow each other."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .table import RowTable, check_unchanged, split_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray


class NpyTable(RowTable):
    """Rows of ``.npy`` files; see :func:`sparsefs.open_shards`.

    Parameters
    ----------
    files : list of Path
    columns : ndarray of int or None, default=None
        Columns of the files to take. None takes all.
    """

    def __init__(self, files: list[Path], columns: np.ndarray | None = None):
        self.files = files
        self._columns = columns
        self._starts, self._found = [0], []
        n_columns = opened(files[0]).shape[1]
        dtypes = set()
        for file in files:
            shard = opened(file)
            if shard.shape[1] != n_columns:
                raise ValueError(
                    f"{file} has {shard.shape[1]} columns, but {files[0].name} has {n_columns}."
                )
            self._starts.append(self._starts[-1] + len(shard))
            self._found.append(_described(shard))
            dtypes.add(shard.dtype)
        if columns is not None:
            n_columns = len(columns)
        super().__init__((self._starts[-1], n_columns), np.result_type(*dtypes))

    def chunks(self) -> list[slice]:
        """Return slices of about a megabyte, each within one file."""
        return [
            rows
            for start, stop in pairwise(self._starts)
            for rows in split_rows(start, stop, self.n_chunk_rows)
        ]

    def column(self, number: Any) -> NDArray[Any]:
        """Read a whole column of the files, also one that the table leaves out."""
        return np.concatenate([np.array(self._open(i)[:, number]) for i in range(len(self.files))])

    def _read(self, chunk: slice, n_rows: int, columns: np.ndarray | None) -> Iterator[np.ndarray]:
        if columns is None:
            columns = self._columns
        elif self._columns is not None:
            columns = self._columns[columns]
        i = np.searchsorted(self._starts, chunk.start, side="right") - 1
        # Opened for this chunk only: the number of open files is limited.
        shard = self._open(i)
        for rows in split_rows(chunk.start, chunk.stop, n_rows):
            part = np.asarray(shard[rows.start - self._starts[i] : rows.stop - self._starts[i]])
            yield part if columns is None else part[:, columns]

    def _open(self, i: int) -> np.ndarray:
        shard = opened(self.files[i])
        check_unchanged(self.files[i], self._found[i], _described(shard))
        return shard


def _described(shard) -> str:
    return f"shape {shard.shape}, dtype {shard.dtype}"


def opened(file) -> np.ndarray:
    """Open a file as a memory-mapped array of rows and columns."""
    try:
        shard = np.load(file, mmap_mode="r", allow_pickle=False)
        if not isinstance(shard, np.ndarray):
            raise ValueError("it is an archive of arrays.")
    except (ValueError, EOFError) as error:
        raise ValueError(f"{file} is not a .npy file of numbers: {error}") from error
    if shard.dtype.kind not in "biuf":
        raise ValueError(f"{file} must contain real numbers. Its dtype is {shard.dtype}.")
    if shard.ndim != 2:
        raise ValueError(f"{file} must have rows and columns. Its shape is {shard.shape}.")
    return shard
