# SPDX-License-Identifier: BSD-3-Clause
"""Training several networks while their common inputs are pruned, a few at a time."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np
import torch

from ..importance.taylor import TaylorShares
from ..networks.shared_inputs import SharedInputNetworks
from ..utils.device import to_host
from .pruning_schedule import PruningSchedule
from .shrinking_batches import ShrinkingBatches

_BETAS = (0.9, 0.99)  # of Adam; a short memory of sizes, as the inputs change
_FAR = 1e-8
N_KEPT = 100  # inputs of the networks that are kept to predict with; a quarter of fewer than 400


class Removal(NamedTuple):
    """Features that were pruned at the same time, the best of them first.

    Attributes
    ----------
    progress : float
        Share of the training that they saw.
    columns : ndarray of int
    importance : ndarray of shape (n, n_networks)
    """

    progress: float
    columns: np.ndarray
    importance: np.ndarray


class GradualPruning:
    """A training in which inputs are removed by importance, until a few are left.

    Parameters
    ----------
    networks : SharedInputNetworks
    batches : ShrinkingBatches
    columns : ndarray of int
        The features that are the inputs.
    objective : callable
        ``objective(outputs, rows)`` gives the loss, a tensor or a float, and its gradient.
    schedule : PruningSchedule
    width : callable
        ``width(n_inputs)`` is the number of hidden neurons of a network with so many inputs left.
    noise_std : tensor of shape (n_networks, 1, 1)
    learning_rate : float
        Of the first step; it falls to 0 along half a cosine.
    decay : float
        Weights shrink by ``learning_rate * decay`` in every step.
    memory : float
        Decay of the running mean of the importance.
    """

    def __init__(
        self,
        networks: SharedInputNetworks,
        batches: ShrinkingBatches,
        columns: np.ndarray,
        objective: Callable,
        schedule: PruningSchedule,
        *,
        width: Callable[[int], int],
        noise_std,
        learning_rate: float,
        decay: float,
        memory: float,
    ):
        self.networks, self.batches, self.columns = networks, batches, columns
        self.objective, self.schedule, self.width = objective, schedule, width
        self.noise_std = noise_std
        self.learning_rate, self.decay = learning_rate, decay
        self.importance = TaylorShares(len(columns), networks.n_networks, memory, networks.device)
        self.removals: list[Removal] = []
        self.flops = self.n_samples_seen = 0
        self._n_at_first = len(columns)
        self._n_steps, self._n_rounds = 0, 1
        self._kept: tuple[np.ndarray, ...] | None = None

    def train(self, rounds: Iterable[int], n_rounds: int, steps: int) -> dict[str, np.ndarray]:
        """Train for so many steps in every round, and prune after it; return the history."""
        history: dict[str, list[float]] = {
            name: [] for name in ("loss", "density", "connections_changed", "seconds", "n_inputs")
        }
        self._n_rounds = n_rounds
        endless = iter(self.batches)
        for number in rounds:
            started = time.perf_counter()
            for _ in range(steps):
                loss = self._step(*next(endless), n_rounds * steps)
            progress = (number + 1) / n_rounds
            before = self.networks.n_connections[0]
            n_inputs = self.networks.n_inputs
            self._prune(progress)
            value = float(loss)
            if not math.isfinite(value) or self.networks.failed:
                raise FloatingPointError(
                    "The loss became infinite or NaN, or the weights too large."
                )
            removed = before * (1 - self.networks.n_inputs / n_inputs)
            history["loss"].append(value)
            history["density"].append(self.networks.n_inputs / self._n_at_first)
            history["connections_changed"].append(round(removed))
            history["n_inputs"].append(self.networks.n_inputs)
            history["seconds"].append(time.perf_counter() - started)
        return {name: np.array(values) for name, values in history.items()}

    def removals_from_last(self) -> list[Removal]:
        """All features; those still there come first, as if removed a round later."""
        left = self.networks.strength()
        order = torch.argsort(left.square().sum(1), descending=True, stable=True)
        there = Removal(
            1.0 + 1.0 / self._n_rounds,
            self.columns[to_host(order)],
            to_host(self.importance.values[order]),
        )
        return [there, *reversed(self.removals)]

    def kept(self) -> tuple[np.ndarray, ...]:
        """The features and weights with about `N_KEPT` of them left; now, if there are more.

        (columns, first layer, its bias, second layer, its bias), as in the networks.
        """
        if self._kept is None:
            return self._as_arrays()
        return self._kept

    def _as_arrays(self):
        values = (to_host(parameter.value).copy() for parameter in self.networks.parameters)
        return self.columns, *values

    def _step(self, rows, parts, n_steps):
        networks = self.networks
        outputs = networks.forward(parts, len(rows), self.noise_std)
        loss, grad = self.objective(outputs, rows)
        gradients = networks.backward(parts, grad)
        # What the noise adds to the gradient says nothing of the feature.
        self.importance.look_at(networks.first.value, gradients[0])
        networks.add_noise(gradients[0])
        self._n_steps += 1
        rate = self.learning_rate * (1 + math.cos(math.pi * (self._n_steps - 1) / n_steps)) / 2
        for parameter, gradient in zip(networks.parameters, gradients, strict=True):
            self._update(parameter, gradient, rate)
        self.flops += 6 * sum(networks.n_connections) * len(rows)
        self.n_samples_seen += len(rows)
        return loss

    def _update(self, parameter, gradient, rate):
        """Adam, with weights that shrink at a rate that does not fall."""
        first, second = _BETAS
        parameter.first.lerp_(gradient, 1 - first)
        parameter.second.mul_(second).addcmul_(gradient, gradient, value=1 - second)
        size = torch.sqrt(parameter.second, out=gradient)
        size.div_(math.sqrt(1 - second**self._n_steps)).add_(_FAR)
        parameter.value.mul_(1 - self.learning_rate * self.decay)
        step = rate / (1 - first**self._n_steps)  # what a float32 cannot hold would be refused
        parameter.value.addcdiv_(parameter.first, size, value=-min(step, 3e38))

    def _prune(self, progress):
        n_kept = self.schedule.n_inputs(self._n_at_first, progress)
        if n_kept >= self.networks.n_inputs:
            return
        values = self.importance.values
        order = torch.argsort(values.sum(1), descending=True, stable=True)
        kept, gone = order[:n_kept].sort().values, order[n_kept:]
        removed = self.columns[to_host(gone)]
        if n_kept < min(N_KEPT, self._n_at_first // 4) and self._kept is None:
            self._kept = self._as_arrays()
        self.removals.append(Removal(progress, removed, to_host(values[gone])))
        self.columns = self.columns[to_host(kept)]
        self.networks.keep(kept)
        self.importance.keep(kept)
        self.batches.keep(self.columns, kept)
        self.networks.widen(self.width(n_kept))
