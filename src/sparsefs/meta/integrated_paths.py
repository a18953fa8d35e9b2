# SPDX-License-Identifier: BSD-3-Clause
"""Integrated stability paths: scores of features over halves of the samples, and p-values."""

from __future__ import annotations

from math import isqrt

import numpy as np
from scipy.stats import norm

from ..evaluation.rates import q_values_of

_HALF = 0.5  # squared correlation of a half with all samples, and so of two halves that overlap
_LONGEST = 1000  # path, of wide data
_FEWEST = 20  # noise features to measure the law with
_NOISE = 0.2  # q-value above which a feature counts as noise when the law is measured
# Quadrature over what all samples say of a noise feature, and over what a half adds.
_FULL = np.linspace(0.0, 9.0, 451)
_DENSITY = 2 * norm.pdf(_FULL) * (_FULL[1] - _FULL[0])
_DENSITY[0] /= 2
_OWN = norm.ppf((np.arange(100) + 0.5) / 100)
_SCORES = np.linspace(0.0, 1.0, 501)


def length_of_path(n_features: int) -> int:
    """Return the largest number of features that a path takes of a half.

    True features should all have a place in it, and leave some to the noise. It need not be
    chosen well: on a path over log q, the first places count most.
    """
    return min(n_features, max(isqrt(8 * n_features), min(n_features // 4, _LONGEST)))


class IntegratedPaths:
    """Selection frequencies of the best q features of each half, integrated over log q.

    Parameters
    ----------
    n_features : int

    Attributes
    ----------
    length : int
        q runs from 1 to this number.
    """

    def __init__(self, n_features: int):
        self.length = length_of_path(n_features)
        q = np.arange(1, self.length + 1)
        self._chance = q / n_features  # to be among the best q
        # A feature of rank r is among the best q for every q from r on: its share of the path.
        self._weights = (1 / q) / (1 / q).sum()
        self._of_rank = np.append(np.cumsum(self._weights[::-1])[::-1], 0.0)
        self._n_pairs = 0
        self._sum, self._squares = np.zeros((2, n_features))

    def add(self, first: np.ndarray, second: np.ndarray) -> None:
        """Take in a pair of halves: the numbers of the best features of each, the best first."""
        pair = np.zeros(len(self._sum))
        for best in (first, second):
            pair[best] += self._of_rank[: len(best)]
        self._n_pairs += 1
        self._sum += pair
        self._squares += pair**2

    @property
    def scores(self) -> np.ndarray:
        """Integrated frequencies, (n_features,): 1 for the best feature of every half."""
        return self._sum / (2 * self._n_pairs)

    def p_values(self) -> np.ndarray:
        """Return the probability that a noise feature has at least the score, (n_features,).

        In a half, the importance of a noise feature is taken for the size of a normal variable. It
        consists of what all samples say of the feature, by chance, and of what the half adds. The
        first part persists from half to half. Its share is at most a half, as two halves of
        different pairs have half of their samples in common. It is less for estimators that vary
        for other reasons, and for features that compete with each other. So a first law takes the
        worst case. Features that have a q-value above 0.2 by that law then show how large the part
        really is, and how many places of each half the noise gets. True features among them make
        the law more cautious.
        """
        scores = self.scores
        p_values = self._tail(scores, 1.0, _HALF)
        noise = q_values_of(p_values) > _NOISE
        if self._n_pairs < 2 or noise.sum() < _FEWEST:
            return p_values
        taken = float(min(1.0, scores[noise].mean() / (self._weights @ self._chance)))
        # Products of halves of different pairs, which agree by what persists only.
        n = self._n_pairs
        products = (self._sum[noise] ** 2 - self._squares[noise]) / (4 * n * (n - 1))
        seen = products.mean() + products.std() / np.sqrt(len(products))
        shares = np.linspace(0.02, _HALF, 13)
        expected = [_DENSITY @ self._moments(taken, share)[0] ** 2 for share in shares]
        return self._tail(scores, taken, float(np.interp(seen, expected, shares)))

    def _moments(self, taken, persistent):
        """Mean and variance of a half's value for a noise feature, given all samples."""
        bounds = norm.isf(taken * self._chance / 2)  # descending
        sizes = np.sqrt(persistent) * _FULL[:, None] + np.sqrt(1 - persistent) * _OWN
        values = self._of_rank[np.searchsorted(-bounds, -np.abs(sizes))]
        return values.mean(axis=1), values.var(axis=1)

    def _tail(self, scores, taken, persistent):
        mean, variance = self._moments(taken, persistent)
        error = np.sqrt(variance / (2 * self._n_pairs)) + 1e-9
        tail = _DENSITY @ norm.sf((_SCORES - mean[:, None]) / error[:, None])
        tail = np.clip(tail, 1e-300, 1.0)
        tail[0] = 1.0
        return np.exp(np.interp(scores, _SCORES, np.log(tail)))
