# SPDX-License-Identifier: BSD-3-Clause
"""Folds for the scores against the number of features."""

from __future__ import annotations

import warnings
from copy import copy, deepcopy
from numbers import Integral

import numpy as np
from sklearn.base import is_classifier, is_regressor
from sklearn.model_selection import check_cv
from sklearn.pipeline import Pipeline

from ..data.target import task_of


def folds_of(cv, n_samples: int, scorer, rng, who: str, advice: str = ""):
    """Return pairs of (training, validation) rows of weight above 0, ascending.

    Messages say that `who` needs them, and give the `advice`.

    Raises
    ------
    ValueError
        If the data cannot be split.
    """
    weight = scorer.sample_weight
    rows = np.arange(n_samples) if weight is None else np.flatnonzero(weight)
    if cv is None or isinstance(cv, Integral):
        n_folds = min(5 if cv is None else int(cv), len(rows) // 2)
        if n_folds < 2:
            raise ValueError(
                f"{who} needs at least 4 samples, to split them: n_samples={len(rows)}.{advice}"
            )
        folds = _shuffled_folds(n_folds, rows, scorer.target, rng)
    else:
        # All rows are split, as the numbers in a list of splits are those of X.
        splitter = copy(check_cv(cv))
        if getattr(splitter, "random_state", 0) is None:  # numpy's global state would decide
            splitter.random_state = int(deepcopy(rng).integers(2**31))
        splits = splitter.split(np.zeros((n_samples, 1)), scorer.y)
        folds = [(np.intersect1d(a, rows), np.intersect1d(b, rows)) for a, b in splits]
    sizes = [(len(a), len(b)) for a, b in folds]
    if len(folds) < 2 or min(map(min, sizes)) == 0:
        raise ValueError(
            f"{who} needs at least two folds, with samples in both parts of each. 'cv' gives "
            f"(training, validation) samples {sizes[:5]}."
        )
    if scorer.y is not None:
        for number, (train, _) in enumerate(folds):
            if (scorer.y[train] == scorer.y[train[0]]).all():
                what = (
                    "one class only" if scorer.target.task == "classification" else "a constant y"
                )
                raise ValueError(
                    f"{who} cannot use fold {number} of {len(folds)}: its training part has "
                    f"{what}. Pass another 'cv'.{advice}"
                )
    return folds


def has_classes(estimator, y) -> bool:
    """Return whether folds must keep the shares of y's classes."""
    if is_classifier(estimator) or is_regressor(estimator) or y is None:
        return is_classifier(estimator)
    while isinstance(estimator, Pipeline):
        estimator = estimator[-1]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the fits warn
        try:
            target = getattr(estimator, "_target_and_weight", lambda y, _: (None, None))(y, None)[0]
            task = task_of(y) if target is None else target.task
        except (ValueError, TypeError):  # the fits say what is wrong with y
            return False
    return task == "classification"


def _shuffled_folds(n_folds, rows, target, rng):
    """Folds of equal size; rows of one class are spread evenly, however few they are."""
    order = rng.permutation(rows)
    if target is not None and target.task == "classification":
        order = order[np.argsort(target.values[order], kind="stable")]
    validation = [np.sort(order[fold::n_folds]) for fold in range(n_folds)]
    return [(np.setdiff1d(rows, part), part) for part in validation]
