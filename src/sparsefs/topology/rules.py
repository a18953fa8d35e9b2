# SPDX-License-Identifier: BSD-3-Clause
"""Rules for where connections are dropped and grown, and the names that select them.

A drop rule is a callable ``rule(layer, importance, fraction)`` that returns the slots to drop. A
grow rule is a callable ``rule(layer, dropped, importance, rng)`` that creates as many connections
at free positions; the positions of the dropped connections are free. It returns a
:class:`Growth`. A connection that is dropped and grown back at once keeps its weight and its
optimiser state; a new connection starts with zeros.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np
import torch

from ..networks.chunks import chunks
from .initialisation import distinct_integers, erk_densities, uniform_densities
from .layer import RewirableLayer

if TYPE_CHECKING:
    from ..utils.typing import Side


class DropRule(Protocol):
    """Selects the connections of a layer to drop."""

    def __call__(
        self, layer: RewirableLayer, importance: np.ndarray | None, fraction: float
    ) -> np.ndarray:
        """Choose the slots to drop.

        Parameters
        ----------
        layer : RewirableLayer
        importance : ndarray or None
            Importance of the neurons, where the method has one; not negative.
        fraction : float in [0, 1]
            Share of the connections to drop.

        Returns
        -------
        ndarray of int
            The slots, ascending.
        """


class Growth(NamedTuple):
    """The decision of a grow rule.

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
    """Selects the positions where the connections grow that replace the dropped ones."""

    def __call__(
        self,
        layer: RewirableLayer,
        dropped: np.ndarray,
        importance: np.ndarray | None,
        rng: np.random.Generator,
    ) -> Growth:
        """Choose as many free positions as connections were dropped.

        :func:`free_positions` and :func:`growth_at` make this a few lines: see "Add your own
        growth rule" in the documentation.

        Parameters
        ----------
        layer : RewirableLayer
            As it was before the drop.
        dropped : ndarray of int
            Slots that are dropped, ascending.
        importance : ndarray or None
            Importance of the neurons, where the method has one.
        rng : numpy.random.Generator
            The only source of randomness.
        """


@dataclass
class MagnitudeDrop:
    """Drop the fraction of positive and of negative weights that are nearest to zero.

    Parameters
    ----------
    unused : bool, default=False
        Also drop the connections whose weight is exactly 0. They were grown at random at a neuron
        that is never active, so they cannot learn, and their number rises from update to update.
        Do not use it with updates after every step: new connections have weight 0, too.
    """

    unused: bool = False

    def __call__(self, layer: RewirableLayer, importance: Any, fraction: float) -> np.ndarray:
        values = layer.slot_values()
        dropped = nearest_to_zero(values, fraction, layer.positions)
        if not self.unused or fraction == 0:
            return dropped
        zero = values == 0
        if layer.exists is not None:
            zero &= layer.exists
        return np.union1d(dropped, np.flatnonzero(zero))


@dataclass
class ImportanceDrop:
    """Drop as :class:`MagnitudeDrop` does, by weight * importance of the connected neuron (WAST).

    Parameters
    ----------
    side : {"in", "out"}, default="in"
        Which neurons of the layer `importance` describes.
    """

    side: Side = "in"

    def __call__(self, layer: RewirableLayer, importance: Any, fraction: float) -> np.ndarray:
        return nearest_to_zero(layer.weighted(self.side, importance), fraction, layer.positions)


def nearest_to_zero(scores: np.ndarray, fraction: float, positions: Any = None) -> np.ndarray:
    """Return the indices of the positive and of the negative scores nearest to zero, ascending.

    Of each sign ``floor(fraction * count)`` are taken. Among equal scores, those with the lower
    position are taken. Exact zeros are never taken: they are new connections or slots without a
    connection.

    Parameters
    ----------
    scores : ndarray of shape (n,)
    fraction : float in [0, 1]
    positions : callable or None, default=None
        Maps indices to the positions that settle ties; by default the index itself.

    Returns
    -------
    ndarray of int64
    """
    n_positive = int(np.count_nonzero(scores > 0))
    n_negative = int(np.count_nonzero(scores < 0))
    n_up_to_zero = n_negative + int(np.count_nonzero(scores == 0))
    if n_up_to_zero + n_positive < len(scores):
        raise FloatingPointError("The weights became infinite or NaN.")
    k_positive, k_negative = int(fraction * n_positive), int(fraction * n_negative)
    low, high = np.inf, -np.inf
    ordered = scores.copy()
    if k_negative:
        first = n_negative - k_negative
        ordered.partition(first)
        low = ordered[first]
        ordered, n_up_to_zero = ordered[first:], n_up_to_zero - first
    if k_positive:
        last = n_up_to_zero + k_positive - 1
        ordered.partition(last)  # one rank a call: numpy has no fast path for two
        high = ordered[last]
    taken = (scores >= low) & (scores < 0)
    taken |= (scores <= high) & (scores > 0)
    dropped = np.flatnonzero(taken)
    if len(dropped) == k_positive + k_negative:
        return dropped
    # More are tied at a threshold than are wanted: give back those at the highest positions.
    taken_scores = scores[dropped]
    where = dropped if positions is None else positions(dropped)
    surplus = []
    for threshold, sign, k in ((low, -1, k_negative), (high, 1, k_positive)):
        n_surplus = int(np.count_nonzero(sign * taken_scores > 0)) - k
        ties = np.flatnonzero(taken_scores == threshold)
        surplus.append(ties[np.argsort(where[ties])[len(ties) - n_surplus :]])
    return np.delete(dropped, np.concatenate(surplus))


def kept_positions(layer: RewirableLayer, dropped: np.ndarray) -> np.ndarray:
    """Return the positions of the connections that stay after a drop, ascending, int64."""
    kept = np.ones(len(layer.rows), bool) if layer.exists is None else layer.exists.copy()
    kept[dropped] = False
    positions = layer.positions(np.flatnonzero(kept))
    # Slots of most kernels ascend already, and looking is cheaper than sorting.
    return np.sort(positions) if (positions[1:] < positions[:-1]).any() else positions


def free_positions(
    layer: RewirableLayer, dropped: np.ndarray, n: int, rng: np.random.Generator
) -> np.ndarray:
    """Draw `n` positions that are free after a drop uniformly, ascending; all if there are fewer.

    Memory follows the number of connections and `n`.
    """
    taken = kept_positions(layer, dropped)
    n_free = layer.shape[0] * layer.shape[1] - len(taken)
    # The r-th free position is r plus the number of taken ones before it, found by bisection
    # in taken[i] - i, the number of free positions before the i-th taken one.
    ranks = distinct_integers(n_free, min(n, n_free), rng)
    return ranks + np.searchsorted(taken - np.arange(len(taken)), ranks, side="right")


def growth_at(layer: RewirableLayer, dropped: np.ndarray, grown: np.ndarray) -> Growth:
    """Return the growth that creates connections at the positions `grown`, in any order.

    A position is ``row * n_inputs + col``. There must be as many as connections are dropped,
    all different, and free after the drop; otherwise a ValueError is raised.
    """
    grown = np.sort(np.asarray(grown, dtype=np.int64).ravel())
    n_possible = layer.shape[0] * layer.shape[1]
    if len(grown) != len(dropped):
        raise ValueError(f"{len(grown)} positions to grow for {len(dropped)} that are dropped.")
    if len(grown) and (grown[0] < 0 or grown[-1] >= n_possible):
        raise ValueError(f"Positions to grow must lie in range({n_possible}).")
    if (np.diff(grown) == 0).any():
        raise ValueError("Positions to grow must differ from each other.")
    taken = grown[_among(grown, kept_positions(layer, dropped))]
    if len(taken):
        raise ValueError(f"Positions to grow must be free. Taken already: {taken[:5].tolist()}.")
    return _growth_at(layer, dropped, grown)


def _growth_at(layer, dropped, grown):
    """Return the growth at positions that are known to be ascending, different and free."""
    lost = layer.positions(dropped)
    again = _among(grown, lost)
    regrown = _among(lost, grown[again])
    return Growth(regrown, *np.divmod(grown[~again], layer.shape[1]))


def _among(values, others):
    """Whether each value is among others; both are positions in any order."""
    # Most share their last bits with none of the others. A table of these, short enough for the
    # cache, rules them out faster than a bisection, in which every other branch is a surprise.
    n_ends = 1 << min(24, (8 * len(others)).bit_length())
    ends = np.zeros(n_ends, dtype=bool)
    ends[others & (n_ends - 1)] = True
    maybe = np.flatnonzero(ends[values & (n_ends - 1)])
    found = np.zeros(len(values), dtype=bool)
    if len(maybe):
        others, left = np.sort(others), values[maybe]
        found[maybe] = others.take(np.searchsorted(others, left), mode="clip") == left
    return found


class RandomGrow:
    """Grow new connections at free positions drawn uniformly (SET, QuickSelection)."""

    def __call__(self, layer: RewirableLayer, dropped: Any, importance: Any, rng: Any) -> Growth:
        return _growth_at(layer, dropped, free_positions(layer, dropped, len(dropped), rng))


class GradientGrow:
    """Grow new connections where the loss falls fastest: the largest dense gradients (RigL).

    The dense gradient of the last batch is computed for a few output neurons at a time, so that
    memory follows the number of connections. Ties go to the lower position.

    References
    ----------
    Evci, U. et al. "Rigging the lottery: making all tickets winners." ICML 2020.
    """

    def __call__(self, layer: RewirableLayer, dropped: Any, importance: Any, rng: Any) -> Growth:
        taken = kept_positions(layer, dropped)
        return _growth_at(layer, dropped, steepest_positions(layer, taken, len(dropped)))


_CHUNK = 2**20  # numbers of a dense gradient in memory at a time


def steepest_positions(layer: RewirableLayer, taken: np.ndarray, n: int) -> np.ndarray:
    """Return the `n` positions of the largest dense gradients outside `taken`; both ascending."""
    if n == 0:
        return np.empty(0, dtype=np.int64)
    n_rows, n_cols = layer.shape
    if layer.seen is not None and not torch.is_tensor(layer.seen[0]):
        # Chunked inputs are made anew whenever they are read. Going by columns reads them once.
        rows, cols = np.divmod(taken, n_cols)
        taken = np.sort(cols * n_rows + rows)
        gradients = (layer.dense_grad_of_inputs(chunk) for chunk in chunks(n_cols))
        cols, rows = np.divmod(_largest_free(gradients, taken, n), n_rows)
        return np.sort(rows * n_cols + cols)
    n_lines = max(1, _CHUNK // max(1, n_cols))
    starts = range(0, n_rows, n_lines)
    gradients = (layer.dense_grad(slice(start, start + n_lines)) for start in starts)
    return _largest_free(gradients, taken, n)


def _largest_free(gradients, taken, n):
    """Return where the `n` largest absolute numbers are in gradients that come in chunks.

    Both the result and `taken`, the places that do not count, ascend.
    """
    first, n_found, threshold = 0, 0, -1.0
    sizes, places = [], []
    for chunk in gradients:
        size = chunk.abs_().view(-1).cpu().numpy()
        low, high = np.searchsorted(taken, [first, first + len(size)])
        size[taken[low:high] - first] = -1
        promising = np.flatnonzero(size > max(threshold, _floor(size, n)))
        sizes.append(size[promising])
        places.append(promising + first)
        n_found += len(promising)
        first += len(size)
        if n_found > 1.5 * n:  # not after every chunk: each selection reads all that was found
            best = np.concatenate(sizes)
            kept = largest(best, n)
            sizes, places = [best[kept]], [np.concatenate(places)[kept]]
            n_found, threshold = n, sizes[0].min()
    best, where = np.concatenate(sizes), np.concatenate(places)
    return where[largest(best, n)] if len(best) > n else where


def _floor(size, n):
    """Return a number that at least `n` of the sizes exceed, guessed from a sample; or -1.

    Most sizes are far from the largest: this spares them the search for the `n` largest.
    """
    sample = size[::17]
    rank = int(1.5 * n / 17) + 16
    if rank > 0.8 * len(sample):
        return -1.0
    floor = np.partition(sample, len(sample) - rank)[len(sample) - rank]
    return floor if np.count_nonzero(size > floor) >= n else -1.0


def largest(numbers: np.ndarray, n: int) -> np.ndarray:
    """Return the indices of the `n` largest numbers, ascending; ties go to the lower index."""
    threshold = np.partition(numbers, len(numbers) - n)[len(numbers) - n]
    taken = numbers > threshold
    ties = np.flatnonzero(numbers == threshold)[: n - int(np.count_nonzero(taken))]
    taken[ties] = True
    return np.flatnonzero(taken)


@dataclass
class ImportanceGrow:
    """Grow new connections at the free positions of the most important neurons (WAST).

    All free positions of the most important neuron are filled first, then those of the next: this
    ranks neurons, not positions. Ties go to the lower neuron, and within a neuron to the lower
    partner.

    Parameters
    ----------
    side : {"in", "out"}, default="in"
        Which neurons of the layer `importance` describes.
    """

    side: Side = "in"

    def __call__(self, layer: RewirableLayer, dropped: Any, importance: Any, rng: Any) -> Growth:
        if len(dropped) == 0:
            nothing = np.empty(0, dtype=np.int64)
            return Growth(np.zeros(0, dtype=bool), nothing, nothing)
        own, partner = (layer.cols, layer.rows) if self.side == "in" else (layer.rows, layer.cols)
        lost_own = own.take(dropped)
        missing, order, n_frontier = _filled(layer, self.side, importance, lost_own)
        full, frontier = order[:-1], order[-1]

        # The neurons that are filled take back all they lost, and what they never had. Most are
        # full already: only those with missing partners (and the frontier) need to be looked up.
        is_full = np.zeros(len(importance), dtype=bool)
        is_full[full] = True
        regrown = is_full.take(lost_own)
        gaining = np.append(full[missing[full] > 0], frontier)
        wanted = ~layer.connected(self.side, gaining)
        # The frontier takes its first `n_frontier` free partners, lost ones among them.
        of_frontier = np.flatnonzero(lost_own == frontier)
        lost_partners = partner[dropped[of_frontier]]
        taken = wanted[-1]
        taken[lost_partners] = True
        taken[np.flatnonzero(taken)[n_frontier:]] = False
        regrown[of_frontier] = taken[lost_partners]
        taken[lost_partners] = False  # regrown, not new

        at, new_partner = np.nonzero(wanted)
        new = gaining[at], new_partner
        return Growth(regrown, *(new[::-1] if self.side == "in" else new))


_FULL_SORT = 1024  # up to here sorting all is faster than looking for the top first


def _filled(layer, side, importance, lost):
    """Rank the neurons that grow as many connections as were dropped; `lost` are their neurons.

    Returns
    -------
    missing : ndarray of int
        How many connections every neuron lacked before the drop.
    order : ndarray of int
        Neurons by falling importance. All but the last are filled, the last gets the rest.
    n_rest : int
    """
    importance = np.asarray(importance)
    n, n_neurons = len(lost), len(importance)
    missing = layer.shape[0 if side == "in" else 1] - layer.degree(side)
    free = missing + np.bincount(lost, minlength=n_neurons)
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
            order = order[: int(np.searchsorted(filled, n, side="right")) + 1]
            return missing, order, n - int(free[order[:-1]].sum())
        n_top = min(n_neurons, 4 * n_top)  # the top was too small


# What the selectors' parameters name. A factory takes the side that importances describe.
DROP: dict[str, Callable[..., DropRule]] = {
    "importance": ImportanceDrop,
    "magnitude": lambda side="in": MagnitudeDrop(),
}
GROW: dict[str, Callable[..., GrowRule]] = {
    "importance": ImportanceGrow,
    "random": lambda side="in": RandomGrow(),
    "set": lambda side="in": RandomGrow(),
    "rigl": lambda side="in": GradientGrow(),
}
INIT: dict[str, Callable[[Sequence[tuple[int, ...]], float], Sequence[float]]] = {
    "erk": erk_densities,
    "uniform": uniform_densities,
}
