# SPDX-License-Identifier: BSD-3-Clause
"""Cross-validated scores of the K best features against K, for rankers of any kind."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse
from sklearn.base import clone, is_regressor
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import _get_feature_names, _num_samples

from ..data import RowTable
from ..data.cells import is_plain
from ..data.inputs import check_finite, check_length, checked_weight, table_on_disk
from ..data.kinds import on_host, refuse_other_kinds
from ..data.layout import Layout, with_kinds
from ..data.summary import Summary
from ..data.target import TASKS, Target
from ..utils.parallel import parallel
from ..utils.random import seed_of, seeded_where_open
from .choice import CrossValidatedK
from .curve import KCurve
from .folds import folds_of
from .groups import checked_groups
from .path import RankingTask, as_matrix, run_folds, scores_of
from .scorer import Scorer
from .weights import requesting_weights

if TYPE_CHECKING:
    from ..utils.typing import (
        Data,
        Estimator,
        Getter,
        Numbers,
        RandomState,
        Scoring,
        Splits,
        Task,
    )


def k_curve(
    ranker: Estimator,
    X: Data,
    y: Data | None = None,
    *,
    Ks: Numbers | None = None,
    estimator: Estimator | None = None,
    scoring: Scoring = None,
    cv: Splits = None,
    sample_weight: Data | None = None,
    groups: Data | None = None,
    n_jobs: int | None = None,
    random_state: RandomState = None,
    importance_getter: Getter = "auto",
    task: Task = "auto",
) -> KCurve:
    """Score the K best features on rows that the ranking has not seen, for several K.

    In every fold, a clone of `ranker` is fitted to the training rows. For every K, a clone of
    `estimator` is fitted to the K best features of these rows and scored on the held-out rows. One
    fit of the ranker serves all K. A selector that trains towards K, such as
    :class:`~sparsefs.NeuroFSSelector`, is fitted once for each K.

    Parameters
    ----------
    ranker : estimator
        A selector, any estimator that scores features (as for
        :class:`~sparsefs.StabilitySelector`), or a Pipeline whose last step is one. Earlier steps,
        such as an imputer, are fitted to the training rows too. The `K` of a selector is not
        used.
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        Data; a DataFrame reaches the ranker as one. Sparse data stay sparse.
    y : array-like of shape (n_samples,) or (n_samples, n_outputs), default=None
        Target. Rankers without labels ignore it, the estimator does not. None: the estimator
        predicts the features that are not selected.
    Ks : array-like of int or None, default=None
        Numbers of features; larger ones than the number of features are lowered to it. None means
        1, 2, 3, 4, 6, 8, 11, 16, ... up to 256, as in :class:`~sparsefs.CrossValidatedK`.
    estimator : estimator or None, default=None
        It receives the selected columns as they are. None means ``SVC()`` for classes, kernel
        ridge regression for numbers and Cox regression with a ridge penalty for survival, all on
        standardised features and on at most 2,000 rows of each part, and ``Ridge()`` if features
        are predicted. For survival, `y` reaches it as a structured array with the fields event and
        time.
    scoring : str, callable or None, default=None
        As in :func:`sklearn.model_selection.cross_val_score`. None means the estimator's own
        `score`; for survival without an `estimator` that is Harrell's concordance.
    cv : int, cross-validation generator, iterable of splits or None, default=None
        An int is a number of shuffled folds, stratified by classes or events; None means 5. They
        depend on `y`, `sample_weight` and `random_state` only, so that rankers can be compared.
    sample_weight : array-like of shape (n_samples,) or None, default=None
        Passed to every part of ranker, estimator and score that takes weights. Samples of weight
        0 are left out.
    groups : array-like of shape (n_samples,) or None, default=None
        Labels of samples that belong together: all of a group are in the same part of a fold.
    n_jobs : int or None, default=None
        Folds at the same time, in processes unless a ``joblib.parallel_config`` context sets
        another backend; None means 1 unless in such a context.
    random_state : int, RandomState instance or None, default=None
        Decides the folds, the subsamples of rows, and every ``random_state`` of `ranker`,
        `estimator` and `cv` that is None.
    importance_getter : str or callable, default="auto"
        Where the scores of the features are read from, as in
        :class:`~sparsefs.StabilitySelector`; for a pipeline in the last step.
    task : {"auto", "classification", "multilabel", "regression", "survival"}, default="auto"
        Task of the default estimator. ``"auto"`` is the task of the selector or the estimator; if
        they have none, it is decided from `y`.

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
    ranking, folds, rng, names = prepared(
        "k_curve",
        ranker,
        X,
        y,
        Ks=Ks,
        estimator=estimator,
        scoring=scoring,
        cv=cv,
        sample_weight=sample_weight,
        groups=groups,
        random_state=random_state,
        importance_getter=importance_getter,
        task=task,
    )
    return curve_of(run_folds(ranking, folds, rng, parallel(n_jobs)), ranking, names)


def prepared(
    who: str,
    ranker,
    X,
    y,
    *,
    Ks,
    estimator=None,
    scoring=None,
    cv=None,
    sample_weight=None,
    groups=None,
    random_state=None,
    importance_getter="auto",
    task="auto",
):
    """Check what :func:`k_curve` is given; return the task, folds, generator and feature names.

    Messages say that `who` needs it.
    """
    choice = CrossValidatedK(Ks=Ks, estimator=estimator, scoring=scoring, cv=cv)
    choice._validate_params()
    if task not in TASKS:
        raise ValueError(f"The 'task' parameter must be one of {list(TASKS)}. Got {task!r}.")
    seed = seed_of(random_state)
    steps, ranker = _parts_of(ranker, seed)
    y = on_host(y)
    X, names, encodes = _checked_X(on_host(X), ranker, steps is None, who)
    weight = checked_weight(sample_weight, X)
    if y is not None:
        check_length(X, y)
    target, ranker, weight_of_ranker = _target_of(ranker, y, weight, estimator, task)
    if y is None and scoring is not None:
        raise ValueError("'scoring' is for a y, and y is None.")

    scorer = Scorer.of(y, target, weight, estimator=estimator, scoring=scoring, seed=seed)
    rng = np.random.default_rng([seed, 0])
    groups = checked_groups(groups, X)
    folds = folds_of(choice.cv, _num_samples(X), scorer, rng, who, groups=groups)
    if importance_getter == "auto" and hasattr(ranker, "_training_data"):
        importance_getter = "ranking_"  # in which columns to keep come first, and costs count
    ranking = RankingTask(
        requesting_weights(ranker),
        X,
        y,
        weight_of_ranker,
        scorer,
        choice,
        seed,
        getter=importance_getter,
        steps=None if steps is None else requesting_weights(steps),
        encodes=encodes,
    )
    return ranking, folds, rng, names


def curve_of(results, ranking, names) -> KCurve:
    """Return the curve of all folds; `names` are those of the columns of X."""
    tried, scores = scores_of(results, ranking.choice)
    rankings, names = _aligned(results, names)
    seconds = np.array([one.seconds for one in results])
    return KCurve(tried, scores, ranking.scorer.metric, rankings, seconds, names)


def _parts_of(ranker, seed):
    """The steps before the ranker, or None, and the ranker; both clones that have a seed."""
    ranker = clone(ranker)
    ranker.__dict__.pop("_skl_callbacks", None)  # they watch the fit to all the data
    seeded_where_open(ranker, seed)
    if not isinstance(ranker, Pipeline):
        return None, ranker
    *steps, (_, last) = ranker.steps
    steps = [(name, step) for name, step in steps if step not in (None, "passthrough")]
    return Pipeline(steps) if steps else None, last


def _checked_X(X, ranker, as_it_is: bool, who: str):
    """X with rows that can be taken, the names of its columns, and whether the ranker encodes them.

    `as_it_is` it goes to the ranker, and is refused here where it is unusable.
    """
    table_on_disk(X)  # a path is refused
    if isinstance(X, RowTable):
        raise TypeError(
            f"{who} needs X in memory, as the rows of a fold lie all over the table. X[:] reads "
            "all rows."
        )
    names = _get_feature_names(X)
    if not as_it_is:
        return (X.tocsr() if sparse.issparse(X) else X), names, False
    own = hasattr(ranker, "_training_data")
    if own and not is_plain(X):
        return with_kinds(X, ranker), names, True
    refuse_other_kinds(X, "X")
    matrix = as_matrix(X)
    layout = Layout.of(ranker, names, matrix.shape[1])
    summary = Summary.of(matrix)
    encodes = own and (layout.grouped or bool(layout.barred.any()))
    if own and not sparse.issparse(matrix) and ranker.missing == "auto":
        encodes |= bool(np.isnan(summary.low).any())
    if not encodes:
        check_finite(matrix, summary, names)
    return (X if names is not None else matrix), names, encodes


def _target_of(ranker, y, weight, estimator, task):
    """The target, as the ranker and the estimator agree on it, the ranker and its weights."""
    weight_of_ranker = weight
    if hasattr(ranker, "_target_and_weight"):
        # A copy that is fitted to a part of y learns what all of it is.
        target, weight_of_ranker = ranker._target_and_weight(y, weight)
        settings = {"K": ranker._least_K()} if ranker._nested_ranking else {}
        ranker.set_params(**settings, **ranker._settings_of_parts(target))
        if y is None or (target is not None and task == "auto"):
            return target, ranker, weight_of_ranker
    if y is None:
        return None, ranker, weight
    if task == "auto" and is_regressor(ranker if estimator is None else estimator):
        task = "regression"
    return Target.of(y, task, weight), ranker, weight_of_ranker


def _aligned(found, names):
    """Return rankings of all folds over the same features, and their names.

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
