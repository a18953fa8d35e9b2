# SPDX-License-Identifier: BSD-3-Clause
"""A dense matrix with a mask: every possible connection has a slot.

Wasteful in memory, and fastest where the density is high or the device prefers dense products.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
import torch

from ..utils.device import wide
from .parts import tiles
from .sparse_linear import SparseLinear


class MaskedLinear(SparseLinear):
    """A dense matrix that is 0 where there is no connection."""

    takes_parts = True

    def _build(self, positions, values):
        mask = np.zeros(self.shape[0] * self.shape[1], dtype=np.float32)
        mask[positions] = 1
        dense = np.zeros_like(mask)
        dense[positions] = values
        self.values = torch.from_numpy(dense).to(self.device)
        # A float mask: multiplying by a boolean one is several times slower.
        self._mask = torch.from_numpy(mask).to(self.device)
        self._exists: np.ndarray | None = None
        self.n_connections = len(positions)

    # Where every connection has a slot, a list of them is larger than the weights and rarely used.
    # What only the host needs is made when it asks: rules on the device change the mask alone.

    @property
    def exists(self) -> np.ndarray:  # type: ignore[override]
        """Which slots hold a connection."""
        if self._exists is None:
            self._exists = self._mask.cpu().numpy() > 0
        return self._exists

    @cached_property
    def rows(self) -> np.ndarray:  # type: ignore[override]
        """Output neuron of every slot."""
        return np.repeat(np.arange(self.shape[0], dtype=np.int32), self.shape[1])

    @cached_property
    def cols(self) -> np.ndarray:  # type: ignore[override]
        """Input neuron of every slot."""
        return np.tile(np.arange(self.shape[1], dtype=np.int32), self.shape[0])

    def positions(self, slots):
        return np.asarray(slots, dtype=np.int64)

    @property
    def weight(self) -> torch.Tensor:
        """The weights as a matrix (n_outputs, n_inputs)."""
        return self.values.view(self.shape)

    @property
    def mask(self) -> torch.Tensor:
        """1 where there is a connection, else 0; a matrix (n_outputs, n_inputs)."""
        return self._mask.view(self.shape)

    def keep(self, exists: torch.Tensor) -> None:
        """Have connections where `exists` holds, as many as now, without asking the device.

        Those that stay keep weight and optimiser state, the new ones start with 0.
        """
        self._mask.copy_(exists.view(-1))
        for tensor in (self.values, *self.buffers.values()):
            tensor.mul_(self._mask)
        self._exists = None
        self._degrees.clear()

    def _indices(self):
        return [self._mask]  # what is made from it on demand is not part of the network

    def forward(self, x):
        out = self._output(self.shape[0], x.shape[1])
        if torch.is_tensor(x):
            return torch.addmm(self.bias, self.weight, x, out=out)
        out.copy_(self.bias.expand_as(out))
        for part in tiles(self.shape[1]):
            out.addmm_(self.weight[:, part], x[part])
        return out

    def backward(self, grad):
        return self.weight.t() @ grad

    def weight_grad(self, grad, x):
        if torch.is_tensor(x):
            dense = (grad @ x.t()).view(-1)
        else:
            dense = torch.cat([grad @ x[part].t() for part in tiles(self.shape[1])], dim=1).view(-1)
        return dense if self.n_connections == len(dense) else dense.mul_(self._mask)

    def strength(self, side):
        dim = 0 if side == "in" else 1
        return self.weight.abs().sum(dim, dtype=torch.float64).cpu().numpy()

    def strength_on_device(self, side):
        return wide(self.weight.abs()).sum(0 if side == "in" else 1)

    def snapshot(self):
        return self._mask.clone(), self.n_connections, self.values.clone(), self.bias.clone()

    def restore(self, snapshot):
        mask, self.n_connections, values, bias = snapshot
        self._mask.copy_(mask)
        self._exists = None
        self.values.copy_(values)
        self._restart(list(self.buffers), bias)

    def _rewire(self, removed, added_rows, added_cols):
        added = added_rows * self.shape[1] + added_cols
        self.exists[removed], self.exists[added] = False, True
        self.n_connections += len(added) - len(removed)
        changed = torch.from_numpy(np.asarray(removed, dtype=np.int64)).to(self.device)
        self._mask[changed] = 0
        for tensor in (self.values, *self.buffers.values()):
            tensor[changed] = 0
        self._mask[torch.from_numpy(added).to(self.device)] = 1
