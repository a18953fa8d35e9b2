# SPDX-License-Identifier: BSD-3-Clause
"""What a search looks for: scores, of which more is better, and costs, of which less is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sklearn.metrics import check_scoring
from sklearn.pipeline import Pipeline

NETWORK_COSTS = ("parameters", "bytes", "inference_flops", "training_flops")
COSTS = ("n_features", *NETWORK_COSTS, "fit_time")


class UnknownCostError(ValueError):
    """What was fitted does not say what it costs."""


@dataclass
class Objective:
    """One of several things a search looks for.

    Attributes
    ----------
    name : str
    is_cost : bool
        Whether less is better.
    scorer : callable or None
        ``scorer(estimator, X, y)`` of a score.
    """

    name: str
    is_cost: bool
    scorer: Any = None

    @property
    def column(self) -> str:
        """What its entries in ``cv_results_`` are named after."""
        return self.name if self.is_cost else f"test_{self.name}"

    @property
    def sign(self) -> int:
        """What to multiply values with so that less is better."""
        return 1 if self.is_cost else -1


def objectives_of(objectives, estimator) -> list[Objective]:
    """The objectives of a search, in the order in which they were given.

    Raises
    ------
    ValueError
        If there are none, a name stands twice, or one is neither a cost nor a scorer.
    """
    if isinstance(objectives, str):
        objectives = [objectives]
    named = objectives if isinstance(objectives, dict) else {name: name for name in objectives}
    if not named or len(named) < len(objectives):
        raise ValueError(
            f"The 'objectives' parameter must hold at least one name, and none twice. Got "
            f"{objectives!r}."
        )
    return [_objective(name, what, estimator) for name, what in named.items()]


def _objective(name, what, estimator):
    if not isinstance(name, str):
        raise ValueError(
            f"The 'objectives' parameter must hold names, or be a dict of them. Got {name!r}."
        )
    if isinstance(what, str) and what in COSTS:
        if name != what:
            raise ValueError(f"objectives: the cost {what!r} cannot be named {name!r}.")
        return Objective(name, is_cost=True)
    if name in COSTS:
        raise ValueError(f"objectives: {name!r} is a cost and no name for {what!r}.")
    if callable(what):
        return Objective(name, False, what)
    try:
        scorer = check_scoring(estimator, None if what == "score" else what)
    except (ValueError, TypeError) as error:
        raise ValueError(
            f"objectives: {what!r} is neither a cost ({', '.join(COSTS)}), 'score', nor a scorer "
            f"for {type(estimator).__name__}: {error}"
        ) from error
    return Objective(name, False, scorer)


def objectives_in(directions: dict[str, str]) -> list[Objective]:
    """The objectives of a fitted search, whose ``objectives_`` are given."""
    return [Objective(name, sought == "minimize") for name, sought in directions.items()]


def cost_of(name: str, estimator) -> float:
    """A cost of a fitted estimator, whose parts are looked at if it is a pipeline or a search.

    Raises
    ------
    UnknownCostError
        If no part says what it costs.
    """
    if name == "n_features":
        return _n_features(estimator)
    parts = [part.costs_ for part in fitted_parts(estimator) if hasattr(part, "costs_")]
    if not parts:
        raise UnknownCostError(
            f"objectives: {name!r} is read from 'costs_', which no part of the fitted "
            f"{type(estimator).__name__} has. The selectors of sparsefs but StabilitySelector have "
            "it."
        )
    return float(sum(costs[name]["sparse"] for costs in parts))


def fitted_parts(estimator) -> Iterator[Any]:
    """The estimators something fitted is made of, in the order in which data pass them."""
    if isinstance(estimator, Pipeline):
        for _, step in estimator.steps:
            yield from fitted_parts(step)
    elif hasattr(estimator, "best_estimator_"):
        yield from fitted_parts(estimator.best_estimator_)
    else:
        yield estimator


def _n_features(estimator):
    parts = list(fitted_parts(estimator))
    selected = [part for part in parts if hasattr(part, "get_support")]
    if selected:
        return float(len(selected[-1].get_support(indices=True)))
    return float(next(p.n_features_in_ for p in parts if hasattr(p, "n_features_in_")))
