# SPDX-License-Identifier: BSD-3-Clause
"""Which connections are dropped.

A drop rule is a callable ``rule(layer, importance, fraction)`` that returns the slots to
drop, ascending. `importance` holds one non-negative number per neuron on `rule.side` of the
layer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from ..networks import SparseLinear


class MagnitudeDrop:
    """Drop the fraction of positive and of negative weights that are nearest to zero."""

    def __call__(self, layer: SparseLinear, importance, fraction: float) -> np.ndarray:
        return nearest_to_zero(layer.slot_values(), fraction)


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
        factor = np.asarray(importance, dtype=np.float32).take(layer.neurons(self.side))
        factor *= layer.slot_values()
        return nearest_to_zero(factor, fraction)


def nearest_to_zero(scores: np.ndarray, fraction: float) -> np.ndarray:
    """Indices of the positive and of the negative scores nearest to zero, ascending.

    Of each sign ``floor(fraction * count)`` are taken, among equal scores those with the
    lower index. Exact zeros are never taken: they are connections that were just created or
    slots without a connection.

    Parameters
    ----------
    scores : ndarray of shape (n,)
    fraction : float in [0, 1]

    Returns
    -------
    ndarray of int64
    """
    n_positive = int(np.count_nonzero(scores > 0))
    n_negative = int(np.count_nonzero(scores < 0))
    k_positive, k_negative = int(fraction * n_positive), int(fraction * n_negative)
    # Ascending order is: negatives, zeros (and NaN last), positives.
    first_positive = len(scores) - n_positive
    low, high = np.inf, -np.inf
    # One rank at a time: numpy selects a single rank ten times faster than two at once.
    ordered = scores
    if k_negative:
        ordered = np.partition(ordered, n_negative - k_negative)
        low = ordered[n_negative - k_negative]
    if k_positive:
        high = np.partition(ordered, first_positive + k_positive - 1)[
            first_positive + k_positive - 1
        ]
    taken = (scores >= low) & (scores < 0)
    taken |= (scores <= high) & (scores > 0)
    dropped = np.flatnonzero(taken)
    if len(dropped) == k_positive + k_negative:
        return dropped
    return _without_surplus_ties(scores, dropped, low, k_negative, high, k_positive)


def _without_surplus_ties(scores, dropped, low, k_negative, high, k_positive):
    """Of several connections on a threshold keep, as dropped, those with the lower index."""
    values = scores[dropped]
    surplus = []
    for sign_is_right, threshold, k in (
        (values < 0, low, k_negative),
        (values > 0, high, k_positive),
    ):
        n_surplus = int(np.count_nonzero(sign_is_right)) - k
        if n_surplus:
            surplus.append(np.flatnonzero(values == threshold)[-n_surplus:])
    return np.delete(dropped, np.concatenate(surplus))
