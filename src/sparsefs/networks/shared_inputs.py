# SPDX-License-Identifier: BSD-3-Clause
"""Several small dense networks on one set of inputs, from which inputs are removed."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

import torch

from ..utils.device import Scratch
from ..utils.state import Stateful
from .sparse_inputs import SparseInputs

_JITTER = 1e-3  # of the mean diagonal: keeps Gram matrices of dependent neurons factorisable


@dataclass
class Parameter(Stateful):
    """A tensor that is trained, and its optimiser state, which changes shape along with it."""

    _changes = ("value", "buffers")

    value: torch.Tensor
    buffers: dict[str, torch.Tensor] = field(default_factory=dict)

    def keep(self, inputs: torch.Tensor) -> None:
        """Keep these entries of the first axis."""
        self.value = self.value.index_select(0, inputs)
        for name, buffer in self.buffers.items():
            self.buffers[name] = buffer.index_select(0, inputs)

    def extend(self, added: torch.Tensor, dim: int) -> None:
        """Append entries, whose optimiser state is 0."""
        self.value = torch.cat([self.value, added], dim)
        for name, buffer in self.buffers.items():
            self.buffers[name] = torch.cat([buffer, torch.zeros_like(added)], dim)


Chunks = Iterable[tuple[slice, torch.Tensor]] | SparseInputs


class SharedInputNetworks(Stateful):
    """A batch of independent networks with one hidden layer of ReLU and the same inputs.

    Parameters
    ----------
    n_inputs, n_networks, n_hidden, n_outputs : int
        `n_hidden` and `n_outputs` of each network.
    generator : torch.Generator
        Draws initial weights and noise, on the device of the networks.
    noise_generator : torch.Generator or None, default=None
        Draws the noise, if it is not the same.
    """

    _changes = ("failed", "first", "first_bias", "second", "second_bias", "_generator")

    init = 0.1  # small: the worth of an input should come from the data

    def __init__(
        self,
        n_inputs,
        n_networks,
        n_hidden,
        n_outputs,
        generator: torch.Generator,
        noise_generator: torch.Generator | None = None,
    ):
        self._generator, self._noise_generator = generator, noise_generator or generator
        self.n_networks = n_networks
        self._gradient = Scratch(generator.device)
        # Whether weights were once so large that no noise could be made for them.
        self.failed = torch.zeros((), dtype=torch.bool, device=generator.device)
        first = self._normal(n_inputs, n_networks, n_hidden) * (self.init / math.sqrt(n_inputs))
        second = self._normal(n_networks, n_outputs, n_hidden) / math.sqrt(n_hidden)
        zeros = first.new_zeros
        self.first = Parameter(first)  # (n_inputs, n_networks, n_hidden)
        self.first_bias = Parameter(zeros(n_networks, n_hidden, 1))
        self.second = Parameter(second)  # (n_networks, n_outputs, n_hidden)
        self.second_bias = Parameter(zeros(n_networks, n_outputs, 1))

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """All parameters, in the order of the gradients."""
        return self.first, self.first_bias, self.second, self.second_bias

    @property
    def device(self) -> torch.device:
        """Device of the networks."""
        return self._generator.device

    @property
    def n_inputs(self) -> int:
        """Number of inputs that are left."""
        return self.first.value.shape[0]

    @property
    def n_hidden(self) -> int:
        """Number of hidden neurons of each network."""
        return self.first.value.shape[2]

    @property
    def n_connections(self) -> list[int]:
        """Numbers of weights of both layers, over all networks."""
        return [self.first.value.numel(), self.second.value.numel()]

    def forward(self, chunks: Chunks, n_samples, noise_std=None):
        """Return the outputs (n_networks, n_outputs, n_samples).

        Parameters
        ----------
        chunks : iterable of (slice, tensor), or SparseInputs
            The inputs in chunks, each (n, n_samples).
        n_samples : int
        noise_std : tensor of shape (n_networks, 1, 1), or None
            Standard deviation of Gaussian noise on the inputs, drawn for each network and sample.
            It is added at the hidden neurons, which are fewer: noise on the inputs reaches them as
            W^T noise, which is Gaussian with covariance W^T W.
        """
        weights = self.first.value.flatten(1)
        if isinstance(chunks, SparseInputs):
            z = chunks.times(weights).t().contiguous()
        else:
            z = weights.new_zeros(weights.shape[1], n_samples)
            for chunk, x in chunks:
                z.addmm_(weights[chunk].t(), x)
        z = z.view(self.n_networks, self.n_hidden, n_samples) + self.first_bias.value
        self._noise = None
        if noise_std is not None:
            if self._in_one_product:
                every = (self.n_networks, self.n_hidden) * 2
                gram = (weights.t() @ weights).view(every).diagonal(0, 0, 2).permute(2, 0, 1)
            else:
                by_network = self.first.value.permute(1, 2, 0)
                gram = by_network @ by_network.transpose(1, 2)
            size = gram.diagonal(dim1=1, dim2=2).mean(1)[:, None, None]
            gram = gram + (_JITTER * size + 1e-7) * torch.eye(
                self.n_hidden, device=gram.device, dtype=gram.dtype
            )
            # The plain function would make the host wait for a GPU, to see whether it failed.
            factor, failed = torch.linalg.cholesky_ex(gram)
            self.failed |= failed.any()
            noise = self._normal(*z.shape, generator=self._noise_generator) * noise_std
            z += factor @ noise
            self._noise = factor, noise
        self._z, self._h = z, z.relu()
        return self.second.value @ self._h + self.second_bias.value

    def backward(self, chunks: Chunks, grad: torch.Tensor):
        """Return the gradients of all parameters; `grad` is that at the latest outputs.

        Returns
        -------
        list of tensor
            In the order of `parameters`. The gradient of the first layer does not include the
            noise, see :meth:`add_noise`, and is overwritten by the next call.
        """
        dz = torch.ops.aten.threshold_backward(self.second.value.transpose(1, 2) @ grad, self._z, 0)
        first = self._gradient(*self.first.value.shape)
        flat, sent = first.flatten(1), dz.flatten(0, 1).t()
        if isinstance(chunks, SparseInputs):
            chunks.gradient(sent, out=flat)
        else:
            for chunk, x in chunks:
                torch.mm(x, sent, out=flat[chunk])
        self._dz = dz
        return [
            first,
            dz.sum(2, keepdim=True),
            grad @ self._h.transpose(1, 2),
            grad.sum(2, keepdim=True),
        ]

    def add_noise(self, gradient: torch.Tensor) -> None:
        """Add the contribution of the latest `forward`'s noise to the first layer's gradient.

        This is not a derivative of the Cholesky factor. It is the gradient under noise on the
        inputs, averaged over all input noise that gives the same noise at the hidden neurons.
        """
        if self._noise is None:
            return
        factor, noise = self._noise
        reached = noise @ self._dz.transpose(1, 2)
        turned = torch.linalg.solve_triangular(factor.transpose(1, 2), reached, upper=True)
        if self._in_one_product:
            gradient.flatten(1).addmm_(self.first.value.flatten(1), torch.block_diag(*turned))
            return
        by_network = gradient.permute(1, 0, 2)
        torch.baddbmm(by_network, self.first.value.permute(1, 0, 2), turned, out=by_network)

    @property
    def _in_one_product(self):
        """Whether a product over all pairs of networks is faster than one for each network.

        The weights of a network lie apart, and so few of them at a time are slow to fetch.
        """
        return self.n_hidden < 8

    def keep(self, inputs: torch.Tensor) -> None:
        """Keep these inputs only."""
        self.first.keep(inputs)

    def widen(self, n_hidden: int) -> None:
        """Add hidden neurons up to `n_hidden`; their weights to the outputs are 0."""
        added = n_hidden - self.n_hidden
        if added <= 0:
            return
        new = self._normal(self.n_inputs, self.n_networks, added)
        zeros = new.new_zeros
        self.first.extend(new * (self.init / math.sqrt(self.n_inputs)), 2)
        self.first_bias.extend(zeros(self.n_networks, added, 1), 1)
        self.second.extend(zeros(self.n_networks, self.second.value.shape[1], added), 2)

    def _normal(self, *shape, generator=None):
        generator = generator or self._generator
        return torch.randn(*shape, generator=generator, device=self.device, dtype=torch.float32)
