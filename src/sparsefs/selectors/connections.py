# SPDX-License-Identifier: BSD-3-Clause
"""How many connections every input neuron has while a network trains."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from ..utils.state import Stateful

if TYPE_CHECKING:
    from ..networks import FeedForward


class ConnectionRecord(Stateful):
    """Counts of the connections of the input neurons, taken every few epochs.

    Parameters
    ----------
    network : FeedForward
        It stays as it is.
    every : int
        Epochs from one count to the next. The first count is before the training.
    n_features : int
    columns : callable or None
        ``columns()`` are the features that `network` sees now; None for all.
    """

    _changes = ("_epochs", "_counts")

    def __init__(
        self,
        network: FeedForward,
        every: int,
        n_features: int,
        columns: Callable[[], np.ndarray] | None,
    ):
        self.network = network
        self.every = every
        self.n_features = n_features
        self.columns = columns
        self._epochs: list[int] = []
        self._counts: list[np.ndarray] = []
        self._count(0)

    def after_epoch(self, epoch: int, history: dict[str, list]) -> None:
        """Count after the epoch of this number, from 0, if it is time."""
        if (epoch + 1) % self.every == 0:
            self._count(epoch + 1)

    def ended(self, n_epochs: int) -> dict[str, np.ndarray]:
        """Count after the last epoch; return all counts as ``connections_`` holds them."""
        if self._epochs[-1] < n_epochs:
            self._count(n_epochs)
        return {"epoch": np.array(self._epochs), "counts": np.stack(self._counts)}

    def _count(self, n_epochs):
        counts = np.zeros(self.n_features, dtype=np.int32)
        seen = slice(None) if self.columns is None else self.columns()
        counts[seen] = self.network.layers[0].degree("in")
        self._epochs.append(n_epochs)
        self._counts.append(counts)
