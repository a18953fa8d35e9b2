# SPDX-License-Identifier: BSD-3-Clause
"""Evaluation of one trial in one fold: fit, scores and costs."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from traceback import format_exception_only
from typing import Any, NamedTuple

from sklearn.base import clone
from sklearn.exceptions import UnsetMetadataPassedError
from sklearn.utils.metaestimators import _safe_split
from sklearn.utils.validation import _check_method_params

from ..training.callbacks import Report
from .objectives import Objective, UnknownCostError, cost_of


class Fold(NamedTuple):
    """Result of one fold.

    Attributes
    ----------
    values : dict of str to float
        Values by the columns of the objectives, and ``fit_time`` and ``score_time`` in seconds;
        only the times if the fold failed.
    error : str or None
        Reason if it failed.
    """

    values: dict[str, float]
    error: str | None


class Task(NamedTuple):
    """Data and settings that the folds of all trials share.

    Attributes
    ----------
    estimator : estimator
    X, y
    objectives : sequence of Objective
    scorer : callable
        Returns a dict of all scores.
    fit_params, score_params : dict
        Metadata of all samples.
    train_score : bool
        Whether to score the training samples too.
    may_fail : bool
        Whether an error is recorded instead of raised.
    varies : bool
        Whether trials differ in their estimators, not only in parameters.
    """

    estimator: Any
    X: Any
    y: Any
    objectives: Sequence[Objective]
    scorer: Any
    fit_params: dict
    score_params: dict
    train_score: bool
    may_fail: bool
    varies: bool


def run_fold(params: dict, train, test, report: Report, task: Task) -> Fold:
    """Fit a clone with `params` to the rows `train` and score it on the rows `test`.

    `report` is for callbacks: the place of this fold in the fit of the search.
    """
    started = time.perf_counter()
    timed = {"fit_time": 0.0, "score_time": 0.0}
    try:
        # Parameters may be estimators themselves.
        estimator = clone(task.estimator).set_params(**clone(params, safe=False))
        X, y = _safe_split(estimator, task.X, task.y, train)
        held_out = _safe_split(estimator, task.X, task.y, test, train)
        fit_params = _check_method_params(task.X, params=task.fit_params, indices=train)
        started = time.perf_counter()
        with report.of(estimator, X, y, fit_params):
            try:
                estimator.fit(X, **fit_params) if y is None else estimator.fit(X, y, **fit_params)
            finally:
                timed["fit_time"] = time.perf_counter() - started
        started = time.perf_counter()
        values = _scores(task, estimator, "test", held_out, test)
        timed["score_time"] = time.perf_counter() - started
        if task.train_score:
            values |= _scores(task, estimator, "train", (X, y), train)
        for objective in task.objectives:
            if objective.is_cost and objective.name != "fit_time":
                cost = values[objective.column] = cost_of(objective.name, estimator)
                if not math.isfinite(cost):
                    raise ValueError(f"The cost {objective.name!r} is {cost}.")
        return Fold(values | timed, None)
    except UnsetMetadataPassedError:
        raise
    except Exception as error:
        no_other_would = isinstance(error, UnknownCostError) and not task.varies
        if no_other_would or not task.may_fail:
            raise
        return Fold(timed, "".join(format_exception_only(error)).strip())


def _scores(task, estimator, of, data, rows):
    if all(objective.is_cost for objective in task.objectives):
        return {}
    params = _check_method_params(task.X, params=task.score_params, indices=rows)
    scores = task.scorer(estimator, *data, **params)
    for name, value in scores.items():
        if not math.isfinite(value):
            raise ValueError(f"The score {name!r} is {value}.")
    return {f"{of}_{name}": float(value) for name, value in scores.items()}
