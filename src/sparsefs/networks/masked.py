# SPDX-License-Identifier: BSD-3-Clause
"""A dense matrix with a mask: every possible connection has a slot.

It takes the memory of a dense layer. It is the fastest kernel where the density is high or the
device prefers dense products.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
import torch

from ..utils.device import wide
from .chunks import chunks
from .sparse_inputs import SparseInputs
from .sparse_linear import SparseLinear


class DenseSlots:
    """What rules read of a layer in which every possible connection has a slot.

    A layer of this kind has, besides, `shape`, `values` (flat), `exists`, `mask` and `slot_values`.

    Attributes
    ----------
    mask : torch.Tensor of shape `shape`
        1 where there is a connection, else 0.
    """

    shape: tuple[int, int]
    exists: np.ndarray
    values: torch.Tensor
    mask: torch.Tensor

    # A list of all slots is larger than the weights and rarely used, so it is made on demand.

    @cached_property
    def rows(self) -> np.ndarray:
        """Output neuron of every slot."""
        return np.repeat(np.arange(self.shape[0], dtype=np.int32), self.shape[1])

    @cached_property
    def cols(self) -> np.ndarray:
        """Input neuron of every slot."""
        return np.tile(np.arange(self.shape[1], dtype=np.int32), self.shape[0])

    @property
    def weight(self) -> torch.Tensor:
        """The weights as a matrix (n_outputs, n_inputs)."""
        return self.values.view(self.shape)

    def slot_values(self) -> np.ndarray:
        return self.values.detach().cpu().numpy()

    def positions(self, slots: Any) -> np.ndarray:
        return np.asarray(slots, dtype=np.int64)

    def strength(self, side: str) -> np.ndarray:
        dim = 0 if side == "in" else 1
        return self.weight.abs().sum(dim, dtype=torch.float64).cpu().numpy()

    def weighted(self, side: str, importance: np.ndarray) -> np.ndarray:
        factor = np.asarray(importance, dtype=np.float32)
        factor = factor if side == "in" else factor[:, None]
        return (self.slot_values().reshape(self.shape) * factor).ravel()

    def degree(self, side: str) -> np.ndarray:
        number = self.mask.sum(0 if side == "in" else 1, dtype=torch.float32)
        return number.cpu().numpy().astype(np.int64)

    def connected(self, side: str, neurons: np.ndarray) -> np.ndarray:
        table = self.exists.reshape(self.shape)
        return table[:, neurons].T.copy() if side == "in" else table[neurons]


class MaskedLinear(DenseSlots, SparseLinear):  # type: ignore[override]
    """A dense matrix that is 0 where there is no connection."""

    takes_chunks = True
    _changes = (*SparseLinear._changes, "_mask")

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

    def load_state(self, state: dict[str, Any]) -> None:
        super().load_state(state)
        self._exists = self.seen = None

    @property
    def exists(self) -> np.ndarray:  # type: ignore[override]
        """Which slots hold a connection; read from the device when the host asks."""
        if self._exists is None:
            self._exists = self._mask.cpu().numpy() > 0
        return self._exists

    @property
    def mask(self) -> torch.Tensor:  # type: ignore[override]
        """1 where there is a connection, else 0; a matrix (n_outputs, n_inputs)."""
        return self._mask.view(self.shape)

    @property
    def n_bytes(self) -> int:
        arrays = [self.values, self.bias, *self.buffers.values(), self._mask]
        return sum(array.nbytes for array in arrays)

    def forward(self, x: Any) -> torch.Tensor:
        out = self._output(self.shape[0], x.shape[1])
        if torch.is_tensor(x):
            return torch.addmm(self.bias, self.weight, x, out=out)
        if isinstance(x, SparseInputs):
            inputs, added = x.touched
            torch.addmm(self.bias, self.weight[:, inputs], added.t(), out=out)
            return out.add_((self.weight @ x.constant_tensor)[:, None])
        out.copy_(self.bias.expand_as(out))
        for chunk in chunks(self.shape[1]):
            out.addmm_(self.weight[:, chunk], x[chunk])
        return out

    def backward(self, grad: torch.Tensor) -> torch.Tensor:
        return self.weight.t() @ grad

    def weight_grad(self, grad: torch.Tensor, x: Any) -> torch.Tensor:
        if torch.is_tensor(x):
            dense = (grad @ x.t()).view(-1)
        elif isinstance(x, SparseInputs):
            inputs, added = x.touched
            of_all = torch.outer(grad.sum(1), x.constant_tensor)
            of_all[:, inputs] += grad @ added
            dense = of_all.view(-1)
        else:
            some = [grad @ x[chunk].t() for chunk in chunks(self.shape[1])]
            dense = torch.cat(some, dim=1).view(-1)
        return dense if self.n_connections == len(dense) else dense.mul_(self._mask)

    def strength_on_device(self, side: str) -> torch.Tensor:
        return wide(self.weight.abs()).sum(0 if side == "in" else 1)

    def snapshot(self) -> tuple:
        return self._mask.clone(), self.n_connections, self.values.clone(), self.bias.clone()

    def restore(self, snapshot: tuple) -> None:
        mask, self.n_connections, values, bias = snapshot
        self._mask.copy_(mask)
        self.values.copy_(values)
        self.bias.copy_(bias)
        self.buffers = {name: torch.zeros_like(self.values) for name in self.buffers}
        self._exists = self.seen = None

    def keep(self, exists: torch.Tensor) -> None:
        """Have connections where `exists` holds, as many as now, without asking the device.

        Those that stay keep weight and optimiser state, the new ones start with 0.
        """
        self._mask.copy_(exists.view(-1))
        for tensor in (self.values, *self.buffers.values()):
            tensor.mul_(self._mask)
        self._exists = None

    def rewire(self, removed: Any, added_rows: Any, added_cols: Any) -> None:
        added = added_rows * self.shape[1] + added_cols
        self.exists[removed], self.exists[added] = False, True
        self.n_connections += len(added) - len(removed)
        changed = torch.from_numpy(np.asarray(removed, dtype=np.int64)).to(self.device)
        self._mask[changed] = 0
        for tensor in (self.values, *self.buffers.values()):
            tensor[changed] = 0
        self._mask[torch.from_numpy(added).to(self.device)] = 1
