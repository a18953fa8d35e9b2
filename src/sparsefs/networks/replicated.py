# SPDX-License-Identifier: BSD-3-Clause
"""Several networks of the same shape as one: every layer is a batch of matrices.

A small network leaves most of a GPU idle, and a step of it costs the launch of its operations. A
batch of networks costs as many launches as one. The networks see the same batches and noise, and
differ in their connections and weights.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import numpy as np
import torch

from ..utils.device import to_host
from ..utils.scratch import Scratch
from .feedforward import FeedForward
from .masked import MaskedLinear


class ReplicatedLinear(MaskedLinear):
    """Masked layers of the same shape and number of connections.

    Activations are laid out (replicas, neurons, samples); inputs that all replicas share have
    no first dimension. What the host asks a layer for, a :meth:`replica` answers.

    Parameters
    ----------
    layers : sequence of MaskedLinear
    """

    def __init__(self, layers: Sequence[MaskedLinear]):
        first = layers[0]
        self.shape, self.device = first.shape, first.device
        self.n_replicas = len(layers)
        self.n_connections = sum(layer.n_connections for layer in layers)
        self.values = torch.cat([layer.values for layer in layers])
        self._mask = torch.cat([layer.mask.reshape(-1) for layer in layers])
        self.bias = torch.stack([layer.bias for layer in layers])
        self.buffers = {}
        self.seen = None
        self.extra_flops = 0
        self._output = Scratch(self.device)
        self._degrees = {}
        self._exists = None

    @property
    def weight(self) -> torch.Tensor:
        """The weights as matrices (n_replicas, n_outputs, n_inputs)."""
        return self._matrices(self.values)

    @property
    def mask(self) -> torch.Tensor:
        """1 where there is a connection, else 0, in the same shape."""
        return self._matrices(self._mask)

    @property
    def density(self) -> float:
        return self.n_connections / max(1, self.values.numel())

    def _matrices(self, flat):
        return flat.view(self.n_replicas, *self.shape)

    def forward(self, x):
        out = self._output(self.n_replicas, self.shape[0], x.shape[-1])
        if x.ndim == 3:
            return torch.baddbmm(self.bias, self.weight, x, out=out)
        together = self.values.view(-1, self.shape[1])
        torch.addmm(self.bias.view(-1, 1), together, x, out=out.view(-1, x.shape[-1]))
        return out

    def backward(self, grad):
        return self.weight.transpose(1, 2) @ grad

    def weight_grad(self, grad, x):
        return self._gradients(grad, x).view(-1).mul_(self._mask)

    def dense_grad(self, rows=slice(None)):
        assert self.seen is not None
        x, grad = self.seen
        grad = grad[:, rows]
        self.extra_flops += 2 * grad.shape[0] * grad.shape[1] * x.shape[-2] * x.shape[-1]
        return self._gradients(grad, x)

    def _gradients(self, grad, x):
        if x.ndim == 3:
            return torch.bmm(grad, x.transpose(1, 2))
        return (grad.reshape(-1, grad.shape[-1]) @ x.t()).view(*grad.shape[:2], -1)

    def strength(self, side):
        return to_host(self.strength_on_device(side))

    def degree(self, side):
        return to_host(self.mask.sum(-2 if side == "in" else -1)).astype(np.int64)

    def replica(self, number: int) -> MaskedLinear:
        """A copy of one of the layers."""
        flat = self._matrices(self.values)[number].reshape(-1)
        positions = np.flatnonzero(self.mask[number].reshape(-1).cpu().numpy())
        layer = MaskedLinear(
            self.shape,
            positions,
            flat.cpu().numpy()[positions],
            self.bias[number].reshape(-1).clone(),
            self.device,
        )
        for name, buffer in self.buffers.items():
            layer.buffers[name] = self._matrices(buffer)[number].reshape(-1).clone()
        return layer


class ReplicatedFeedForward(FeedForward):
    """Several networks that differ in connections and weights only.

    Parameters
    ----------
    networks : sequence of FeedForward
        Of layers of kind :class:`MaskedLinear`.

    Attributes
    ----------
    batches : list of ReplicatedLinear
        The layers.
    """

    def __init__(self, networks: Sequence[FeedForward]):
        of_each = [cast("list[MaskedLinear]", network.layers) for network in networks]
        self.batches = [ReplicatedLinear(layers) for layers in zip(*of_each, strict=True)]
        super().__init__(self.batches, networks[0].activations)
        self.n_replicas = len(networks)

    @property
    def density(self) -> float:
        return super().density / self.n_replicas

    def replica(self, number: int) -> FeedForward:
        """A copy of one of the networks."""
        return FeedForward([layer.replica(number) for layer in self.batches], self.activations)
