# SPDX-License-Identifier: BSD-3-Clause
"""How many connections every input neuron has while a network trains."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from ..networks import FeedForward


class ConnectionRecord:
    """Counts the connections of the input neurons, and leaves the network as it is.

    Parameters
    ----------
    network : FeedForward
        Of several networks that train as one the first is counted.
    every : int
        Epochs from one count to the next. The first is before the training, the last at its end.
    n_features : int
    columns : callable or None
        ``columns()`` are the features that `network` sees now; None for all.
    """

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
        self.after_epoch(0, False)

    def after_epoch(self, n_epochs: int, is_last: bool) -> None:
        """Count after so many epochs, if it is time."""
        if n_epochs % self.every and not is_last:
            return
        # Of several networks: the first row.
        degree = np.atleast_2d(self.network.layers[0].degree("in"))[0]
        counts = np.zeros(self.n_features, dtype=np.int32)
        counts[slice(None) if self.columns is None else self.columns()] = degree
        self._epochs.append(n_epochs)
        self._counts.append(counts)

    def until(self, n_epochs: int) -> dict[str, np.ndarray]:
        """What was counted up to the end of an epoch, as ``connections_`` holds it."""
        epoch = np.array(self._epochs)
        seen = epoch <= n_epochs
        return {"epoch": epoch[seen], "counts": np.stack(self._counts)[seen]}
