# SPDX-License-Identifier: BSD-3-Clause
"""A dense matrix with a mask: every possible connection has a slot.

Wasteful in memory, and fastest where the density is high or the device prefers dense products.
"""

from __future__ import annotations

import numpy as np
import torch

from .sparse_linear import SparseLinear


class MaskedLinear(SparseLinear):
    """A dense matrix that is 0 where there is no connection."""

    def _build(self, positions, values):
        mask = np.zeros(self.shape[0] * self.shape[1], dtype=np.float32)
        mask[positions] = 1
        dense = np.zeros_like(mask)
        dense[positions] = values
        self.values = torch.from_numpy(dense).to(self.device)
        self._weight = self.values.view(self.shape)
        # A float mask: multiplying by a boolean one is several times slower.
        self._mask = torch.from_numpy(mask).to(self.device)
        self._exists = mask.astype(bool)
        self._n_connections = len(positions)
        self._rows, self._cols = (
            index.astype(np.int32).ravel() for index in np.indices(self.shape, dtype=np.int32)
        )

    @property
    def rows(self):
        return self._rows

    @property
    def cols(self):
        return self._cols

    @property
    def exists(self):
        return self._exists

    @property
    def n_connections(self):
        return self._n_connections

    def _indices(self):
        return [self._rows, self._cols, self._exists, self._mask]

    def forward(self, x):
        return torch.addmm(self.bias, self._weight, x)

    def backward(self, grad):
        return self._weight.t() @ grad

    def weight_grad(self, grad, x):
        return (grad @ x.t()).view(-1).mul_(self._mask)

    def strength(self, side):
        dim = 0 if side == "in" else 1
        return self._weight.abs().sum(dim, dtype=torch.float64).cpu().numpy()

    def _rewire(self, removed, added_rows, added_cols):
        added = added_rows * np.int64(self.shape[1]) + added_cols
        self._exists[removed] = False
        self._exists[added] = True
        self._n_connections += len(added) - len(removed)
        changed = torch.from_numpy(np.asarray(removed, dtype=np.int64)).to(self.device)
        self._mask[changed] = 0
        for tensor in (self.values, *self.buffers.values()):
            tensor[changed] = 0
        self._mask[torch.from_numpy(added).to(self.device)] = 1
