# SPDX-License-Identifier: BSD-3-Clause
"""A stack of sparse layers with hand-written gradients: autoencoders and MLPs alike.

Gradients are written out because a step must not cost more than its sparse products:
automatic differentiation would build dense gradients for connections that do not exist.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch

from .csr import CSRLinear
from .kernels import make_sparse_linear
from .parts import Parts, whole
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
        self._inputs: list[Any] = []  # tensors; the first may come in parts
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

    def forward(self, x: torch.Tensor | Parts, training: bool = False) -> torch.Tensor:
        """Outputs (n_outputs, n_samples) of inputs (n_inputs, n_samples).

        `training` says that dropout applies.
        """
        hidden = self._forward_hidden(x, training)
        self._inputs.append(hidden)
        output = _ACTIVATIONS[self.activations[-1]].apply(self.layers[-1].forward(hidden))
        self.outputs.append(output)
        # A loss may overwrite the outputs, so their slope is taken now.
        self._output_slope = self.slope(len(self.layers) - 1)
        return output

    def _forward_hidden(self, x, training) -> Any:
        """Inputs of the last layer."""
        self._inputs, self.outputs, self._dropped = [], [], []
        if not self.layers[0].takes_parts:
            x = whole(x)
        for layer, name in zip(self.layers[:-1], self.activations[:-1], strict=True):
            self._inputs.append(x)
            x = _ACTIVATIONS[name].apply(layer.forward(x))
            self.outputs.append(x)
            mask = None
            if training and self.dropout is not None:
                mask = self.dropout.mask(x.shape)
                x = x * mask
            self._dropped.append(mask)
        return x

    @property
    def reconstructs_in_tiles(self) -> bool:
        """Whether :meth:`reconstruct` makes the outputs a tile at a time."""
        layer = self.layers[-1]
        return isinstance(layer, CSRLinear) and layer.side == "out" and len(layer.tiles) > 1

    def reconstruct(self, x, target, sample_weight, loss):
        """A training step of an autoencoder with very many features.

        The outputs, their errors and their gradients exist for a tile of features at a time, if
        the last layer has tiles. The features may come in parts.

        Parameters
        ----------
        x, target : torch.Tensor or Parts of shape (n_features, n_samples)
        sample_weight : torch.Tensor of shape (n_samples,), or None
        loss : SquaredErrorLoss

        Returns
        -------
        value : float
            The loss.
        gradients : list of (torch.Tensor, torch.Tensor)
            As :meth:`backward` gives them.
        """
        hidden = self._forward_hidden(x, training=True)
        layer: Any = self.layers[-1]
        activation = _ACTIVATIONS[self.activations[-1]]
        if not self.reconstructs_in_tiles:
            target = whole(target)
            self._inputs.append(hidden)
            self.outputs.append(activation.apply(layer.forward(hidden)))
            self._output_slope = self.slope(len(self.layers) - 1)
            value, grad = loss(self.outputs[-1], target, sample_weight)
            return value, self.backward(grad)
        weight_grad, bias_grad = torch.zeros_like(layer.values), torch.empty_like(layer.bias)
        hidden_grad, value = torch.zeros_like(hidden), 0.0
        layer.refresh()
        for i, tile in enumerate(layer.tiles):
            output = activation.apply(layer.to_own(i, hidden, layer.bias[tile.own]))
            slope = None if activation.slope is None else activation.slope(output)
            part, grad = loss(
                output, target[tile.own], sample_weight, part=(tile.own, layer.shape[0])
            )
            value += part
            if slope is not None:
                grad.mul_(slope)
            torch.sum(grad, 1, keepdim=True, out=bias_grad[tile.own])
            layer.tile_grad(i, grad, hidden, weight_grad)
            layer.add_to_partners(i, grad, hidden_grad)
        self._flops += 6 * layer.n_connections * x.shape[1]
        layer.seen = None  # no rule has asked for the gradients of a wide decoder so far
        return value, [*self._backward_hidden(hidden_grad), (weight_grad, bias_grad)]

    def backward(self, grad: torch.Tensor) -> list[tuple[torch.Tensor, torch.Tensor]]:
        """(weight gradient, bias gradient) of every layer after the last `forward`.

        `grad` is the gradient of the loss at the outputs.
        """
        layer, inputs = self.layers[-1], self._inputs[-1]
        self._flops += 6 * layer.n_connections * grad.shape[-1]
        grad = grad if self._output_slope is None else grad * self._output_slope
        layer.seen = (inputs, grad)
        last = (layer.weight_grad(grad, inputs), grad.sum(-1, keepdim=True))
        if len(self.layers) == 1:
            return [last]
        return [*self._backward_hidden(layer.backward(grad)), last]

    def _backward_hidden(self, grad):
        """Gradients of all layers but the last; `grad` is that at the last one's inputs."""
        gradients = []
        for i in reversed(range(len(self.layers) - 1)):
            layer, mask = self.layers[i], self._dropped[i]
            self._flops += 6 * layer.n_connections * grad.shape[-1]
            if mask is not None:
                grad = grad.mul_(mask)
            if (through := _ACTIVATIONS[self.activations[i]].backward) is not None:
                grad = through(grad, self.outputs[i])
            layer.seen = (self._inputs[i], grad)
            gradients.append((layer.weight_grad(grad, self._inputs[i]), grad.sum(-1, keepdim=True)))
            if i:
                grad = layer.backward(grad)
        return gradients[::-1]

    def slope(self, i: int, samples: slice | torch.Tensor = slice(None)) -> torch.Tensor | None:
        """Derivative of layer `i`'s activation in the last `forward`; None where it is 1."""
        derivative = _ACTIVATIONS[self.activations[i]].slope
        return None if derivative is None else derivative(self.outputs[i][:, samples])

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
