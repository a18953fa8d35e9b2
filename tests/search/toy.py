# SPDX-License-Identifier: BSD-3-Clause
"""An estimator whose score, costs and failures its parameters decide."""

import time

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin

X = np.random.default_rng(0).standard_normal((40, 6))
y = np.tile([0, 1], 20)


class Toy(ClassifierMixin, BaseEstimator):
    """Is as good as `quality` says on any rows, and costs `size`."""

    fits: list = []  # noqa: RUF012

    def __init__(self, quality=0.5, size=1, kind="a", seconds=0.0, fails=None):
        self.quality = quality
        self.size = size
        self.kind = kind
        self.seconds = seconds
        self.fails = fails

    def fit(self, X, y=None, sample_weight=None):
        self.fits.append((self.get_params(), X, sample_weight))
        time.sleep(self.seconds)
        if self.fails == "fit":
            raise RuntimeError("no fit today")
        self.classes_ = np.unique(y)
        self.n_features_in_ = X.shape[1]
        self.costs_ = {
            name: {"sparse": factor * self.size, "dense": 100 * factor}
            for name, factor in [
                ("parameters", 1),
                ("bytes", 4),
                ("inference_flops", 2),
                ("training_flops", 6),
            ]
        }
        return self

    def predict(self, X):
        return np.zeros(len(X), dtype=int)

    def score(self, X, y, sample_weight=None):
        if self.fails == "score":
            raise RuntimeError("no score today")
        if self.fails == "nan":
            return np.nan
        # No two folds are alike, as in life.
        return self.quality + 0.01 * float(np.tanh(X.mean()))


class Uncounted(Toy):
    """The same without costs."""

    def fit(self, X, y=None, sample_weight=None):
        super().fit(X, y)
        del self.costs_
        return self
