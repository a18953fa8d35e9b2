# SPDX-License-Identifier: BSD-3-Clause
"""What halves of the samples are asked for: single features, or groups; covariates stand apart."""

from __future__ import annotations

import numpy as np

from ..data.layout import unit_numbers


class Units:
    """Features or groups of features, which are selected or not.

    Parameters
    ----------
    covariates : ndarray of shape (n_features,), bool
        Features that are in no unit.
    groups : array-like of shape (n_features,), dict, list of lists, or None
        Features of one group are a unit, see :func:`unit_numbers`. None: each is one.
    names : ndarray of str of shape (n_features,), or None

    Attributes
    ----------
    n : int
        Number of units.

    Raises
    ------
    ValueError
        If `groups` says nothing of the features.
    """

    def __init__(self, covariates: np.ndarray, groups=None, names=None):
        self._features, self._covariates = np.flatnonzero(~covariates), np.flatnonzero(covariates)
        self.n, self._numbers = len(self._features), None
        numbers = unit_numbers(groups, names, len(covariates))
        if numbers is None:
            return
        self._numbers = np.unique(numbers[self._features], return_inverse=True)[1]
        self.n = int(self._numbers.max()) + 1

    def best(self, values: np.ndarray) -> np.ndarray:
        """Return the largest value among the features of each unit, (n,)."""
        values = values[self._features]
        if self._numbers is None:
            return values
        largest = np.full(self.n, False if values.dtype == bool else -np.inf)
        np.maximum.at(largest, self._numbers, values)
        return largest

    def of_features(self, values: np.ndarray, of_covariates: float = 0.0) -> np.ndarray:
        """Return values of units as values of their features, (n_features,)."""
        every = np.full(len(self._features) + len(self._covariates), of_covariates)
        every[self._features] = values if self._numbers is None else values[self._numbers]
        return every

    def ranking(self, scores: np.ndarray, ranks: np.ndarray) -> np.ndarray:
        """Return ranks of features, 1 is the best.

        Parameters
        ----------
        scores : ndarray of shape (n,)
            Of units. Covariates come last.
        ranks : ndarray of shape (n_features,)
            What decides between equal scores, and within a unit.
        """
        order = np.lexsort((ranks, -self.of_features(scores, -np.inf)))
        ranking = np.empty(len(order), dtype=np.int64)
        ranking[order] = np.arange(1, len(order) + 1)
        return ranking
