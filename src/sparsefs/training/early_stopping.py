# SPDX-License-Identifier: BSD-3-Clause
"""Ending a training when held-out samples say so, and going back to its best state."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from ..utils.state import Stateful

if TYPE_CHECKING:
    from ..networks import FeedForward


class EarlyStopping(Stateful):
    """Watches a loss, and keeps the network of its lowest value.

    Parameters
    ----------
    network : FeedForward
    loss : callable
        ``loss()`` is the loss of the network as it is, for example on held-out samples.
    patience : int
        End after so many epochs in a row without a new lowest value.
    """

    _changes = ("_lowest", "_n_without", "_best")

    def __init__(self, network: FeedForward, loss: Callable[[], float], patience: int):
        self.network = network
        self.loss = loss
        self.patience = patience
        self._lowest = float("inf")
        self._n_without = 0
        self._best: list[tuple] | None = None

    def after_epoch(self, epoch: int, history: dict[str, list]) -> bool:
        """Record ``validation_loss``; whether the training should end."""
        loss = self.loss()
        if not math.isfinite(loss):
            raise FloatingPointError(f"The validation loss became {loss} in epoch {epoch + 1}.")
        history.setdefault("validation_loss", []).append(loss)
        if loss < self._lowest:
            self._lowest, self._n_without = loss, 0
            self._best = [layer.snapshot() for layer in self.network.layers]
        else:
            self._n_without += 1
        return self._n_without >= self.patience

    def restore(self) -> None:
        """Give the network back the connections and weights of its best epoch."""
        if self._best is not None and self._n_without:
            for layer, snapshot in zip(self.network.layers, self._best, strict=True):
                layer.restore(snapshot)
