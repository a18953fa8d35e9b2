# SPDX-License-Identifier: BSD-3-Clause
"""The pruning loop: several networks train while the inputs that they share are removed."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from ..data.layout import Parts
from ..distributed import ALONE, Ranks
from ..networks.costs import network_costs
from ..networks.shared_inputs import SharedInputNetworks
from ..utils.costs import Costs
from ..utils.device import to_device
from ..utils.state import Stateful
from .optimizers import AdamW
from .regressions import Regressions
from .removals import Pruning, Removal
from .shrinking_batches import ShrinkingBatches

_MOST_ROWS = 1000  # that the networks' loss is measured on


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


class InputImportance(Stateful):
    """Running mean of the size of each feature's sum of weight times gradient, a share of all.

    Setting the weights of a feature to zero changes the loss by minus the sum of weight times
    gradient, to first order. The sum is taken within a network, where contributions may cancel. A
    network's shares add up to 1, so that one with a larger loss counts no more than the others.

    Parameters
    ----------
    n_features, n_networks : int
    decay : float
        Of the running mean, per step.
    device : torch.device or str
    """

    _changes = ("values",)

    def __init__(self, n_features: int, n_networks: int, decay: float, device):
        self.decay = decay
        self.values = torch.zeros(n_features, n_networks, dtype=torch.float32, device=device)

    def look_at(self, sums: torch.Tensor) -> None:
        """Take in the sums of one step, (n_features, n_networks)."""
        change = sums.abs()
        change /= change.sum(0).clamp_(min=1e-30)
        self.values.lerp_(change, 1 - self.decay)

    def keep(self, features: torch.Tensor) -> None:
        """Keep these features only."""
        self.values = self.values.index_select(0, features)


class GradualPruning(Pruning):
    """A training in which inputs are removed by importance, until a few are left.

    Parameters
    ----------
    networks : SharedInputNetworks
    batches : ShrinkingBatches
    columns : ndarray of int
        The inputs to begin with.
    objective : callable
        ``objective(outputs, rows)`` gives the loss, a tensor or a float, and its gradient.
    schedule : PruningSchedule
    width : callable
        ``width(n_inputs)`` is the number of hidden neurons of a network with so many inputs left.
    noise_std : tensor of shape (n_networks, 1, 1)
    optimizer : AdamW
    memory : float
        Decay of the running mean of the importance.
    n_steps : int
        In every round.
    loss_of_constant : float or None
        Loss without any feature; None if it is not known.
    regressions : Regressions or None
        Beside the networks; None leaves all to them.
    covariates : ndarray of int, default=()
        Inputs that stay to the end.
    parts : Parts or None
        How inputs make up features, by the input's number; None: each is one.
    ranks : Ranks, default=ALONE
        The processes that train together.
    """

    _changes = (
        *Pruning._changes,
        *("networks", "batches", "optimizer", "importance", "flops", "n_samples_seen"),
        *("_loss_of_constant", "_regressions"),
    )

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
        n_steps: int,
        loss_of_constant: float | None,
        regressions: Regressions | None,
        covariates: Sequence[int] | np.ndarray = (),
        parts: Parts | None = None,
        ranks: Ranks = ALONE,
    ):
        super().__init__(columns, covariates, parts)
        self.ranks = ranks
        self.networks, self.batches = networks, batches
        self.objective, self.schedule, self.width = objective, schedule, width
        self.noise_std = noise_std
        self.optimizer = optimizer
        self.importance = InputImportance(
            len(self.names), networks.n_networks, memory, networks.device
        )
        self.flops = self.n_samples_seen = 0
        self.n_steps = n_steps
        self._loss_of_constant, self._regressions = loss_of_constant, regressions

    def run(self, rounds) -> dict[str, np.ndarray]:
        """Train for some steps in every round of these Epochs, and prune; return the history."""
        rounds.keep(pruning=self)
        endless = iter(self.batches)
        for number in rounds:
            started = time.perf_counter()
            for _ in range(self.n_steps):
                loss = self._step(*next(endless))
            value = float(loss)
            before = self.networks.n_connections[0]
            n_inputs = len(self.columns)
            self.explained = self._share_explained(value)
            self._prune((number + 1) / rounds.n)
            if not math.isfinite(value) or self.networks.failed:
                raise FloatingPointError(
                    "The loss became infinite or NaN, or the weights too large."
                )
            self._record(started, value, round(before * (1 - len(self.columns) / n_inputs)))
        return {name: np.array(values) for name, values in self.history.items()}

    def removals_from_last(self) -> list[Removal]:
        """All features; those still there come first, by importance."""
        removals = super().removals_from_last()
        return removals if self._regressions is None else self._regressions.of_last(removals)

    def costs(self, n_features: int) -> Costs:
        """Costs of the networks, and of the same networks with all features."""
        n_first, n_second = self.networks.n_connections
        n_hidden = n_first // self.networks.n_inputs
        return network_costs(
            [(n_hidden, n_features), (n_second // n_hidden, n_hidden)],
            [n_first, n_second],
            n_bytes=3 * 4 * (n_first + n_second),
            n_buffers=2,
            n_samples_seen=self.n_samples_seen,
            training_flops=self.flops,
        )

    def _step(self, rows, parts):
        networks = self.networks
        outputs = networks.forward(parts, len(rows), self.noise_std)
        loss, grad = self.objective(outputs, rows)
        share = self.batches.share
        gradients = networks.backward(parts, grad if share == 1 else grad.mul_(share))
        # Without the noise: what it adds to the gradient says nothing of the feature.
        sums = self.by_feature(torch.einsum("inh,inh->in", networks.first.value, gradients[0]))
        networks.add_noise(gradients[0])
        if self.ranks.size > 1:
            loss = (loss * share).float()
            self.ranks.sum_(*gradients, sums, loss)
        self.importance.look_at(sums)
        n_samples = round(len(rows) / share)  # of all ranks
        self.flops += 6 * sum(networks.n_connections) * n_samples
        self.n_samples_seen += n_samples
        self.optimizer.update(
            (parameter.value, gradient, parameter.buffers)
            for parameter, gradient in zip(networks.parameters, gradients, strict=True)
        )
        return loss

    def _prune(self, progress):
        n_kept = self.schedule.n_inputs(self._n_at_first, progress)
        if n_kept >= self.n_left:
            return
        kept, gone, features = self._remove(n_kept)
        self.ranks.same("features", self.columns)
        self.importance.keep(features)
        self.networks.keep(kept)
        self.networks.widen(self.width(len(self.columns)))
        self.batches.keep(self.columns, kept)
        if self._regressions is not None:
            self._regressions.keep(kept, gone)

    def _votes(self):
        """Each network's shares of the importance, averaged with those of the regressions."""
        shares = self.importance.values
        if not self.candidates.all():
            shares = shares * to_device(self.candidates, shares.device)[:, None]
        shares = shares / shares.sum(0).clamp(min=1e-30)
        held = self.batches.held
        if self._regressions is None or held is None:
            return shares
        self.explained = self._explained_without_noise(held)
        return self._regressions.joined(shares, held, self)

    def _explained_without_noise(self, held):
        """Share of the loss that the networks explain in some of their samples."""
        rows = self.batches.rows
        some = slice(None, None, -(-self.ranks.sum(len(rows)) // _MOST_ROWS))
        x = held[some].t()
        outputs = self.networks.forward([(slice(None), x)], x.shape[1])
        loss, _ = self.objective(outputs, rows[some])
        return self._share_explained(self.ranks.mean(float(loss), x.shape[1]))

    def _share_explained(self, loss):
        if self._loss_of_constant is None:  # a loss of the user's: that of untrained networks
            self._loss_of_constant = loss
        return min(1.0, max(0.0, 1 - loss / max(self._loss_of_constant, 1e-30)))
