# SPDX-License-Identifier: BSD-3-Clause
"""CSR for most neurons, a dense block for those that are (nearly) fully connected.

Growing by importance fills whole neurons: after some updates a few hold half of all
connections, and an update moves few others. So the CSR part keeps its pattern, and slots whose
connection is gone stay in it as zeros; a neuron that gains connections gets a row in the dense
block, where they have a place already. Only when the dead slots or the block grow too large is
the layer packed anew.
"""

from __future__ import annotations

import numpy as np
import torch

from .csr import CSRLinear, check_number, row_order, row_sums
from .sparse_linear import SparseLinear

_MAX_DEAD = 0.25  # share of dead slots in the CSR part that triggers a packing
_MIN_FILL = 0.5  # a neuron with this share of its connections is cheaper as a dense row


class BlockLinear(CSRLinear):
    """Compressed sparse rows and a dense block of the best connected neurons.

    Parameters
    ----------
    shape, positions, values, bias, device, tile
        See :class:`CSRLinear`.
    side : {"in", "out"}, default="in"
        Whose neurons may have a row in the block: those that the growth rule fills.
    """

    exists: np.ndarray  # type: ignore[assignment]

    def __init__(self, shape, positions, values, bias, device="cpu", side="in", tile=None):
        if torch.device(device).type != "cpu":
            raise ValueError(f"kernel='block' runs on the CPU only. Got device={str(device)!r}.")
        super().__init__(shape, positions, values, bias, device, side, tile)

    def _build(self, positions, values):
        check_number(positions)
        rows, cols = np.divmod(positions, max(1, self.shape[1]))
        own, partner = (cols, rows) if self.side == "in" else (rows, cols)
        order = row_order(own.astype(np.int32), self.n_neurons(self.side))
        self.values = torch.from_numpy(values)
        self.n_connections = len(positions)
        self._pack(own[order], partner[order], order)

    def _pack(self, own, partner, source, extra=()):
        """Lay out the connections (ascending by own, partner); `source` are their old slots.

        Neurons in `extra` get a row in the block, whatever their degree.
        """
        n_own, n_partners = self.n_neurons(self.side), self.n_partners(self.side)
        degree = np.bincount(own, minlength=n_own)
        dense_enough = degree >= max(1, _MIN_FILL * n_partners)
        dense_enough[np.asarray(extra, dtype=np.int64)] = True
        members = np.flatnonzero(dense_enough)
        capacity = min(n_own, len(members) + len(members) // 4 + 4)

        in_block = dense_enough[own]
        block_line = np.full(n_own, -1, dtype=np.intp)
        block_line[members] = np.arange(len(members))
        csr, dense = np.flatnonzero(~in_block), np.flatnonzero(in_block)
        n_csr, n_slots = len(csr), len(csr) + capacity * n_partners
        target = np.empty(len(own), dtype=np.int64)
        target[csr] = np.arange(n_csr)
        target[dense] = n_csr + block_line[own[dense]] * n_partners + partner[dense]

        self._n_csr, self._n_dead = n_csr, 0
        self._block_line, self._capacity = block_line, capacity
        self._member_of_line = np.zeros(capacity, dtype=np.int64)
        self._member_of_line[: len(members)] = members
        self._own = np.zeros(n_slots, dtype=np.intp)  # an index in every rule: the native type
        self._partner = np.tile(np.arange(n_partners, dtype=np.int32), capacity)
        self._partner = np.concatenate([partner[csr].astype(np.int32), self._partner])
        self._own[:n_csr] = own[csr]
        self._own[n_csr : n_csr + len(members) * n_partners] = np.repeat(members, n_partners)
        if self.side == "in":
            self.cols, self.rows = self._own, self._partner
        else:
            self.rows, self.cols = self._own, self._partner
        self.exists = np.zeros(n_slots, dtype=bool)
        self.exists[target] = True
        self._mask = torch.from_numpy(self.exists.astype(np.float32))

        self.values = _moved(self.values, source, target, n_slots)
        self.buffers = {
            name: _moved(buffer, source, target, n_slots) for name, buffer in self.buffers.items()
        }
        self._set_tiles()
        self._set_members(len(members))
        self._block = self.values[n_csr:].view(capacity, n_partners)

    @property
    def _n_stored(self):
        return self._n_csr

    def _set_members(self, n_members):
        self._n_members = n_members
        self._members = self._member_of_line[:n_members]
        self._lines: list[tuple[slice | torch.Tensor, torch.Tensor]]
        # Of each tile: which lines of the block are its neurons', and which neurons these are.
        if len(self.tiles) == 1:
            self._lines = [(slice(0, n_members), torch.from_numpy(self._members))]
            return
        order = np.argsort(self._members)
        ascending = self._members[order]
        bounds = np.searchsorted(ascending, [tile.own.stop for tile in self.tiles])
        self._lines = [
            (torch.from_numpy(lines), torch.from_numpy(neurons - tile.own.start))
            for lines, neurons, tile in zip(
                np.split(order, bounds), np.split(ascending, bounds), self.tiles, strict=False
            )
        ]

    def _line_slots(self, line):
        start = self._n_csr + line * self.n_partners(self.side)
        return slice(start, start + self.n_partners(self.side))

    def _indices(self):
        return [*super()._indices(), self.exists, self._mask, self._block_line]

    def to_own(self, i, partners, bias, out=None):
        out = super().to_own(i, partners, bias, out)
        lines, neurons = self._lines[i]
        if len(neurons):
            out.index_add_(0, neurons, self._block[lines] @ partners)
        return out

    def add_to_partners(self, i, own, out):
        super().add_to_partners(i, own, out)
        self._add_block(i, own, out)

    def _add_block(self, i, own, out):
        lines, neurons = self._lines[i]
        if len(neurons):
            out.addmm_(self._block[lines].t(), own.index_select(0, neurons))

    def _to_partners(self, own, bias, out=None):
        out = super()._to_partners(own, bias, out)
        if len(self.tiles) == 1:
            self._add_block(0, own, out)
        return out

    def tile_grad(self, i, own, partners, grad):
        slots = self.tiles[i].slots
        super().tile_grad(i, own, partners, grad)
        grad[slots].mul_(self._mask[slots])
        lines, neurons = self._lines[i]
        if not len(neurons):
            return
        of_lines, mask = (
            numbers[self._n_csr :].view_as(self._block) for numbers in (grad, self._mask)
        )
        chosen = own.index_select(0, neurons)
        if isinstance(lines, slice):
            torch.mm(chosen, partners.t(), out=of_lines[lines]).mul_(mask[lines])
        else:
            of_lines.index_copy_(0, lines, (chosen @ partners.t()).mul_(mask[lines]))

    def weight_grad(self, grad, x):
        own, partners = (x, grad) if self.side == "in" else (grad, x)
        return self._grad_by_tiles(own, partners)

    def snapshot(self):
        return SparseLinear.snapshot(self)  # a rewiring writes into the arrays

    def restore(self, snapshot):
        SparseLinear.restore(self, snapshot)

    def compressed(self):
        return SparseLinear.compressed(self)

    def strength(self, side):
        weights = np.abs(self.slot_values())
        if side != self.side:
            return np.bincount(self._partner, weights=weights, minlength=self.n_partners(self.side))
        sums = row_sums(weights[: self._n_csr], self._starts)
        lines = weights[self._n_csr :].reshape(self._capacity, self.n_partners(self.side))
        sums[self._members] += lines[: self._n_members].sum(1, dtype=np.float64)
        return sums

    def weighted(self, side, importance):
        if side != self.side:
            return super().weighted(side, importance)
        importance = np.asarray(importance, dtype=np.float32)
        scores = self.slot_values().copy()
        scores[: self._n_csr] *= np.repeat(importance, np.diff(self._starts))
        lines = scores[self._n_csr :].reshape(self._capacity, self.n_partners(self.side))
        lines[: self._n_members] *= importance[self._members, None]
        return scores

    def connected(self, side, neurons):
        if side != self.side:
            return super().connected(side, neurons)
        table = np.zeros((len(neurons), self.n_partners(self.side)), dtype=bool)
        for row, neuron in zip(table, neurons, strict=True):
            line = self._block_line[neuron]
            if line >= 0:
                row[:] = self.exists[self._line_slots(line)]
            else:
                slots = slice(self._starts[neuron], self._starts[neuron + 1])
                row[self._partner[slots]] = self.exists[slots]
        return table

    def _rewire(self, removed, added_rows, added_cols):
        own, partner = (added_cols, added_rows) if self.side == "in" else (added_rows, added_cols)
        self.n_connections += len(own) - len(removed)
        self._kill(removed)
        outside = own[self._block_line[own] < 0]
        newcomers = np.unique(outside) if len(outside) else outside
        too_many = self._n_members + len(newcomers) > self._capacity
        if too_many or self._n_dead > _MAX_DEAD * self._n_csr + 64:
            self._repack(np.unique(own))
        elif len(newcomers):
            self._admit(newcomers)
        slots = self._n_csr + self._block_line[own] * self.n_partners(self.side) + partner
        self.exists[slots] = True
        self._mask.numpy()[slots] = 1

    def _arrays(self):
        """The numbers of every slot, as numpy views: scattered writes are cheaper there."""
        return [tensor.numpy() for tensor in (self._mask, self.values, *self.buffers.values())]

    def _kill(self, slots):
        self.exists[slots] = False
        self._n_dead += int(np.count_nonzero(slots < self._n_csr))
        for array in self._arrays():
            array[slots] = 0

    def _admit(self, neurons):
        """Give each neuron a free row of the block, and move its connections there."""
        n_members = self._n_members + len(neurons)
        for line, neuron in zip(range(self._n_members, n_members), neurons, strict=True):
            self._member_of_line[line] = neuron
            self._block_line[neuron] = line
            place = self._line_slots(line)
            self._own[place] = neuron
            slots = np.arange(self._starts[neuron], self._starts[neuron + 1])
            slots = slots[self.exists[slots]]
            target = place.start + self._partner[slots]
            for array in self._arrays():
                array[target] = array[slots]
            self.exists[target] = True
            self._kill(slots)
        self._set_members(n_members)

    def _repack(self, gaining):
        slots = np.flatnonzero(self.exists)
        own = self._own[slots]
        # Slots of one neuron are neighbours, ascending by partner: sorting by neuron is enough,
        # and 16-bit numbers are sorted by radix.
        key = own.astype(np.uint16) if self.n_neurons(self.side) < 2**16 else own
        order = np.argsort(key, kind="stable")
        slots = slots[order]
        self._pack(own[order], self._partner[slots], slots, gaining)


def _moved(tensor, source, target, n_slots):
    moved = torch.zeros(n_slots, dtype=torch.float32)
    moved.numpy()[target] = tensor.numpy()[source]
    return moved
