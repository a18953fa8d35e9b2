# SPDX-License-Identifier: BSD-3-Clause
"""Scaling that keeps outliers, and the counts of rare words, from deciding a gradient alone."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from .._blocks import read_blocks


class Clipping:
    """Standardisation, clipping at three standard deviations, and standardisation again.

    What clipping leaves of the spread of a rare feature is small, hence the second time; it brings
    no value far beyond six.

    Parameters
    ----------
    X : ndarray, memmap, CSR matrix or RowTable of shape (n_samples, n_features)
    scaling : Scaling
        Standardises each feature.
    sample_weight : ndarray of shape (n_samples,) or None
    constant : ndarray of shape (n_features,), bool
    keep_spread : bool, default=False
        Scale each feature by the root of its standard deviation in the end, relative to the others.

    Attributes
    ----------
    mean, scale : ndarray of shape (n_features,), dtype float64
        Of X.
    clipped_mean, clipped_scale : ndarray of shape (n_features,), dtype float64
        What is subtracted from, and divides, the standardised features once they are clipped.
    """

    limit = 3.0  # standard deviations; what is farther out is brought there

    def __init__(self, X, scaling, sample_weight, constant, keep_spread=False):
        self.mean, self.scale = scaling.mean, scaling.scale
        weight = np.ones(X.shape[0]) if sample_weight is None else sample_weight
        sums, squares = (_sums_of_sparse if sparse.issparse(X) else _sums)(self, X, weight)
        self.clipped_mean = sums / weight.sum()
        variance = squares / weight.sum() - self.clipped_mean**2
        # At least a half: a feature of very few rows must not go beyond twice the limit.
        self.clipped_scale = np.where(constant, 1.0, np.sqrt(np.maximum(variance, 0.25)))
        if keep_spread and not constant.all():
            spread = np.where(constant, 0.0, self.scale / self.scale[~constant].max())
            root = np.sqrt(spread / spread[~constant].mean())
            self.clipped_scale /= np.where(root > 0, root, 1.0)

    def clipped(self, block, columns=slice(None)) -> np.ndarray:
        """Standardised and clipped values of a dense block, float64."""
        z = (block - self.mean[columns]) / self.scale[columns]
        return np.clip(z, -self.limit, self.limit, out=z)

    def scaled(self, block, columns) -> np.ndarray:
        """All of the scaling, for rows of X and some columns of it, dense float32."""
        block = block[:, columns]
        z = self.clipped(block.toarray() if sparse.issparse(block) else block, columns)
        z -= self.clipped_mean[columns]
        z /= self.clipped_scale[columns]
        return z.astype(np.float32)


def _sums(clipping, X, weight):
    """Weighted sums of the clipped features and of their squares."""
    sums, squares = np.zeros((2, X.shape[1]))
    for rows, block in read_blocks(X, 2**18):
        z = clipping.clipped(block)
        sums += weight[rows] @ z
        squares += weight[rows] @ np.square(z, out=z)
    return sums, squares


def _sums_of_sparse(clipping, X, weight):
    """The same, from what is stored."""
    columns, n_features = X.indices, X.shape[1]
    stored = clipping.clipped(X.data, columns)
    of_zero = clipping.clipped(np.zeros(n_features))
    weights = np.repeat(weight, np.diff(X.indptr))
    rest = weight.sum() - np.bincount(columns, weights, n_features)
    sums = np.bincount(columns, weights * stored, n_features) + rest * of_zero
    squares = np.bincount(columns, weights * stored**2, n_features) + rest * of_zero**2
    return sums, squares
