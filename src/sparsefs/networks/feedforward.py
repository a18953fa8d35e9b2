# SPDX-License-Identifier: BSD-3-Clause
"""A stack of sparse layers with hand-written gradients: autoencoders and MLPs alike.

Gradients are written out because a step must not cost more than its sparse products:
automatic differentiation would build dense gradients for connections that do not exist.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import torch

from .kernels import make_sparse_linear
from .resize import with_inputs
from .sparse_linear import SparseLinear

_aten = torch.ops.aten  # its backward functions read and write once where formulas would thrice


class _Activation(NamedTuple):
    apply: Callable  # in place
    slope: Callable | None  # derivative, as a function of the activation's output
    backward: Callable | None  # (gradient at its output, output) -> gradient at its input


_ACTIVATIONS = {
    "identity": _Activation(lambda z: z, None, None),
    "logistic": _Activation(
        torch.Tensor.sigmoid_, lambda a: a * (1 - a), lambda g, a: _aten.sigmoid_backward(g, a)
    ),
    "tanh": _Activation(
        torch.Tensor.tanh_, lambda a: 1 - a * a, lambda g, a: _aten.tanh_backward(g, a)
    ),
    "relu": _Activation(
        torch.Tensor.relu_,
        lambda a: (a > 0).to(a.dtype),
        lambda g, a: _aten.threshold_backward(g, a, 0),
    ),
}


class FeedForward:
    """Network of sparse layers, each followed by an activation.

    Parameters
    ----------
    layers : sequence of SparseLinear
    activations : sequence of {"identity", "logistic", "tanh", "relu"}
        One per layer.
    dropout : Dropout or None, default=None
        Applied behind every layer but the last, in training steps.

    Attributes
    ----------
    outputs : list of torch.Tensor
        Activations (n_neurons, n_samples) of every layer in the last `forward`, before dropout;
        overwritten by the next one.
    """

    def __init__(self, layers: Sequence[SparseLinear], activations: Sequence[str], dropout=None):
        self.layers = list(layers)
        self.activations = list(activations)
        self.dropout = dropout
        self.outputs: list[torch.Tensor] = []
        self._flops = 0
        self._inputs: list[torch.Tensor] = []
        self._dropped: list[torch.Tensor | None] = []
        self._output_slope: torch.Tensor | None = None

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
        fan_in: str = "dense",
    ) -> FeedForward:
        """Create a network from its layer sizes and the positions of its connections.

        Weights and biases start uniform in +-1 / sqrt(fan_in). `fan_in` says what that is:
        the number of inputs (``"dense"``, as in most of the papers' programs), or of the
        connections that a neuron has on average (``"sparse"``), which keeps signals from fading
        from layer to layer. `filled_sides` tells per layer which neurons the growth rule
        fills one after the other, see :func:`choose_kernel`.
        """
        filled_sides = filled_sides or [None] * len(positions)
        layers = [
            make_sparse_linear(
                (n_out, n_in),
                where,
                bound=1 / math.sqrt(max(1, n_in if fan_in == "dense" else len(where) / n_out)),
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

    def forward(self, x: torch.Tensor, training: bool = False) -> torch.Tensor:
        """Outputs (n_outputs, n_samples) of inputs (n_inputs, n_samples).

        `training` says that dropout applies.
        """
        self._inputs, self.outputs, self._dropped = [], [], []
        last = len(self.layers) - 1
        for i, (layer, name) in enumerate(zip(self.layers, self.activations, strict=True)):
            self._inputs.append(x)
            x = _ACTIVATIONS[name].apply(layer.forward(x))
            self.outputs.append(x)
            mask = None
            if training and self.dropout is not None and i < last:
                mask = self.dropout.mask(x.shape)
                x = x * mask
            self._dropped.append(mask)
        # A loss may overwrite the outputs, so their slope is taken now.
        self._output_slope = self.slope(last)
        return x

    def backward(self, grad: torch.Tensor) -> list[tuple[torch.Tensor, torch.Tensor]]:
        """(weight gradient, bias gradient) of every layer after the last `forward`.

        `grad` is the gradient of the loss at the outputs.
        """
        gradients = []
        self._flops += 6 * self.n_connections * grad.shape[-1]
        for i in reversed(range(len(self.layers))):
            layer, mask = self.layers[i], self._dropped[i]
            if mask is not None:
                grad = grad.mul_(mask)
            if i == len(self.layers) - 1:
                grad = grad if self._output_slope is None else grad * self._output_slope
            elif (through := _ACTIVATIONS[self.activations[i]].backward) is not None:
                grad = through(grad, self.outputs[i])
            layer.seen = (self._inputs[i], grad)
            gradients.append((layer.weight_grad(grad, self._inputs[i]), grad.sum(-1, keepdim=True)))
            if i:
                grad = layer.backward(grad)
        return gradients[::-1]

    def slope(self, i: int, samples: slice | torch.Tensor = slice(None)) -> torch.Tensor | None:
        """Derivative of layer `i`'s activation in the last `forward`; None where it is 1."""
        derivative = _ACTIVATIONS[self.activations[i]].slope
        return None if derivative is None else derivative(self.outputs[i][..., samples])

    def replace_inputs(self, source, new_rows, new_cols, kernel: str = "auto") -> None:
        """Give the first layer other inputs, see :func:`with_inputs`."""
        self.layers[0] = with_inputs(self.layers[0], source, new_rows, new_cols, kernel)

    @property
    def n_connections(self) -> int:
        """Existing connections of all layers."""
        return sum(layer.n_connections for layer in self.layers)

    @property
    def training_flops(self) -> int:
        """Floating-point operations of training so far.

        Three products a step (forward, backward, gradient) with 2 operations per connection and
        sample, and the dense gradients that rules have asked for.
        """
        return self._flops + sum(layer.extra_flops for layer in self.layers)

    @property
    def density(self) -> float:
        """Existing / possible connections over all layers."""
        return self.n_connections / sum(layer.shape[0] * layer.shape[1] for layer in self.layers)
