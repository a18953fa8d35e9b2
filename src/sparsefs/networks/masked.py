# SPDX-License-Identifier: BSD-3-Clause
"""A dense matrix with a mask: every possible connection has a slot.

Wasteful in memory, and fastest where the density is high or the device prefers dense products.
"""

from __future__ import annotations

import numpy as np
import torch

from .parts import tiles
from .sparse_linear import SparseLinear


class MaskedLinear(SparseLinear):
    """A dense matrix that is 0 where there is no connection."""

    exists: np.ndarray
    takes_parts = True

    def _build(self, positions, values):
        mask = np.zeros(self.shape[0] * self.shape[1], dtype=np.float32)
        mask[positions] = 1
        dense = np.zeros_like(mask)
        dense[positions] = values
        self.values = torch.from_numpy(dense).to(self.device)
        self._weight = self.values.view(self.shape)
        # A float mask: multiplying by a boolean one is several times slower.
        self._mask = torch.from_numpy(mask).to(self.device)
        self.exists = mask.astype(bool)
        self.n_connections = len(positions)
        self._neurons = None

    # Where every connection has a slot, a list of them is larger than the weights, and rarely used.

    @property
    def rows(self):  # type: ignore[override]
        return self._indices_of_slots()[0]

    @property
    def cols(self):  # type: ignore[override]
        return self._indices_of_slots()[1]

    def _indices_of_slots(self):
        if self._neurons is None:
            self._neurons = [i.ravel() for i in np.indices(self.shape, dtype=np.int32)]
        return self._neurons

    def positions(self, slots):
        return np.asarray(slots, dtype=np.int64)

    def _indices(self):
        return [*(self._neurons or []), self.exists, self._mask]

    def forward(self, x):
        out = self._output(self.shape[0], x.shape[1])
        if torch.is_tensor(x):
            return torch.addmm(self.bias, self._weight, x, out=out)
        out.copy_(self.bias.expand_as(out))
        for part in tiles(self.shape[1]):
            out.addmm_(self._weight[:, part], x[part])
        return out

    def backward(self, grad):
        return self._weight.t() @ grad

    def weight_grad(self, grad, x):
        if torch.is_tensor(x):
            dense = (grad @ x.t()).view(-1)
        else:
            dense = torch.cat([grad @ x[part].t() for part in tiles(self.shape[1])], dim=1).view(-1)
        return dense if self.n_connections == len(dense) else dense.mul_(self._mask)

    def snapshot(self):
        return self.exists.copy(), self.values.clone(), self.bias.clone()

    def restore(self, snapshot):
        exists, values, bias = snapshot
        self.exists, self.n_connections = exists.copy(), int(np.count_nonzero(exists))
        self._mask.copy_(torch.from_numpy(exists))
        self.values.copy_(values)
        self._restart(list(self.buffers), bias)

    def strength(self, side):
        dim = 0 if side == "in" else 1
        return self._weight.abs().sum(dim, dtype=torch.float64).cpu().numpy()

    def _rewire(self, removed, added_rows, added_cols):
        added = added_rows * self.shape[1] + added_cols
        self.exists[removed] = False
        self.exists[added] = True
        self.n_connections += len(added) - len(removed)
        changed = torch.from_numpy(np.asarray(removed, dtype=np.int64)).to(self.device)
        self._mask[changed] = 0
        for tensor in (self.values, *self.buffers.values()):
            tensor[changed] = 0
        self._mask[torch.from_numpy(added).to(self.device)] = 1
