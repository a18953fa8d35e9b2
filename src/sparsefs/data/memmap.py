# SPDX-License-Identifier: BSD-3-Clause
"""Table in a numpy.memmap, which is converted to another type while it is read."""

from __future__ import annotations

import mmap
from collections.abc import Iterator

import numpy as np

from .table import RowTable, split_rows


class MemmapTable(RowTable):
    """Rows of a memory-mapped array.

    Parameters
    ----------
    array : memmap of shape (n_rows, n_columns)
    """

    def __init__(self, array: np.memmap):
        super().__init__(array.shape, array.dtype)
        self.array = array

    def chunks(self) -> list[slice]:
        """Return slices of about a megabyte."""
        return split_rows(0, self.shape[0], self.n_chunk_rows)

    def _read(self, chunk: slice, n_rows: int, columns: np.ndarray | None) -> Iterator[np.ndarray]:
        for rows in split_rows(chunk.start, chunk.stop, n_rows):
            check_file(self.array)
            part = np.asarray(self.array[rows])
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
