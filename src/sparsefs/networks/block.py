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

from .csr import csr_tensor, row_sums, transposed
from .sparse_linear import SparseLinear

_MAX_DEAD = 0.25  # share of dead slots in the CSR part that triggers a packing
_MIN_FILL = 0.5  # a neuron with this share of its connections is cheaper as a dense row


class BlockLinear(SparseLinear):
    """Compressed sparse rows and a dense block of the best connected neurons.

    Parameters
    ----------
    shape, positions, values, bias, device
        See :class:`SparseLinear`.
    side : {"in", "out"}, default="in"
        Whose neurons may have a row in the block: those that the growth rule fills.
    """

    exists: np.ndarray

    def __init__(self, shape, positions, values, bias, device="cpu", side="in"):
        if torch.device(device).type != "cpu":
            raise ValueError(f"kernel='block' runs on the CPU only. Got device={str(device)!r}.")
        self.side = side
        super().__init__(shape, positions, values, bias, device)

    # The matrix is stored as (own, partner): own neurons are those of `side`.

    def _build(self, positions, values):
        rows, cols = np.divmod(positions, max(1, self.shape[1]))
        own, partner = (cols, rows) if self.side == "in" else (rows, cols)
        order = np.lexsort((partner, own))
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
        self._set_members(len(members))
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
        self._set_matrices()

    def _set_matrices(self):
        n_own, n_csr = self.n_neurons(self.side), self._n_csr
        own, partner = self._own[:n_csr], self._partner[:n_csr]
        self._starts = np.searchsorted(own, np.arange(n_own + 1)).astype(np.int32)
        shape = (n_own, self.n_partners(self.side))
        self._matrix = csr_tensor(self._starts, partner, self.values[:n_csr], shape)
        self._order, self._transposed = transposed(
            self._starts, partner, self.values[:n_csr], shape
        )
        self._block = self.values[n_csr:].view(self._capacity, self.n_partners(self.side))

    def _set_members(self, n_members):
        self._n_members = n_members
        self._members = self._member_of_line[:n_members]
        self._member_index = torch.from_numpy(self._members)

    def _line_slots(self, line):
        start = self._n_csr + line * self.n_partners(self.side)
        return slice(start, start + self.n_partners(self.side))

    def _indices(self):
        matrix = self._transposed
        return [
            *(self._own, self._partner, self.exists, self._mask, self._starts, self._block_line),
            *(self._order, matrix.crow_indices(), matrix.col_indices(), matrix.values()),
        ]

    # Products: `to_own` maps partners' activations to the own side, `to_partner` back.

    def _to_own(self, activation, bias, out=None):
        out = torch.addmm(bias, self._matrix, activation, out=out)
        if self._n_members:
            rows = self._block[: self._n_members] @ activation
            out.index_add_(0, self._member_index, rows)
        return out

    def _to_partner(self, activation, bias, out=None):
        torch.index_select(
            self.values[: self._n_csr], 0, self._order, out=self._transposed.values()
        )
        out = torch.addmm(bias, self._transposed, activation, out=out)
        if self._n_members:
            block = self._block[: self._n_members]
            out.addmm_(block.t(), activation.index_select(0, self._member_index))
        return out

    def forward(self, x):
        product = self._to_partner if self.side == "in" else self._to_own
        return product(x, self.bias, self._output(self.shape[0], x.shape[1]))

    def backward(self, grad):
        zero = grad.new_zeros(1, 1)
        return self._to_own(grad, zero) if self.side == "in" else self._to_partner(grad, zero)

    def weight_grad(self, grad, x):
        own, partner = (x, grad) if self.side == "in" else (grad, x)
        gradient = torch.zeros_like(self.values)
        n_csr, n_members = self._n_csr, self._n_members
        if n_csr:
            products = torch.sparse.sampled_addmm(self._matrix, own, partner.t(), beta=0.0)
            gradient[:n_csr] = products.values()
        if n_members:
            lines = gradient[n_csr:].view(self._capacity, self.n_partners(self.side))[:n_members]
            torch.mm(own.index_select(0, self._member_index), partner.t(), out=lines)
        return gradient.mul_(self._mask)

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
    moved = torch.zeros(n_slots)
    moved.numpy()[target] = tensor.numpy()[source]
    return moved
