# SPDX-License-Identifier: BSD-3-Clause
"""What the unsupervised selectors share: they restore the data, and are scored by how well."""

from __future__ import annotations

import numpy as np
from sklearn.utils.validation import _check_sample_weight

from .._blocks import row_blocks
from .base import BaseSelector


class AutoencoderSelector(BaseSelector):
    """Base of the selectors that train an autoencoder."""

    def score(self, X, y=None, sample_weight=None):
        """Negative mean squared reconstruction error of X; higher is better.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
        y : None
            Ignored.
        sample_weight : array-like of shape (n_samples,) or None, default=None

        Returns
        -------
        float
            In the units of the scaled data, averaged over samples and features.
        """
        X = self._checked_for_network(X)
        weight = _check_sample_weight(sample_weight, X, dtype=np.float64)
        total = 0.0
        for rows in row_blocks(X):
            error = self.network_.output(X[rows]) - self.network_.scaled(X[rows])
            total += weight[rows] @ np.square(error, dtype=np.float64).mean(axis=1)
        return -float(total / weight.sum())
