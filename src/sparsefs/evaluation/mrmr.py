# SPDX-License-Identifier: BSD-3-Clause
"""Minimum redundancy, maximum relevance (mRMR), in the form FCQ.

F-statistic divided by the mean absolute correlation with the features selected already: Zhao, Anand
and Wang, "Maximum relevance and minimum redundancy feature selection methods for a marketing
machine learning platform", 2019.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse
from sklearn.preprocessing import StandardScaler

_LEAST_REDUNDANCY = 1e-3  # below it a feature's correlations are noise, and would decide


def mrmr(X, relevance, n_selected: int) -> np.ndarray:
    """Score features by the order of selection.

    Parameters
    ----------
    X : {ndarray, sparse matrix} of shape (n_samples, n_features)
        Data.
    relevance : ndarray of shape (n_features,)
        F-statistic of each feature.
    n_selected : int
        Number of features to select. The others follow in the order of their relevance.

    Returns
    -------
    ndarray of shape (n_features,), dtype float64
        Higher is better.
    """
    correlations = _correlations(X)
    n_selected = min(n_selected, X.shape[1])
    scores = relevance / (1 + relevance.max())
    redundancy, free = np.zeros(X.shape[1]), np.ones(X.shape[1], dtype=bool)
    for i in range(n_selected):
        worth = relevance / np.maximum(redundancy / max(i, 1), _LEAST_REDUNDANCY)
        best = int(np.argmax(np.where(free, worth, -1)))
        free[best] = False
        scores[best] = n_selected + 1 - i
        redundancy += np.abs(correlations(best))
    return scores


def _correlations(X):
    """Return a function of a column: its correlations with all columns, 0 for constant ones."""
    n = X.shape[0]
    if not sparse.issparse(X):
        Z = StandardScaler().fit_transform(X)
        return lambda j: Z.T @ Z[:, j] / n
    # Dividing keeps zeros, centring would not: it is done to the products instead.
    scaler = StandardScaler(with_mean=False).fit(X)
    scale = np.where(scaler.var_ > 0, scaler.scale_, np.inf)
    mean, columns = scaler.mean_, X.tocsc()

    def correlations(j):
        column = columns[:, [j]].toarray().ravel()
        return (columns.T @ column / n - mean * mean[j]) / (scale * scale[j])

    return correlations
