# SPDX-License-Identifier: BSD-3-Clause
"""Adaptive regularised training (ART) of a feed-forward network, from dense to sparse layers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from ..networks import layer_of
from ..regularization import AdaptiveSchedule, AdaptiveTraining

if TYPE_CHECKING:
    from ..importance import Step
    from ..networks import FeedForward
    from .optimizers import Optimizer


class AdaptivePruning(AdaptiveTraining):
    """Adaptive regularised training of a feed-forward network.

    The layers of the best pruned copy are sparse, and are trained on without the penalty. For
    torch modules see :class:`sparsefs.modules.AdaptiveRegularization`.

    Parameters
    ----------
    network : FeedForward
        With all connections.
    optimizer : Optimizer
    density : float in (0, 1]
        Share of the connections to keep, over all layers together.
    penalty : {"hypersparse", "l1", "l2"} or Penalty
    schedule : AdaptiveSchedule
    score : callable
        ``score()`` returns how good the network is at that moment; higher is better.
    n_epochs : int
        Epochs of the whole training.
    fine_tune_epochs : int
        Epochs after pruning, fewer than `n_epochs`. The learning rate falls to a tenth at half,
        and again at three quarters of them.
    apply : {"gradient", "loss"}, default="gradient"
        Add the gradient of the penalty in closed form, or differentiate the penalty as a part of
        the loss. Both give the same numbers up to rounding.
    kernel : {"auto", "csr", "masked"}, default="auto"
        Kernel of the sparse layers.

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
        penalty: Any,
        schedule: AdaptiveSchedule,
        score: Callable[[], float],
        *,
        n_epochs: int,
        fine_tune_epochs: int,
        apply: Any = "gradient",
        kernel: str = "auto",
    ):
        self.network = network
        super().__init__(density, penalty, schedule, apply)
        self.optimizer = optimizer
        self.score = score
        self.n_epochs = n_epochs
        self.fine_tune_epochs = fine_tune_epochs
        self.kernel = kernel
        self.strength_before: np.ndarray | None = None
        self._pruned_after: int | None = None

    def add_gradients(self, network: FeedForward, gradients, step: Step) -> None:
        """Add the gradient of the penalty to those of the weights."""
        strength = self.strength
        if not strength:
            return
        if self.apply == "loss":
            weights = [weight.detach().requires_grad_() for weight in self._weights]
            value = self._penalty(weights)
            own = list(torch.autograd.grad(value, weights, materialize_grads=True))
        else:
            own = self._penalty.gradients(self._weights)
        for (gradient, _), extra in zip(gradients, own, strict=True):
            gradient.add_(extra.view_as(gradient), alpha=strength)

    def after_epoch(self, epoch: int, history: dict[str, list]) -> bool:
        """Measure, prune or lower the learning rate; return whether the training should end."""
        history.setdefault("penalty_strength", []).append(self.strength)
        n = self.fine_tune_epochs
        if self._pruned_after is None:
            if not self.end_epoch(self.score, last=epoch + 1 >= self.n_epochs - n):
                return False
            self.prune()
            self._pruned_after = epoch
        elif epoch - self._pruned_after in (n // 2, 3 * n // 4):
            self.optimizer.initial_learning_rate *= 0.1
        return epoch - self._pruned_after >= n

    @property
    def _weights(self) -> list[torch.Tensor]:
        return [layer.values for layer in self.network.layers]

    def _copy(self):
        layers = self.network.layers
        parameters = [
            (layer.slot_values().copy(), layer.bias.detach().cpu().numpy().ravel().copy())
            for layer in layers
        ]
        return parameters, layers[0].strength("in")

    def _load(self, copy, pruned):
        parameters, self.strength_before = copy
        positions = [np.flatnonzero(~where.view(-1).cpu().numpy()) for where in pruned]
        self.network.layers = [
            layer_of(layer.shape, kept, values[kept], bias, layer.device, self.kernel)
            for layer, kept, (values, bias) in zip(
                self.network.layers, positions, parameters, strict=True
            )
        ]
        self.optimizer.restart()
