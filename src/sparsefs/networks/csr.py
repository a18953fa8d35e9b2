# SPDX-License-Identifier: BSD-3-Clause
"""Compressed sparse rows: every slot is a connection."""

from __future__ import annotations

import warnings

import numpy as np
import torch
from scipy import sparse

from .sparse_linear import SparseLinear

with warnings.catch_warnings():
    # Torch says once per process that its CSR support is in beta; we test what we use. Said here,
    # while this module is imported, it needs no change of the filters during a fit.
    warnings.simplefilter("ignore")
    torch.sparse_csr_tensor([0, 1], [0], [1.0], (1, 1), check_invariants=False)


class CSRLinear(SparseLinear):
    """Compressed sparse rows: cost and memory follow the number of connections."""

    exists = None

    def _build(self, positions, values):
        rows, cols = (i.astype(np.int32) for i in np.divmod(positions, max(1, self.shape[1])))
        self.values = torch.from_numpy(values.copy()).to(self.device)
        self._set_pattern(rows, cols)

    def _set_pattern(self, rows: np.ndarray, cols: np.ndarray) -> None:
        self.rows, self.cols, self.n_connections = rows, cols, len(cols)
        self._row_starts = np.searchsorted(rows, np.arange(self.shape[0] + 1)).astype(np.int32)
        self._matrix = csr_tensor(self._row_starts, cols, self.values, self.shape)
        self._transposed: tuple[torch.Tensor, torch.Tensor] | None = None

    def _indices(self):
        arrays: list = [self.rows, self.cols, self._row_starts]
        if self._transposed is not None:
            order, matrix = self._transposed
            arrays += [order, matrix.crow_indices(), matrix.col_indices(), matrix.values()]
        return arrays

    def forward(self, x):
        out = self._output(self.shape[0], x.shape[1])
        return torch.addmm(self.bias, self._matrix, x, out=out)

    def backward(self, grad):
        order, matrix = self._transposed or self._transpose()
        torch.index_select(self.values, 0, order, out=matrix.values())
        return matrix @ grad

    def _transpose(self):
        # Only when needed: the first layer never is.
        self._transposed = transposed(self._row_starts, self.cols, self.values, self.shape)
        return self._transposed

    def weight_grad(self, grad, x):
        if self.n_connections == 0:
            return torch.zeros_like(self.values)
        return torch.sparse.sampled_addmm(self._matrix, grad, x.t(), beta=0.0).values()

    def strength(self, side):
        weights = np.abs(self.slot_values())
        if side == "in":
            return np.bincount(self.cols, weights=weights, minlength=self.shape[1])
        return row_sums(weights, self._row_starts)

    def _rewire(self, removed, added_rows, added_cols):
        keep = np.ones(self.n_connections, dtype=bool)
        keep[removed] = False
        kept = np.flatnonzero(keep)
        added = added_rows * self.shape[1] + added_cols
        order = np.argsort(added)
        added_rows, added_cols = added_rows[order], added_cols[order]
        insert_at = np.searchsorted(self.positions(kept), added[order])
        new = insert_at + np.arange(len(added_rows))
        is_old = np.ones(len(kept) + len(new), dtype=bool)
        is_old[new] = False
        source = np.zeros(len(is_old), dtype=np.int64)
        source[np.flatnonzero(is_old)] = kept
        if self.n_connections == 0:
            rows, cols = added_rows.astype(np.int32), added_cols.astype(np.int32)
        else:
            rows, cols = self.rows.take(source), self.cols.take(source)
            rows[new], cols[new] = added_rows, added_cols
        self.values = _reindexed(self.values, source, new)
        self.buffers = {name: _reindexed(b, source, new) for name, b in self.buffers.items()}
        self._set_pattern(rows, cols)


def csr_tensor(row_starts, cols, values, shape):
    """A torch CSR tensor that shares the memory of its parts."""
    return torch.sparse_csr_tensor(
        torch.from_numpy(row_starts).to(values.device),
        torch.from_numpy(cols).to(values.device),
        values,
        shape,
        check_invariants=False,
    )


def transposed(row_starts, cols, values, shape):
    """The order of the slots in the transpose, and a CSR tensor of it without its values.

    Products with the transpose of a CSR tensor take a slow path, so both orders are kept, with
    the permutation between them.
    """
    slots = np.arange(len(cols), dtype=np.int32)
    by_col = sparse.csr_array((slots, cols, row_starts), shape=shape).tocsc()
    order = torch.from_numpy(by_col.data).to(values.device)
    matrix = csr_tensor(by_col.indptr, by_col.indices, torch.empty_like(values), shape[::-1])
    return order, matrix


def row_sums(numbers, row_starts):
    """Sum of the numbers in every row's slots, float64."""
    sums = np.zeros(len(row_starts) - 1)
    filled = np.flatnonzero(np.diff(row_starts))  # reduceat needs non-empty segments
    if len(filled):
        sums[filled] = np.add.reduceat(numbers, row_starts[filled], dtype=np.float64)
    return sums


def _reindexed(tensor, source, new):
    if len(tensor) == 0:
        return tensor.new_zeros(len(source))
    moved = tensor.index_select(0, torch.from_numpy(source).to(tensor.device))
    moved[torch.from_numpy(new).to(tensor.device)] = 0
    return moved
