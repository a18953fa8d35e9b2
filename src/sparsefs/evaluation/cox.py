# SPDX-License-Identifier: BSD-3-Clause
"""Cox regression with a ridge penalty: the estimator that scores features for survival."""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize
from sklearn.base import BaseEstimator

from ..data.survival import concordance


class RidgeCox(BaseEstimator):
    """Linear Cox regression with a ridge penalty, and Efron's approximation for ties.

    Parameters
    ----------
    alpha : float, default=10.0
        Half of it times the sum of the squared coefficients is added to minus the logarithm of the
        partial likelihood.
    """

    def __init__(self, alpha: float = 10.0):
        self.alpha = alpha

    def fit(self, X, y, sample_weight=None):
        """Fit to `y`, a structured array with the fields event and time."""
        import torch

        from ..training.cox import CoxLoss
        from ..utils.device import default_settings

        loss, X = CoxLoss(), np.asarray(X, dtype=np.float64)
        weight = np.ones(len(y)) if sample_weight is None else np.asarray(sample_weight)
        target = torch.from_numpy(np.stack([y["event"].astype(np.float64), y["time"]]))
        penalty = self.alpha / len(y)

        def value_and_gradient(coef):
            outputs = torch.from_numpy(X @ coef)[None]
            value, grad = loss(outputs, target, torch.from_numpy(weight))
            return value + penalty / 2 * coef @ coef, grad[0].numpy() @ X + penalty * coef

        with default_settings():
            start = np.zeros(X.shape[1])
            self.coef_ = minimize(value_and_gradient, start, jac=True, method="L-BFGS-B").x
        return self

    def predict(self, X):
        """Return the logarithm of the relative hazard: higher means earlier."""
        return X @ self.coef_

    def score(self, X, y, sample_weight=None):
        """Return Harrell's concordance."""
        return concordance(y, self.predict(X), sample_weight)
