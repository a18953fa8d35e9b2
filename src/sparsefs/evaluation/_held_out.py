# SPDX-License-Identifier: BSD-3-Clause
"""The score of one ranking, made on some rows, on other rows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.svm import SVC

from ..data.inputs import TrainingData
from ..data.summary import Summary
from ..data.target import Target
from .choice import CrossValidatedK
from .judge import Judge
from .k_curve import metric_of

_WIDE = 500  # features from which on a kernel of BLAS pays


class HeldOutScores(NamedTuple):
    """Scores of the first K features of a ranking, for several K.

    Attributes
    ----------
    values : list of float
    metric : str
    n_fitted, n_scored : int
        Rows that the estimator was fitted to, and scored on: 2,000 of each at most.
    """

    values: list[float]
    metric: str
    n_fitted: int
    n_scored: int


def held_out_scores(order, Ks, train, held_out, *, task="auto", seed=0) -> HeldOutScores:
    """Fit the default estimator of `k_curve` to `train` and score it on `held_out`.

    Parameters
    ----------
    order : ndarray of int
        Numbers of the features, the best first.
    Ks : list of int
        Ascending.
    train, held_out : tuple of (X, y)
        X of finite numbers, dense or CSR; y None where features are predicted.
    task : {"auto", "classification", "regression"}, default="auto"
    seed : int, default=0
        Decides which rows are taken where they are many.
    """
    X, ys = zip(train, held_out, strict=True)
    n = X[0].shape[0], X[1].shape[0]
    y = None if ys[0] is None else np.concatenate(ys)
    target = None if y is None else Target.of(y, task)
    # The judge looks at the number of columns, and is given the rows of X below.
    table = np.broadcast_to(np.float32(0), (sum(n), X[0].shape[1]))
    rng = np.random.default_rng([seed, 2])
    data = TrainingData(table, y, target, None, Summary.of(table[:1]))
    judge = Judge.of(CrossValidatedK(), data, rng)
    rows = [judge.few(r, rng) for r in np.split(np.arange(sum(n)), [n[0]])]
    parts = [x[r - first] for x, r, first in zip(X, rows, (0, n[0]), strict=True)]
    values: list[float] = []
    for K in Ks:
        wide = target is not None and target.task == "classification" and K > _WIDE
        by: Any = replace(judge, estimator=_WideSVC()) if wide else judge
        best = order if K < len(order) else np.arange(K)  # which needs no copy
        values += by.scores(best, np.array([K]), rows, parts)
    return HeldOutScores(values, metric_of(judge), len(rows[0]), len(rows[1]))


class _WideSVC(SVC):
    """SVC() of many features: libsvm would compute the same kernel a number at a time."""

    def fit(self, X, y, sample_weight=None):
        variance = np.linalg.norm(X) ** 2 / X.size - X.mean() ** 2  # without a copy of X
        self._seen, self._of_kernel = X, 1 / (X.shape[1] * variance)
        self.kernel = "precomputed"
        return super().fit(self._kernel(X), y, sample_weight)

    def predict(self, X):
        return super().predict(self._kernel(X))

    def _kernel(self, X):
        return rbf_kernel(X, self._seen, gamma=self._of_kernel)
