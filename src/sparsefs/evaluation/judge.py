# SPDX-License-Identifier: BSD-3-Clause
"""How good the K best features are: an estimator is fitted to them and scored on held-out rows."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.base import clone
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import Ridge
from sklearn.metrics import check_scoring
from sklearn.pipeline import Pipeline
from sklearn.svm import SVC
from sklearn.utils.validation import has_fit_parameter

from ..data.target import Target, as_array, validation_split

_MOST_ROWS = 2000  # the SVCs of a fold take a second or two, and time grows with the square
_MOST_COLUMNS = 1000  # of X to predict
# Standard deviations: a pixel that is hardly ever lit must not outweigh all others.
_FARTHEST = 10.0


@dataclass
class Judge:
    """What is predicted from the features, by which estimator, and how it is scored.

    Attributes
    ----------
    X : ndarray or CSR matrix of shape (n_samples, n_features)
    y : ndarray or None
        None where X is predicted.
    target : Target or None
        `y`, encoded.
    sample_weight : ndarray of shape (n_samples,) or None
    columns : ndarray of int
        Those of X to predict.
    estimator : estimator
    ours : bool
        Whether it is the default one.
    scorer : callable or None
    """

    X: Any
    y: Any
    target: Target | None
    sample_weight: np.ndarray | None
    columns: np.ndarray
    estimator: Any
    ours: bool
    scorer: Any

    @classmethod
    def of(cls, choice, data, rng: np.random.Generator) -> Judge:
        """The judge that `choice`, a CrossValidatedK, asks for."""
        target, y, scorer = data.target, None, None
        if choice.target == "X":
            target = None
        elif choice.target == "y" and target is None:
            if data.y is None:
                raise ValueError("target='y' of CrossValidatedK needs a y, but y is None.")
            target = Target.of(data.y, "auto", data.sample_weight)
        ours = choice.estimator is None
        estimator = _default(target) if ours else choice.estimator
        if target is not None:
            y = as_array(data.y)
            y = y.astype(
                {"regression": np.float64, "multilabel": np.int64}.get(target.task, y.dtype)
            )
            scorer = check_scoring(estimator, scoring=choice.scoring)
        elif choice.scoring is not None:
            raise ValueError("scoring of CrossValidatedK is for a target of y, not of X.")
        columns = few_columns(data.X.shape[1], rng)
        return cls(data.X, y, target, data.sample_weight, columns, estimator, ours, scorer)

    def few(self, rows: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Some of the rows, if they are many for the default estimator; classes keep shares."""
        if not self.ours or len(rows) <= _MOST_ROWS:
            return rows
        if self.target is None:
            return np.sort(rng.choice(rows, _MOST_ROWS, replace=False))
        return validation_split(self.target, rows, 1 - _MOST_ROWS / len(rows), rng)[0]

    def scores(self, order: np.ndarray, Ks: np.ndarray, rows, parts=None) -> list[float]:
        """Score of the first K features in `order`, for every K.

        `rows` are those to fit the estimator to and those to score it on; the others are not read.
        `parts` are X at these rows, where it was changed within the fold.
        """
        weights = [None if self.sample_weight is None else self.sample_weight[r] for r in rows]
        whole = [self.X[r] for r in rows] if parts is None else parts
        X = whole
        if not np.array_equal(order[: Ks[-1]], np.arange(whole[0].shape[1])):
            X = [part[:, order[: Ks[-1]]] for part in whole]
        if self.ours:
            X = _standardised(X, weights[0])
        if self.y is not None:
            y = [self.y[r] for r in rows]
            return [self._predicted([part[:, :K] for part in X], y, weights) for K in Ks]
        Z = _standardised([part[:, self.columns] for part in whole], weights[0])
        return [
            self._explained(
                [part[:, :K] for part in X], Z, weights, ~np.isin(self.columns, order[:K])
            )
            for K in Ks
        ]

    def _predicted(self, X, y, weights):
        estimator = _fitted(clone(self.estimator), X[0], y[0], weights[0])
        return float(self.scorer(estimator, X[1], y[1], **_weight_for(self.scorer, weights[1])))

    def _explained(self, X, Z, weights, outside):
        """Share of the variance of all columns that is explained in those not selected.

        That a feature explains itself does not count: with it, all features would be best. Nor
        does it count against a feature that it explains less than the mean does.
        """
        total = _weighted_sum(Z[1] ** 2, weights[1])
        if not outside.any() or total == 0:
            return 0.0
        estimator = _fitted(clone(self.estimator), X[0], Z[0][:, outside], weights[0])
        expected = Z[1][:, outside]
        error = expected - estimator.predict(X[1]).reshape(expected.shape)
        return max(0.0, _weighted_sum(expected**2 - error**2, weights[1]) / total)


def few_columns(n_features: int, rng: np.random.Generator) -> np.ndarray:
    """Columns of X to predict: all, or some at random if they are many."""
    if n_features <= _MOST_COLUMNS:
        return np.arange(n_features)
    return np.sort(rng.choice(n_features, _MOST_COLUMNS, replace=False))


class CentredKernelRidge(KernelRidge):
    """Kernel ridge regression with an intercept: features that say nothing give the mean."""

    def fit(self, X, y, sample_weight=None):
        """Fit as the base class does, to the deviations from the mean."""
        self._mean = np.average(y, axis=0, weights=sample_weight)
        return super().fit(X, y - self._mean, sample_weight)

    def predict(self, X):
        """Predict as the base class does, and add the mean."""
        return super().predict(X) + self._mean


def _default(target):
    if target is None:
        return Ridge()
    return SVC() if target.task == "classification" else CentredKernelRidge(kernel="rbf")


def _standardised(parts, weight):
    """Both parts by the moments of the first."""
    from ..training.scaling import Scaling

    parts = [part.toarray() if sparse.issparse(part) else part for part in parts]
    by = Scaling(parts[0], "feature", weight)
    scaled = []
    for part in parts:  # in place, as part may be large
        part = np.subtract(part, by.mean)
        part /= by.scale
        scaled.append(np.clip(part, -_FARTHEST, _FARTHEST, out=part))
    return scaled


def _weighted_sum(table, weight):
    return float((table.sum(axis=1) if weight is None else weight @ table).sum())


def _fitted(estimator, X, y, weight):
    return estimator.fit(X, y, **weights_for_fit(estimator, weight))


def weights_for_fit(estimator, weight) -> dict[str, np.ndarray]:
    """The weights as arguments of ``fit`` if it takes any; of a pipeline for the steps that do."""
    if weight is None:
        return {}
    if not isinstance(estimator, Pipeline):
        return {"sample_weight": weight} if _takes_weight(estimator) else {}
    taking = [name for name, step in estimator.steps if _takes_weight(step)]
    return {f"{name}__sample_weight": weight for name in taking}


def _takes_weight(estimator):
    return hasattr(estimator, "fit") and has_fit_parameter(estimator, "sample_weight")


def _weight_for(scorer, weight):
    """The weights as an argument of the scorer, if there are any and it takes them."""
    if weight is None:
        return {}
    parameters = inspect.signature(scorer).parameters
    takes_any = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
    return {"sample_weight": weight} if takes_any or "sample_weight" in parameters else {}
