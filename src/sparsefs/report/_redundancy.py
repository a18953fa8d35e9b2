# SPDX-License-Identifier: BSD-3-Clause
"""Correlations among the selected features: pairs, groups, and an order by similarity."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse.csgraph import connected_components

from ..data.summary import ALIKE
from ..evaluation.interchangeable import by_similarity
from ._subject import Subject

MOST_FEATURES = 1000  # compared with each other
MOST_ROWS = 20_000  # enough for an error of a correlation below 0.01


@dataclass
class Redundancy:
    """Correlations among the best selected features.

    Attributes
    ----------
    features : ndarray of shape (n,), dtype int64
        Compared features, best first: columns of numbers.
    correlations : ndarray of shape (n, n)
        0 for constant features, on the diagonal as well.
    groups : list of ndarray of int64
        Features linked, directly or through others, by absolute correlations above `ALIKE`.
        The best first, in each group and among the groups.
    n_samples : int
        Number of rows that were read.
    """

    features: np.ndarray
    correlations: np.ndarray
    groups: list[np.ndarray]
    n_samples: int

    @classmethod
    def of(cls, subject: Subject) -> Redundancy:
        """Compute the correlations, on random rows if there are many."""
        order = subject.order[np.isin(subject.order, subject.numeric)]
        features, rows = order[:MOST_FEATURES], None
        if subject.n_samples > MOST_ROWS:
            rows = subject.some_rows(MOST_ROWS)
        correlations = _correlations(subject, features, rows)
        _, group = connected_components(np.abs(correlations) > ALIKE, directed=False)
        first = np.unique(group, return_index=True)[1]
        groups = [features[group == group[i]] for i in np.sort(first)]
        return cls(
            features,
            correlations,
            [members for members in groups if len(members) > 1],
            subject.n_samples if rows is None else len(rows),
        )

    def pairs(self, most: int) -> list[tuple[int, int, float]]:
        """Return the most correlated pairs of features, and their correlations."""
        rows, columns = np.triu_indices(len(self.features), 1)
        values = self.correlations[rows, columns]
        order = np.lexsort((np.arange(len(values)), -np.abs(values)))[:most]
        features = self.features
        return [
            (int(features[rows[i]]), int(features[columns[i]]), float(values[i])) for i in order
        ]

    def clustered(self, most: int) -> np.ndarray:
        """Order the best features so that similar ones are neighbours; places in `features`."""
        n = min(most, len(self.features))
        return by_similarity(self.correlations[:n, :n])


def _correlations(subject, features, rows):
    n, sums = np.zeros((2, len(features)))
    for _, block in subject.blocks(features, rows):
        present = ~np.isnan(block)
        n += present.sum(axis=0)
        sums += np.where(present, block, 0).sum(axis=0)
    mean = sums / np.maximum(n, 1)
    gram = np.zeros((len(features), len(features)))
    for _, block in subject.blocks(features, rows):
        block = np.where(np.isnan(block), 0, block - mean)  # missing values count as the mean
        gram += block.T @ block
    squares = np.diag(gram)
    varies = squares > 1e-24 * n * mean**2
    scale = np.where(varies, np.sqrt(np.where(varies, squares, 1)), np.inf)
    return (gram / scale / scale[:, None]).clip(-1, 1)
