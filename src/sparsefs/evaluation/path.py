# SPDX-License-Identifier: BSD-3-Clause
"""The path of scores against K, by cross-validation within the data that ``fit`` is given."""

from __future__ import annotations

from typing import Any

import numpy as np
from joblib import Parallel, delayed
from sklearn.base import clone

from ..data import RowTable
from ..data.target import as_array
from .folds import folds_of
from .judge import Judge


def k_path(selector, choice, data, seed: int) -> dict[str, np.ndarray]:
    """Scores of the K best features on held-out rows, for every K that is tried.

    Parameters
    ----------
    selector : BaseSelector
        Copies of it rank the features, each on the training part of a fold.
    choice : CrossValidatedK
        Valid.
    data : TrainingData
        All that ``fit`` was given.
    seed : int
        Decides the folds, and what the copies do.

    Returns
    -------
    dict of str to ndarray
        ``"K"`` of shape (n_K,), ascending; ``"scores"`` of shape (n_K, n_folds); their mean,
        standard deviation and standard error of the mean, ``"score_mean"``, ``"score_std"`` and
        ``"score_se"``, of shape (n_K,).

    Raises
    ------
    ValueError
        If the data cannot be split, before any training; or if a score is not finite.
    """
    if isinstance(data.X, RowTable):
        raise ValueError(
            "K='auto' needs X in memory, as the rows of a fold lie all over the table. Choose K on "
            "a sample of the rows, and pass that number."
        )
    rng = np.random.default_rng([seed, 0])
    judge = Judge.of(choice, data, rng)
    folds = folds_of(choice.cv, judge, rng, "K='auto'", " Give K a number.")
    judged = [[judge.few(part, rng) for part in fold] for fold in folds]
    Ks = choice._numbers(data.X.shape[1])
    y, weight = None if data.target is None else as_array(data.y), data.sample_weight
    settings: dict[str, Any] = {"K": 1, "n_jobs": 1, "verbose": False, "random_state": seed}
    if hasattr(selector, "connections_every"):
        settings["connections_every"] = None
    settings |= selector._settings_of_parts(data.target)

    from tqdm.auto import tqdm

    bar = tqdm(
        total=len(folds),
        desc=f"{type(selector).__name__}, folds to choose K",
        unit="fold",
        disable=not selector.verbose,
    )

    def scores(number):
        rows, _ = folds[number]
        ranker = clone(selector).set_params(**settings)
        ranker.__dict__.pop("_skl_callbacks", None)  # they watch the fit to all the data
        ranker.fit(
            data.X[rows],
            None if y is None else y[rows],
            sample_weight=None if weight is None else weight[rows],
        )
        of_fold = judge.scores(np.argsort(ranker.ranking_), Ks, judged[number])
        bar.update()
        return of_fold

    with bar:
        jobs = (delayed(scores)(number) for number in range(len(folds)))
        each = np.array(Parallel(n_jobs=selector.n_jobs, require="sharedmem")(jobs)).T
    if not np.isfinite(each).all():
        raise ValueError(
            "Scores to choose K by are not finite: 'scoring' must suit y, and R2 needs two samples "
            f"in every validation part (cv={choice.cv!r}, scoring={choice.scoring!r})."
        )
    return {
        "K": Ks,
        "scores": each,
        "score_mean": each.mean(axis=1),
        "score_std": each.std(axis=1),
        "score_se": each.std(axis=1, ddof=1) / np.sqrt(len(folds)),
    }
