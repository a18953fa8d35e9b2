# SPDX-License-Identifier: BSD-3-Clause
"""Scores of the K best features against K, cross-validated around a ranking of any kind."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from scipy import sparse
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.pipeline import Pipeline
from sklearn.utils import _safe_indexing, check_array
from sklearn.utils.parallel import Parallel, delayed
from sklearn.utils.validation import _get_feature_names, _num_samples

from ..data import RowTable
from ..data.inputs import TrainingData, check_finite, check_length, checked_weight, table_on_disk
from ..data.summary import Summary
from ..data.target import TASKS, Target
from ..selectors.base import BaseSelector
from ..utils.random import seed_of
from .choice import CrossValidatedK
from .folds import folds_of
from .importances import importances
from .judge import Judge, few_columns, weights_for_fit


@dataclass
class KCurve:
    """Scores on held-out rows of the K best features, for several K.

    Made by :func:`k_curve`.

    Attributes
    ----------
    Ks : ndarray of shape (n_Ks,), dtype int64
        Numbers of features, ascending.
    scores : ndarray of shape (n_Ks, n_folds), dtype float64
        Higher is better.
    rankings : ndarray of shape (n_folds, n_features), dtype int64
        Rank of every feature in every fold, 1 is the best. Of a ranker that trains towards K those
        for the largest K.
    metric : str
        What the scores are: ``"accuracy"``, ``"R2"``, ``"explained variance"``, the name of a
        scorer, or ``"score"``.
    fit_seconds : ndarray of shape (n_folds,), dtype float64
        What it took to rank the features, with the steps before in a pipeline; for rankers that
        train towards K the sum over all K.
    feature_names : ndarray of shape (n_features,) or None
        Names of the features that are ranked, where they have any.

    See Also
    --------
    k_curve : Makes it.
    """

    Ks: np.ndarray
    scores: np.ndarray
    rankings: np.ndarray
    metric: str
    fit_seconds: np.ndarray
    feature_names: np.ndarray | None = None

    @property
    def mean(self) -> np.ndarray:
        """Mean score over the folds, ndarray of shape (n_Ks,)."""
        return self.scores.mean(axis=1)

    @property
    def std(self) -> np.ndarray:
        """Standard deviation of the scores over the folds, ndarray of shape (n_Ks,)."""
        return self.scores.std(axis=1)

    @property
    def se(self) -> np.ndarray:
        """Standard error of the mean score, ndarray of shape (n_Ks,)."""
        return self.scores.std(axis=1, ddof=1) / np.sqrt(self.scores.shape[1])


def k_curve(
    ranker,
    X,
    y=None,
    *,
    Ks=None,
    estimator=None,
    scoring=None,
    cv=None,
    sample_weight=None,
    n_jobs=None,
    random_state=None,
    importance_getter="auto",
    task="auto",
) -> KCurve:
    """Score the K best features on rows that the ranking has not seen, for several K.

    In every fold a clone of `ranker` is fitted to the training rows, and one of `estimator` to the
    K best features of the same rows, for every K; it is scored on the held-out rows. One fit of the
    ranker serves all K; a selector that trains towards K, as :class:`~sparsefs.NeuroFSSelector`, is
    fitted for each.

    Parameters
    ----------
    ranker : estimator
        A selector, any estimator that scores features (as for
        :class:`~sparsefs.StabilitySelector`), or a Pipeline whose last step is one. What comes
        before the last step, as an imputer, is fitted to the training rows as well. Of a selector
        K does not matter. A ``random_state`` of None is set from `random_state`.
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        Data; a DataFrame is passed on as one. Sparse data stay sparse.
    y : array-like of shape (n_samples,) or (n_samples, n_outputs), default=None
        Target. The ranker of features without labels ignores it, the estimator does not. None: the
        features that are not selected are predicted.
    Ks : array-like of int or None, default=None
        Numbers of features; those above the number of features count as that. None is as in
        :class:`~sparsefs.CrossValidatedK`: 1, 2, 3, 4, 6, 8, 11, 16, ... up to 256.
    estimator : estimator or None, default=None
        It is given the selected columns as they are. None is ``SVC()`` for classes and kernel ridge
        regression for numbers, both on standardised features and on at most 2,000 rows of each
        part, and ``Ridge()`` where features are predicted.
    scoring : str, callable or None, default=None
        As in :func:`sklearn.model_selection.cross_val_score`. None is the estimator's own `score`.
    cv : int, cross-validation generator, iterable of splits or None, default=None
        An int is a number of shuffled folds, stratified for classes; None is 5. They depend on
        `y`, `sample_weight` and `random_state` only, so that rankers can be compared.
    sample_weight : array-like of shape (n_samples,) or None, default=None
        Passed to whatever takes weights, the score among it. Samples of weight 0 are left out.
    n_jobs : int or None, default=None
        Folds at the same time, in processes unless a ``joblib.parallel_config`` context says
        otherwise; None is 1 unless in such a context.
    random_state : int, RandomState instance or None, default=None
        Decides the folds, which rows are taken where they are many, and what rankers without a
        ``random_state`` of their own do.
    importance_getter : str or callable, default="auto"
        What the ranker says of the features, as in :class:`~sparsefs.StabilitySelector`; of a
        pipeline the last step.
    task : {"auto", "classification", "regression"}, default="auto"
        What the default estimator takes `y` for. ``"auto"`` is what the selector or the estimator
        takes it for, or else what `y` looks like: whole numbers are classes.

    Returns
    -------
    KCurve

    Raises
    ------
    TypeError
        If X is files on disk.
    ValueError
        If a parameter or the data are unusable, the ranker does not rank, or a score is not finite.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.ensemble import ExtraTreesClassifier
    >>> from sparsefs.evaluation import k_curve
    >>> X, y = load_digits(return_X_y=True)
    >>> curve = k_curve(ExtraTreesClassifier(), X, y, Ks=[2, 8, 32], cv=3, random_state=0)
    >>> curve.metric, curve.scores.shape
    ('accuracy', (3, 3))
    >>> bool(curve.mean[0] < 0.6 < 0.95 < curve.mean[2])
    True
    """
    choice = CrossValidatedK(Ks=Ks, estimator=estimator, scoring=scoring, cv=cv)
    choice._validate_params()
    if task not in TASKS:
        raise ValueError(f"The 'task' parameter must be one of {list(TASKS)}. Got {task!r}.")
    seed = seed_of(random_state)
    steps, ranker = _parts_of(ranker, seed)
    X, names = _checked_X(X, steps is None)
    weight = checked_weight(sample_weight, X)
    if y is not None:
        check_length(X, y)
    target, ranker, weight_of_ranker = _target_of(ranker, y, weight, estimator, task)
    if y is None and scoring is not None:
        raise ValueError("'scoring' is for a y, and y is None.")

    rng = np.random.default_rng([seed, 0])
    rows = np.zeros((_num_samples(X), 1))  # of X there is only what a fold makes of it
    judge = Judge.of(choice, TrainingData(rows, y, target, weight, Summary.of(rows)), rng)
    folds = folds_of(cv, judge, rng, "k_curve")
    task = _Task(steps, ranker, X, y, weight_of_ranker, choice, judge, importance_getter, seed)
    tasks = [
        (number, fold, [judge.few(part, rng) for part in fold]) for number, fold in enumerate(folds)
    ]
    found = Parallel(n_jobs=n_jobs)(delayed(_of_fold)(task, *one) for one in tasks)
    Ks = choice._numbers(min(len(one.order) for one in found))
    # Of a fold with more features, "all of them" is a larger number.
    at = [np.searchsorted(one.Ks, Ks) for one in found]
    scores = np.array([np.take(one.scores, i) for one, i in zip(found, at, strict=True)]).T
    if not np.isfinite(scores).all():
        raise ValueError(
            "Scores are not finite: 'scoring' must suit y, and R2 needs two samples in every "
            f"held-out part (cv={cv!r}, scoring={scoring!r})."
        )
    rankings, names = _aligned(found, names)
    seconds = np.array([one.seconds for one in found])
    return KCurve(Ks, scores, rankings, metric_of(judge, scoring), seconds, names)


class _Task(NamedTuple):
    """What all folds share."""

    steps: Any
    ranker: Any
    X: Any
    y: Any
    weight: np.ndarray | None
    choice: CrossValidatedK
    judge: Judge
    getter: Any
    seed: int


class _Found(NamedTuple):
    """What came of one fold."""

    Ks: np.ndarray
    scores: list[float]
    order: np.ndarray
    names: np.ndarray | None
    seconds: float


def _parts_of(ranker, seed):
    """The steps before the ranker, or None, and the ranker; both clones that have a seed."""
    ranker = clone(ranker)
    ranker.__dict__.pop("_skl_callbacks", None)  # they watch the fit to all the data
    params = ranker.get_params()
    unset = [n for n in params if n == "random_state" or n.endswith("__random_state")]
    ranker.set_params(**{name: seed for name in unset if params[name] is None})
    if not isinstance(ranker, Pipeline):
        return None, ranker
    *steps, (_, last) = ranker.steps
    steps = [(name, step) for name, step in steps if step not in (None, "passthrough")]
    return Pipeline(steps) if steps else None, last


def _checked_X(X, as_it_is: bool):
    """X with rows that can be taken, and the names of its columns.

    `as_it_is` it goes to the ranker, and is refused here where it is unusable.
    """
    table_on_disk(X)  # a path is refused
    if isinstance(X, RowTable):
        raise TypeError(
            "k_curve needs X in memory, as the rows of a fold lie all over the table. X[:] reads "
            "all rows."
        )
    names = _get_feature_names(X)
    if not as_it_is:
        return (X.tocsr() if sparse.issparse(X) else X), names
    matrix = _matrix(X, names)
    return (X if names is not None else matrix), names


def _matrix(X, names=None):
    """X as an array or CSR matrix of finite numbers."""
    X = check_array(X, accept_sparse="csr", dtype=[np.float64, np.float32], ensure_all_finite=False)
    check_finite(X, Summary.of(X), names)
    return X


def _target_of(ranker, y, weight, estimator, task):
    """The target, as the ranker and the estimator agree on it, the ranker and its weights."""
    if isinstance(ranker, BaseSelector):
        # A copy that is fitted to a part of y learns what all of it is.
        target, weight_of_ranker = ranker._target_and_weight(y, weight)
        known = ranker.get_params()
        settings = {"K": 1} if ranker._nested_ranking else {}
        if target is not None:
            settings |= ranker._settings_of_parts(target)
        ranker.set_params(**{n: v for n, v in settings.items() if n in known})
        if y is None or (target is not None and task == "auto"):
            return target, ranker, weight_of_ranker
    else:
        weight_of_ranker = weight
    if y is None:
        return None, ranker, weight
    if task == "auto" and is_regressor(ranker if estimator is None else estimator):
        task = "regression"
    return Target.of(y, task, weight), ranker, weight_of_ranker


def _of_fold(task, number, fold, judged):
    """Rank the features on the training rows and score the best of them."""
    train = fold[0]
    X = _safe_indexing(task.X, train)
    y = None if task.y is None else _safe_indexing(task.y, train)
    weight = None if task.weight is None else task.weight[train]
    steps, names, held_out = None, None, _safe_indexing(task.X, judged[1])
    started = time.perf_counter()
    if task.steps is not None:
        steps = clone(task.steps)
        X = steps.fit_transform(X, y, **weights_for_fit(steps, weight))
        names = _names_of(steps, X)
    seconds = time.perf_counter() - started
    if steps is not None:
        held_out = steps.transform(held_out)
    parts = [_matrix(X, names)[np.searchsorted(train, judged[0])], _matrix(held_out, names)]
    n_features = parts[0].shape[1]
    rng = np.random.default_rng([task.seed, 1, number])
    judge = replace(task.judge, columns=few_columns(n_features, rng))
    Ks = task.choice._numbers(n_features)

    towards_K = isinstance(task.ranker, BaseSelector) and not task.ranker._nested_ranking
    scores: list[float] = []
    for some in [[K] for K in Ks] if towards_K else [Ks]:
        ranker = clone(task.ranker)
        if towards_K:
            ranker.set_params(K=int(some[0]))
        started = time.perf_counter()
        ranker.fit(X, y, **weights_for_fit(ranker, weight))
        seconds += time.perf_counter() - started
        order = _order_of(ranker, task.getter, n_features)
        scores += judge.scores(order, some, judged, parts)
    return _Found(Ks, scores, order, names, seconds)


def _names_of(steps, X):
    """Names of what the steps make; None where they do not say."""
    try:
        return np.asarray(steps.get_feature_names_out(), dtype=object)
    except (AttributeError, ValueError):
        return _get_feature_names(X)


def _order_of(ranker, getter, n_features):
    """Numbers of the features, the best first, the first of equals first."""
    values, _ = importances(ranker, getter, n_features)
    if values.dtype == bool:
        raise ValueError(
            f"{type(ranker).__name__} says which features it selects, but not which of them are "
            "better: set 'importance_getter' to what ranks them."
        )
    return np.argsort(-values, kind="stable")


def _aligned(found, names):
    """Rankings of all folds over the same features.

    An encoder makes columns of the categories it has seen, which may differ between folds: a
    feature that a fold has not seen is ranked after those it has.
    """
    of_folds = [one.names for one in found]
    numbers = sorted({len(one.order) for one in found})
    if of_folds[0] is None:
        if len(numbers) > 1:
            raise ValueError(
                f"The steps before the ranker make {numbers} features in different folds, and give "
                "no names (get_feature_names_out) to tell them apart by."
            )
        orders = [one.order for one in found]
    else:
        names = np.array(list(dict.fromkeys(name for each in of_folds for name in each)), object)
        place = {name: i for i, name in enumerate(names)}
        orders = []
        for one in found:
            seen = np.array([place[one.names[i]] for i in one.order])
            orders.append(np.append(seen, np.setdiff1d(np.arange(len(names)), seen)))
    rankings = np.empty((len(orders), len(orders[0])), dtype=np.int64)
    for ranking, order in zip(rankings, orders, strict=True):
        ranking[order] = np.arange(1, len(order) + 1)
    return rankings, names


def metric_of(judge, scoring=None) -> str:
    """What the scores are."""
    return "explained variance" if judge.y is None else name_of_score(scoring, judge.estimator)


def name_of_score(scoring, estimator) -> str:
    """What a scorer, or without one an estimator's own `score`, is called."""
    if scoring is not None:
        return scoring if isinstance(scoring, str) else getattr(scoring, "__name__", "score")
    if is_classifier(estimator):
        return "accuracy"
    return "R2" if is_regressor(estimator) else "score"
