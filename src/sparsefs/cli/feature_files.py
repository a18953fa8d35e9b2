# SPDX-License-Identifier: BSD-3-Clause
"""What options say of columns: those to keep, and files of groups and of costs."""

from __future__ import annotations

import csv
import json
from typing import Any

from .data import Data
from .errors import InputError, picked


def parameters_of(arguments, data: Data, names) -> dict[str, Any]:
    """Return the parameters of a selector that name columns.

    Parameters
    ----------
    arguments : Namespace
    data : Data
    names : list of str
        Names of the columns that may be selected. The files may name others of the data.

    Raises
    ------
    InputError
        If a file cannot be read, or names an unknown column.
    """
    roles = (*data.targets, data.id_name, arguments.groups, arguments.weights)
    known = [*data.names, *arguments.exclude, *(name for name in roles if name is not None)]
    used = set(names)

    def is_used(name, option):
        picked(name, known, f"{option}: {arguments.data} has no column")
        return name in used

    found: dict[str, Any] = {}
    if arguments.keep:
        found["keep"] = list(dict.fromkeys(arguments.keep))
    if arguments.feature_groups is not None:
        option = "--feature-groups"
        groups: dict[str, list[str]] = {}
        for feature, group in _pairs(arguments.feature_groups, "group", option):
            if is_used(feature, option):
                groups.setdefault(group, []).append(feature)
        found["feature_groups"] = groups or None
    if getattr(arguments, "feature_costs", None) is not None:
        option, costs = "--feature-costs", {}
        for feature, cost in _pairs(arguments.feature_costs, "cost", option):
            try:
                costs[feature] = float(cost)
            except (TypeError, ValueError):
                raise InputError(
                    f"{option}: the cost of {feature!r} must be a number. Got {cost!r}"
                ) from None
        found["feature_costs"] = {f: cost for f, cost in costs.items() if is_used(f, option)}
    if getattr(arguments, "budget", None) is not None:
        found["budget"] = arguments.budget
    return found


def as_indices(parameters: dict[str, Any], names) -> dict[str, Any]:
    """Return the parameters for a table without names of columns."""
    at = {name: i for i, name in enumerate(names)}
    found = dict(parameters)
    if "keep" in found:
        found["keep"] = [at[name] for name in found["keep"]]
    if found.get("feature_groups"):
        groups = found["feature_groups"]
        found["feature_groups"] = {g: [at[name] for name in some] for g, some in groups.items()}
    if "feature_costs" in found:
        found["feature_costs"] = {at[name]: cost for name, cost in found["feature_costs"].items()}
    return found


def _pairs(path, what, option):
    """Return the pairs of (feature, group) or (feature, cost) in a file."""
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            if path.suffix.lower() == ".json":
                return _of_json(json.load(file), what)
            rows = csv.DictReader(file)
            if not {"feature", what} <= set(rows.fieldnames or ()):
                raise ValueError(f"its columns must be feature and {what}")
            return [(row["feature"], row[what]) for row in rows]
    except OSError as error:
        raise InputError(f"{option}: {str(path)!r} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise InputError(f"{option}: {str(path)!r} is unusable: {error}") from error


def _of_json(document, what):
    kind = list if what == "group" else (int, float)
    if not isinstance(document, dict) or not all(isinstance(v, kind) for v in document.values()):
        raise ValueError(f"it must be a JSON object of {'lists' if kind is list else 'numbers'}")
    if kind is list:
        return [(str(name), group) for group, names in document.items() for name in names]
    return list(document.items())
