# SPDX-License-Identifier: BSD-3-Clause
"""The columns of a table, the inputs that stand for them, and the units that are selected."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sklearn.utils.validation import _get_feature_names

from .cells import PLAIN, Text, is_frame, is_plain, read_column
from .encoding import Encoding
from .kinds import is_missing
from .roles import column_mask, place_of, places_of

_LEAST_CROSSED = 0.25  # share of its column that an input with squares and products has


@dataclass(frozen=True)
class Parts:
    """Which inputs make up a unit, and how much each may contribute.

    Attributes
    ----------
    unit_of : ndarray of shape (n_inputs,), int
        Number of the unit.
    share : ndarray of shape (n_inputs,), float64
        Share in the variance of the unit.
    crossed : ndarray of shape (n_inputs,), bool
        Whether polynomials have squares and products of the input.
    """

    unit_of: np.ndarray
    share: np.ndarray
    crossed: np.ndarray

    def of(self, inputs: np.ndarray) -> Parts:
        """Return the parts of some inputs only."""
        return Parts(self.unit_of[inputs], self.share[inputs], self.crossed[inputs])

    def with_copies(self, copied: list[np.ndarray]) -> Parts:
        """Append blocks of copies of some inputs; those of each block make units of their own."""
        n = self.unit_of.max() + 1
        blocks = [np.arange(len(self.unit_of)), *copied]
        every = np.concatenate(blocks)
        block = np.repeat(np.arange(len(blocks)), [len(one) for one in blocks])
        return Parts(self.unit_of[every] + n * block, self.share[every], self.crossed[every])


@dataclass(frozen=True)
class Layout:
    """Which inputs are selected together, and which columns are not asked for.

    A unit is a column, or a group of columns. It is ranked, removed and selected as one.

    Attributes
    ----------
    unit_of_column : ndarray of shape (n_columns,), int
        Number of each column's unit; units are numbered in the order of their first columns.
    grouped : bool
        Whether a unit may have several columns.
    kept, excluded, covariates : ndarray of shape (n_columns,), bool
        Columns that are always selected, that are not seen, and that are seen and never selected.
    costs : ndarray of shape (n_columns,), float64, or None
    encoding : Encoding or None
        None where each column is an input.
    """

    unit_of_column: np.ndarray
    grouped: bool
    kept: np.ndarray
    excluded: np.ndarray
    covariates: np.ndarray
    costs: np.ndarray | None = None
    encoding: Encoding | None = None

    @classmethod
    def of(cls, selector, names, n_columns: int) -> Layout:
        """Read what the parameters of a selector say of the columns.

        Raises
        ------
        ValueError
            If they name columns that are not in X, or contradict each other.
        """

        def mask(parameter):
            entries = getattr(selector, parameter, None)
            return column_mask(entries, names, n_columns, parameter)

        unit_of = unit_numbers(getattr(selector, "feature_groups", None), names, n_columns)
        kept, excluded, covariates = map(mask, ("keep", "exclude", "adjust_for"))
        for one, other, both in (
            ("keep", "exclude", kept & excluded),
            ("keep", "adjust_for", kept & covariates),
            ("exclude", "adjust_for", excluded & covariates),
        ):
            if both.any():
                j = int(np.flatnonzero(both)[0])
                name = j if names is None else str(names[j])
                raise ValueError(f"Column {name!r} is in {one!r} and in {other!r}.")
        if (excluded | covariates).all():
            raise ValueError("'exclude' and 'adjust_for' leave no feature to select.")
        if unit_of is None:
            unit_of, grouped = np.arange(n_columns), False
        else:  # all of a group, or nothing
            grouped = True
            kept = np.isin(unit_of, unit_of[kept])
        costs = costs_of(getattr(selector, "feature_costs", None), names, n_columns)
        return cls(unit_of, grouped, kept, excluded, covariates, costs)

    def settings(self) -> dict[str, Any]:
        """Return the parameters that say the same without names of columns."""
        settings: dict[str, Any] = {}
        for parameter, mask in (
            ("keep", self.kept),
            ("exclude", self.excluded),
            ("adjust_for", self.covariates),
        ):
            settings[parameter] = np.flatnonzero(mask).tolist() if mask.any() else None
        settings["feature_groups"] = self.unit_of_column if self.grouped else None
        settings["feature_costs"] = self.costs
        return settings

    def encoded(self, encoding: Encoding | None) -> Layout:
        """Return the layout with the inputs of an encoding."""
        return replace(self, encoding=encoding)

    @property
    def n_columns(self) -> int:
        """Number of columns."""
        return len(self.unit_of_column)

    @property
    def barred(self) -> np.ndarray:
        """Columns that are never selected, (n_columns,), bool."""
        return self.excluded | self.covariates

    @property
    def unit_of_input(self) -> np.ndarray | None:
        """Unit of each input, (n_inputs,), int; None where each is a unit of its own."""
        if self.encoding is not None:
            return self.unit_of_column[self.encoding.column_of]
        return self.unit_of_column if self.grouped else None

    @property
    def parts(self) -> Parts | None:
        """How inputs make up units; None where each is a unit of its own."""
        unit_of = self.unit_of_input
        if unit_of is None:
            return None
        share, crossed = np.ones(len(unit_of)), np.ones(len(unit_of), dtype=bool)
        if self.encoding is not None:
            share, crossed = self.encoding.share, self.encoding.share >= _LEAST_CROSSED
        if self.grouped:
            seen = np.bincount(self.unit_of_column, ~self.excluded)  # columns of each unit
            share = share / np.maximum(seen, 1)[unit_of]
        return Parts(unit_of, share, crossed)

    def of_inputs(self, mask: np.ndarray) -> np.ndarray:
        """Return a mask of columns as one of inputs."""
        return mask if self.encoding is None else mask[self.encoding.column_of]

    def ranked(self, scores: np.ndarray, constant: np.ndarray) -> dict[str, Any]:
        """Return the fitted attributes that rank columns, by their names.

        Parameters
        ----------
        scores : ndarray of shape (n_inputs,), float64
        constant : ndarray of shape (n_inputs,), bool
            Inputs that have one value, or are excluded.
        """
        unit_of = self.unit_of_input
        n_units = int(self.unit_of_column.max()) + 1
        # Those of an importance of the user's may be negative: constants rank last even then.
        lowest = scores[~constant].min(initial=0.0)
        if unit_of is not None:
            scores = np.bincount(unit_of, np.where(constant, 0.0, scores), n_units)
            constant = np.bincount(unit_of, ~constant, n_units) == 0
        scores = np.where(constant, np.nextafter(lowest, -np.inf) if lowest < 0 else 0.0, scores)

        def of_units(mask):
            return np.bincount(self.unit_of_column, mask, n_units) > 0

        each = np.ones(self.n_columns) if self.costs is None else self.costs
        cost = np.bincount(self.unit_of_column, np.where(self.barred, 0, each), n_units)
        worth = scores if self.costs is None else scores / np.maximum(cost, 1e-300)
        barred, kept = ~of_units(~self.barred), of_units(self.kept)
        order = np.lexsort((-worth, constant, ~kept, barred))
        place = np.empty(n_units, dtype=np.int64)
        place[order] = np.arange(1, n_units + 1)
        place_of_column = np.where(self.barred, n_units + 1, place[self.unit_of_column])
        ranking = np.empty(self.n_columns, dtype=np.int64)
        ranking[np.argsort(place_of_column, kind="stable")] = np.arange(1, self.n_columns + 1)
        of_columns = np.where(self.excluded, min(0.0, scores.min()), scores[self.unit_of_column])
        fitted = {"scores_": of_columns, "ranking_": ranking}
        if self.grouped or self.barred.any():
            fitted["_places"] = place_of_column
        if self.costs is not None or self.grouped:
            fitted["_costs"] = cost[order[~barred[order]]]
        fitted["_n_kept"] = int((kept & ~barred).sum())
        fitted["_n_constant"] = int((constant & ~barred).sum())
        fitted["_n_units"] = int((~barred).sum())
        return fitted

    def of_columns(self, values: np.ndarray) -> np.ndarray:
        """Return values of inputs, of which one in a unit counts, as values of the columns."""
        unit_of = self.unit_of_input
        if unit_of is None:
            return values
        return np.bincount(unit_of, values, self.unit_of_column.max() + 1)[self.unit_of_column]

    def least_of_columns(self, values: np.ndarray) -> np.ndarray:
        """Return the least value of the inputs of each unit as values of the columns."""
        unit_of = self.unit_of_input
        if unit_of is None:
            return values
        least = np.ones(self.unit_of_column.max() + 1)
        np.minimum.at(least, unit_of, values)
        return np.where(self.barred, 1.0, least[self.unit_of_column])


def with_kinds(X: Any, selector) -> Any:
    """Return a table whose columns are what all rows say that they are, and so its parts.

    Parameters
    ----------
    X : object
        A table in any container; one of numbers is returned as it is.
    selector : BaseSelector
        What it excludes is not read.
    """
    if is_plain(X) or getattr(getattr(X, "dtype", None), "kind", "") == "M":
        return X
    names = _get_feature_names(X)
    excluded = Layout.of(selector, names, X.shape[1]).excluded
    names = np.arange(X.shape[1]) if names is None else names
    known = (*PLAIN, "categor", "enum", "date")
    dtypes = [str(one).lower() for one in X.dtypes] if is_frame(X) else [""] * X.shape[1]
    read = {
        j: read_column(X, j, names[j])
        for j in np.flatnonzero(~excluded).tolist()
        if not dtypes[j].startswith(known)
    }
    if isinstance(X, np.ndarray):
        X = X.astype(object)
        for j, values in read.items():
            X[:, j] = (
                [None if v is None else Text(v) for v in values]
                if values.dtype.kind == "O"
                else values
            )
    elif hasattr(X, "isetitem"):
        X = X.copy(deep=False)
        for j, values in read.items():
            column = X.iloc[:, j]._constructor(values, index=X.index)
            X.isetitem(j, column.astype("category") if values.dtype.kind == "O" else column)
    elif hasattr(X, "with_columns"):
        import polars as pl

        X = X.with_columns(
            pl.Series(X.columns[j], values.tolist(), pl.Categorical)
            if values.dtype.kind == "O"
            else pl.Series(X.columns[j], values)
            for j, values in read.items()
        )
    return X


def unit_numbers(groups, names, n_columns: int) -> np.ndarray | None:
    """Return the number of each column's group, in the order of their first columns.

    Parameters
    ----------
    groups : array-like of shape (n_columns,), dict of str to list, list of lists, or None
        Labels of all columns; or names or indices of the columns of each group, where a column in
        no group is one of its own.
    names : ndarray of str of shape (n_columns,), or None
    n_columns : int

    Raises
    ------
    ValueError
        If it is none of that, or names a column twice.
    """
    if groups is None:
        return None
    lists = list(groups.values()) if isinstance(groups, Mapping) else groups
    if isinstance(lists, (str, bytes)) or not hasattr(lists, "__len__"):
        raise _not_groups(n_columns, f"Got {groups!r}.")
    entries = list(lists)
    if entries and all(_is_list(one) for one in entries):
        places, numbers = places_of(names), np.full(n_columns, -1)
        for number, members in enumerate(entries):
            for entry in members:
                j = place_of(entry, places, n_columns, "feature_groups")
                if numbers[j] >= 0:
                    raise ValueError(
                        f"The 'feature_groups' parameter has column {entry!r} twice. A column can "
                        "be in one group only."
                    )
                numbers[j] = number
        alone = np.flatnonzero(numbers < 0)
        numbers[alone] = len(entries) + np.arange(len(alone))
        labels: np.ndarray = numbers
    else:
        labels = np.asarray(entries)
        if isinstance(groups, Mapping) or labels.shape != (n_columns,):
            raise _not_groups(n_columns, f"Got an array of shape {labels.shape}.")
        if any(map(is_missing, labels.tolist())):
            raise _not_groups(n_columns, "A label is missing.")
    first, numbers = np.unique(labels, return_index=True, return_inverse=True)[1:]
    return np.argsort(np.argsort(first))[numbers]


def _is_list(value) -> bool:
    return hasattr(value, "__iter__") and not isinstance(value, (str, bytes))


def _not_groups(n_columns, got):
    return ValueError(
        "The 'feature_groups' parameter must be one label for each feature, "
        f"{n_columns} of them, a dict of lists of columns, or a list of such lists. {got}"
    )


def costs_of(costs, names, n_columns: int) -> np.ndarray | None:
    """Return the cost of each column.

    Parameters
    ----------
    costs : array-like of shape (n_columns,), dict of column to float, or None
        A column that is not in a dict costs 1.
    names : ndarray of str of shape (n_columns,), or None
    n_columns : int

    Raises
    ------
    ValueError
        If a cost is not a positive number.
    """
    if costs is None:
        return None
    if names is not None and hasattr(costs, "index") and hasattr(costs, "items"):
        costs = dict(costs.items())  # a Series of pandas says itself whose costs it has
    places, values = places_of(names), np.ones(n_columns)
    try:
        if isinstance(costs, Mapping):
            for entry, cost in costs.items():
                values[place_of(entry, places, n_columns, "feature_costs")] = float(cost)
        else:
            values = np.asarray(costs, dtype=np.float64)
    except (TypeError, ValueError) as error:
        if "feature_costs" in str(error):
            raise
        values = np.zeros(0)
    if values.shape != (n_columns,) or not (np.isfinite(values) & (values > 0)).all():
        raise ValueError(
            "The 'feature_costs' parameter must be a positive number for each feature, "
            f"{n_columns} of them, or a dict of column to number. Got {str(costs)[:200]}."
        )
    return values
