# SPDX-License-Identifier: BSD-3-Clause
"""The subject of a report: a fitted selector and its data, checked and in one form."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.utils import check_array, get_tags
from sklearn.utils.validation import check_is_fitted

from ..data import RowTable
from ..data.cells import is_plain, read_column
from ..data.inputs import name_columns, non_numeric_columns, table_on_disk
from ..data.layout import unit_numbers
from ..data.suspects import suspects
from ..evaluation.importances import importances
from ..selectors.base import BaseSelector
from ..utils.text import counted, unique
from ._html import Html, count, html, named, printable, shortened, tag
from ._target import TargetFacts

BLOCK = 2**21  # numbers that are read at once


@dataclass
class Subject:
    """A fitted selector and its data.

    Attributes
    ----------
    selector : estimator
    X : ndarray, CSR matrix or RowTable of shape (n_samples, n_features)
        Numbers. Dates are days since 1970; columns of text contain NaN only.
    table : object
        X as the selector takes it.
    others : dict of int to ndarray
        The columns that are not numbers: text with None where it is missing, or dates with NaT.
    y : object or None
        As passed.
    target : TargetFacts or None
    names : list of str
        Names of all features.
    order : ndarray of shape (K,), dtype int64
        Selected features, best first.
    ranked : ndarray of shape (n_features,), dtype int64
        All features: the selected ones, then the others, each best first.
    scores : ndarray of shape (n_features,)
        Higher is better.
    has_scores : bool
        Whether `scores` tell more than the ranking.
    spread : ndarray of shape (n_features,) or None
        Standard deviation of the scores, if the selector has it.
    n_renamed : int
        Number of features that had the name of an earlier one.
    unit_of : ndarray of shape (n_features,) or None
        Number of each feature's group, where K counts groups.
    """

    selector: Any
    X: Any
    table: Any
    others: dict[int, np.ndarray]
    y: Any
    target: TargetFacts | None
    names: list[str]
    order: np.ndarray
    ranked: np.ndarray
    scores: np.ndarray
    has_scores: bool
    spread: np.ndarray | None
    n_renamed: int
    unit_of: np.ndarray | None

    @classmethod
    def of(cls, selector, X, y, feature_names, target_name) -> Subject:
        """Check the arguments of :func:`sparsefs.report.write_report`."""
        support = _support(selector)
        given = _names(selector, X, feature_names, len(support))
        names = unique(given)
        table, others = X, {}
        if not is_plain(X) and get_tags(selector).input_tags.categorical:
            X, others = _numbers_of(X, names)
        X = _checked(X, len(support))
        table = X if isinstance(table, RowTable) else table
        target = None
        if y is not None:
            known = getattr(selector, "_target", None)
            target = TargetFacts.of(
                y, X.shape[0], target_name, None if known is None else known.task
            )
        scores, has_scores = _scores(selector, support)
        ranking = getattr(selector, "ranking_", np.zeros(len(support)))
        ranked = np.lexsort((-scores, ranking, ~support))
        return cls(
            selector,
            X,
            table,
            others,
            y,
            target,
            names,
            ranked[: support.sum()],
            ranked,
            scores,
            has_scores,
            getattr(selector, "scores_std_", None),
            sum(old != new for old, new in zip(given, names, strict=True)),
            _groups(selector, len(support)),
        )

    def doubts(self) -> list[str]:
        """Say which columns share a name, look like identifiers, or predict the target alone."""
        target = self.target
        values = None if target is None else target.values
        if values is not None and values.ndim > 1 and values.shape[1] == 1:
            values = values.ravel()
        X, names, columns = self.X, self.names, self.numeric
        if self.others:
            X, names = X[:, columns], [names[i] for i in columns]
        found = []
        if X.shape[1]:
            found = suspects(X, names, values, None if target is None else target.task)
        if self.n_renamed:
            same = counted(self.n_renamed, "feature has the name", "features have the name")
            found.append(f"{same} of an earlier one and got a number, as in a, a.1.")
        return found

    @property
    def n_samples(self) -> int:
        """Number of rows of X."""
        return int(self.X.shape[0])

    @property
    def n_features(self) -> int:
        """Number of columns of X."""
        return int(self.X.shape[1])

    @property
    def numeric(self) -> np.ndarray:
        """Columns of numbers, ndarray of int."""
        return np.setdiff1d(np.arange(self.n_features), list(self.others))

    @property
    def K(self) -> int:
        """Number of selected features."""
        return len(self.order)

    @property
    def unit(self) -> str:
        """What K of the curve counts, in words."""
        return "feature" if self.unit_of is None else "group"

    @property
    def n_selected(self) -> int:
        """Number of selected features, or of selected groups."""
        return self.K if self.unit_of is None else len(np.unique(self.unit_of[self.order]))

    @property
    def n_units(self) -> int:
        """Number of features, or of groups, that can be selected."""
        return int(getattr(self.selector, "_n_units", self.n_features))

    def named(self, columns: Any) -> list[Html]:
        """Write the names of some features; long ones are cut in the middle."""
        return [named(name, self._short[name]) for name in (self.names[i] for i in columns)]

    def some_rows(self, most: int) -> np.ndarray:
        """Return random rows in ascending order, all if there are few."""
        if self.n_samples <= most:
            return np.arange(self.n_samples)
        drawn = np.random.default_rng(0).choice(self.n_samples, most, replace=False)
        return np.sort(drawn)

    def sample(self, columns: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Return some rows, in ascending order, of some columns; text is NaN."""
        every = len(rows) == self.n_samples
        blocks = [block for _, block in self.blocks(columns, None if every else rows)]
        return np.concatenate(blocks)

    def listed(self, columns: Any, most: int) -> Html:
        """List features as in ``a, b and 7 more``, the names in bold."""
        names = [tag("b", name) for name in self.named(columns[:most])]
        rest = len(columns) - most
        commas = [html(", " if i else None, name) for i, name in enumerate(names)]
        return html(*commas, f" and {count(rest)} more" if rest > 0 else None)

    @cached_property
    def _short(self):
        return shortened(self.names)

    @property
    def uses_y(self) -> bool:
        """Whether the selector uses y; assumed of selectors of other libraries."""
        inner = getattr(self.selector, "estimator", self.selector)
        return not isinstance(inner, BaseSelector) or bool(get_tags(inner).target_tags.required)

    def blocks(self, columns: np.ndarray, rows: np.ndarray | None = None) -> Iterator[Any]:
        """Yield pairs of (rows, float64 numbers) of some columns, from first to last.

        One block at a time is read from disk, or made dense. `rows` are ascending; None is all.
        """
        part, n_rows = self.X, max(1, BLOCK // max(1, len(columns)))
        if rows is not None:
            if isinstance(part, RowTable):
                part, columns = part[np.ix_(rows, columns)], np.arange(len(columns))
            else:
                part = part[rows]
        if isinstance(part, RowTable):
            for place, block in part.blocks(n_rows, columns):
                yield place, block.astype(np.float64)
            return
        if sparse.issparse(part):
            part, columns = part[:, columns], np.arange(len(columns))
        for start in range(0, part.shape[0], n_rows):
            place = slice(start, min(start + n_rows, part.shape[0]))
            block = part[place].toarray() if sparse.issparse(part) else part[place][:, columns]
            yield place, np.asarray(block, dtype=np.float64)


def _support(selector):
    if not hasattr(selector, "get_support"):
        raise ValueError(
            f"The 'selector' parameter of write_report must select features (get_support). Got "
            f"{type(selector).__name__}."
        )
    check_is_fitted(selector)
    support = np.asarray(selector.get_support(), dtype=bool)
    if not support.any():
        raise ValueError(f"This {type(selector).__name__} selects no features: nothing to report.")
    return support


def _groups(selector, n_features):
    """Return the group of each feature of a selector whose K counts groups; None for others."""
    if not hasattr(selector, "_n_units"):
        return None
    names = getattr(selector, "feature_names_in_", None)
    return unit_numbers(selector.feature_groups, names, n_features)


def _names(selector, X, given, n_features):
    names = given
    if names is None:
        names = getattr(selector, "feature_names_in_", None)
    if names is None and isinstance(X, RowTable):
        names = X.column_names
    elif names is None and not isinstance(X, sparse.spmatrix | sparse.sparray):
        names = getattr(X, "columns", None)
    if names is None:
        names = [f"x{i}" for i in range(n_features)]
    names = [printable(name) for name in names]
    if len(names) != n_features:
        raise ValueError(
            f"The 'feature_names' parameter of write_report must contain {n_features} names, one "
            f"for each feature of the fit. Got {len(names)}."
        )
    return names


def _numbers_of(X, names):
    """Return a table as numbers, and the columns that are none."""
    columns = [read_column(X, j, name) for j, name in enumerate(names)]
    others = {j: values for j, values in enumerate(columns) if values.dtype.kind != "f"}
    for j, values in others.items():
        columns[j] = np.full(len(values), np.nan)
        if values.dtype.kind == "M":
            there = ~np.isnat(values)
            columns[j][there] = (values[there] - np.datetime64(0, "us")) / np.timedelta64(1, "D")
    return np.column_stack(columns), others


def _checked(X, n_features):
    table = table_on_disk(X)
    if table is None:
        culprits = [] if sparse.issparse(X) else non_numeric_columns(X) if _is_mixed(X) else []
        if culprits:
            raise ValueError(
                f"X is not numeric: {name_columns(culprits)}. Pass the X of the selector's fit."
            )
        X = check_array(X, accept_sparse="csr", ensure_all_finite=False, input_name="X")
        if sparse.issparse(X) and not X.has_canonical_format:
            X = X.copy()
            X.sum_duplicates()
    else:
        X = table[:] if table.fits_in_buffer() else table
    if X.shape[1] != n_features:
        raise ValueError(
            f"X has {X.shape[1]} features, but the selector was fitted to {n_features}. Pass the X "
            "of its fit."
        )
    return X


def _is_mixed(X):
    return getattr(X, "dtype", None) is None or X.dtype == object


def _scores(selector, support):
    """Return the scores of all features, and whether they tell more than the ranking."""
    scores = importances(selector, "auto", len(support))[0]
    if getattr(selector, "scores_", None) is not None:
        return scores, True
    if scores.dtype == bool and hasattr(selector, "estimator_"):  # as in SelectFromModel
        return importances(selector.estimator_, "auto", len(support))[0], True
    return scores.astype(np.float64), False
