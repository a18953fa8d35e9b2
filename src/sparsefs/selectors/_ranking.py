# SPDX-License-Identifier: BSD-3-Clause
"""From scores to a ranking, and from the scores of several networks to those of all."""

from __future__ import annotations

import numpy as np


def ranked(scores, constant) -> dict[str, np.ndarray]:
    """Scores and ranking: ties go to the lower index, constant columns come last."""
    scores = np.where(constant, 0.0, np.asarray(scores, dtype=np.float64))
    order = np.lexsort((-scores, constant))
    ranking = np.empty(len(scores), dtype=np.int64)
    ranking[order] = np.arange(1, len(scores) + 1)
    return {"scores_": scores, "ranking_": ranking}


def comparable(scores: np.ndarray) -> np.ndarray:
    """Scores of several networks, (n_networks, n_features), in a unit they share.

    Divided by their mean size over the features: what a network that trained longer, or whose
    weights are larger, says must not count more than what the others say.
    """
    size = np.abs(scores).mean(axis=1, keepdims=True)
    return np.divide(scores, size, out=np.zeros_like(scores), where=size > 0)


def averaged(scores, constant) -> dict[str, np.ndarray]:
    """What the scores of several networks, (n_networks, n_features), come to.

    The mean keeps how much better a feature is, which a mean of ranks would not; on real data the
    two select about as well and as alike.
    """
    relative = comparable(np.where(constant, 0.0, np.asarray(scores, dtype=np.float64)))
    return {**ranked(relative.mean(axis=0), constant), "scores_std_": relative.std(axis=0)}
