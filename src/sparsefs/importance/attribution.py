# SPDX-License-Identifier: BSD-3-Clause
"""Neuron attribution: the mean absolute derivative of the outputs by an input."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import torch

from ..utils.device import to_device, to_host, wide
from .base import Step
from .history import AveragedImportance

if TYPE_CHECKING:
    from ..networks import FeedForward
    from ..utils.typing import History

# Columns of a product: sparse ones slow down when they leave the cache, dense ones like many.
_CHUNK = 512
_CHUNK_DENSE = 4096
_DENSE = 0.2  # density
_MAX_NUMBERS = 2**22  # of a dense product


def attribution(
    network: FeedForward,
    samples: slice | torch.Tensor = slice(None),
    sample_weight: torch.Tensor | None = None,
) -> np.ndarray:
    """Return the mean absolute derivative by every input, summed over the outputs.

    In a network of linear layers and elementwise activations, the Jacobian of a sample has the
    closed form ``W_L D_(L-1) ... D_1 W_1``, where the diagonal matrices D hold the slopes of the
    activations. All samples and outputs go through each layer in a few products. The outputs are
    taken before their own activation.

    Parameters
    ----------
    network : FeedForward
        After a ``forward``, whose activations are used.
    samples : slice or torch.Tensor of int, default=slice(None)
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
    return to_host(_attribution(network, samples, sample_weight))


def _attribution(network, samples=slice(None), sample_weight=None):
    """Return the same as a tensor where the network is."""
    layers = network.layers
    n_outputs = layers[-1].shape[0]
    by_output = layers[-1].backward(
        torch.eye(n_outputs, dtype=torch.float32, device=layers[-1].device)
    )
    if len(layers) == 1:  # the same derivatives in every sample
        return wide(by_output.abs().sum(1))
    slopes = [network.slope(i, samples) for i in range(len(layers) - 1)]
    n_samples = network.outputs[0][:, samples].shape[1]
    weight = None if sample_weight is None else sample_weight[samples]
    total = wide(by_output.new_zeros(layers[0].shape[1]))
    step = max(1, _columns(layers) // n_outputs)
    for start in range(0, n_samples, step):
        chunk = slice(start, min(start + step, n_samples))
        # (neurons, outputs, samples)
        grad = by_output[:, :, None].repeat(1, 1, chunk.stop - start)
        if weight is not None:
            grad *= weight[chunk]
        for i in range(len(layers) - 2, -1, -1):
            slope = slopes[i]
            if slope is not None:
                grad.view(len(grad), n_outputs, -1).mul_(slope[:, None, chunk])
            grad = grad.view(len(grad), -1)
            if i:
                grad = layers[i].backward(grad)
        by_input = layers[0].backward_chunks(grad)
        total = total + wide(torch.cat([some.abs_().sum(1) for _, some in by_input]))
    scale = n_samples if weight is None else wide(weight.sum()).clamp_min(1e-30)
    return total / scale


def _columns(layers):
    """Return how many derivatives to take through the layers at a time."""
    if layers[0].density <= _DENSE:
        return _CHUNK
    widest = max(max(layer.shape) for layer in layers)
    return max(_CHUNK, min(_CHUNK_DENSE, _MAX_NUMBERS // widest))


class AttributionImportance(AveragedImportance):
    """Neuron attribution averaged over a training.

    Parameters
    ----------
    history, every
        See :class:`AveragedImportance`.
    n_samples : int or None, default=None
        Samples of a batch to average over, spread over the batch; None for all of them.
    """

    def __init__(self, history: History = "all", every: int = 1, n_samples: int | None = None):
        super().__init__(history, every)
        self.n_samples = n_samples

    def measure(self, network: FeedForward, step: Step) -> torch.Tensor:
        in_batch = step.x.shape[1]
        if self.n_samples is None or self.n_samples >= in_batch:
            return _attribution(network, sample_weight=step.sample_weight)
        # The rows of a batch are in file order, often sorted by class. Rows that are spread over
        # the batch represent it, and the measurements take turns so that every row counts.
        apart = in_batch / self.n_samples
        n_turns = math.ceil(apart)
        turn = step.number // self.every % n_turns
        rows = (np.arange(self.n_samples) + turn / n_turns) * apart
        samples = to_device(rows.astype(np.int64), network.outputs[0].device)
        return _attribution(network, samples, step.sample_weight)
