# SPDX-License-Identifier: BSD-3-Clause
"""Batches whose features become fewer and fewer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import numpy as np
import torch
from scipy import sparse

from ..data import table
from ..distributed import ALONE, Ranks
from ..networks.chunks import chunks
from ..networks.sparse_inputs import SparseInputs
from ..utils.device import to_device
from ..utils.state import Stateful
from .batches import Batches, make_batches, shares_of

HELD = 2**25  # numbers (128 MiB) of scaled data that are kept in memory

Part = tuple[slice, torch.Tensor]
Parts = list[Part]


class ShrinkingBatches(Stateful):
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
    ranks : Ranks, default=ALONE
        The processes that train together; `batch_size` counts the rows of all.

    Attributes
    ----------
    share : float
        Share of the rows of the latest batch that this process has.
    """

    share = 1.0

    def __init__(
        self,
        X,
        scaling,
        columns,
        batch_size,
        rng,
        device,
        sample_weight=None,
        ranks: Ranks = ALONE,
    ):
        self._scaling = scaling
        self._rng = rng
        self._device = device
        rows = np.arange(X.shape[0])
        if sample_weight is not None:
            rows = rows[sample_weight > 0]
        self.rows, self._ranks = rows, ranks
        n_all = ranks.sum(len(rows))
        self.all_at_once = 2 * n_all <= 3 * batch_size
        self._X, self._batch_size = X, n_all if self.all_at_once else batch_size
        self._n_all, self._n_batches = n_all, -(-n_all // min(self._batch_size, n_all))
        parts = np.array_split(np.empty(len(rows)), self._n_batches)
        self._shares = shares_of([len(part) for part in parts], ranks)
        self._batches: Batches | None = None  # while not all is held
        # Of sparse data: the scaled columns where nothing is stored, and what is added elsewhere.
        self._stored: tuple[np.ndarray, sparse.csr_array] | None = None
        self.held: torch.Tensor | None = None  # (n_rows, n_columns), once they are few
        # Of the pass under way: the generator before it, and how many batches were taken.
        self._begun, self._n_taken, self._from_table = rng.bit_generator.state, 0, False
        self.keep(columns)

    def state(self) -> dict[str, Any]:
        begun, n_taken = self._begun, self._n_taken
        if self._from_table and self.held is not None:  # this pass ends here
            begun, n_taken = self._rng.bit_generator.state, 0
        return {"columns": self._columns, "begun": begun, "n_taken": n_taken}

    def load_state(self, state: dict[str, Any]) -> None:
        """Go on in the middle of a pass: it begins again, and skips what was taken."""
        self.keep(state["columns"])
        self._rng.bit_generator.state, self._n_taken = state["begun"], state["n_taken"]

    def keep(self, columns: np.ndarray, places: torch.Tensor | None = None) -> None:
        """Keep these features only; `places` is where they are among those kept before."""
        self._columns = columns
        self._shift, self._scale = (
            to_device(numbers[columns].astype(np.float32), self._device)[:, None]
            for numbers in (self._scaling.clipped_mean, self._scaling.clipped_scale)
        )
        if self.held is not None and places is not None:
            self.held = self.held.index_select(1, places)
        elif not self._ranks.any(len(columns) * len(self.rows) > self._most_held()):
            held = self._scaling.loaded(self._X, self.rows, columns)
            self.held, self._batches = to_device(held, self._device), None
            self._stored = None
        elif self._stored is not None and places is not None:
            constant, added = self._stored
            self._stored = constant[places.numpy()], added[:, places.numpy()]
        elif sparse.issparse(self._X) and torch.device(self._device).type == "cpu":
            self._stored = self._scaling.scaled_sparse(self._X, columns)
        else:
            if self._batches is None:
                size = self._batch_size
                self._batches = make_batches(
                    self._X,
                    self._scaling,
                    size,
                    self._rng,
                    self._device,
                    rows=self.rows,
                    even=True,
                    ranks=self._ranks,
                )
            self._batches.use_columns(columns)

    def _most_held(self):
        """Scaled numbers that may be held in memory; of sparse data no more bytes than they are."""
        X = self._X
        return min(HELD, table.BUFFER_BYTES // 4, 2 * X.nnz if sparse.issparse(X) else HELD)

    def __iter__(self) -> Iterator[tuple[np.ndarray, Iterable[Part] | SparseInputs]]:
        """Pairs of (row numbers, features (n_columns, n_samples) part by part), without end.

        The parts may be gone through twice before the next pair. Sparse data stay sparse.
        """
        while True:
            n_skipped, batches = self._n_taken, self._batches
            self._begun = self._rng.bit_generator.state
            self._from_table = batches is not None and isinstance(self._X, table.RowTable)
            if batches is not None and self._from_table:
                batches.rng = self._ranks.local(self._rng)  # a pass may take several epochs
                each = zip(batches.shares, batches, strict=True)
                for share, batch in islice(each, n_skipped, None):  # in the order best read
                    self._n_taken += 1
                    self.share = share
                    yield batches.last_rows, _Again(self._parts, batch.x)
                    if self.held is not None:
                        break
            else:  # in the same order whether held or not
                order = self._ranks.own(self._rng.permutation(self._n_all), len(self.rows))
                parts = np.array_split(order, self._n_batches)
                drawn = zip(self._shares, parts, strict=True)
                for share, chosen in islice(drawn, n_skipped, None):
                    self._n_taken += 1
                    self.share = share
                    yield self._chosen(np.sort(chosen))
            self._n_taken = 0

    def _chosen(self, places):
        rows, held = self.rows[places], self.held
        if self._stored is not None:
            constant, added = self._stored
            return rows, SparseInputs(constant, added[rows])
        if held is None:
            assert self._batches is not None
            return rows, _Again(self._parts, self._batches.batch(rows).x)
        if not self.all_at_once:
            held = held.index_select(0, to_device(places, self._device))
        return rows, [(slice(None), held.t())]

    def _parts(self, x):
        """The clipped features of a batch, which is (n_columns, n_samples), part by part."""
        limit, whole = self._scaling.limit, torch.is_tensor(x)
        for part in [slice(0, x.shape[0])] if whole else chunks(x.shape[0]):
            some = x if whole else x[part]
            if self._scaling.scores is not None:
                some = self._scaling.scores.applied(some, self._columns[part])
            clipped = some.clamp(-limit, limit) if whole else some.clamp_(-limit, limit)
            yield part, clipped.sub_(self._shift[part]).div_(self._scale[part])


class _Again:
    """Parts that may be gone through again: kept where they are few, else made anew."""

    def __init__(self, make, x):
        self._make, self._x = make, x
        self._whole: Parts | None = None
        if torch.is_tensor(x):
            self._whole = list(make(x))
        elif x.shape[0] * x.shape[1] <= HELD:  # what comes tile by tile is overwritten by the next
            self._whole = [(part, some.clone()) for part, some in make(x)]

    def __iter__(self):
        return iter(self._make(self._x) if self._whole is None else self._whole)
