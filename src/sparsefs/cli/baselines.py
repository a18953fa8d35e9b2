# SPDX-License-Identifier: BSD-3-Clause
"""Rankings that anybody could make, as estimators."""

from __future__ import annotations

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.preprocessing import StandardScaler


class RandomRanking(BaseEstimator):
    """Features in any order."""

    def __init__(self, random_state=None):
        self.random_state = random_state

    def fit(self, X, y=None):
        """Draw the order."""
        rng = np.random.default_rng(self.random_state)
        self.feature_importances_ = 1 + rng.permutation(X.shape[1])
        return self


class Variance(BaseEstimator):
    """Features of most variance first."""

    def fit(self, X, y=None):
        """Take the variances."""
        scaler = StandardScaler(with_mean=False).fit(X)  # takes CSR, sums in double precision
        self.feature_importances_ = scaler.var_
        return self


class Constant(BaseEstimator):
    """All features alike, in the order of the columns."""

    def fit(self, X, y=None):
        """Do nothing."""
        self.feature_importances_ = np.ones(X.shape[1])
        return self
