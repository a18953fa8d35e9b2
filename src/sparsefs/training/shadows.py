# SPDX-License-Identifier: BSD-3-Clause
"""Shadows: features without a relation to the target, which compete with the true ones."""

from __future__ import annotations

from hashlib import blake2b

import numpy as np
from scipy import sparse

from ..data.inputs import TrainingData
from ..data.layout import Parts


def with_shadows(
    data: TrainingData, sources: np.ndarray, n_shadows: int, rng: np.random.Generator
) -> TrainingData:
    """Return the data with further columns: copies of features with their rows permuted.

    All copies of a block have the same order of the rows, so that shadows correlate with each
    other as the features do. Rows that are the same stay so: a repeated sample is one of a larger
    weight.

    Parameters
    ----------
    data : TrainingData
        X is in memory.
    sources : ndarray of int
        The inputs to copy; those of one feature together. With more shadows than features, each
        further block has its own order.
    n_shadows : int
        Number of features among the shadows.
    rng : numpy.random.Generator
    """
    blocks, parts, copied = [data.X], data.parts, []
    features = sources if parts is None else np.unique(parts.unit_of[sources])
    first, number = _distinct(data.X, data.rows)
    for start in range(0, n_shadows, len(features)):
        some = np.sort(rng.permutation(features)[: n_shadows - start])
        if parts is not None:
            some = sources[np.isin(parts.unit_of[sources], some)]
        copied.append(some)
        order = np.arange(data.X.shape[0])
        # Rows that do not count stay apart.
        order[data.rows] = data.rows[first[rng.permutation(len(first))[number]]]
        blocks.append(data.X[:, some][order])
    is_sparse = sparse.issparse(data.X)
    X = sparse.hstack(blocks, format="csr") if is_sparse else np.hstack(blocks)
    return data.with_inputs(X, None if parts is None else parts.with_copies(copied))


def _distinct(X, rows):
    """First place of each distinct row, in the order of their digests, and the number of each."""
    found: dict[bytes, int] = {}
    digests = []
    for place, row in enumerate(rows):
        one = X[[row]]
        one = one.indices.tobytes() + one.data.tobytes() if sparse.issparse(X) else one.tobytes()
        digests.append(blake2b(one, digest_size=16).digest())
        found.setdefault(digests[-1], place)
    numbers = {digest: number for number, digest in enumerate(sorted(found))}
    first = np.array([found[digest] for digest in numbers])
    return first, np.array([numbers[digest] for digest in digests])


def shadow_p_values(scores: np.ndarray, n_features: int, parts: Parts | None = None) -> np.ndarray:
    """Return, for each feature, the share of shadows that are at least as good.

    The feature itself counts as one of them, so that no share is 0. A feature that is no better
    than the shadows has each share with the same probability.

    Parameters
    ----------
    scores : ndarray of shape (n_features + n_shadows,)
        Those of the shadows come last.
    n_features : int
    parts : Parts or None
        Which of them are one feature, which has the sum of their scores.

    Returns
    -------
    ndarray of shape (n_features,)
    """
    shadows = scores[n_features:]
    if parts is not None:
        sums = np.bincount(parts.unit_of, scores)
        scores, shadows = sums[parts.unit_of], sums[np.unique(parts.unit_of[n_features:])]
    shadows = np.sort(shadows)
    n_better = len(shadows) - np.searchsorted(shadows, scores[:n_features])
    return (1 + n_better) / (1 + len(shadows))
