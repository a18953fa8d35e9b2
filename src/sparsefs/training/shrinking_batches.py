# SPDX-License-Identifier: BSD-3-Clause
"""Batches whose features become fewer and fewer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import torch
from scipy import sparse

from .._blocks import read_blocks
from .._device import to_device
from ..data import table
from ..networks.parts import tiles
from .resident import make_batches

HELD = 2**25  # numbers (128 MiB) of scaled data that are kept in memory

Part = tuple[slice, torch.Tensor]


class ShrinkingBatches:
    """Random batches of standardised, clipped features, in an endless sequence.

    As long as the scaled data are many they are loaded batch by batch; once few enough features
    are left, all of them are held in memory.

    Parameters
    ----------
    X : ndarray, memmap, CSR matrix or RowTable of shape (n_samples, n_features)
    scaling : Clipping
    columns : ndarray of int
        The features to begin with.
    batch_size : int
        All rows at once if they are at most half as many again.
    rng : numpy.random.Generator
    device : torch.device or str
    sample_weight : ndarray of shape (n_samples,) or None
        Rows of weight 0 are left out.
    """

    def __init__(self, X, scaling, columns, batch_size, rng, device, sample_weight=None):
        self._scaling = scaling
        self._rng = rng
        self._device = device
        rows = np.arange(X.shape[0])
        if sample_weight is not None:
            rows = rows[sample_weight > 0]
        self.rows = rows
        self.all_at_once = 2 * len(rows) <= 3 * batch_size
        size = len(rows) if self.all_at_once else batch_size
        self._batches = make_batches(X, scaling, size, rng, device, rows=rows, even=True)
        self._held: torch.Tensor | None = None  # (n_rows, n_columns)
        self.keep(columns)

    def keep(self, columns: np.ndarray, places: torch.Tensor | None = None) -> None:
        """Keep these features only; `places` is where they are among those kept before."""
        self._shift, self._scale = (
            to_device(numbers[columns].astype(np.float32), self._device)[:, None]
            for numbers in (self._scaling.clipped_mean, self._scaling.clipped_scale)
        )
        if self._held is not None and places is not None:
            self._held = self._held.index_select(1, places)
            return
        self._batches.use_columns(columns)
        if len(columns) * len(self.rows) <= self._most_held():
            self._held = self._load(columns)

    def _most_held(self):
        """Scaled numbers that may be held in memory; of sparse data no more bytes than they are."""
        X = self._batches.X
        return min(HELD, table.BUFFER_BYTES // 4, 2 * X.nnz if sparse.issparse(X) else HELD)

    def _load(self, columns):
        """All rows of some features, (n_rows, n_columns)."""
        X = self._batches.X
        held = torch.empty(len(self.rows), len(columns), dtype=torch.float32, device=self._device)
        n_wide = len(columns) if sparse.issparse(X) else X.shape[1]
        for rows, block in read_blocks(X, min(2**20, 256 * n_wide)):
            first, last = np.searchsorted(self.rows, [rows.start, rows.stop])
            used = block[self.rows[first:last] - rows.start]
            held[first:last] = to_device(self._scaling.scaled(used, columns), self._device)
        return held

    def __iter__(self) -> Iterator[tuple[np.ndarray, Iterable[Part]]]:
        """Pairs of (row numbers, features (n_columns, n_samples) part by part), without end.

        The parts may be gone through twice before the next pair.
        """
        everything = np.arange(len(self.rows))
        while True:
            if self._held is None:
                for batch in self._batches:
                    yield self._batches.last_rows, _Again(self._parts, batch.x)
                    if self._held is not None:
                        break
            elif self.all_at_once:
                yield self.rows, [(slice(None), self._held.t())]
            else:
                size = self._batches.batch_size
                order = self._rng.permutation(everything)
                for chosen in np.array_split(order, -(-len(order) // size)):
                    index = to_device(chosen, self._device)
                    held = self._held.index_select(0, index)
                    yield self.rows[chosen], [(slice(None), held.t())]

    def _parts(self, x):
        """The clipped features of a batch, which is (n_columns, n_samples), part by part."""
        limit, whole = self._scaling.limit, torch.is_tensor(x)
        for part in [slice(0, x.shape[0])] if whole else tiles(x.shape[0]):
            some = x if whole else x[part]
            clipped = some.clamp(-limit, limit) if whole else some.clamp_(-limit, limit)
            yield part, clipped.sub_(self._shift[part]).div_(self._scale[part])


class _Again:
    """Parts that are made anew whenever they are gone through."""

    def __init__(self, make, x):
        self._make, self._x = make, x
        self._whole = list(make(x)) if torch.is_tensor(x) else None

    def __iter__(self):
        return iter(self._make(self._x) if self._whole is None else self._whole)
