# SPDX-License-Identifier: BSD-3-Clause
"""Rules that choose a trial of a search by its score and its cost."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from numbers import Integral
from typing import Any

import numpy as np

from ..evaluation import rules
from .front import non_dominated_layers
from .objectives import Objective


def to_minimise(results: dict, objectives: Sequence[Objective]) -> np.ndarray:
    """Return the mean of every trial in every objective: negated for scores, NaN if it failed.

    Returns
    -------
    ndarray of shape (n_trials, n_objectives)
    """
    columns = [results[f"mean_{o.column}"] * float(o.sign) for o in objectives]
    return np.column_stack(columns)


def standard_errors(results: Mapping[str, Any], objective: Objective) -> np.ndarray:
    """Return the standard error of every trial's mean over its folds; 0 with one fold."""
    n = _n_splits(results, objective)
    std = results[f"std_{objective.column}"]
    return std / np.sqrt(n - 1) if n > 1 else np.zeros(len(std))


def chosen(rule, results: dict, objectives: Sequence[Objective]) -> int:
    """Return the index of the trial that a rule takes from ``cv_results_``.

    Parameters
    ----------
    rule : {"one_standard_error", "knee"}, name of an objective, or callable
    results : dict
        ``cv_results_`` with at least one complete trial.
    objectives : sequence of Objective

    Raises
    ------
    TypeError, IndexError, ValueError
        If a callable does not return the index of a complete trial.
    """
    if callable(rule):
        return _checked(rule(results), results)
    if rule in RULES:
        return RULES[rule](results, objectives)
    objective = next(o for o in objectives if o.name == rule)
    rest = [o for o in objectives if o is not objective]
    return int(_sorted(results, [objective, *rest])[0])


def one_standard_error(results, objectives) -> int:
    """Return the cheapest trial whose score is within one standard error of the best score.

    The standard error is that of the best trial, over its folds. Of equally cheap trials it is
    the one with the better score.
    """
    score, cost = _score_and_cost(objectives)
    rest = [o for o in objectives if o not in (score, cost)]
    cheapest_first = _sorted(results, [o for o in (cost, score) if o] + rest)
    mean, se = results[f"mean_{score.column}"], standard_errors(results, score)
    rank = np.arange(1, len(cheapest_first) + 1)
    place = rules.one_standard_error(rank, mean[cheapest_first], se[cheapest_first])
    return int(cheapest_first[place])


def knee(results, objectives) -> int:
    """Return the trial on the front of score and cost that is farthest above its chord.

    The cost is on a logarithmic scale. If the front has one or two trials, it is the one with the
    best score.
    """
    score, cost = _score_and_cost(objectives)
    if cost is None:
        return one_standard_error(results, objectives)
    front = front_of(results, [cost, score])
    costs = results[f"mean_{cost.column}"][front]
    positive = costs[costs > 0]
    costs = np.maximum(costs, positive.min() if len(positive) else 1.0)
    return int(front[rules.knee(costs, results[f"mean_{score.column}"][front])])


def front_of(results, objectives) -> np.ndarray:
    """Return the trials that no other dominates, the best in the first objective first."""
    points = to_minimise(results, objectives)
    layers = non_dominated_layers(points)
    front = layers[0] if layers else np.empty(0, dtype=int)
    return front[np.lexsort((front, *points[front].T[::-1]))]


RULES: dict[str, Callable] = {"one_standard_error": one_standard_error, "knee": knee}


def _score_and_cost(objectives):
    """Return the first score and the first cost; a rule is only used if there is a score."""
    score = next(o for o in objectives if not o.is_cost)
    return score, next((o for o in objectives if o.is_cost), None)


def _n_splits(results, objective):
    n = 0
    while f"split{n}_{objective.column}" in results:
        n += 1
    return n


def _sorted(results, objectives):
    """Complete trials, the best in the first objective first, then in the second, and so on."""
    points = to_minimise(results, objectives)
    where = np.flatnonzero(~np.isnan(points).any(axis=1))
    return where[np.lexsort((where, *points[where].T[::-1]))]


def _checked(index, results):
    if isinstance(index, bool | np.bool_) or not isinstance(index, Integral):
        raise TypeError(f"A callable 'refit' must return the index of a trial. Got {index!r}.")
    n = len(results["params"])
    if not 0 <= int(index) < n:
        raise IndexError(f"'refit' returned {index}, but the trials are 0 to {n - 1}.")
    if results["status"][index] != "complete":
        raise ValueError(f"'refit' returned {index}, a trial that failed.")
    return int(index)
