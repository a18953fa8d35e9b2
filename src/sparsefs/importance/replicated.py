# SPDX-License-Identifier: BSD-3-Clause
"""Neuron attribution of several networks at a time."""

from __future__ import annotations

from typing import Any

import torch

from ..utils.device import wide

_MAX_NUMBERS = 2**26  # of a product; a GPU wants them large


def attribution_of_each(network, samples, sample_weight) -> torch.Tensor:
    """What :func:`attribution` says of each of several networks, (n_replicas, n_inputs)."""
    layers = network.layers
    n_outputs = layers[-1].shape[0]
    eye = torch.eye(n_outputs, dtype=torch.float32, device=layers[-1].device)
    by_output = layers[-1].backward(eye)  # (replicas, neurons, outputs)
    if len(layers) == 1:
        return wide(by_output.abs().sum(-1))
    slopes = [network.slope(i, samples) for i in range(len(layers) - 1)]
    n_samples = network.outputs[0][..., samples].shape[-1]
    weight = None if sample_weight is None else sample_weight[samples]
    widest = max(max(layer.shape) for layer in layers)
    step = max(1, _MAX_NUMBERS // (widest * len(by_output) * n_outputs))
    total: Any = 0.0
    for start in range(0, n_samples, step):
        chunk = slice(start, min(start + step, n_samples))
        grad = by_output[..., None].repeat(1, 1, 1, chunk.stop - start)
        if weight is not None:
            grad *= weight[chunk]
        for i in range(len(layers) - 2, -1, -1):
            if slopes[i] is not None:
                grad.view(*grad.shape[:2], n_outputs, -1).mul_(slopes[i][:, :, None, chunk])
            grad = layers[i].backward(grad.view(*grad.shape[:2], -1))
        total = total + wide(torch.linalg.vector_norm(grad, ord=1, dim=-1))
    return total / (n_samples if weight is None else wide(weight.sum()).clamp_min(1e-30))
