# SPDX-License-Identifier: BSD-3-Clause
"""The columns of a table that may be selected, and those that are left out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from scipy import sparse

from ..utils.text import counted, listed
from .data import Data
from .errors import InputError
from .messages import Messages
from .numbers import at, counts_rows, in_single_precision, missing_in, numbers_of

REASONS = {  # columns are left out
    "empty": "no values",
    "identifiers": "text, different in every row",
    "nearly identifiers": "text, different in most rows",
    "row numbers": "row numbers",
    "constant text": "the same text in every row",
    "confusable dates": "dates in which day and month can be confused",
    "unreadable dates": "dates that cannot be read",
}
_KEPT = ("identifiers", "nearly identifiers", "row numbers")  # by --keep


class Features(NamedTuple):
    """A table as selectors take it.

    Attributes
    ----------
    X : ndarray or CSR matrix of numbers, or DataFrame, of shape (n_rows, n_columns)
        A DataFrame if there are columns of text or dates. Missing values are NaN, NaT or None.
    names : list of str
        Names of the columns.
    kinds : dict of str to {"text", "dates"}
        Of the columns that are not numbers.
    read : dict of str to ndarray
        Numbers of columns that the file writes as text.
    """

    X: Any
    names: list[str]
    kinds: dict[str, str]
    read: dict[str, np.ndarray]

    def as_read(self, data: Data) -> Data:
        """Return the data with numbers instead of their texts."""
        return replace(data, X=data.X.assign(**self.read)) if self.read else data

    def rows(self, which) -> Any:
        """Return some rows of X by their numbers."""
        if len(which) == self.X.shape[0]:
            return self.X
        return self.X.iloc[which] if hasattr(self.X, "columns") else self.X[which]

    def numbers(self, X) -> tuple[Any, np.ndarray]:
        """Return the columns of numbers of X or some of its rows, and where they are."""
        columns = np.flatnonzero([name not in self.kinds for name in self.names])
        return (X.iloc[:, columns].to_numpy(np.float64) if self.kinds else X), columns

    @property
    def n_missing(self) -> int:
        """Number of missing values; a sparse matrix has none."""
        if sparse.issparse(self.X):
            return 0
        return int(self.X.isna().sum().sum() if self.kinds else np.isnan(self.X).sum())

    @property
    def text(self) -> list[str]:
        """Names of the columns of text."""
        return [name for name, kind in self.kinds.items() if kind == "text"]


def features_of(data: Data, messages: Messages, keep=(), text=()) -> Features:
    """Decide how each column is used, and print the decisions.

    Raises
    ------
    InputError
        If no column is left, or a column contains infinite or unusable values.
    """
    if hasattr(data.X, "columns"):
        return _of_frame(data, set(keep), set(text), messages)
    if text:
        raise InputError(f"--text: {data.source} contains numbers only")
    X = data.X if sparse.issparse(data.X) else in_single_precision(np.asarray(data.X))
    missing = missing_in(X, data.names)
    if sparse.issparse(X) and missing.any():
        where = listed(at(data.names, missing))
        raise InputError(f"missing values in a sparse matrix are not supported: {where}")
    left_out = _useless(X, data.names, missing, keep)
    used = ~np.isin(data.names, [*left_out["empty"], *left_out["row numbers"]])
    if not used.all():
        X, missing = X[:, used], missing[used]
    names = at(data.names, used)
    _say(X, names, missing, left_out, keep, messages)
    return Features(X, names, {}, {})


def _useless(X, names, missing, keep):
    """Return the columns that are empty or number the rows, by the reason."""
    empty = missing == X.shape[0]
    counting = np.zeros(len(names), bool) if sparse.issparse(X) else counts_rows(X)
    counting &= ~np.isin(names, list(keep)) & ~empty
    return {"empty": at(names, empty), "row numbers": at(names, counting)}


def _of_frame(data, keep, as_text, messages):
    from .columns import Kinds, compact_dates

    frame, kinds = data.X, Kinds(data.marks, data.guess, keep, as_text)
    left_out: dict[str, list[str]] = {}
    others: dict[str, Any] = {}  # columns of text and dates
    found: dict[str, str] = {}
    converted: dict[int, Any] = {}
    plain = np.array([isinstance(d, np.dtype) and d.kind in "fiu" for d in frame.dtypes], bool)
    plain &= ~np.isin(data.names, list(as_text))
    numeric = set(np.flatnonzero(plain).tolist())
    for i in np.flatnonzero(~plain).tolist():
        name = data.names[i]
        what, values = kinds.of(frame.iloc[:, i], name)
        if what == "numbers":
            converted[i] = values
            numeric.add(i)
        elif values is not None:
            others[name], found[name] = values, what
        else:
            left_out.setdefault(what, []).append(name)
    kinds.tell(messages)
    X = numbers_of(frame, sorted(numeric), converted)
    names = [data.names[i] for i in sorted(numeric)]
    missing = missing_in(X, names)
    left_out |= _useless(X, names, missing, keep)
    for name in at(names, (X[0] > 1.8e7) & (X[0] < 2.2e7)):
        if name not in kinds.read and (dates := compact_dates(frame[name])) is not None:
            others[name], found[name] = dates, "dates"
    useless = {name for some in left_out.values() for name in some}
    used = np.array([name not in useless and name not in found for name in names], bool)
    if not used.all():
        X, missing = X[:, used], missing[used]
    names_of_numbers = at(names, used)
    names = [name for name in data.names if name not in useless]
    _say(X, names_of_numbers, missing, left_out, keep, messages, found)
    if not found:
        return Features(X, names, {}, kinds.read)
    text = [name for name in found if found[name] == "text"]
    others = {data.names[i]: values for i, values in converted.items()} | others
    table = frame.loc[:, names].assign(**{name: others[name] for name in names if name in others})
    absent = int(table[list(found)].isna().to_numpy().sum())
    for what, some in (("text", text), ("dates", [name for name in found if name not in text])):
        if some:
            messages.prepared(f"{counted(len(some), 'column')} of {what}: {listed(some)}")
    if absent:
        messages.prepared(f"{counted(absent, 'missing value')} in columns of text or dates")
    return Features(table, names, found, kinds.read)


def _say(X, names, missing, left_out, keep, messages, others=()):
    """Print which columns are left out, and how the numbers are used."""
    for reason, some in left_out.items():
        if kept := [name for name in some if name in keep]:
            raise InputError(f"--keep: {listed(kept)} cannot be kept ({REASONS[reason]})")
        if some:
            hint = "; use --keep to include" if reason in _KEPT else ""
            messages.prepared(f"left out: {listed(some)} ({REASONS[reason]}{hint})")
    if not names and not others:
        raise InputError("no column is left to select from: all were left out")
    if missing.any():
        n, columns = int(missing.sum()), counted(int(np.count_nonzero(missing)), "column")
        messages.prepared(
            f"{counted(n, 'missing value')} in {columns} of numbers: estimated for the selection"
        )
    if sparse.issparse(X) or X.size == 0:
        return
    constant = np.zeros(X.shape[1], dtype=bool)
    suspects = np.flatnonzero((X[0] == X[-1]) & (X[0] == X[len(X) // 2]))
    constant[suspects] = [bool((X[:, i] == X[0, i]).all()) for i in suspects]
    if constant.any():
        columns = counted(int(constant.sum()), "constant column")
        messages.prepared(f"{columns} ranked last: {listed(at(names, constant))}")
