# SPDX-License-Identifier: BSD-3-Clause
"""The pruning loop: several networks train while the inputs that they share are removed."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch

from ..networks.shared_inputs import SharedInputNetworks
from .optimizers import AdamW
from .shrinking_batches import ShrinkingBatches


@dataclass(frozen=True)
class PruningSchedule:
    """How many inputs are left as a training goes on.

    Most are removed early, when they cost most, and ever fewer at a time: among the last, what one
    feature is worth depends on which others are there, and the networks must adapt in between.

    Parameters
    ----------
    begin, slow, end : float in [0, 1]
        Shares of the training at which pruning begins, at which `n_slow` inputs are left, and at
        which `n_last` are.
    n_slow, n_last : int
    """

    begin: float = 0.03
    slow: float = 0.8
    end: float = 0.97
    n_slow: int = 20
    n_last: int = 5

    def n_inputs(self, n_at_first: int, progress: float) -> int:
        """Inputs to be left after this share of the training."""
        n_slow, n_last = min(self.n_slow, n_at_first), min(self.n_last, n_at_first)
        if progress <= self.begin:
            return n_at_first
        if progress < self.slow:
            share = (progress - self.begin) / (self.slow - self.begin)
            return round(n_slow * (n_at_first / n_slow) ** ((1 - share) ** 2))
        share = min(1.0, (progress - self.slow) / (self.end - self.slow))
        return round(n_slow * (n_last / n_slow) ** share)


class InputImportance:
    """Running mean of the size of each input's sum of weight times gradient, a share of all.

    Setting the weights of an input to zero changes the loss by minus the sum of weight times
    gradient, to first order. The sum is taken within a network, where contributions may cancel. A
    network's shares add up to 1, so that one with a larger loss counts no more than the others.

    Parameters
    ----------
    n_inputs, n_networks : int
    decay : float
        Of the running mean, per step.
    device : torch.device or str
    """

    def __init__(self, n_inputs: int, n_networks: int, decay: float, device):
        self.decay = decay
        self.values = torch.zeros(n_inputs, n_networks, dtype=torch.float32, device=device)

    def look_at(self, weights: torch.Tensor, gradient: torch.Tensor) -> None:
        """Take in one step; both are (n_inputs, n_networks, n_hidden)."""
        change = (weights * gradient).sum(2).abs_()
        change /= change.sum(0).clamp_(min=1e-30)
        self.values.lerp_(change, 1 - self.decay)

    def keep(self, inputs: torch.Tensor) -> None:
        """Keep these inputs only."""
        self.values = self.values.index_select(0, inputs)


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
    optimizer : AdamW
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
        optimizer: AdamW,
        memory: float,
    ):
        self.networks, self.batches, self.columns = networks, batches, columns
        self.objective, self.schedule, self.width = objective, schedule, width
        self.noise_std = noise_std
        self.optimizer = optimizer
        self.importance = InputImportance(
            len(columns), networks.n_networks, memory, networks.device
        )
        self.removals: list[Removal] = []
        self.flops = self.n_samples_seen = 0
        self._n_at_first = len(columns)
        self._n_rounds = 1

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
                loss = self._step(*next(endless))
            progress = (number + 1) / n_rounds
            before = self.networks.n_connections[0]
            n_inputs = len(self.columns)
            self._prune(progress)
            value = float(loss)
            if not math.isfinite(value) or self.networks.failed:
                raise FloatingPointError(
                    "The loss became infinite or NaN, or the weights too large."
                )
            removed = before * (1 - len(self.columns) / n_inputs)
            history["loss"].append(value)
            history["density"].append(len(self.columns) / self._n_at_first)
            history["connections_changed"].append(round(removed))
            history["n_inputs"].append(len(self.columns))
            history["seconds"].append(time.perf_counter() - started)
        return {name: np.array(values) for name, values in history.items()}

    def removals_from_last(self) -> list[Removal]:
        """All features; those still there come first, as if removed a round later."""
        left = self.networks.first.value.square().sum(2).sqrt()  # norms, (n_inputs, n_networks)
        order = torch.argsort(left.square().sum(1), descending=True, stable=True)
        there = Removal(
            1.0 + 1.0 / self._n_rounds,
            self.columns[order.cpu().numpy()],
            self.importance.values[order].cpu().numpy(),
        )
        return [there, *reversed(self.removals)]

    def _step(self, rows, parts):
        networks = self.networks
        outputs = networks.forward(parts, len(rows), self.noise_std)
        loss, grad = self.objective(outputs, rows)
        gradients = networks.backward(parts, grad)
        # What the noise adds to the gradient says nothing of the feature.
        self.importance.look_at(networks.first.value, gradients[0])
        networks.add_noise(gradients[0])
        self.flops += 6 * sum(networks.n_connections) * len(rows)
        self.n_samples_seen += len(rows)
        self.optimizer.update(
            (parameter.value, gradient, parameter.buffers)
            for parameter, gradient in zip(networks.parameters, gradients, strict=True)
        )
        return loss

    def _prune(self, progress):
        n_kept = self.schedule.n_inputs(self._n_at_first, progress)
        if n_kept >= len(self.columns):
            return
        values = self.importance.values
        order = torch.argsort(values.sum(1), descending=True, stable=True)
        kept, gone = order[:n_kept].sort().values, order[n_kept:]
        removed = self.columns[gone.cpu().numpy()]
        self.removals.append(Removal(progress, removed, values[gone].cpu().numpy()))
        self.columns = self.columns[kept.cpu().numpy()]
        self.importance.keep(kept)
        self.networks.keep(kept)
        self.networks.widen(self.width(n_kept))
        self.batches.keep(self.columns, kept)
