# SPDX-License-Identifier: BSD-3-Clause
"""Which connections are dropped.

A drop rule is a callable ``rule(layer, importance, fraction)`` that returns the slots to
drop, ascending. `importance` holds one non-negative number per neuron on `rule.side` of the
layer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np

from ..utils.order_statistics import Ranks

if TYPE_CHECKING:
    from ..networks import SparseLinear


class DropRule(Protocol):
    """Says which connections of a layer are dropped."""

    def __call__(
        self, layer: SparseLinear, importance: np.ndarray | None, fraction: float
    ) -> np.ndarray:
        """Choose the slots to drop.

        Parameters
        ----------
        layer : SparseLinear
            ``layer.slot_values()`` are the weights of its slots, ``layer.rows`` and
            ``layer.cols`` their output and input neurons; where ``layer.exists`` is not None
            it says which slots hold a connection (the others have weight 0).
        importance : ndarray or None
            Importance of the neurons, where the method has one.
        fraction : float in [0, 1]
            Share of the connections to drop.

        Returns
        -------
        ndarray of int
            The slots, ascending.
        """


class MagnitudeDrop:
    """Drop the fraction of positive and of negative weights that are nearest to zero.

    Parameters
    ----------
    unused : bool, default=False
        Whether to drop, besides, the connections whose weight is exactly 0: grown at random to or
        from a neuron that is never active, they have learned nothing and never will. Where they
        stay, they gather from update to update. Not for updates after every step, as those of the
        last step are 0, too.
    """

    def __init__(self, unused: bool = False):
        self.unused = unused

    def __call__(self, layer: SparseLinear, importance, fraction: float) -> np.ndarray:
        values = layer.slot_values()
        dropped = nearest_to_zero(values, fraction, layer.positions)
        if not self.unused or fraction == 0:
            return dropped
        zero = values == 0
        if layer.exists is not None:
            zero &= layer.exists
        return np.union1d(dropped, np.flatnonzero(zero))


class ImportanceDrop:
    """The same on weight * importance of the connected neuron (WAST).

    Parameters
    ----------
    side : {"in", "out"}
        Which neurons of the layer `importance` describes.
    """

    def __init__(self, side: str = "in"):
        self.side = side

    def __call__(self, layer: SparseLinear, importance, fraction: float) -> np.ndarray:
        return nearest_to_zero(layer.weighted(self.side, importance), fraction, layer.positions)


def nearest_to_zero(scores: np.ndarray, fraction: float, positions=None) -> np.ndarray:
    """Indices of the positive and of the negative scores nearest to zero, ascending.

    Of each sign ``floor(fraction * count)`` are taken, among equal scores those with the
    lower position. Exact zeros are never taken: they are connections that were just created or
    slots without a connection.

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
    if n_positive + n_negative + int(np.count_nonzero(scores == 0)) < len(scores):
        raise FloatingPointError("The weights became infinite or NaN.")
    k_positive, k_negative = int(fraction * n_positive), int(fraction * n_negative)
    low, high = np.inf, -np.inf
    if k_positive or k_negative:
        ranks = Ranks(scores)
        n_negative_zeros = ranks.n_negative_bits - n_negative
        n_positive_zeros = len(scores) - ranks.n_negative_bits - n_positive
        if k_positive:
            high = ranks.magnitude(n_positive_zeros + k_positive - 1)
        if k_negative:
            low = -ranks.magnitude(n_negative_zeros + k_negative - 1, negative=True)
    taken = (scores >= low) & (scores < 0)
    taken |= (scores <= high) & (scores > 0)
    dropped = np.flatnonzero(taken)
    if len(dropped) == k_positive + k_negative:
        return dropped
    where = dropped if positions is None else positions(dropped)
    return np.delete(
        dropped,
        np.concatenate(
            [
                _surplus(scores[dropped], where, low, -1, k_negative),
                _surplus(scores[dropped], where, high, 1, k_positive),
            ]
        ),
    )


def _surplus(scores, where, threshold, sign, k):
    """Which of the scores of one sign exceed the `k` to take: ties at the highest positions."""
    n_surplus = int(np.count_nonzero(sign * scores > 0)) - k
    ties = np.flatnonzero(scores == threshold)
    return ties[np.argsort(where[ties])[len(ties) - n_surplus :]]
