# SPDX-License-Identifier: BSD-3-Clause
"""Batches of a table that is larger than memory, shuffled without reading rows one by one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from ..data import RowTable, table


class RowStream:
    """Reads a table chunk by chunk into a buffer, and takes batches from there.

    To read single rows at random places is slow on a disk and impossible in Parquet. So the
    chunks come in random order, as many as the buffer holds are mixed in it, and batches are
    random rows of the buffer. Every epoch reads every chunk once.

    Parameters
    ----------
    X : RowTable
    rows : ndarray of int
        The rows to use, ascending.
    batch_size : int
        Of the largest batch.
    """

    def __init__(self, X: RowTable, rows: np.ndarray, batch_size: int):
        self.X = X
        self.rows = rows
        self.batch_size = batch_size
        self._buffer = np.empty((0, X.shape[1]), dtype=X.dtype)

    def epoch(
        self, sizes: Iterable[int], rng: np.random.Generator | None
    ) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """Batches of the given sizes, which add up to the number of rows.

        Parameters
        ----------
        sizes : iterable of int
        rng : numpy.random.Generator or None
            Shuffles; with None the rows come in order.

        Yields
        ------
        rows : ndarray of int
            What is in the batch.
        buffer : ndarray of shape (n, n_columns)
        places : ndarray of int
            Where in the buffer the rows are, until the next batch.
        """
        buffer = self._allocated(shuffled=rng is not None)
        held = np.empty(len(buffer), dtype=np.int64)  # which row of X is where
        n_held = n_read = 0
        remaining = iter(sizes)
        size = next(remaining, None)
        for rows, block in self._read(rng):
            n_read += len(rows)
            while len(rows):
                n = min(len(rows), len(buffer) - n_held)
                buffer[n_held : n_held + n], held[n_held : n_held + n] = block[:n], rows[:n]
                rows, block, n_held = rows[n:], block[n:], n_held + n
                if n_held < len(buffer) and (len(rows) or n_read < len(self.rows)):
                    continue
                order = np.arange(n_held) if rng is None else rng.permutation(n_held)
                while size is not None and size <= len(order):
                    # In the order of the buffer: that within a batch means nothing.
                    places = np.sort(order[:size])
                    yield held[places], buffer, places
                    order, size = order[size:], next(remaining, None)
                n_held = len(order)
                buffer[:n_held], held[:n_held] = buffer[order], held[order]

    def _allocated(self, shuffled):
        """The buffer, kept from epoch to epoch."""
        n_bytes = table.BUFFER_BYTES if shuffled else table.CHUNK_BYTES
        row_bytes = self.X.shape[1] * self.X.dtype.itemsize
        n_rows = min(max(n_bytes // row_bytes, self.batch_size), len(self.rows))
        if len(self._buffer) != n_rows:
            self._buffer = np.empty((n_rows, self.X.shape[1]), dtype=self.X.dtype)
        return self._buffer

    def _read(self, rng):
        """Pairs of (row numbers, rows), of the rows to use only."""
        chunks = self.X.chunks()
        order = np.arange(len(chunks)) if rng is None else rng.permutation(len(chunks))
        for chunk in (chunks[i] for i in order):
            if len(self._used(chunk)) == 0:
                continue
            for part, block in self.X.read(chunk):
                rows = self._used(part)
                if len(rows) < len(block):
                    block = block[rows - part.start]
                yield rows, block

    def _used(self, part):
        start, stop = np.searchsorted(self.rows, [part.start, part.stop])
        return self.rows[start:stop]
