# SPDX-License-Identifier: BSD-3-Clause
"""From a dense network to a sparse one: ART on our own networks.

For torch modules there is :class:`sparsefs.modules.AdaptiveRegularization`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import torch

from ..networks import layer_of
from ..regularization import AdaptiveSchedule, Penalty, magnitude_masks

if TYPE_CHECKING:
    from ..networks import FeedForward
    from .optimizers import Optimizer


class AdaptivePruning:
    """Pulls small weights to zero, prunes when that costs nothing, and fine-tunes.

    A penalty grows from epoch to epoch. After each, a copy is pruned to `density` and
    measured; when the best one so far is better than the network as it is, or time is up, that
    copy replaces the network, as sparse layers, and is trained on without the penalty.

    Parameters
    ----------
    network : FeedForward
        With all connections.
    optimizer : Optimizer
    density : float in (0, 1]
        Share of the connections to keep, over all layers together.
    penalty : Penalty
    schedule : AdaptiveSchedule
    score : callable
        ``score()`` says how good the network is as it is; higher is better.
    n_epochs : int
        Of the whole training.
    n_fine_tune : int
        Epochs after pruning, at most `n_epochs` less those of the schedule's warm-up and one.
    apply : {"gradient", "loss"}, default="gradient"
        Add the closed form of the penalty's gradient to the weights' gradients, or differentiate
        the penalty as a part of the loss. Both give the same numbers up to rounding.
    kernel : {"auto", "csr", "masked"}, default="auto"
        Of the sparse layers.

    Attributes
    ----------
    strength_before : ndarray of shape (n_inputs,), or None
        Strength of the inputs in the network that was pruned, with all its connections.
    """

    def __init__(
        self,
        network: FeedForward,
        optimizer: Optimizer,
        density: float,
        penalty: Penalty,
        schedule: AdaptiveSchedule,
        score: Callable[[], float],
        *,
        n_epochs: int,
        n_fine_tune: int,
        apply: str = "gradient",
        kernel: str = "auto",
    ):
        self.network = network
        self.optimizer = optimizer
        self.density = density
        self.penalty = penalty
        self.schedule = schedule
        self.score = score
        self.n_epochs = n_epochs
        self.n_fine_tune = n_fine_tune
        self.apply = apply
        self.kernel = kernel
        self.strength_before: np.ndarray | None = None
        self._strength = schedule.strength(0)
        self._best: tuple[float, list, list, np.ndarray] | None = None
        self._pruned_after: int | None = None

    def add_gradients(self, network: FeedForward, gradients) -> None:
        """Add the penalty's gradient to those of the weights."""
        if not self._strength:
            return
        weights = [layer.values for layer in network.layers]
        if self.apply == "loss":
            weights = [weight.detach().requires_grad_() for weight in weights]
            own = list(torch.autograd.grad(self.penalty(weights), weights))
        else:
            own = self.penalty.gradients(weights)
        for (gradient, _), extra in zip(gradients, own, strict=True):
            gradient.add_(extra.view_as(gradient), alpha=self._strength)

    def after_epoch(self, epoch: int, history: dict[str, list]) -> bool:
        """Measure, prune or slow down; whether the training should end."""
        if self._pruned_after is None:
            self._before_pruning(epoch)
        else:
            done = epoch - self._pruned_after
            # A tenth of the learning rate at half and at three quarters of the fine-tuning.
            if done in (self.n_fine_tune // 2, 3 * self.n_fine_tune // 4):
                self.optimizer.initial_learning_rate *= 0.1
        history.setdefault("penalty_strength", []).append(self._strength)
        if self._pruned_after is None:
            self._strength = self.schedule.strength(epoch + 1)
            return False
        self._strength = 0.0
        return epoch - self._pruned_after >= self.n_fine_tune

    def _before_pruning(self, epoch):
        last = epoch + 1 >= self.n_epochs - self.n_fine_tune
        if epoch < self.schedule.warmup_epochs and not last:
            return
        dense_score = self.score()
        self._measure_pruned()
        assert self._best is not None
        if self._best[0] > dense_score or last:
            self._prune()
            self._pruned_after = epoch

    def _measure_pruned(self):
        layers = self.network.layers
        masks = magnitude_masks([layer.values for layer in layers], self.density)
        before = [layer.values.clone() for layer in layers]
        try:
            for layer, mask in zip(layers, masks, strict=True):
                layer.values.mul_(mask.view_as(layer.values))
            score = self.score()
            if self._best is None or score >= self._best[0]:
                kept = [
                    (np.flatnonzero(mask.view(-1).cpu().numpy()), layer.slot_values().copy())
                    for layer, mask in zip(layers, masks, strict=True)
                ]
                biases = [layer.bias.detach().cpu().numpy().ravel().copy() for layer in layers]
        finally:
            for layer, values in zip(layers, before, strict=True):
                layer.values.copy_(values)
        if self._best is None or score >= self._best[0]:
            self._best = (score, kept, biases, layers[0].strength("in"))

    def _prune(self):
        assert self._best is not None
        _, kept, biases, self.strength_before = self._best
        self.network.layers = [
            layer_of(layer.shape, positions, values[positions], bias, layer.device, self.kernel)
            for layer, (positions, values), bias in zip(
                self.network.layers, kept, biases, strict=True
            )
        ]
        self.optimizer.restart()
        self._best = None
