# SPDX-License-Identifier: BSD-3-Clause
"""Folds for the scores against the number of features."""

from __future__ import annotations

import warnings
from copy import copy, deepcopy
from numbers import Integral

import numpy as np
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.model_selection import check_cv
from sklearn.pipeline import Pipeline
from sklearn.utils.multiclass import type_of_target

from ..data.kinds import on_host
from ..data.target import strata
from .groups import refuse_split_groups, splitter_of_groups


def folds_of(cv, n_samples: int, scorer, rng, who: str, advice: str = "", groups=None):
    """Return pairs of (training, validation) rows of weight above 0, ascending.

    Rows of one group (numbers, or None) are in the same part.

    Messages say that `who` needs them, and give the `advice`.

    Raises
    ------
    ValueError
        If the data cannot be split.
    """
    weight = scorer.sample_weight
    rows = np.arange(n_samples) if weight is None else np.flatnonzero(weight)
    if groups is not None and (cv is None or isinstance(cv, Integral)):
        folds = _folds_of_groups(cv, rows, groups[rows], scorer, rng)
    elif cv is None or isinstance(cv, Integral):
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
        try:
            splits = list(splitter.split(np.zeros((n_samples, 1)), scorer.y, groups))
        except ValueError as error:
            if groups is not None or "groups" not in str(error):
                raise
            raise ValueError(f"{who} needs groups for cv={cv!r}: pass groups to fit.") from error
        splits = [[row_numbers(part, n_samples, who) for part in parts] for parts in splits]
        folds = [(np.intersect1d(a, rows), np.intersect1d(b, rows)) for a, b in splits]
        if groups is not None:
            refuse_split_groups(folds, groups, who)
    sizes = [(len(a), len(b)) for a, b in folds]
    if len(folds) < 2 or min(map(min, sizes)) == 0:
        raise ValueError(
            f"{who} needs at least two folds, with samples in both parts of each. 'cv' gives "
            f"(training, validation) samples {sizes[:5]}."
        )
    if scorer.y is not None:
        task = scorer.target.task
        what = {"classification": "one class only", "survival": "no events"}
        for number, (train, _) in enumerate(folds):
            y = scorer.y[train]
            if not y["event"].any() if task == "survival" else (y == y[0]).all():
                raise ValueError(
                    f"{who} cannot use fold {number} of {len(folds)}: its training part has "
                    f"{what.get(task, 'a constant y')}. Pass another 'cv'.{advice}"
                )
    return folds


def row_numbers(part, n_samples: int, who: str) -> np.ndarray:
    """Return the row numbers of a part of a fold, which may be a mask.

    Raises
    ------
    ValueError
        If they are those of other rows.
    """
    part = np.asarray(part)
    if part.dtype == bool and part.shape == (n_samples,):
        return np.flatnonzero(part)
    if part.size == 0:
        return part.astype(np.intp)  # an empty list is one of floats
    if part.ndim != 1 or part.dtype.kind not in "iu":
        raise ValueError(f"{who} needs row numbers from 'cv'. Got {part.dtype} {part.shape}.")
    if part.max() >= n_samples or part.min() < 0:
        wrong = int(part.max() if part.max() >= n_samples else part.min())
        raise ValueError(
            f"'cv' contains row {wrong}, but there are n_samples={n_samples}, from row 0. {who} "
            "was given splits of other data, perhaps of all rows within an outer fold: pass a "
            "splitter or a number of folds as 'cv', and groups to fit."
        )
    return part


def _folds_of_groups(cv, rows, groups, scorer, rng):
    """Shuffled folds of whole groups."""
    groups = np.unique(groups, return_inverse=True)[1]
    classes = None if scorer.target is None else scorer.target.strata
    classes = None if classes is None else classes[rows]
    splitter = splitter_of_groups(
        cv, groups.max() + 1, classes is not None, int(rng.integers(2**31))
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a class in few groups: it is in few folds
        splits = list(splitter.split(np.zeros((len(rows), 1)), classes, groups))
    return [(np.sort(rows[a]), np.sort(rows[b])) for a, b in splits]


def that_knows_the_task(estimator, y, sample_weight=None):
    """Return a clone that reads a part of y as the same task as all of y.

    Only a selector of ours reads y by itself, as the estimator or as the last step of pipelines.
    """
    estimator = clone(estimator)
    last, prefix = last_step(estimator)
    if sample_weight is not None:
        sample_weight = np.asarray(on_host(sample_weight))
    try:
        task = _task_of_selector(last, y, sample_weight)
    except (ValueError, TypeError):  # the fits say what is wrong with y
        return estimator
    return estimator.set_params(**({f"{prefix}task": task} if task else {}))


def strata_of(estimator, y):
    """Return the class of each sample, or whether it has an event; None if y has neither.

    The estimator is one :func:`that_knows_the_task`.
    """
    task = getattr(last_step(estimator)[0], "task", "auto")
    if y is None or is_regressor(estimator) or task in ("regression", "multilabel"):
        return None
    if is_classifier(estimator):  # which says itself that fractions are no classes
        return None if "continuous" in type_of_target(y) else strata(y, "classification")
    return strata(y, task)


def last_step(estimator):
    """Return the last step of pipelines, and the prefix of the names of its parameters."""
    prefix = ""
    while isinstance(estimator, Pipeline):
        name, estimator = estimator.steps[-1]
        prefix += f"{name}__"
    return estimator, prefix


def _task_of_selector(selector, y, sample_weight=None):
    """The task that a selector of ours learns from y; None for all others."""
    if y is None or not hasattr(selector, "_target_and_weight"):
        return None
    target, _ = selector._target_and_weight(y, sample_weight)
    return None if target is None else target.task


def _shuffled_folds(n_folds, rows, target, rng):
    """Folds of equal size; rows of one class, or events, are spread evenly, however few."""
    order = rng.permutation(rows)
    if target is not None and target.strata is not None:
        order = order[np.argsort(target.strata[order], kind="stable")]
    validation = [np.sort(order[fold::n_folds]) for fold in range(n_folds)]
    return [(np.setdiff1d(rows, part), part) for part in validation]
