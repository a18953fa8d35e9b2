# SPDX-License-Identifier: BSD-3-Clause
"""Features as they are removed from models that train or are solved anew, and their scores."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch


class Removal(NamedTuple):
    """Features that were removed at the same time, the best of them first.

    Attributes
    ----------
    columns : ndarray of int
    cost : ndarray of shape (n,), float64
        What the loss rises by without the feature, as a share of the loss without any feature and
        to first order: the feature's share of the importance times the share of the loss that the
        models explain.
    spread : ndarray of shape (n,), float64
        Standard error of the cost, over the models.
    """

    columns: np.ndarray
    cost: np.ndarray
    spread: np.ndarray

    @classmethod
    def of(cls, columns: np.ndarray, shares: torch.Tensor, explained: float) -> Removal:
        """Make one of the models' shares of the importance, (n, n_models)."""
        costs = explained * shares.cpu().numpy().astype(np.float64)
        return cls(columns, costs.mean(1), costs.std(1) / math.sqrt(costs.shape[1]))


def scores_of(removals: Sequence[Removal], n_features: int) -> tuple[np.ndarray, np.ndarray]:
    """Scores that fall along the ranking, and their spread.

    A feature is worth what it cost to remove it, or what an earlier removal cost if that was more.

    Parameters
    ----------
    removals : sequence of Removal
        From the last to the first.
    n_features : int
        Those that are in no removal have 0.

    Returns
    -------
    scores, spread : ndarray of shape (n_features,), float64
    """
    from_worst = np.concatenate([removal.columns for removal in removals])[::-1]
    cost = np.concatenate([removal.cost for removal in removals])[::-1]
    scores, spread = np.zeros((2, n_features))
    spread[from_worst] = np.concatenate([removal.spread for removal in removals])[::-1]
    rising = np.maximum.accumulate(cost)
    # So little that no one sees it, but that equals keep their order.
    rising += np.arange(1, len(rising) + 1) * (1e-12 * max(rising[-1], 1e-30))
    scores[from_worst] = rising
    return scores, spread


def empty_history() -> dict[str, list[float]]:
    """Return what is recorded of every round."""
    return {n: [] for n in ("loss", "density", "connections_changed", "seconds", "n_inputs")}
