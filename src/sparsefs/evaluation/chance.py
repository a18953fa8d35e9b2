# SPDX-License-Identifier: BSD-3-Clause
"""Score of a selection compared with those of random subsets of the features."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from ..utils.checks import MOST_FITS, check_integer, check_size
from ..utils.parallel import parallel
from .curve import KCurve
from .k_curve import curve_of, prepared
from .path import RankingTask, run_folds
from .scorer import too_many

if TYPE_CHECKING:
    from ..utils.typing import (
        Data,
        Estimator,
        Floats,
        Getter,
        RandomState,
        Scoring,
        Splits,
        Task,
    )

_MIDDLE = (0.025, 0.975)  # quantiles


@dataclass(frozen=True)
class Chance:
    """Score of a selection, and the scores that chance reaches.

    Made by :func:`random_subsets` and :func:`permutation_test`.

    Attributes
    ----------
    score : float
        Mean score of the selection over the folds; higher is better.
    scores : ndarray of shape (n,), dtype float64
        Mean score of every random subset or permutation over the same folds.
    p_value : float
        ``(1 + n_above) / (1 + n)``, where `n_above` are the `scores` above `score`. Equal scores
        are ordered at random, which ``random_state`` decides.
    metric : str
        Name of the scores, as in :class:`KCurve`.

    Notes
    -----
    An accuracy on few rows has many equal scores. To count all of them as above is safe, but the
    p-value of noise is then too large on average. In a random order it is uniform: no more than
    5 % of all data sets without signal have a p-value of at most 0.05. For the safe value,
    take ``(1 + (scores >= score).sum()) / (1 + len(scores))``.
    """

    score: float
    scores: Floats
    p_value: float
    metric: str

    @classmethod
    def of(cls, score: float, scores: Data, metric: str, rng: np.random.Generator) -> Chance:
        """Compute the p-value; `rng` orders equal scores."""
        scores = np.asarray(scores, dtype=np.float64)
        # Means over folds that are equal may differ in the last bits.
        equal = np.isclose(scores, score, rtol=1e-9, atol=1e-12)
        n_above = int(np.count_nonzero((scores > score) & ~equal))
        n_above += int(rng.integers(np.count_nonzero(equal) + 1))
        return cls(float(score), scores, (1 + n_above) / (1 + len(scores)), metric)

    @property
    def mean(self) -> float:
        """Mean of `scores`."""
        return float(self.scores.mean())

    @property
    def low(self) -> float:
        """Score below which 2.5 % of `scores` are."""
        return float(np.quantile(self.scores, _MIDDLE[0]))

    @property
    def high(self) -> float:
        """Score above which 2.5 % of `scores` are."""
        return float(np.quantile(self.scores, _MIDDLE[1]))

    @property
    def is_beaten(self) -> bool:
        """Whether the selection is better than chance: p is at most 0.05, and the mean is less."""
        return self.p_value <= 0.05 and self.score > self.mean


def random_subsets(
    selector: Estimator,
    X: Data,
    y: Data | None = None,
    *,
    K: int,
    n_subsets: int = 100,
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
    """Score a selection of K features, and random subsets of K features on the same folds.

    On data with many correlated features, such as genes, random features often predict as well as
    selected ones. In every fold the selection is made anew on the training rows, as in
    :func:`k_curve`. A random subset is the same in all folds.

    Parameters
    ----------
    selector : estimator
        As `ranker` of :func:`k_curve`.
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        Data.
    y : array-like of shape (n_samples,) or (n_samples, n_outputs), default=None
        Target. None: the estimator predicts the features that are not in the subset.
    K : int
        Number of features, less than `n_features`.
    n_subsets : int, default=100
        Number of random subsets. With fewer than 19 no p-value is at most 0.05. Each costs a fit
        of `estimator` per fold.
    estimator, scoring, cv, sample_weight, groups, n_jobs, random_state, importance_getter, task
        As in :func:`k_curve`. `random_state` also decides the random subsets.

    Returns
    -------
    Chance

    Raises
    ------
    TypeError
        If X is files on disk.
    ValueError
        If a parameter or the data are unusable, or a score is not finite.

    See Also
    --------
    permutation_test : Whether y can be predicted at all.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.feature_selection import SelectKBest
    >>> from sparsefs.evaluation import random_subsets
    >>> X, y = load_digits(return_X_y=True)
    >>> chance = random_subsets(SelectKBest(), X[:300], y[:300], K=5, n_subsets=19, random_state=0)
    >>> bool(0.2 < chance.low < chance.mean < chance.high < 0.8)
    True
    """
    K = check_integer("K", K, 1)
    _, chance = curve_and_chance(
        "random_subsets",
        selector,
        X,
        y,
        K=K,
        n_subsets=n_subsets,
        n_jobs=n_jobs,
        Ks=[K],
        estimator=estimator,
        scoring=scoring,
        cv=cv,
        sample_weight=sample_weight,
        groups=groups,
        random_state=random_state,
        importance_getter=importance_getter,
        task=task,
    )
    return chance


def curve_and_chance(
    who, selector, X, y, *, K, n_subsets, n_jobs=None, **settings
) -> tuple[KCurve, Chance]:
    """Return the curve of :func:`k_curve` over `Ks`, and the chance at K, which is one of them.

    The other settings are those of :func:`prepared`.
    """
    n_subsets = check_integer("n_subsets", n_subsets, 1)
    check_size("n_subsets", n_subsets, MOST_FITS)
    ranking, folds, rng, names = prepared(who, selector, X, y, **settings)
    if ranking.steps is None and K >= (n_features := ranking.X.shape[1]):
        raise ValueError(too_many(K, n_features))
    ranking = replace(ranking, subsets=(K, n_subsets))
    results = run_folds(ranking, folds, rng, parallel(n_jobs))
    curve = curve_of(results, ranking, names)
    score = curve.mean[np.flatnonzero(curve.Ks == K)[0]]
    scores = np.mean([one.of_subsets for one in results], axis=0)
    return curve, Chance.of(score, scores, curve.metric, np.random.default_rng([ranking.seed, 4]))


def guessing(ranking: RankingTask) -> RankingTask:
    """Return the task with an estimator that always guesses the most frequent class, or the mean.

    Its scores are of the same rows.
    """
    return replace(ranking, scorer=ranking.scorer.guessing())
