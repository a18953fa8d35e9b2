# SPDX-License-Identifier: BSD-3-Clause
"""Where new connections appear.

A grow rule is a callable ``rule(layer, dropped, importance, rng)``: as many connections as
were dropped are created at free positions, among which are those that were just dropped. It
returns a :class:`Growth`, in which a connection that was dropped and comes back at once is
told apart from one that is new: the former keeps its weight and its optimiser state.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np
import torch

from ..networks.parts import tiles
from ..utils.random import distinct_integers

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


class GrowRule(Protocol):
    """Says where the connections of a layer grow that replace the dropped ones."""

    def __call__(
        self,
        layer: SparseLinear,
        dropped: np.ndarray,
        importance: np.ndarray | None,
        rng: np.random.Generator,
    ) -> Growth:
        """Choose as many free positions as connections were dropped.

        :func:`free_positions` and :func:`growth_at` make this a few lines: see "Add your own
        growth rule" in the documentation.

        Parameters
        ----------
        layer : SparseLinear
            As it was before the drop.
        dropped : ndarray of int
            Slots that are dropped, ascending.
        importance : ndarray or None
            Importance of the neurons, where the method has one.
        rng : numpy.random.Generator
            The only source of randomness.
        """


def kept_positions(layer: SparseLinear, dropped: np.ndarray) -> np.ndarray:
    """Flat positions of the connections that stay after a drop, ascending, int64."""
    kept = np.ones(len(layer.rows), bool) if layer.exists is None else layer.exists.copy()
    kept[dropped] = False
    positions = layer.positions(np.flatnonzero(kept))
    # Slots of most kernels ascend already, and looking is cheaper than sorting.
    return np.sort(positions) if (positions[1:] < positions[:-1]).any() else positions


def free_positions(
    layer: SparseLinear, dropped: np.ndarray, n: int, rng: np.random.Generator
) -> np.ndarray:
    """Draw `n` positions that are free after a drop uniformly, ascending; all if there are fewer.

    Memory follows the number of connections and `n`.
    """
    taken = kept_positions(layer, dropped)
    n_possible = layer.shape[0] * layer.shape[1]
    return _free_positions(n_possible, taken, min(n, n_possible - len(taken)), rng)


def growth_at(layer: SparseLinear, dropped: np.ndarray, grown: np.ndarray) -> Growth:
    """The growth that creates connections at the flat positions `grown`, in any order.

    A position is ``row * n_inputs + col``. There must be as many as connections are dropped,
    all different, and free after the drop: others raise a ValueError.
    """
    grown = np.sort(np.asarray(grown, dtype=np.int64).ravel())
    n_possible = layer.shape[0] * layer.shape[1]
    if len(grown) != len(dropped):
        raise ValueError(f"{len(grown)} positions to grow for {len(dropped)} that are dropped.")
    if len(grown) and (grown[0] < 0 or grown[-1] >= n_possible):
        raise ValueError(f"Positions to grow must lie in range({n_possible}).")
    if (np.diff(grown) == 0).any():
        raise ValueError("Positions to grow must differ from each other.")
    taken = np.intersect1d(grown, kept_positions(layer, dropped), assume_unique=True)
    if len(taken):
        raise ValueError(f"Positions to grow must be free. Taken already: {taken[:5].tolist()}.")
    return _growth_at(layer, dropped, grown)


def _growth_at(layer, dropped, grown):
    """The same for positions that are known to be ascending, different and free."""
    lost = layer.positions(dropped)
    regrown = np.isin(lost, grown, assume_unique=True)
    new = np.setdiff1d(grown, lost, assume_unique=True)
    return Growth(regrown, *np.divmod(new, layer.shape[1]))


class RandomGrow:
    """New connections at free positions drawn uniformly (SET, QuickSelection)."""

    def __call__(self, layer: SparseLinear, dropped, importance, rng) -> Growth:
        return _growth_at(layer, dropped, free_positions(layer, dropped, len(dropped), rng))


_GRADIENT_BLOCK = 2**20  # numbers of a dense gradient in memory at a time


class GradientGrow:
    """New connections where the loss falls fastest: the largest dense gradients (RigL).

    The dense gradient of the last batch is computed for a few output neurons at a time, so that
    memory follows the number of connections. Ties go to the lower position.

    References
    ----------
    Evci, U. et al. "Rigging the lottery: making all tickets winners." ICML 2020.
    """

    def __call__(self, layer: SparseLinear, dropped, importance, rng) -> Growth:
        taken = kept_positions(layer, dropped)
        return _growth_at(layer, dropped, steepest_positions(layer, taken, len(dropped)))


def steepest_positions(layer: SparseLinear, taken: np.ndarray, n: int) -> np.ndarray:
    """The `n` positions of the largest dense gradients outside `taken`; both ascending."""
    if n == 0:
        return np.empty(0, dtype=np.int64)
    n_rows, n_cols = layer.shape
    if layer.seen is not None and not torch.is_tensor(layer.seen[0]):
        # Inputs that come in parts are gone through once: by columns.
        rows, cols = np.divmod(taken, n_cols)
        taken = np.sort(cols * n_rows + rows)
        blocks = (layer.dense_grad_of_inputs(part) for part in tiles(n_cols))
        cols, rows = np.divmod(_largest_free(blocks, taken, n), n_rows)
        return np.sort(rows * n_cols + cols)
    n_lines = max(1, _GRADIENT_BLOCK // max(1, n_cols))
    starts = range(0, n_rows, n_lines)
    blocks = (layer.dense_grad(slice(start, start + n_lines)) for start in starts)
    return _largest_free(blocks, taken, n)


def _largest_free(blocks, taken, n):
    """Where the `n` largest absolute numbers are in the blocks, one behind the other.

    Both the result and `taken`, the places that do not count, ascend.
    """
    first, n_found, threshold = 0, 0, -1.0
    sizes, places = [], []
    for block in blocks:
        size = block.abs_().view(-1).cpu().numpy()
        low, high = np.searchsorted(taken, [first, first + len(size)])
        size[taken[low:high] - first] = -1
        promising = np.flatnonzero(size > max(threshold, _floor(size, n)))
        sizes.append(size[promising])
        places.append(promising + first)
        n_found += len(promising)
        first += len(size)
        if n_found > 1.5 * n:  # not at every block: each selection reads all that was found
            best = np.concatenate(sizes)
            kept = largest(best, n)
            sizes, places = [best[kept]], [np.concatenate(places)[kept]]
            n_found, threshold = n, sizes[0].min()
    best, where = np.concatenate(sizes), np.concatenate(places)
    return where[largest(best, n)] if len(best) > n else where


def _floor(size, n):
    """A number that at least `n` of the sizes exceed, guessed from a sample; or -1.

    Most sizes are far from the largest: this spares them the search for the `n` largest.
    """
    sample = size[::17]
    rank = int(1.5 * n / 17) + 16
    if rank > 0.8 * len(sample):
        return -1.0
    floor = np.partition(sample, len(sample) - rank)[len(sample) - rank]
    return floor if np.count_nonzero(size > floor) >= n else -1.0


def largest(numbers: np.ndarray, n: int) -> np.ndarray:
    """Indices of the `n` largest numbers, ascending; ties go to the lower index."""
    threshold = np.partition(numbers, len(numbers) - n)[len(numbers) - n]
    taken = numbers > threshold
    ties = np.flatnonzero(numbers == threshold)[: n - int(np.count_nonzero(taken))]
    taken[ties] = True
    return np.flatnonzero(taken)


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
