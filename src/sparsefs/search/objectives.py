# SPDX-License-Identifier: BSD-3-Clause
"""Objectives of a search: scores, to maximise, and costs, to minimise."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sklearn.metrics import check_scoring, get_scorer_names
from sklearn.pipeline import FeatureUnion, Pipeline

from ..evaluation.weights import scorer_takes_weights
from ..utils.costs import COST_NAMES
from .texts import near, text_of

COSTS = ("n_features", *COST_NAMES, "fit_time")


class UnknownCostError(ValueError):
    """Error: a fitted estimator does not tell its costs."""


@dataclass
class Objective:
    """Score or cost.

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

    def __str__(self):
        return self.name if self.is_cost else f"{self.name} = {text_of(self.scorer)}"

    @property
    def column(self) -> str:
        """Name of its columns in ``cv_results_``, without prefix."""
        return self.name if self.is_cost else f"test_{self.name}"

    @property
    def sign(self) -> int:
        """Factor that makes less better."""
        return 1 if self.is_cost else -1


def objectives_of(objectives, estimator) -> list[Objective]:
    """Return the objectives of a search in the given order.

    Raises
    ------
    ValueError
        If there is no objective, a name is repeated, or one is neither a cost nor a scorer.
    """
    if isinstance(objectives, str):
        objectives = [objectives]
    named = objectives if isinstance(objectives, dict) else {name: name for name in objectives}
    if not named or len(named) < len(objectives):
        raise ValueError(
            f"The 'objectives' parameter must contain at least one name, and no name twice. Got "
            f"{objectives!r}."
        )
    return [_objective(name, what, estimator) for name, what in named.items()]


def has_score(search) -> bool:
    """Return whether a search has a score among its objectives."""
    names = getattr(search, "objectives_", search.objectives)
    return any(name not in COSTS for name in ([names] if isinstance(names, str) else names))


def _objective(name, what, estimator):
    if not isinstance(name, str):
        raise ValueError(
            f"The 'objectives' parameter must contain names, or be a dict of names. Got {name!r}."
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
        if what == "score":
            raise ValueError(
                f"objectives: {type(estimator).__name__} has no 'score'. Name a scorer, such as "
                "'accuracy' or 'r2', or costs."
            ) from error
        raise ValueError(
            f"objectives: {what!r} is neither 'score', nor a cost ({', '.join(COSTS)}), nor a "
            f"scorer of scikit-learn for {type(estimator).__name__}. "
            f"{near(what, [*COSTS, *get_scorer_names()])}"
        ) from error
    return Objective(name, False, scorer)


def as_scorer(scorer):
    """Return a scorer that scikit-learn can ask whether it takes weights.

    Plain functions and the scorers of older versions of scikit-learn do not tell.
    """
    return scorer if hasattr(scorer, "_accept_sample_weight") else _Plain(scorer)


class _Plain:
    def __init__(self, function):
        self._function = function

    def __call__(self, estimator, *args, **kwargs):
        return self._function(estimator, *args, **kwargs)

    def __getattr__(self, name):
        if name != "get_metadata_routing":
            raise AttributeError(name)
        return getattr(self._function, name)

    def _accept_sample_weight(self):
        return scorer_takes_weights(self._function)


def objectives_in(directions: dict[str, str]) -> list[Objective]:
    """Return the objectives of a fitted search from its ``objectives_``."""
    return [Objective(name, sought == "minimize") for name, sought in directions.items()]


def cost_of(name: str, estimator) -> float:
    """Return a cost of a fitted estimator, which may be a pipeline or a search.

    Raises
    ------
    UnknownCostError
        If no part tells its costs.
    """
    if name == "n_features":
        return _n_features(estimator)
    parts = [part.costs_ for part in fitted_parts(estimator) if hasattr(part, "costs_")]
    if not parts:
        raise UnknownCostError(
            f"objectives: {name!r} is read from 'costs_', which no part of the fitted "
            f"{type(estimator).__name__} has. Only the selectors of "
            "sparsefs that train one network have it."
        )
    return float(sum(costs[name]["sparse"] for costs in parts))


def fitted_parts(estimator) -> Iterator[Any]:
    """Yield the parts of a fitted estimator in the order in which data pass them."""
    if isinstance(estimator, Pipeline):
        inside = [step for _, step in estimator.steps]
    elif isinstance(estimator, FeatureUnion):
        inside = [part for _, part in estimator.transformer_list]
    elif hasattr(estimator, "transformers_"):  # a ColumnTransformer
        inside = [part for _, part, _ in estimator.transformers_]
    else:
        names = ("best_estimator_", "regressor_")
        inside = [getattr(estimator, name) for name in names if hasattr(estimator, name)]
    if not inside:
        yield estimator
    for part in inside:
        yield from fitted_parts(part)


def _n_features(estimator):
    if isinstance(estimator, Pipeline):
        for _, step in reversed(estimator.steps):
            if hasattr(step, "get_support") or _selectors(step):
                return _n_features(step)
    for name in ("best_estimator_", "regressor_"):
        if hasattr(estimator, name):
            return _n_features(getattr(estimator, name))
    if hasattr(estimator, "get_support"):
        return float(len(estimator.get_support(indices=True)))
    if _selectors(estimator):
        raise UnknownCostError(
            f"objectives: how many features {type(estimator).__name__} lets through is not known, "
            f"with {_selectors(estimator)[0]} inside. Selectors may be steps of a Pipeline."
        )
    parts = fitted_parts(estimator)
    return float(next(p.n_features_in_ for p in parts if hasattr(p, "n_features_in_")))


def _selectors(estimator):
    """Names of the selectors among the parameters of an estimator."""
    params = estimator.get_params() if hasattr(estimator, "get_params") else {}
    return [type(value).__name__ for value in params.values() if hasattr(value, "get_support")]
