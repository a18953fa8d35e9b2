# SPDX-License-Identifier: BSD-3-Clause
"""Selections with a bounded false discovery rate, from the statistics of knockoffs."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

_ROUNDING = 1e-9  # relative; a quotient that equals the level must not miss it by rounding


def level_of_draw(level: float, n_draws: int) -> float:
    """Level of the threshold of one draw: half of the level if there are several draws."""
    return level if n_draws == 1 else level / 2


def selected(statistics: np.ndarray, level: float) -> np.ndarray:
    """Return which features are selected at a level.

    Parameters
    ----------
    statistics : ndarray of shape (n_draws, n_features), dtype float64
        For each draw of knockoffs the lead of every feature over its knockoff.
    level : float
        Bound on the false discovery rate.

    Returns
    -------
    mask : ndarray of shape (n_features,), dtype bool
    """
    draws = [_Draw(W) for W in statistics]
    e = _e_values(draws, level)
    return _least_levels(e) <= level * (1 + _ROUNDING)


def q_values(statistics: np.ndarray) -> np.ndarray:
    """Return the smallest level at which each feature is selected, at most 1.

    Parameters
    ----------
    statistics : ndarray of shape (n_draws, n_features), dtype float64

    Returns
    -------
    q : ndarray of shape (n_features,), dtype float64
    """
    draws = [_Draw(W) for W in statistics]
    q = np.ones(statistics.shape[1])
    # The thresholds, and with them the e-values, change at these levels only.
    changes = np.unique(np.concatenate([draw.levels for draw in draws]))
    changes = changes / level_of_draw(1.0, len(draws))
    changes = np.append(changes[changes < 1], 1.0)
    for begin, end in pairwise(changes):
        least = np.maximum(begin, _least_levels(_e_values(draws, begin)))
        q = np.where(least < end, np.minimum(q, least), q)
    return q


class _Draw:
    """Statistics of one draw, and the thresholds that knockoff+ may choose.

    Attributes
    ----------
    W : ndarray of shape (n_features,), dtype float64
    thresholds : ndarray of shape (n_thresholds,), dtype float64
        Descending: each is the lowest that keeps its level.
    levels : ndarray of shape (n_thresholds,), dtype float64
        Ascending.
    """

    def __init__(self, W: np.ndarray):
        self.W, ordered = W, np.sort(W)
        at = np.unique(np.abs(W[W != 0]))
        n_above = len(W) - np.searchsorted(ordered, at, "left")
        n_below = np.searchsorted(ordered, -at, "right")
        # What lies below -t estimates how many of those above t are false.
        ratio = (1 + n_below) / np.maximum(1, n_above)
        lowest = ratio < np.minimum.accumulate(np.append(np.inf, ratio))[:-1]
        self.thresholds, self.levels = at[lowest][::-1], ratio[lowest][::-1]

    def e_values(self, level: float) -> np.ndarray:
        """E-values of the features, in units of their number."""
        i = np.searchsorted(self.levels, level * (1 + _ROUNDING), "right") - 1
        if i < 0:
            return np.zeros(len(self.W))
        threshold = self.thresholds[i]
        return (self.W >= threshold) / (1 + np.sum(self.W <= -threshold))


def _e_values(draws, level):
    """Mean e-values over the draws, in units of the number of features."""
    level = level_of_draw(level, len(draws))
    return np.mean([draw.e_values(level) for draw in draws], axis=0)


def _least_levels(e):
    """Smallest level at which the e-BH procedure selects each feature, if its e-values are these.

    It selects the k features of the largest e-values, for the largest k with ``e >= 1 / (level *
    k)`` for the k-th of them, in units of the number of features.
    """
    order = np.argsort(-e, kind="stable")
    with np.errstate(divide="ignore"):
        of_each = 1 / (e[order] * np.arange(1, len(e) + 1))
    least = np.empty(len(e))
    least[order] = np.minimum.accumulate(of_each[::-1])[::-1]
    return least
