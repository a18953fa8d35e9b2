# SPDX-License-Identifier: BSD-3-Clause
"""What an importance is: a score of the input neurons that follows a training."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    import torch

    from ..networks import FeedForward
    from ..networks.parts import Parts


class Step(NamedTuple):
    """The training step under way.

    Attributes
    ----------
    number : int
        From 1, over the whole training.
    epoch : int
        From 0.
    x : torch.Tensor of shape (n_features, n_samples)
        The scaled batch, without noise. Of more than 16 million numbers it comes as
        :class:`~sparsefs.networks.parts.Parts`.
    target : torch.Tensor
        What the loss compared the outputs with.
    sample_weight : torch.Tensor of shape (n_samples,), or None
    loss : callable
        The loss, see :mod:`sparsefs.training.losses`.
    """

    number: int
    epoch: int
    x: torch.Tensor | Parts
    target: torch.Tensor | Parts
    sample_weight: torch.Tensor | None
    loss: Any


class Importance(ABC):
    """Scores input neurons while a network trains.

    A subclass must say :meth:`scores`; it may look on at two moments of every step, and may
    tell the rules that drop and grow connections which neurons matter.
    """

    def before_update(self, network: FeedForward, step: Step) -> None:  # noqa: B027
        """Look on after the gradients are known, before the weights change.

        ``network.outputs`` holds the activations of the batch, but for the last layer's, which the
        loss may have overwritten; every layer's ``seen`` holds its inputs and the gradient at its
        outputs.
        """

    def after_update(self, network: FeedForward, step: Step) -> None:  # noqa: B027
        """Look on after the weights have changed, before the topology may."""

    @abstractmethod
    def scores(self, network: FeedForward) -> np.ndarray:
        """Score of every input neuron, of shape (n_inputs,); higher is better."""

    def of_layer(self, i: int) -> np.ndarray | None:
        """Importance of the neurons that the rules of layer `i` look at; None: they do not."""
        return None
