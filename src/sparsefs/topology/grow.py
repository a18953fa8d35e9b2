# SPDX-License-Identifier: BSD-3-Clause
"""Where new connections appear.

A grow rule is a callable ``rule(layer, dropped, importance, rng)``: as many connections as
were dropped are created at free positions, among which are those that were just dropped. It
returns a :class:`Growth`, in which a connection that was dropped and comes back at once is
told apart from one that is new: the former keeps its weight and its optimiser state.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ._sampling import distinct_integers

if TYPE_CHECKING:
    from ..networks import SparseLinear


class Growth(NamedTuple):
    """What a grow rule decided.

    Attributes
    ----------
    regrown : ndarray of shape (n_dropped,), dtype bool
        Which of the dropped slots stay after all.
    rows, cols : ndarray of int64
        Positions of the new connections, in any order.
    """

    regrown: np.ndarray
    rows: np.ndarray
    cols: np.ndarray


class RandomGrow:
    """New connections at free positions drawn uniformly (SET, QuickSelection)."""

    def __call__(self, layer: SparseLinear, dropped, importance, rng) -> Growth:
        n_rows, n_cols = layer.shape
        kept = np.ones(len(layer.rows), bool) if layer.exists is None else layer.exists.copy()
        kept[dropped] = False
        taken = np.sort(layer.positions(np.flatnonzero(kept)))
        grown = _free_positions(n_rows * n_cols, taken, len(dropped), rng)
        lost = layer.positions(dropped)
        regrown = np.isin(lost, grown, assume_unique=True)
        new = np.setdiff1d(grown, lost, assume_unique=True)
        return Growth(regrown, *np.divmod(new, n_cols))


def _free_positions(n_possible, taken, n, rng):
    """`n` distinct positions that are not in the ascending array `taken`, ascending."""
    n_free = n_possible - len(taken)
    # The r-th free position is r plus the number of taken ones before it, found by bisection
    # in taken[i] - i, the number of free positions before the i-th taken one.
    ranks = distinct_integers(n_free, n, rng)
    free_before = taken - np.arange(len(taken))
    return ranks + np.searchsorted(free_before, ranks, side="right")


class ImportanceGrow:
    """New connections at the free positions of the most important neurons (WAST).

    The neurons of the other side count as equally important, so the free positions of the
    most important neuron are filled first, then those of the next: a ranking of neurons, not
    of positions. Ties go to the lower neuron, and within a neuron to the lower partner.

    Parameters
    ----------
    side : {"in", "out"}
        Which neurons of the layer `importance` describes.
    """

    def __init__(self, side: str = "in"):
        self.side = side

    def __call__(self, layer: SparseLinear, dropped, importance, rng) -> Growth:
        if len(dropped) == 0:
            nothing = np.empty(0, dtype=np.int64)
            return Growth(np.zeros(0, dtype=bool), nothing, nothing)
        dropped_neurons = layer.neurons(self.side).take(dropped)
        missing = layer.n_partners(self.side) - layer.degree(self.side)  # before the drop
        free = missing + np.bincount(dropped_neurons, minlength=len(missing))
        order, n_full = _fill(np.asarray(importance), free, len(dropped))
        full, frontier = order[:n_full], order[n_full]
        n_frontier = len(dropped) - int(free[full].sum())

        # The neurons that are filled take back all they lost, and what they never had.
        is_full = np.zeros(len(missing), dtype=bool)
        is_full[full] = True
        regrown = is_full.take(dropped_neurons)
        gaining = full[missing[full] > 0]
        wanted = ~layer.connected(self.side, np.append(gaining, frontier))
        # The next one takes its first `n_frontier` free partners, lost ones among them.
        lost = np.flatnonzero(dropped_neurons == frontier)
        partners = layer.partners(self.side)[dropped[lost]]
        taken = wanted[-1]
        taken[partners] = True
        taken[np.flatnonzero(taken)[n_frontier:]] = False
        regrown[lost] = taken[partners]
        taken[partners] = False

        at, partner = np.nonzero(wanted)
        neuron = np.append(gaining, frontier)[at]
        rows, cols = (partner, neuron) if self.side == "in" else (neuron, partner)
        return Growth(regrown, rows, cols)


_FULL_SORT = 1024  # up to here sorting all is faster than looking for the top first


def _fill(importance, free, n):
    """Neurons in falling order of importance, and how many of them `n` connections fill.

    The order is only as long as needed: the free places of its first `n_full` neurons sum to
    at most `n`, and one more neuron follows, for the rest.
    """
    n_neurons = len(importance)
    n_top = n_neurons if n_neurons <= _FULL_SORT else 128
    while True:
        if n_top < n_neurons:
            threshold = np.partition(importance, n_neurons - n_top)[n_neurons - n_top]
            top = np.flatnonzero(importance >= threshold)
        else:
            top = np.arange(n_neurons)
        order = top[np.argsort(-importance[top], kind="stable")]
        filled = np.cumsum(free[order])
        if filled[-1] > n or len(order) == n_neurons:
            n_full = int(np.searchsorted(filled, n, side="right"))
            return order, min(n_full, len(order) - 1)
        n_top = min(n_neurons, 4 * n_top)
