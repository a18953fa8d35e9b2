# SPDX-License-Identifier: BSD-3-Clause
"""Neuron attribution: how much the outputs move when an input does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from .base import Step
from .history import AveragedImportance

if TYPE_CHECKING:
    from ..networks import FeedForward

_CHUNK = 512  # columns of a product: more leave the cache, fewer cost more calls


def attribution(
    network: FeedForward, samples: slice = slice(None), sample_weight: torch.Tensor | None = None
) -> np.ndarray:
    """Sum over the outputs of the mean absolute derivative by every input.

    Of a network of linear layers and elementwise activations the Jacobian of a sample has a
    closed form, ``W_L D_(L-1) ... D_1 W_1`` with the slopes of the activations in the diagonal
    matrices D. All samples and outputs go through each layer in a few products. The outputs are
    taken before their own activation.

    Parameters
    ----------
    network : FeedForward
        After a ``forward``, whose activations are used.
    samples : slice, default=slice(None)
        Which samples of that batch to average over.
    sample_weight : torch.Tensor of shape (n_samples,) or None, default=None
        Weights of the samples of the batch.

    Returns
    -------
    ndarray of shape (n_inputs,), dtype float64

    References
    ----------
    Atashgahi, Z. et al. "Unveiling the power of sparse neural networks for feature selection."
    ECAI 2024.

    Examples
    --------
    >>> import numpy as np, torch
    >>> from sparsefs.importance import attribution
    >>> from sparsefs.networks import FeedForward
    >>> network = FeedForward.from_positions(
    ...     [2, 1], [np.array([0, 1])], ["identity"], rng=np.random.default_rng(0)
    ... )
    >>> _ = network.layers[0].values.copy_(torch.tensor([3.0, -4.0]))
    >>> _ = network.forward(torch.ones(2, 5))
    >>> attribution(network)
    array([3., 4.])
    """
    layers = network.layers
    slopes = [network.slope(i, samples) for i in range(len(layers) - 1)]
    n_samples = network.outputs[0][:, samples].shape[1]
    n_outputs = layers[-1].shape[0]
    weight = None if sample_weight is None else sample_weight[samples]
    total = torch.zeros(layers[0].shape[1], dtype=torch.float64, device=layers[0].device)
    if len(layers) == 1:
        weights = torch.eye(n_outputs, device=layers[0].device)
        return layers[0].backward(weights).abs().sum(1).double().cpu().numpy()
    by_output = layers[-1].backward(torch.eye(n_outputs, device=layers[-1].device))
    step = max(1, _CHUNK // n_outputs)
    for start in range(0, n_samples, step):
        chunk = slice(start, start + step)
        grad = by_output[:, :, None]  # (neurons, outputs, samples)
        if weight is not None:
            grad = grad * weight[chunk]
        for i in range(len(layers) - 2, -1, -1):
            slope = slopes[i]
            if slope is not None:
                grad = grad * slope[:, None, chunk]
            grad = layers[i].backward(grad.reshape(len(grad), -1))
            if i:
                grad = grad.view(len(grad), n_outputs, -1)
        total += torch.linalg.vector_norm(grad, ord=1, dim=1)
    scale = n_samples if weight is None else max(float(weight.sum()), 1e-30)
    return (total / scale).cpu().numpy()


class AttributionImportance(AveragedImportance):
    """Neuron attribution averaged over a training.

    Parameters
    ----------
    history, every
        See :class:`AveragedImportance`.
    n_samples : int or None, default=None
        Samples of a batch to average over, spread over the batch; None for all of them.
    """

    def __init__(self, history: str = "all", every: int = 1, n_samples: int | None = None):
        super().__init__(history, every)
        self.n_samples = n_samples

    def measure(self, network: FeedForward, step: Step) -> np.ndarray:
        samples = slice(None)
        in_batch = step.x.shape[1]
        if self.n_samples is not None and self.n_samples < in_batch:
            # The rows of a batch are in file order: strided, they represent it.
            stride = in_batch // self.n_samples
            start = step.number // self.every % stride
            samples = slice(start, start + stride * (self.n_samples - 1) + 1, stride)
        return attribution(network, samples, step.sample_weight)
