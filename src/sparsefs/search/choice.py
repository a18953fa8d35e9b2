# SPDX-License-Identifier: BSD-3-Clause
"""Which trial of a search is taken: rules that weigh a score against a cost."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from numbers import Integral

import numpy as np

from ..evaluation.choice import knee as knee_of_path
from .front import non_dominated_layers
from .objectives import Objective


def to_minimise(results: dict, objectives: Sequence[Objective]) -> np.ndarray:
    """Mean of every trial in every objective, negative for scores, NaN where it failed.

    Returns
    -------
    ndarray of shape (n_trials, n_objectives)
    """
    columns = [results[f"mean_{o.column}"] * float(o.sign) for o in objectives]
    return np.column_stack(columns)


def standard_errors(results: dict, objective: Objective) -> np.ndarray:
    """Standard error of every trial's mean, over its folds; 0 where there is but one fold."""
    n = _n_splits(results, objective)
    std = results[f"std_{objective.column}"]
    return std / np.sqrt(n - 1) if n > 1 else np.zeros(len(std))


def chosen(rule, results: dict, objectives: Sequence[Objective]) -> int:
    """Index of the trial that a rule takes from ``cv_results_``.

    Parameters
    ----------
    rule : {"one_standard_error", "knee"}, name of an objective, or callable
    results : dict
        ``cv_results_``, with at least one trial that did not fail.
    objectives : sequence of Objective

    Raises
    ------
    TypeError, IndexError, ValueError
        If a callable returns something else than the index of a trial that did not fail.
    """
    if callable(rule):
        return _checked(rule(results), results)
    if rule in RULES:
        return RULES[rule](results, objectives)
    objective = next(o for o in objectives if o.name == rule)
    rest = [o for o in objectives if o is not objective]
    return _first(results, [objective, *rest], np.ones(len(results["params"]), dtype=bool))


def one_standard_error(results, objectives) -> int:
    """The cheapest trial whose score is within one standard error of the best score.

    The standard error is that of the best trial, over its folds. Of equally cheap trials it is
    the one with the better score.
    """
    score, cost = _score_and_cost(objectives)
    mean = results[f"mean_{score.column}"]
    best = int(np.nanargmax(mean))
    near = mean >= mean[best] - standard_errors(results, score)[best] - 1e-12
    rest = [o for o in objectives if o not in (score, cost)]
    return _first(results, [o for o in (cost, score) if o] + rest, near)


def knee(results, objectives) -> int:
    """The trial on the front of score and cost that is farthest above its chord.

    The cost is on a logarithmic scale. Of a front of one or two trials it is the one of best score.
    """
    score, cost = _score_and_cost(objectives)
    if cost is None:
        return one_standard_error(results, objectives)
    front = front_of(results, [cost, score])
    costs = results[f"mean_{cost.column}"][front]
    positive = costs[costs > 0]
    path = {
        "K": np.maximum(costs, positive.min() if len(positive) else 1.0),
        "score_mean": results[f"mean_{score.column}"][front],
    }
    return int(front[knee_of_path(path)])


def front_of(results, objectives) -> np.ndarray:
    """Trials that no other dominates, the best in the first objective first."""
    points = to_minimise(results, objectives)
    layers = non_dominated_layers(points)
    front = layers[0] if layers else np.empty(0, dtype=int)
    return front[np.lexsort((front, *points[front].T[::-1]))]


RULES: dict[str, Callable] = {"one_standard_error": one_standard_error, "knee": knee}


def _score_and_cost(objectives):
    """The first score and the first cost; there is always a score where a rule needs one."""
    score = next(o for o in objectives if not o.is_cost)
    return score, next((o for o in objectives if o.is_cost), None)


def _n_splits(results, objective):
    n = 0
    while f"split{n}_{objective.column}" in results:
        n += 1
    return n


def _first(results, objectives, allowed):
    """Of the allowed trials the best in the first objective, then in the second, and so on."""
    points = to_minimise(results, objectives)
    where = np.flatnonzero(allowed & ~np.isnan(points).any(axis=1))
    return int(where[np.lexsort((where, *points[where].T[::-1]))[0]])


def _checked(index, results):
    if isinstance(index, bool | np.bool_) or not isinstance(index, Integral):
        raise TypeError(f"A callable 'refit' must return the index of a trial. Got {index!r}.")
    n = len(results["params"])
    if not 0 <= int(index) < n:
        raise IndexError(f"'refit' returned {index}, but there are the trials 0 to {n - 1}.")
    if results["status"][index] != "complete":
        raise ValueError(f"'refit' returned {index}, a trial that failed.")
    return int(index)
