# SPDX-License-Identifier: BSD-3-Clause
"""Average of a score of the input neurons over a training or its last epoch."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from ..utils.device import to_host, wide
from ..utils.state import Stateful
from .base import Importance, Step

if TYPE_CHECKING:
    from ..networks import FeedForward
    from ..utils.typing import History


class AveragedImportance(Stateful, Importance):
    """A score that is measured every few steps and averaged.

    Parameters
    ----------
    history : {"all", "last_epoch", "last_iteration"}, default="all"
        Average over all steps or those of the last epoch, or measure the network at the end.
    every : int, default=1
        Measure at every so many steps.
    """

    _changes = ("_total", "_n_measured", "_epoch")

    def __init__(self, history: History = "all", every: int = 1):
        self.history = history
        self.every = every
        self._total: Any = None
        self._n_measured: float = 0
        self._epoch = 0
        self._last: Step | None = None

    @abstractmethod
    def measure(self, network: FeedForward, step: Step) -> np.ndarray | torch.Tensor:
        """Return the score of every input neuron in the current step, of shape (n_inputs,).

        ``network.outputs`` holds the activations of the step's batch. A tensor is added up where
        it is, so that the host does not wait for a GPU.
        """

    def before_update(self, network: FeedForward, step: Step) -> None:
        self._last = step
        if self.history == "last_iteration":
            return
        if self.history == "last_epoch" and step.epoch > self._epoch:
            self._total, self._n_measured, self._epoch = None, 0, step.epoch
        # The first step counts: there may be no other.
        if self._n_measured and step.number % self.every:
            return
        # A copy: what `measure` returns may be the network's own array.
        measured: Any = self.measure(network, step)
        if isinstance(measured, torch.Tensor):
            measured = wide(measured).clone()
        else:
            measured = np.array(measured, dtype=np.float64)
        self._total = measured if self._total is None else self._total + measured
        self._n_measured += 1

    def forget(self, share: float) -> None:
        """Let what was measured so far count this share of what it did."""
        if self._total is not None:
            self._total, self._n_measured = self._total * share, self._n_measured * share

    def join(self, mean: Callable[[np.ndarray], np.ndarray]) -> None:
        if isinstance(self._total, torch.Tensor):
            self._total = self._total.new_tensor(mean(to_host(self._total)))
        elif self._total is not None:
            self._total = mean(self._total)

    def scores(self, network: FeedForward) -> np.ndarray:
        if self._total is not None:
            return to_host(self._total / self._n_measured)
        if self._last is None:
            raise RuntimeError("No scores yet: no training step has been seen.")
        network.forward(self._last.x)
        return to_host(self.measure(network, self._last))
