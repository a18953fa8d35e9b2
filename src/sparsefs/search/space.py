# SPDX-License-Identifier: BSD-3-Clause
"""Search space: distributions and choices, some of which depend on others.

Every sampler works in the same coordinates: a parameter with a distribution is a number in (0, 1),
which its quantile function turns into a value; one with choices is their index.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from .texts import near, text_of

Point = dict[str, float]  # coordinates of the parameters that exist, by key
_MARGIN = 2.0**-32  # infinite supports have no value at 0 and 1


class Proposal(NamedTuple):
    """Parameters to try.

    Attributes
    ----------
    point : dict of str to float
        Coordinates of the parameters that exist.
    params : dict
        Their values.
    identity : tuple
        Equal for equal parameters.
    """

    point: Point
    params: dict[str, Any]
    identity: tuple


class Conditional:
    """Parameter that exists only if other parameters have certain values.

    If it does not exist in a trial, the estimator keeps its own value.

    Parameters
    ----------
    values : distribution or list
        A distribution with a ``ppf``, such as the frozen distributions of `scipy.stats`, or a
        list of choices.
    **conditions : list or object
        Name of another parameter, and the value or list of values that it must have. All
        conditions must hold. A parameter that does not exist in a trial meets no condition.

    Examples
    --------
    >>> from scipy.stats import uniform
    >>> from sparsefs.search import Conditional
    >>> space = {
    ...     "fs__topology": ["set", "rigl", "dense"],
    ...     "fs__density": Conditional(uniform(0.01, 0.5), fs__topology=["set", "rigl"]),
    ... }
    """

    def __init__(self, values: Any, **conditions: Any):
        if not conditions:
            raise ValueError("Conditional needs a condition, as in topology=['set', 'rigl'].")
        self.values = values
        self.conditions = conditions

    def __repr__(self):
        """Write the call that makes it."""
        conditions = "".join(f", {name}={value!r}" for name, value in self.conditions.items())
        return f"Conditional({_describe(self.values)}{conditions})"


@dataclass
class Dimension:
    """Coordinate of a parameter.

    Attributes
    ----------
    key : str
        Unique name.
    name : str
        Parameter of the estimator.
    values : list or distribution
    conditions : dict of str to list
        Values that other parameters of the same branch must have.
    column : int
        Place in a design.
    """

    key: str
    name: str
    values: Any
    conditions: dict[str, list] = field(default_factory=dict)
    column: int = 0

    @property
    def n_choices(self) -> int | None:
        """Number of choices; None for a distribution."""
        return len(self.values) if isinstance(self.values, list) else None

    def value(self, coordinate):
        """Return the value of the parameter at a coordinate."""
        if self.n_choices is not None:
            return self.values[int(coordinate)]
        value = self.values.ppf(min(max(coordinate, _MARGIN), 1 - _MARGIN))
        value = np.asarray(value).item()
        discrete = hasattr(getattr(self.values, "dist", self.values), "pmf")
        return int(value) if discrete else value

    def identity(self, coordinate, value):
        """Return what is equal for equal values; values without an order go by their place."""
        if isinstance(value, bool | int | float | str | None):
            return self.key, type(value).__name__, value
        return self.key, "choice", coordinate

    def __str__(self):
        conditions = "".join(f", {name}={text_of(v)}" for name, v in self.conditions.items())
        return f"{self.key}: {_describe(self.values)}{conditions}"


class Space:
    """Search space.

    Parameters
    ----------
    param_space : dict or list of dict
        With several dicts, each trial takes one at random, all with equal probability.

    Raises
    ------
    ValueError, TypeError
        If the space is not valid; the message names the parameter.
    """

    def __init__(self, param_space):
        spaces = [param_space] if isinstance(param_space, Mapping) else list(param_space)
        if not spaces or not all(isinstance(space, Mapping) and space for space in spaces):
            raise ValueError(
                "The 'param_space' parameter must be a dict of parameters, or a list of such "
                f"dicts, and no dict may be empty. Got {param_space!r}."
            )
        self.dimensions: list[Dimension] = []
        self._branches = [
            self._in_order(space, "" if len(spaces) == 1 else f"{i}:")
            for i, space in enumerate(spaces)
        ]
        if len(spaces) > 1:
            self._branch = self._with_column(Dimension("branch", "", list(range(len(spaces)))))

    @property
    def names(self) -> list[str]:
        """Parameters that a trial may set."""
        return list(dict.fromkeys(d.name for branch in self._branches for d in branch))

    @property
    def has_estimators(self) -> bool:
        """Whether a choice is an estimator."""
        choices = [v for d in self.dimensions if d.n_choices for v in d.values]
        return any(hasattr(value, "fit") for value in choices)

    def check_names(self, estimator) -> None:
        """Refuse names that the estimator lacks, unless a trial may bring a part that has them."""
        known = estimator.get_params()
        for name in self.names:
            parts = name.split("__")
            replaced = any("__".join(parts[:n]) in self.names for n in range(1, len(parts)))
            if name not in known and not replaced:
                raise ValueError(
                    f"param_space: {name!r} is no parameter of {type(estimator).__name__}. "
                    f"{near(name, known)}"
                )

    def __str__(self):
        return "; ".join(map(str, self.dimensions))

    def walk(self, coordinate: Callable[[Dimension], float]) -> Proposal:
        """Ask for the coordinates of the parameters that exist, one after another."""
        point: Point = {}
        params: dict[str, Any] = {}
        branch = 0
        if len(self._branches) > 1:
            branch = int(coordinate(self._branch))
            point["branch"] = branch
        identity: list = [branch]
        for dimension in self._branches[branch]:
            if all(
                name in params and _among(params[name], allowed)
                for name, allowed in dimension.conditions.items()
            ):
                where = point[dimension.key] = coordinate(dimension)
                value = params[dimension.name] = dimension.value(where)
                identity.append(dimension.identity(where, value))
        return Proposal(point, params, tuple(identity))

    def at(self, row: np.ndarray) -> Proposal:
        """Return the proposal at a point of the unit cube, which has a column per dimension."""

        def coordinate(dimension):
            u = float(row[dimension.column])
            n = dimension.n_choices
            return u if n is None else min(int(u * n), n - 1)

        return self.walk(coordinate)

    def _with_column(self, dimension):
        dimension.column = len(self.dimensions)
        self.dimensions.append(dimension)
        return dimension

    def _in_order(self, space, prefix):
        """Dimensions of a branch; each comes after those in its conditions."""
        waiting = {name: _dimension(prefix, name, values) for name, values in space.items()}
        by_name = dict(waiting)
        for dimension in waiting.values():
            if unknown := set(dimension.conditions) - set(space):
                raise ValueError(
                    f"param_space: {dimension.name!r} depends on {sorted(unknown)}, which the "
                    "space does not contain."
                )
            for name, wanted in dimension.conditions.items():
                dimension.conditions[name] = _allowed(dimension, name, wanted, by_name)
        ordered: list[Dimension] = []
        while waiting:
            ready = [d for d in waiting.values() if not set(d.conditions) & set(waiting)]
            if not ready:
                raise ValueError(
                    f"param_space: {sorted(waiting)} depend on each other in a circle."
                )
            for dimension in ready:
                ordered.append(self._with_column(waiting.pop(dimension.name)))
        return ordered


def _dimension(prefix, name, values):
    conditions = {}
    if isinstance(values, Conditional):
        values, conditions = values.values, values.conditions
    if not hasattr(values, "ppf"):
        values = _choices(name, values)
    elif not np.isfinite(values.ppf(0.5)):
        raise ValueError(f"param_space: {name!r} has a distribution without values.")
    return Dimension(f"{prefix}{name}", str(name), values, dict(conditions))


def _choices(name, values):
    if isinstance(values, str):
        raise ValueError(f"param_space: {name!r} is a str; a single choice is [{values!r}].")
    # The order of a set differs from run to run, and an iterator is empty after one pass.
    ordered = hasattr(values, "__len__") and hasattr(values, "__getitem__")
    if not ordered or isinstance(values, Mapping):
        raise TypeError(
            f"param_space: {name!r} must be a list of choices or have a 'ppf', such as the "
            f"frozen distributions of scipy.stats. Got {values!r}."
        )
    if len(values) == 0:
        raise ValueError(f"param_space: {name!r} has no choices.")
    return [value.item() if isinstance(value, np.generic) else value for value in values]


def _allowed(dimension, name, wanted, others):
    """Values in a condition, all of which the other parameter can have."""
    choices = others[name].values if others[name].n_choices else None
    if choices is not None and _among(wanted, choices):
        return [wanted]
    several = isinstance(wanted, Collection) and not isinstance(wanted, str)
    values = list(wanted) if several else [wanted]
    if choices is not None and not all(_among(value, choices) for value in values):
        raise ValueError(
            f"param_space: {dimension.name!r} depends on a value that {name!r} never has. It "
            f"needs one of {values}; the choices are {choices}."
        )
    return values


def _among(value, allowed):
    return any(_equal(value, other) for other in allowed)


def _equal(value, other):
    if value is other:
        return True
    equal = value == other
    return equal.all() if isinstance(equal, np.ndarray) and equal.size else bool(equal)


def _describe(values) -> str:
    """Text of a distribution or of choices."""
    if not hasattr(values, "ppf"):
        return f"[{', '.join(map(text_of, values))}]"
    name = getattr(getattr(values, "dist", None), "name", type(values).__name__)
    arguments = [*getattr(values, "args", ())]
    arguments += [f"{key}={value!r}" for key, value in getattr(values, "kwds", {}).items()]
    return f"{name}({', '.join(map(str, arguments))})"
