# SPDX-License-Identifier: BSD-3-Clause
"""Score of selected features: an estimator is fitted to them and scored on held-out rows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from scipy import sparse
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import Ridge
from sklearn.metrics import check_scoring
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.svm import SVC

from ..data.target import Target, as_array, unit_of, validation_split
from ..utils.random import seeded_where_open
from .cox import RidgeCox
from .weights import call_with_weights, requesting_weights, scorer_takes_weights

MOST_ROWS = 2000  # the SVCs of a fold take a second or two, and time grows with the square
_MOST_COLUMNS = 1000  # of X to predict
_WIDE = 500  # features from which on a kernel of BLAS pays
# Standard deviations: a pixel that is hardly ever lit must not outweigh all others.
_FARTHEST = 10.0


@dataclass
class Scorer:
    """What is predicted from the features, by which estimator, and how it is scored.

    Attributes
    ----------
    y : ndarray or None
        None where X is predicted.
    target : Target or None
        `y`, encoded.
    sample_weight : ndarray of shape (n_samples,) or None
    estimator : estimator
    is_default : bool
        Whether the user has given no estimator.
    scoring : callable or None
        None is the estimator's own ``score``.
    metric : str
        Name of the scores.
    """

    y: Any
    target: Target | None
    sample_weight: np.ndarray | None
    estimator: Any
    is_default: bool
    scoring: Any
    metric: str

    @classmethod
    def of(cls, y, target, sample_weight, *, predict="auto", estimator=None, scoring=None, seed=0):
        """Return the scorer for some data.

        Parameters
        ----------
        y : object or None
        target : Target or None
            Of `y`; None for rankers that do not learn it.
        sample_weight : ndarray of shape (n_samples,) or None
        predict, estimator, scoring
            See `target`, `estimator` and `scoring` of CrossValidatedK.
        seed : int, default=0
            For every ``random_state`` of the estimator that is None.

        Raises
        ------
        ValueError
            If there is no y to predict, or the default estimator does not suit `scoring`.
        """
        if predict == "X":
            target = None
        elif predict == "y" and target is None:
            if y is None:
                raise ValueError("target='y' of CrossValidatedK needs a y, but y is None.")
            target = Target.of(y, "auto", sample_weight)
        is_default = estimator is None
        estimator = _default(target) if is_default else estimator
        if target is None:
            if scoring is not None:
                raise ValueError("scoring of CrossValidatedK is for a target of y, not of X.")
            y, metric = None, "explained variance"
        else:
            y, metric = as_array(y, target.task), _name_of_score(scoring, estimator)
            y = y.astype(
                {"regression": np.float64, "multilabel": np.int64}.get(target.task, y.dtype)
            )
            if is_default and scoring is None and target.task == "regression":
                y = y / unit_of(y)  # which R2 does not depend on
            checked = check_scoring(estimator, scoring=scoring)
            if is_default:
                _check_response(checked, scoring, estimator)
            scoring = None if scoring is None else checked
        estimator = seeded_where_open(requesting_weights(estimator), seed)
        return cls(y, target, sample_weight, estimator, is_default, scoring, metric)

    def subsample(self, rows: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Return at most 2,000 of the rows for the default estimator.

        Classes and events keep their shares.
        """
        if not self.is_default or len(rows) <= MOST_ROWS:
            return rows
        if self.target is None:
            return np.sort(rng.choice(rows, MOST_ROWS, replace=False))
        return validation_split(self.target, rows, 1 - MOST_ROWS / len(rows), rng)[0]

    def scores(self, order: np.ndarray, Ks, rows, parts, columns) -> list[float]:
        """Return the score of the first K features in `order`, for every K.

        Parameters
        ----------
        order : ndarray of int
            Numbers of the features, the best first.
        Ks : sequence of int
            Ascending.
        rows : pair of ndarray of int
            Rows to fit the estimator to, and rows to score it on.
        parts : pair of ndarray or CSR matrix
            X at these rows.
        columns : ndarray of int
            Columns to predict where there is no y.
        """
        weights = [None if self.sample_weight is None else self.sample_weight[r] for r in rows]
        X = parts
        if not np.array_equal(order[: Ks[-1]], np.arange(parts[0].shape[1])):
            X = [part[:, order[: Ks[-1]]] for part in parts]
        if self.is_default:
            X = _standardised(X, weights[0])
        if self.y is not None:
            y = [self.y[r] for r in rows]
            return [self._predicted([part[:, :K] for part in X], y, weights) for K in Ks]
        Z = _standardised([part[:, columns] for part in parts], weights[0])
        return [
            self._explained([part[:, :K] for part in X], Z, weights, ~np.isin(columns, order[:K]))
            for K in Ks
        ]

    def of_subsets(
        self, K: int, n_subsets: int, seed: int, rows, parts, columns, inputs=None
    ) -> list[float]:
        """Return the scores of random subsets of K features.

        The seed and the place of a subset decide it: it is the same in all folds whose X has as
        many columns. `rows`, `parts` and `columns` are as for :meth:`scores`, `inputs` as for
        :func:`of_inputs`.

        Raises
        ------
        ValueError
            If there is only one such subset.
        """
        n_features = parts[0].shape[1] if inputs is None else len(inputs)
        if n_subsets and K >= n_features:
            raise ValueError(too_many(K, n_features))
        scores = []
        for number in range(n_subsets):
            rng = np.random.default_rng([seed, 3, number])
            subset = rng.choice(n_features, K, replace=False)
            order, n_inputs = of_inputs(subset, [K], inputs)
            scores += self.scores(order, n_inputs, rows, parts, columns)
        return scores

    def guessing(self) -> Scorer:
        """Return the scorer of a guess without features: the most frequent class, or the mean."""
        classes = self.target is not None and self.target.task == "classification"
        guess = requesting_weights(DummyClassifier() if classes else DummyRegressor())
        return replace(self, estimator=guess)

    def _fitted(self, X, y, weight):
        return call_with_weights(clone(self.estimator), "fit", X, y, weight)

    def _predicted(self, X, y, weights):
        estimator = self._fitted(X[0], y[0], weights[0])
        if self.scoring is None:
            return float(call_with_weights(estimator, "score", X[1], y[1], weights[1]))
        given = {}
        if weights[1] is not None and scorer_takes_weights(self.scoring):
            given = {"sample_weight": weights[1]}
        return float(self.scoring(estimator, X[1], y[1], **given))

    def _explained(self, X, Z, weights, outside):
        """Share of the variance of all columns that is explained in those not selected.

        A feature that explains itself does not count: with it, all features would be best. A
        feature that is explained worse than by the mean does not count against the others.
        """
        total = _weighted_sum(Z[1] ** 2, weights[1])
        if not outside.any() or total == 0:
            return 0.0
        estimator = self._fitted(X[0], Z[0][:, outside], weights[0])
        expected = Z[1][:, outside]
        error = expected - estimator.predict(X[1]).reshape(expected.shape)
        return max(0.0, _weighted_sum(expected**2 - error**2, weights[1]) / total)


def of_inputs(order: np.ndarray, Ks, inputs: list[np.ndarray] | None):
    """Return an order of features, and numbers of them, as those of the columns of X.

    Parameters
    ----------
    order : ndarray of int
        Numbers of the features, the best first.
    Ks : sequence of int
    inputs : list of ndarray of int, or None
        The columns of each feature. None: each is one column.
    """
    if inputs is None:
        return order, Ks
    columns = [inputs[feature] for feature in order]
    ends = np.cumsum([len(some) for some in columns])
    return np.concatenate(columns), [int(ends[min(K, len(ends)) - 1]) for K in Ks]


def too_many(K: int, n_features: int) -> str:
    """Say that no subset of K features is random."""
    return (
        f"K must be less than the number of features, {n_features}, as all random subsets would be "
        f"the same. Got K={K}."
    )


class HeldOutScores(NamedTuple):
    """Scores of the first K features of a ranking, for several K.

    Attributes
    ----------
    values : list of float
    metric : str
    n_fitted, n_scored : int
        Rows that the estimator was fitted to, and scored on: 2,000 of each at most.
    of_subsets : list of float
        Scores of random subsets of as many features as the first K.
    """

    values: list[float]
    metric: str
    n_fitted: int
    n_scored: int
    of_subsets: list[float]


def held_out_scores(
    order,
    Ks,
    train,
    held_out,
    *,
    task="auto",
    weights=None,
    estimator=None,
    scoring=None,
    inputs=None,
    seed=0,
    n_subsets=0,
) -> HeldOutScores:
    """Fit an estimator to `train` and score it on `held_out`, as `k_curve` does in a fold.

    Parameters
    ----------
    order : ndarray of int
        Numbers of the features, the best first.
    Ks : list of int
        Ascending.
    train, held_out : tuple of (X, y)
        X of finite numbers, dense or CSR; y None where features are predicted.
    task : {"auto", "classification", "multilabel", "regression", "survival"}, default="auto"
    weights : pair of ndarray, or None, default=None
        Sample weights of both parts.
    estimator, scoring : default=None
        See CrossValidatedK.
    inputs : list of ndarray of int, or None, default=None
        The columns of each feature, see :func:`of_inputs`.
    seed : int, default=0
        Decides which rows are taken where they are many, and the random subsets.
    n_subsets : int, default=0
        Number of random subsets of as many features as the first of the Ks.
    """
    X, ys = zip(train, held_out, strict=True)
    n_train, n_columns = X[0].shape
    n_features = n_columns if inputs is None else len(inputs)
    y = None if ys[0] is None else np.concatenate(ys)
    weight = None if weights is None else np.concatenate(weights)
    rng = np.random.default_rng([seed, 2])
    columns = some_columns(n_columns, rng)
    target = None if y is None else Target.of(y, task, weight)
    scorer = Scorer.of(y, target, weight, estimator=estimator, scoring=scoring, seed=seed)
    n = n_train + X[1].shape[0]
    rows = [scorer.subsample(r, rng) for r in np.split(np.arange(n), [n_train])]
    parts = [x[r - first] for x, r, first in zip(X, rows, (0, n_train), strict=True)]
    values: list[float] = []
    for K in Ks:  # one at a time, as standardising all features takes a copy of them
        best = order if K < n_features else np.arange(K)  # which needs no copy
        of_columns, n_inputs = of_inputs(best, [K], inputs)
        values += scorer.scores(of_columns, n_inputs, rows, parts, columns)
    of_subsets = scorer.of_subsets(Ks[0], n_subsets, seed, rows, parts, columns, inputs)
    return HeldOutScores(values, scorer.metric, len(rows[0]), len(rows[1]), of_subsets)


def some_columns(n_features: int, rng: np.random.Generator) -> np.ndarray:
    """Return the columns of X to predict: all, or 1,000 at random."""
    if n_features <= _MOST_COLUMNS:
        return np.arange(n_features)
    return np.sort(rng.choice(n_features, _MOST_COLUMNS, replace=False))


class DefaultSVC(SVC):
    """Support vector classifier with a fast kernel for many features.

    libsvm computes the same kernel a number at a time.
    """

    def fit(self, X, y, sample_weight=None):
        """Fit as the base class does."""
        self._seen = None
        if X.shape[1] > _WIDE:
            variance = np.linalg.norm(X) ** 2 / X.size - X.mean() ** 2  # without a copy of X
            self._seen, self._of_kernel = X, 1 / (X.shape[1] * variance)
            self.kernel = "precomputed"
        return super().fit(self._kernel(X), y, sample_weight)

    def predict(self, X):
        """Predict as the base class does."""
        return super().predict(self._kernel(X))

    def _kernel(self, X):
        return X if self._seen is None else rbf_kernel(X, self._seen, gamma=self._of_kernel)


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
    if target.task == "survival":
        return RidgeCox()
    if target.task != "classification":
        return CentredKernelRidge(kernel="rbf")
    return DefaultSVC(random_state=0)  # a seed of None would be drawn from numpy's global generator


def _check_response(scorer, scoring, estimator):
    """Refuse a scorer of probabilities, which the default estimators do not give."""
    methods = getattr(scorer, "_response_method", "predict")
    methods = (methods,) if isinstance(methods, str) else methods
    if "default" not in methods and not any(hasattr(estimator, method) for method in methods):
        raise ValueError(
            f"scoring={scoring!r} needs {' or '.join(methods)}, which the default estimator (an "
            "SVC for classes, kernel ridge regression for numbers, Cox regression for survival) "
            "does not have. Pass an 'estimator' that has it, such as LogisticRegression()."
        )


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


def _name_of_score(scoring, estimator) -> str:
    """Name of what a scorer gives; without one, of what the estimator's `score` gives."""
    if scoring is not None:
        return scoring if isinstance(scoring, str) else getattr(scoring, "__name__", "score")
    if is_classifier(estimator):
        return "accuracy"
    if isinstance(estimator, RidgeCox):
        return "concordance"
    return "R2" if is_regressor(estimator) else "score"
