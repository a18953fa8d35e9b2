# SPDX-License-Identifier: BSD-3-Clause
"""Feed-forward networks of sparse layers, and the choice of a kernel for each layer.

Gradients are written out, so that a step costs no more than its sparse products. Automatic
differentiation would build dense gradients for connections that do not exist.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import torch

from ..utils.state import Stateful
from .chunks import CHUNK, Chunked, joined
from .csr import CSRLinear
from .masked import MaskedLinear
from .sparse_linear import SparseLinear

_aten = torch.ops.aten  # its backward functions read and write once; formulas would do so thrice


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


@dataclass(eq=False, repr=False)
class FeedForward(Stateful):
    """Network of sparse layers, each followed by an activation.

    Parameters
    ----------
    layers : list of SparseLinear
    activations : list of {"identity", "logistic", "tanh", "relu"}
        One per layer.
    dropout : Dropout or None, default=None
        Applied after every layer but the last, in training steps.
    n_left_out : int, default=0
        Possible connections of features that are not in the network. They count for `density`.

    Attributes
    ----------
    outputs : list of torch.Tensor
        Activations (n_neurons, n_samples) of every layer in the last `forward`, before dropout;
        overwritten by the next one.
    """

    _changes = ("layers", "_flops", "_joint_flops")

    layers: list[SparseLinear]
    activations: list[str]
    dropout: Any = None
    n_left_out: int = 0
    outputs: list[torch.Tensor] = field(default_factory=list, init=False)
    _flops: int = field(default=0, init=False)
    _joint_flops: int = field(default=0, init=False)  # of all ranks, when they were last joined
    # Of the last `forward`: inputs of every layer (the first may be chunked), masks, slope.
    _inputs: list[Any] = field(default_factory=list, init=False)
    _dropped: list[torch.Tensor | None] = field(default_factory=list, init=False)
    _output_slope: torch.Tensor | None = field(default=None, init=False)

    @classmethod
    def from_positions(
        cls,
        sizes: Sequence[int],
        positions: Sequence[np.ndarray],
        activations: list[str],
        *,
        rng: np.random.Generator,
        kernel: str = "auto",
        device: str = "cpu",
        filled_sides: Sequence[str | None] | None = None,
        fan_in: str = "dense",
    ) -> FeedForward:
        """Create a network from its layer sizes and the positions of its connections.

        Weights and biases start uniform in +-1 / sqrt(fan_in). `fan_in` is the number of inputs
        (``"dense"``, as in most of the papers' programs), or the average number of connections of
        a neuron (``"sparse"``), which keeps signals from fading from layer to layer.
        `filled_sides` says per layer which neurons the growth rule fills one after the other, see
        :func:`choose_kernel`.
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

    def forget(self, share: float) -> None:
        """Shrink the weights to this share, so that those which nothing renews fade."""
        for layer in self.layers:
            layer.values.mul_(share)

    def forward(self, x: torch.Tensor | Chunked, training: bool = False) -> torch.Tensor:
        """Return the outputs (n_outputs, n_samples) of inputs (n_inputs, n_samples).

        Dropout applies if `training`.
        """
        hidden = self._forward_hidden(x, training)
        self._inputs.append(hidden)
        activation = _ACTIVATIONS[self.activations[-1]]
        output = activation.apply(self.layers[-1].forward(hidden))
        self.outputs.append(output)
        # A loss may overwrite the outputs, so their slope is taken now.
        self._output_slope = None if activation.slope is None else activation.slope(output)
        return output

    def _forward_hidden(self, x, training) -> Any:
        """Return the inputs of the last layer."""
        self._inputs, self.outputs, self._dropped = [], [], []
        if not self.layers[0].takes_chunks:
            x = joined(x)
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
    def reconstructs_in_chunks(self) -> bool:
        """Whether :meth:`reconstruct` makes the outputs a chunk at a time."""
        layer = self.layers[-1]
        return isinstance(layer, CSRLinear) and layer.side == "out" and len(layer.chunks) > 1

    def reconstruct(self, x: Any, target: Any, sample_weight: Any, loss: Any) -> Any:
        """Run a training step of an autoencoder with very many features.

        The outputs, their errors and their gradients exist for a chunk of features at a time, if
        the last layer has chunks.

        Parameters
        ----------
        x, target : torch.Tensor or Chunked of shape (n_features, n_samples)
        sample_weight : torch.Tensor of shape (n_samples,), or None
        loss : SquaredErrorLoss

        Returns
        -------
        value : float
            The loss.
        gradients : list of (torch.Tensor, torch.Tensor)
            As :meth:`backward` returns them.
        """
        if not self.reconstructs_in_chunks:
            value, grad = loss(self.forward(x, training=True), joined(target), sample_weight)
            return value, self.backward(grad)
        hidden = self._forward_hidden(x, training=True)
        layer: Any = self.layers[-1]
        activation = _ACTIVATIONS[self.activations[-1]]
        weight_grad, bias_grad = torch.zeros_like(layer.values), torch.empty_like(layer.bias)
        hidden_grad, value = torch.zeros_like(hidden), 0.0
        layer.refresh()
        for i, chunk in enumerate(layer.chunks):
            output = activation.apply(layer.to_own(i, hidden, layer.bias[chunk.own]))
            slope = None if activation.slope is None else activation.slope(output)
            some, grad = loss(
                output, target[chunk.own], sample_weight, part=(chunk.own, layer.shape[0])
            )
            value += some
            if slope is not None:
                grad.mul_(slope)
            torch.sum(grad, 1, keepdim=True, out=bias_grad[chunk.own])
            layer.chunk_grad(i, grad, hidden, weight_grad)
            layer.add_to_partners(i, grad, hidden_grad)
        self._flops += 6 * layer.n_connections * x.shape[1]
        layer.seen = None  # no rule has asked for the gradients of a wide decoder so far
        hidden_gradients = self.backward(hidden_grad, len(self.layers) - 1)
        return value, [*hidden_gradients, (weight_grad, bias_grad)]

    def backward(
        self, grad: torch.Tensor, n_layers: int | None = None
    ) -> list[tuple[torch.Tensor, torch.Tensor]]:
        """Return (weight gradient, bias gradient) of the first layers after a `forward`.

        `grad` is the gradient of the loss at the outputs of the last of these `n_layers`; by
        default these are all layers.
        """
        gradients = []
        for i in reversed(range(len(self.layers) if n_layers is None else n_layers)):
            layer, x = self.layers[i], self._inputs[i]
            self._flops += 6 * layer.n_connections * grad.shape[1]
            if i == len(self.layers) - 1:
                grad = grad if self._output_slope is None else grad * self._output_slope
            else:
                if (mask := self._dropped[i]) is not None:
                    grad = grad.mul_(mask)
                if (through := _ACTIVATIONS[self.activations[i]].backward) is not None:
                    grad = through(grad, self.outputs[i])
            layer.seen = (x, grad)
            gradients.append((layer.weight_grad(grad, x), grad.sum(1, keepdim=True)))
            if i:
                grad = layer.backward(grad)
        return gradients[::-1]

    def slope(self, i: int, samples: slice | torch.Tensor = slice(None)) -> torch.Tensor | None:
        """Return the slope of layer `i`'s activation in the last `forward`; None if it is 1."""
        derivative = _ACTIVATIONS[self.activations[i]].slope
        return None if derivative is None else derivative(self.outputs[i][:, samples])

    def replace_inputs(
        self, source: Any, new_rows: Any, new_cols: Any, kernel: str = "auto"
    ) -> None:
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

    def join_flops(self, sum_: Callable[[int], int]) -> None:
        """Count what other processes have computed since the last call, too.

        ``sum_(n)`` is the sum over the processes.
        """
        here = self.training_flops - self._joint_flops
        self._flops += sum_(here) - here
        self._joint_flops = self.training_flops

    @property
    def density(self) -> float:
        """Existing / possible connections over all layers."""
        n_possible = sum(layer.shape[0] * layer.shape[1] for layer in self.layers)
        return self.n_connections / (n_possible + self.n_left_out)


# CSR products beat dense ones up to these densities (python -m benchmarks kernels).
_CSR_MAX_DENSITY = {"cpu": 0.2, "cuda": 0.02}
_BLOCK_MAX_DENSITY = 0.3
_CHUNKED = 2 * CHUNK  # a layer with more neurons is cut into chunks


def choose_kernel(
    shape: tuple[int, int],
    density: float,
    device: str | torch.device = "cpu",
    filled_side: str | None = None,
) -> str:
    """Choose the kernel that is expected to train a layer fastest.

    Parameters
    ----------
    shape : tuple of (int, int)
        ``(n_outputs, n_inputs)``.
    density : float
        Existing connections / possible connections.
    device : str, default="cpu"
        Type of the device. One without sparse products (MPS) gets ``"masked"``.
    filled_side : {"in", "out"} or None, default=None
        Side whose neurons the growth rule fills one after the other; None if it does not.

    Returns
    -------
    {"csr", "block", "masked"}
    """
    kind = torch.device(device).type
    if shape[0] * shape[1] <= 4096:  # a product this small costs less than its dispatch
        return "masked"
    if filled_side is not None and kind == "cpu":
        return "block" if density <= _BLOCK_MAX_DENSITY else "masked"
    return "csr" if density <= _CSR_MAX_DENSITY.get(kind, 0.0) else "masked"


def make_sparse_linear(
    shape: tuple[int, int],
    positions: Any,
    *,
    bound: float,
    rng: np.random.Generator,
    kernel: str = "auto",
    device: str = "cpu",
    filled_side: str | None = None,
) -> SparseLinear:
    """Create a layer with weights and biases drawn uniformly from [-bound, bound].

    Parameters
    ----------
    shape : tuple of (int, int)
        ``(n_outputs, n_inputs)``.
    positions : ndarray of shape (n_connections,), dtype int64
        Ascending flat positions of the connections.
    bound : float
        Half width of the initial distribution.
    rng : numpy.random.Generator
    kernel : {"auto", "csr", "block", "masked"}, default="auto"
    device : str, default="cpu"
    filled_side : {"in", "out"} or None, default=None
        See :func:`choose_kernel`.
    """
    values, bias = (
        (rng.random(size, dtype=np.float32) * 2 - 1) * np.float32(bound)
        for size in (len(positions), shape[0])
    )
    return layer_of(shape, positions, values, bias, device, kernel, filled_side)


def layer_of(
    shape: tuple[int, int],
    positions: Any,
    values: Any,
    bias: Any,
    device: Any,
    kernel: str = "auto",
    filled_side: str | None = None,
) -> SparseLinear:
    """Create a layer of given connections in the kernel of that name, see :func:`choose_kernel`."""
    if kernel == "auto":
        density = len(positions) / max(1, shape[0] * shape[1])
        kernel = choose_kernel(shape, density, device, filled_side)
    connections = shape, positions, values, bias, device
    if kernel == "masked":
        return MaskedLinear(*connections)
    in_chunks = torch.device(device).type == "cpu"
    block = kernel == "block"
    side = (filled_side or "in") if block else ("in" if shape[1] > shape[0] else "out")
    if in_chunks and shape[1 if side == "in" else 0] > _CHUNKED:
        return CSRLinear(*connections, side=side, chunk=CHUNK, block=block)
    return CSRLinear(*connections, side=side if block else "out", block=block)


def with_inputs(
    layer: SparseLinear,
    source: np.ndarray,
    new_rows: np.ndarray,
    new_cols: np.ndarray,
    kernel: str = "auto",
) -> SparseLinear:
    """Create a layer with other inputs; those that stay keep weights and optimiser state.

    Inputs that are gone take no memory and no time.

    Parameters
    ----------
    layer : SparseLinear
    source : ndarray of shape (n_inputs,), dtype int64
        For each input of the new layer, which input of `layer` it was, ascending; -1 for new
        inputs.
    new_rows, new_cols : ndarray of int64
        Connections to create with weight 0; their positions must be free.
    kernel : {"auto", "csr", "masked"}, default="auto"

    Returns
    -------
    SparseLinear
    """
    n_out, n_in = layer.shape[0], len(source)
    place = np.full(layer.shape[1], -1, dtype=np.int64)
    stays = np.flatnonzero(source >= 0)
    place[source[stays]] = stays
    slots, _ = layer.ordered_slots()
    cols = place[layer.cols[slots]]
    slots, cols = slots[cols >= 0], cols[cols >= 0]
    positions = np.concatenate(
        [layer.rows[slots].astype(np.int64) * n_in + cols, new_rows * n_in + new_cols]
    )
    order = np.argsort(positions)
    is_old = order < len(slots)
    old = slots[order[is_old]]

    def moved(tensor):
        numbers = np.zeros(len(order), dtype=np.float32)
        numbers[is_old] = tensor.detach().cpu().numpy()[old]
        return numbers

    bias = layer.bias.detach().cpu().numpy().ravel()
    values = moved(layer.values)
    new = layer_of((n_out, n_in), positions[order], values, bias, layer.device, kernel)
    where = torch.from_numpy(new.ordered_slots()[0])
    for name, buffer in layer.buffers.items():
        new.buffers[name] = torch.zeros_like(new.values)
        new.buffers[name][where] = torch.from_numpy(moved(buffer)).to(new.device)
    new.extra_flops = layer.extra_flops
    return new
