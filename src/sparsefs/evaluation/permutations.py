# SPDX-License-Identifier: BSD-3-Clause
"""Score of a selection compared with those under permuted labels."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils.validation import _num_samples

from ..data.inputs import check_length, checked_weight
from ..data.kinds import on_host
from ..data.target import as_array
from ..utils.checks import MOST_FITS, check_integer, check_size
from ..utils.parallel import calls, parallel, results
from ..utils.random import seed_of
from .chance import Chance
from .groups import checked_groups
from .k_curve import k_curve

if TYPE_CHECKING:
    from ..utils.typing import (
        Data,
        Estimator,
        Getter,
        RandomState,
        Scoring,
        Splits,
        Task,
    )


def permutation_test(
    selector: Estimator,
    X: Data,
    y: Data,
    *,
    K: int,
    n_permutations: int = 100,
    estimator: Estimator | None = None,
    scoring: Scoring = None,
    cv: Splits = None,
    sample_weight: Data | None = None,
    groups: Data | None = None,
    n_jobs: int | None = None,
    random_state: RandomState = None,
    importance_getter: Getter = "auto",
    task: Task = "auto",
) -> Chance:
    """Test whether a selection of K features predicts y better than it predicts permuted labels.

    For every permutation all is repeated from the start: the folds, the selection on the training
    rows of each fold, and the score on the held-out rows. A large p-value says that no signal was
    found in X. A small one does not say that the selected features are better than others: see
    :func:`random_subsets`.

    Parameters
    ----------
    selector : estimator
        As `ranker` of :func:`k_curve`.
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        Data.
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        Target; the outputs of a sample stay together.
    K : int
        Number of features; a larger number than `n_features` is lowered to it.
    n_permutations : int, default=100
        With fewer than 19 no p-value is at most 0.05. Each costs as much as :func:`k_curve`.
    estimator, scoring, cv, importance_getter, task
        As in :func:`k_curve`.
    sample_weight : array-like of shape (n_samples,) or None, default=None
        As in :func:`k_curve`. A weight stays with its row of X; samples of weight 0 keep their
        labels.
    groups : array-like of shape (n_samples,) or None, default=None
        Labels of samples that belong together, such as those of one patient. If all samples of each
        group have the same label, whole groups exchange their labels. Otherwise labels are
        permuted within each group.
    n_jobs : int or None, default=None
        Permutations at the same time, as in :func:`k_curve`.
    random_state : int, RandomState instance or None, default=None
        Decides the permutations, the order of equal scores, and what it decides in
        :func:`k_curve`.

    Returns
    -------
    Chance
        Its `scores` are those under permuted labels.

    Raises
    ------
    TypeError
        If X is files on disk.
    ValueError
        If a parameter or the data are unusable, or a score is not finite.

    See Also
    --------
    random_subsets : Whether the selection is better than random features.
    sklearn.model_selection.permutation_test_score : The same for a classifier or regressor.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.feature_selection import SelectKBest
    >>> from sparsefs.evaluation import permutation_test
    >>> X, y = load_iris(return_X_y=True)
    >>> permutation_test(SelectKBest(), X, y, K=2, n_permutations=19, random_state=0).p_value
    0.05
    """
    K = check_integer("K", K, 1)
    n_permutations = check_integer("n_permutations", n_permutations, 1)
    check_size("n_permutations", n_permutations, MOST_FITS)
    if y is None:
        raise ValueError("permutation_test needs a y, whose labels it permutes.")
    seed = seed_of(random_state)
    X, y = on_host(X), as_array(y)
    settings: dict[str, Any] = {
        "Ks": [K],
        "estimator": estimator,
        "scoring": scoring,
        # A generator is used up by the first score.
        "cv": list(cv) if isinstance(cv, Iterator) else cv,
        "sample_weight": sample_weight,
        "groups": groups,
        "random_state": seed,
        "importance_getter": importance_getter,
        "task": task,
    }
    curve = k_curve(selector, X, y, n_jobs=n_jobs, **settings)
    check_length(X, y)
    weight = checked_weight(sample_weight, X)
    rows = np.arange(_num_samples(X)) if weight is None else np.flatnonzero(weight)
    numbers = checked_groups(groups, X)
    rng = np.random.default_rng([seed, 5])
    orders = [_permuted(y, rows, numbers, rng) for _ in range(n_permutations)]
    with warnings.catch_warnings():  # what there is to warn of was said of y
        warnings.simplefilter("ignore")
        jobs = calls(_score, zip(orders), selector, X, y, settings)
        scores = list(results(parallel(n_jobs)(jobs)))
    return Chance.of(curve.mean[0], scores, curve.metric, rng)


def _score(order, selector, X, y, settings):
    return k_curve(selector, X, y[order], n_jobs=1, **settings).mean[0]


def _permuted(y, rows, groups, rng):
    """Return, for every row, the row whose label it gets; only `rows` exchange theirs."""
    order = np.arange(len(y))
    if groups is None:
        order[rows] = rng.permutation(rows)
        return order
    _, first, number = np.unique(groups[rows], return_index=True, return_inverse=True)
    if (y[rows] == y[rows[first]][number]).all():
        order[rows] = rows[first][rng.permutation(len(first))][number]
        return order
    # Two orders of the rows, both by group: the second is random within each group.
    shuffled = rng.permutation(len(rows))
    shuffled = shuffled[np.argsort(number[shuffled], kind="stable")]
    order[rows[np.argsort(number, kind="stable")]] = rows[shuffled]
    return order
