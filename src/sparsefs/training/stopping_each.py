# SPDX-License-Identifier: BSD-3-Clause
"""Early stopping of several networks that train as one."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import torch

from ..utils.device import to_device

if TYPE_CHECKING:
    from ..networks import ReplicatedFeedForward


class StoppingOfEach:
    """Keeps for each network the state of its lowest loss, and the scores of when it stopped.

    The training ends when the last network stops. Those that stopped before train on, since
    they are a part of the batch, but what becomes of them is not looked at.

    Parameters
    ----------
    network : ReplicatedFeedForward
    loss : callable
        ``loss()`` are the losses of the networks as they are, of shape (n_replicas,).
    patience : int
        Epochs in a row without a new lowest loss after which a network stops.
    scores : callable
        ``scores()`` of the networks as they are, of shape (n_replicas, n_features).

    Attributes
    ----------
    n_epochs : ndarray of shape (n_replicas,), dtype int64
        Epochs that each network trained until it stopped.
    """

    def __init__(
        self,
        network: ReplicatedFeedForward,
        loss: Callable[[], np.ndarray],
        patience: int,
        scores: Callable[[], np.ndarray],
    ):
        self.network = network
        self.loss = loss
        self.patience = patience
        self._scores = scores
        n = network.n_replicas
        self.n_epochs = np.zeros(n, dtype=np.int64)
        self._lowest = np.full(n, np.inf)
        self._n_without = np.zeros(n, dtype=np.int64)
        self._stopped = np.zeros(n, dtype=bool)
        self._best = [tensor.clone() for tensor in self._state()]
        self._final: np.ndarray | None = None

    def after_epoch(self, epoch: int, history: dict[str, list]) -> bool:
        """Record ``validation_loss``; whether the training should end."""
        losses = self.loss()
        history.setdefault("validation_loss", []).append(losses)
        going = ~self._stopped
        better = going & (losses < self._lowest)
        self._lowest[better] = losses[better]
        self._n_without = np.where(better, 0, self._n_without + 1)
        self.n_epochs[going] = epoch + 1
        self._copy(self._state(), self._best, better)
        stops = going & (self._n_without >= self.patience)
        if stops.any():
            self._take_scores(stops)
        self._stopped |= stops
        return bool(self._stopped.all())

    def restore(self) -> None:
        """Give every network back the connections and weights of its best epoch."""
        self._take_scores(~self._stopped)
        self._copy(self._best, self._state(), np.ones_like(self._stopped))
        for layer in self.network.batches:
            layer.keep(layer.mask > 0)  # what the host knew of the connections is outdated

    def scores(self) -> np.ndarray:
        """Scores of every network as of when it stopped."""
        assert self._final is not None
        return self._final

    def _take_scores(self, of):
        """Go back to the best state of some networks, and keep their scores."""
        self._copy(self._best, self._state(), of)
        scores = self._scores()
        if self._final is None:
            self._final = np.zeros_like(scores)
        self._final[of] = scores[of]

    def _state(self):
        """What makes the networks, (n_replicas, ...) each."""
        return [
            tensor
            for layer in self.network.batches
            for tensor in (layer.mask, layer.weight, layer.bias)
        ]

    def _copy(self, source, target, of):
        chosen = to_device(np.asarray(of), self._best[0].device).view(-1, 1, 1)
        for old, new in zip(target, source, strict=True):
            torch.where(chosen, new, old, out=old)
