# SPDX-License-Identifier: BSD-3-Clause
"""A stack of sparse layers with hand-written gradients: autoencoders and MLPs alike.

Gradients are written out because a step must not cost more than its sparse products:
automatic differentiation would build dense gradients for connections that do not exist.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch

from .kernels import make_sparse_linear
from .sparse_linear import SparseLinear

# Activation in place, and its derivative as a function of the activation's output.
_ACTIVATIONS = {
    "identity": (lambda z: z, None),
    "logistic": (torch.Tensor.sigmoid_, lambda a: a * (1 - a)),
    "tanh": (torch.Tensor.tanh_, lambda a: 1 - a * a),
    "relu": (torch.Tensor.relu_, lambda a: (a > 0).to(a.dtype)),
}


class FeedForward:
    """Fully connected network of sparse layers.

    Parameters
    ----------
    layers : sequence of SparseLinear
    activations : sequence of {"identity", "logistic", "tanh", "relu"}
        One per layer.
    """

    def __init__(self, layers: Sequence[SparseLinear], activations: Sequence[str]):
        self.layers = list(layers)
        self.activations = list(activations)
        self._inputs: list[torch.Tensor] = []

    @classmethod
    def from_positions(
        cls,
        sizes: Sequence[int],
        positions: Sequence[np.ndarray],
        activations: Sequence[str],
        *,
        rng: np.random.Generator,
        kernel: str = "auto",
        device: str = "cpu",
        filled_sides: Sequence[str | None] | None = None,
    ) -> FeedForward:
        """Create a network from its layer sizes and the positions of its connections.

        Weights and biases start uniform in +-1 / sqrt(fan_in), fan_in the dense one, as in
        the papers' programs. `filled_sides` tells per layer which neurons the growth rule
        fills one after the other, see :func:`choose_kernel`.
        """
        filled_sides = filled_sides or [None] * len(positions)
        layers = [
            make_sparse_linear(
                (n_out, n_in),
                where,
                bound=1 / math.sqrt(max(1, n_in)),
                rng=rng,
                kernel=kernel,
                device=device,
                filled_side=side,
            )
            for n_in, n_out, where, side in zip(
                sizes[:-1], sizes[1:], positions, filled_sides, strict=True
            )
        ]
        return cls(layers, activations)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Outputs (n_outputs, n_samples) of inputs (n_inputs, n_samples)."""
        self._inputs = []
        for layer, name in zip(self.layers, self.activations, strict=True):
            self._inputs.append(x)
            x = _ACTIVATIONS[name][0](layer.forward(x))
        self._output = x
        return x

    def backward(self, grad: torch.Tensor) -> list[tuple[torch.Tensor, torch.Tensor]]:
        """(weight gradient, bias gradient) of every layer after the last `forward`.

        `grad` is the gradient of the loss at the outputs.
        """
        gradients = []
        outputs = [*self._inputs[1:], self._output]
        for i in reversed(range(len(self.layers))):
            derivative = _ACTIVATIONS[self.activations[i]][1]
            if derivative is not None:
                grad = grad * derivative(outputs[i])
            layer = self.layers[i]
            gradients.append((layer.weight_grad(grad, self._inputs[i]), grad.sum(1, keepdim=True)))
            if i:
                grad = layer.backward(grad)
        return gradients[::-1]

    @property
    def n_connections(self) -> int:
        """Existing connections of all layers."""
        return sum(layer.n_connections for layer in self.layers)

    @property
    def density(self) -> float:
        """Existing / possible connections over all layers."""
        return self.n_connections / sum(layer.shape[0] * layer.shape[1] for layer in self.layers)
