# SPDX-License-Identifier: BSD-3-Clause
"""The interface of an importance: a score of the input neurons that follows a training."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    import torch

    from ..networks import FeedForward
    from ..networks.chunks import Chunked


class Step(NamedTuple):
    """The training step under way.

    Attributes
    ----------
    number : int
        From 1, over the whole training.
    epoch : int
        From 0.
    x : torch.Tensor of shape (n_features, n_samples)
        The scaled batch, without noise. A batch of more than 16 million numbers is
        :class:`~sparsefs.networks.chunks.Chunked`, and so is one of sparse data with more than
        4,096 features.
    target : torch.Tensor
        The target that the loss compared the outputs with.
    sample_weight : torch.Tensor of shape (n_samples,), or None
    loss : callable
        The loss, see :mod:`sparsefs.training.losses`.
    """

    number: int
    epoch: int
    x: torch.Tensor | Chunked
    target: torch.Tensor | Chunked
    sample_weight: torch.Tensor | None
    loss: Any


class Importance(ABC):
    """Scores input neurons while a network trains.

    A subclass must implement :meth:`scores`. It may observe two moments of every step, and may
    supply the importance that the rules for dropping and growing connections use.
    """

    def before_update(self, network: FeedForward, step: Step) -> None:  # noqa: B027
        """Observe the step after the gradients are known, before the weights change.

        ``network.outputs`` holds the activations of the batch; the loss may have overwritten those
        of the last layer. Every layer's ``seen`` holds its inputs and the gradient at its outputs.
        """

    def after_update(self, network: FeedForward, step: Step) -> None:  # noqa: B027
        """Observe the step after the weights have changed, before the topology may."""

    def join(self, mean: Callable[[np.ndarray], np.ndarray]) -> None:  # noqa: B027
        """Average what was measured on the rows of this process over all processes of the fit.

        Called after every epoch if there are several. ``mean(values)`` returns the mean of the
        processes' arrays, weighted by their rows; all must call it.
        """

    @abstractmethod
    def scores(self, network: FeedForward) -> np.ndarray:
        """Return the score of every input neuron, of shape (n_inputs,); higher is better."""

    def of_layer(self, i: int) -> np.ndarray | None:
        """Return the importance of the neurons for the rules of layer `i`, or None."""
        return None
