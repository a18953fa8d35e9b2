# SPDX-License-Identifier: BSD-3-Clause
"""Compressed sparse rows: every slot is a connection.

The matrix is stored by the neurons of one side, its own: for each the partners that it is connected
with. Products with its transpose take a slow path, so that is kept as well, with the permutation
between the two, once it is needed.

A layer with very many own neurons is cut into tiles of them. The activations of a tile stay in the
cache while the partners gather from them, which they otherwise do from main memory; and they
need not exist all at once, see :mod:`sparsefs.networks.parts`.
"""

from __future__ import annotations

import warnings
from typing import NamedTuple

import numpy as np
import torch
from scipy import sparse

from .sparse_linear import SparseLinear

with warnings.catch_warnings():
    # Torch says once per process that its CSR support is in beta; we test what we use. Said here,
    # while this module is imported, it needs no change of the filters during a fit.
    warnings.simplefilter("ignore")
    torch.sparse_csr_tensor([0, 1], [0], [1.0], (1, 1), check_invariants=False)


class Tile(NamedTuple):
    """A range of own neurons, and their connections.

    Attributes
    ----------
    own : slice
        The neurons.
    slots : slice
        Where their connections are.
    matrix : torch.Tensor
        The connections as a CSR tensor (own, partners) that shares memory with the weights.
    """

    own: slice
    slots: slice
    matrix: torch.Tensor


class CSRLinear(SparseLinear):
    """Compressed sparse rows: cost and memory follow the number of connections.

    Parameters
    ----------
    shape, positions, values, bias, device
        See :class:`SparseLinear`.
    side : {"in", "out"}, default="out"
        Whose neurons the rows of the matrix are.
    tile : int or None, default=None
        How many of them to take at a time; None for all.
    """

    exists = None

    def __init__(
        self, shape, positions, values, bias, device="cpu", side="out", tile: int | None = None
    ):
        self.side = side
        self._tile_width = tile or max(1, shape[0] if side == "out" else shape[1])
        super().__init__(shape, positions, values, bias, device)

    def _build(self, positions, values):
        check_number(positions)
        rows, cols = (i.astype(np.int32) for i in np.divmod(positions, max(1, self.shape[1])))
        self.values = torch.from_numpy(values.copy()).to(self.device)
        own, partner = (rows, cols) if self.side == "out" else (cols, rows)
        if self.side == "in":
            order = row_order(own, self.shape[1])
            own, partner = own[order], partner[order]
            self.values = self.values[torch.from_numpy(order).to(self.device)]
        self._set_pattern(own, partner)

    def _set_pattern(self, own: np.ndarray, partner: np.ndarray) -> None:
        """Lay out connections, ascending by own neuron and then by partner."""
        self._own, self._partner, self.n_connections = own, partner, len(own)
        if self.side == "out":
            self.rows, self.cols = own, partner
        else:
            self.cols, self.rows = own, partner
        self._set_tiles()

    def _set_tiles(self) -> None:
        """Cut what is stored row by row into tiles."""
        n_own, n_partners = self.n_neurons(self.side), self.n_partners(self.side)
        own = self._own[: self._n_stored]
        self._starts = np.searchsorted(own, np.arange(n_own + 1)).astype(np.int32)
        self._transposed: tuple[torch.Tensor, torch.Tensor, list[torch.Tensor]] | None = None
        self.tiles = []
        for start in range(0, n_own, self._tile_width):
            stop = min(start + self._tile_width, n_own)
            slots = slice(int(self._starts[start]), int(self._starts[stop]))
            matrix = csr_tensor(
                self._starts[start : stop + 1] - self._starts[start],
                self._partner[slots],
                self.values[slots],
                (stop - start, n_partners),
            )
            self.tiles.append(Tile(slice(start, stop), slots, matrix))

    @property
    def _n_stored(self):
        """Number of slots in the matrix."""
        return len(self._own)

    def _indices(self):
        arrays: list = [self.rows, self.cols, self._starts]
        if self._transposed is not None:
            order, values, matrices = self._transposed
            arrays += [order, values]
            arrays += [index for m in matrices for index in (m.crow_indices(), m.col_indices())]
        return arrays

    # Products. Activations of the own side may come in parts.

    @property
    def takes_parts(self):  # type: ignore[override]
        return self.side == "in"

    def to_own(self, i: int, partners: torch.Tensor, bias, out=None) -> torch.Tensor:
        """What the own neurons of tile `i` get from the partners' activations, plus `bias`."""
        return torch.addmm(bias, self.tiles[i].matrix, partners, out=out)

    def add_to_partners(self, i: int, own: torch.Tensor, out: torch.Tensor) -> None:
        """Add to `out` what the partners get from the own neurons of tile `i`.

        :meth:`refresh` must have been called since the weights changed.
        """
        assert self._transposed is not None
        out.addmm_(self._transposed[2][i], own)

    def tile_grad(self, i: int, own: torch.Tensor, partners: torch.Tensor, grad) -> None:
        """Set the gradient in the slots of tile `i`; `grad` is that of all slots."""
        tile = self.tiles[i]
        if tile.slots.stop > tile.slots.start:
            products = torch.sparse.sampled_addmm(tile.matrix, own, partners.t(), beta=0.0)
            grad[tile.slots] = products.values()

    def refresh(self) -> None:
        """Bring the weights of the transpose up to date."""
        if self._transposed is None:  # the first layer often never needs it
            self._transposed = _transposed(
                self.tiles, self._starts, self._partner, self.values[: self._n_stored]
            )
        order, values, _ = self._transposed
        torch.index_select(self.values[: self._n_stored], 0, order, out=values)

    def _to_own(self, partners, bias, out=None):
        if len(self.tiles) == 1:
            return self.to_own(0, partners, bias, out)
        if out is None:
            out = partners.new_empty(self.n_neurons(self.side), partners.shape[1])
        for i, tile in enumerate(self.tiles):
            self.to_own(i, partners, bias if len(bias) == 1 else bias[tile.own], out[tile.own])
        return out

    def _to_partners(self, own, bias, out=None):
        self.refresh()
        if len(self.tiles) == 1:
            assert self._transposed is not None
            return torch.addmm(bias, self._transposed[2][0], own, out=out)
        if out is None:
            out = bias.new_empty(self.n_partners(self.side), own.shape[1])
        out.copy_(bias.expand_as(out))
        for i, tile in enumerate(self.tiles):
            self.add_to_partners(i, own[tile.own], out)
        return out

    def forward(self, x):
        product = self._to_own if self.side == "out" else self._to_partners
        return product(x, self.bias, self._output(self.shape[0], x.shape[1]))

    def backward(self, grad):
        zero = grad.new_zeros(1, 1)
        if self.side == "in":
            return self._to_own(grad, zero)
        return self._to_partners(grad, zero)

    def backward_parts(self, grad):
        if self.side == "out":
            yield from super().backward_parts(grad)
            return
        zero = grad.new_zeros(1, 1)
        for i, tile in enumerate(self.tiles):
            yield tile.own, self.to_own(i, grad, zero)

    def weight_grad(self, grad, x):
        own, partners = (grad, x) if self.side == "out" else (x, grad)
        if len(self.tiles) == 1 and self.n_connections:  # no copy
            matrix = self.tiles[0].matrix
            return torch.sparse.sampled_addmm(matrix, own, partners.t(), beta=0.0).values()
        return self._grad_by_tiles(own, partners)

    def _grad_by_tiles(self, own, partners):
        gradient = torch.zeros_like(self.values)
        for i, tile in enumerate(self.tiles):
            self.tile_grad(i, own[tile.own], partners, gradient)
        return gradient

    def snapshot(self):
        # A rewiring replaces these arrays and does not write into them.
        return self._own, self._partner, self.values.clone(), self.bias.clone()

    def restore(self, snapshot):
        own, partner, values, bias = snapshot
        self.values = values.clone()
        self._restart(list(self.buffers), bias)
        self._set_pattern(own, partner)

    def compressed(self):
        if self.side == "out":
            return super().compressed()
        columns = (self.slot_values(), self.rows, self._starts)
        return sparse.csc_array(columns, shape=self.shape).tocsr()

    def strength(self, side):
        weights = np.abs(self.slot_values())
        if side != self.side:
            return np.bincount(self._partner, weights=weights, minlength=self.n_neurons(side))
        return row_sums(weights, self._starts)

    def _rewire(self, removed, added_rows, added_cols):
        own, partner = (added_rows, added_cols) if self.side == "out" else (added_cols, added_rows)
        n_partners = self.n_partners(self.side)
        keep = np.ones(self.n_connections, dtype=bool)
        keep[removed] = False
        kept = np.flatnonzero(keep)
        added = own * n_partners + partner
        order = np.argsort(added)
        own, partner = own[order], partner[order]
        place = self._own[kept].astype(np.int64) * n_partners + self._partner[kept]
        new = np.searchsorted(place, added[order]) + np.arange(len(own))
        is_old = np.ones(len(kept) + len(new), dtype=bool)
        is_old[new] = False
        source = np.zeros(len(is_old), dtype=np.int64)
        source[np.flatnonzero(is_old)] = kept
        if self.n_connections == 0:
            all_own, all_partner = own.astype(np.int32), partner.astype(np.int32)
        else:
            all_own, all_partner = self._own.take(source), self._partner.take(source)
            all_own[new], all_partner[new] = own, partner
        self.values = _reindexed(self.values, source, new)
        self.buffers = {name: _reindexed(b, source, new) for name, b in self.buffers.items()}
        self._set_pattern(all_own, all_partner)


_MOST = 2**31 - 1  # what the indices can count


def check_number(positions):
    """Refuse more connections than their indices can count."""
    if len(positions) > _MOST:
        raise ValueError(
            f"A layer of {len(positions)} connections is too large: lower density or "
            "hidden_layer_sizes."
        )


def csr_tensor(row_starts, cols, values, shape):
    """A torch CSR tensor that shares the memory of its parts."""
    return torch.sparse_csr_tensor(
        torch.from_numpy(row_starts).to(values.device),
        torch.from_numpy(cols).to(values.device),
        values,
        shape,
        check_invariants=False,
    )


def _transposed(tiles, starts, partner, values):
    """The order of the slots in the transposes of the tiles, their values, and their matrices."""
    orders, parts = [], []
    for tile in tiles:
        row_starts = starts[tile.own.start : tile.own.stop + 1] - starts[tile.own.start]
        slots = np.arange(tile.slots.start, tile.slots.stop, dtype=np.int32)
        by_row = sparse.csr_array((slots, partner[tile.slots], row_starts), shape=tile.matrix.shape)
        parts.append(by_row.tocsc())
        orders.append(parts[-1].data)
    order = torch.from_numpy(np.concatenate(orders)).to(values.device)
    moved = torch.empty_like(values)
    matrices = [
        csr_tensor(part.indptr, part.indices, moved[tile.slots], tile.matrix.shape[::-1])
        for part, tile in zip(parts, tiles, strict=True)
    ]
    return order, moved, matrices


def row_sums(numbers, row_starts):
    """Sum of the numbers in every row's slots, float64."""
    sums = np.zeros(len(row_starts) - 1)
    filled = np.flatnonzero(np.diff(row_starts))  # reduceat needs non-empty segments
    if len(filled):
        sums[filled] = np.add.reduceat(numbers, row_starts[filled], dtype=np.float64)
    return sums


def row_order(neuron, n_neurons):
    """Stable order of the slots by neuron, in linear time."""
    starts = np.array([0, len(neuron)], dtype=np.int32)
    slots = np.arange(len(neuron), dtype=np.int32)
    one_row = sparse.csr_array((slots, neuron, starts), shape=(1, n_neurons))
    return one_row.tocsc().data


def _reindexed(tensor, source, new):
    if len(tensor) == 0:
        return tensor.new_zeros(len(source))
    moved = tensor.index_select(0, torch.from_numpy(source).to(tensor.device))
    moved[torch.from_numpy(new).to(tensor.device)] = 0
    return moved
