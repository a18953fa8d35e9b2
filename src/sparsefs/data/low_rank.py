# SPDX-License-Identifier: BSD-3-Clause
"""Missing numbers of many columns, estimated from the other columns of the row."""

from __future__ import annotations

import numpy as np
from sklearn.utils.extmath import randomized_svd

FEWEST = 20  # columns with missing values, and rows
_MOST, _ROWS_FOR_EACH, _N_ROUNDS = 20, 10, 8  # components, and rows that each takes
_LIMIT = 3.0  # standard deviations; values farther out count as if they were there
_BLOCK = 2**22  # numbers at a time


class LowRank:
    """Principal components of a table with gaps, and what they say of missing numbers.

    The gaps are filled, the components of the filled table computed, the gaps filled with what
    these predict, and so on (Mazumder, Hastie and Tibshirani). Each component is shrunken by what
    noise adds to it. A row is then described by the components that suit its known values.

    Parameters
    ----------
    numbers : ndarray of shape (n_rows, n_columns)
        NaN where a value is missing.
    seed : int
        Of the randomised decomposition.
    """

    def __init__(self, numbers: np.ndarray, seed: int):
        absent = np.isnan(numbers)
        n_there = np.maximum((~absent).sum(axis=0), 1)
        self._mean = np.where(absent, 0.0, numbers).sum(axis=0) / n_there
        spread = np.where(absent, 0.0, numbers - self._mean)
        spread = np.sqrt((spread**2).sum(axis=0) / n_there)
        self._scale = np.where(spread > 0, spread, 1.0)
        z = self._scaled(numbers, absent)
        rank = max(1, min(_MOST, len(z) // _ROWS_FOR_EACH, z.shape[1] - 1))
        for _ in range(_N_ROUNDS):
            u, sizes, v = randomized_svd(z, rank, n_iter=1, random_state=seed)
            left = np.square(z).sum() - np.square(sizes).sum()
            sizes = _shrunken(sizes, left / max(1, z.size - rank * sum(z.shape)), *z.shape)
            z = np.where(absent, (u * sizes) @ v, z)
        # Components of unit variance, and the variance that they leave of a value.
        self._loadings = (v * (sizes / np.sqrt(len(z)))[:, None]).T.astype(np.float32)
        self._noise = float(np.square(z - (u * sizes) @ v)[~absent].mean()) + 1e-6

    def filled(self, numbers: np.ndarray) -> np.ndarray:
        """Return rows whose missing numbers are replaced."""
        filled, rank = numbers.copy(), self._loadings.shape[1]
        products = (self._loadings[:, :, None] * self._loadings[:, None, :]).reshape(-1, rank**2)
        n_rows = max(1, _BLOCK // max(1, numbers.shape[1]))
        for start in range(0, len(numbers), n_rows):
            block = filled[start : start + n_rows]
            absent = np.isnan(block)
            z = self._scaled(block, absent)
            gram = ((~absent).astype(np.float32) @ products).reshape(-1, rank, rank)
            gram = gram + self._noise * np.eye(rank)
            components = np.linalg.solve(gram, (z @ self._loadings)[:, :, None])[:, :, 0]
            expected = (components @ self._loadings.T) * self._scale + self._mean
            block[absent] = expected[absent]
        return filled

    def _scaled(self, numbers, absent):
        z = np.where(absent, 0.0, (numbers - self._mean) / self._scale)
        return np.clip(z, -_LIMIT, _LIMIT)


def _shrunken(sizes, variance, n_rows, n_columns):
    """Singular values without what noise of this variance adds (Gavish and Donoho, 2017)."""
    ratio = n_columns / n_rows
    y = np.square(sizes) / (n_rows * max(variance, 1e-12))
    above = y > (1 + np.sqrt(ratio)) ** 2
    shrunken = np.sqrt(np.maximum((y - ratio - 1) ** 2 - 4 * ratio, 0) / np.maximum(y, 1e-12))
    return np.where(above, shrunken * np.sqrt(n_rows * max(variance, 1e-12)), 0.0)
