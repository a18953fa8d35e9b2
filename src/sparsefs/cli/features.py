# SPDX-License-Identifier: BSD-3-Clause
"""Features made from the columns of a table, and the columns that are left out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from scipy import sparse

from ..utils.text import counted, listed
from .data import Data
from .errors import InputError
from .messages import Messages
from .numbers import at, compact_dates, counts_rows, in_single_precision, missing_in, numbers_of
from .preparation import MOST_CATEGORIES, category_name, encoder, imputer

_WHY = {  # columns are left out
    "empty": "no values",
    "dates": "dates",
    "identifiers": "text, different in every row",
    "nearly identifiers": "text, different in most rows",
    "row numbers": "row numbers",
    "constant text": "the same text in every row",
}
_KEPT = ("dates", "identifiers", "nearly identifiers", "row numbers")  # by --keep


class Features(NamedTuple):
    """Columns, and the steps that make features of them.

    Attributes
    ----------
    X : ndarray or CSR matrix of numbers, or DataFrame, of shape (n_rows, n_columns)
        Missing numbers are NaN. A DataFrame has columns of text as well.
    names : list of str
        Names of the columns.
    steps : Pipeline or None
        Unfitted; None if the columns are the features.
    text : list of str
        Names of the columns of text.
    read : dict of str to ndarray
        Numbers of columns that the file writes as text.
    """

    X: Any
    names: list[str]
    steps: Any
    text: list[str]
    read: dict[str, np.ndarray]

    def as_read(self, data: Data) -> Data:
        """Return the data with numbers instead of their texts."""
        return replace(data, X=data.X.assign(**self.read)) if self.read else data

    def rows(self, which) -> Any:
        """Return some rows of X by their numbers."""
        return self.X.iloc[which] if hasattr(self.X, "columns") else self.X[which]

    def names_of(self, steps) -> list[str]:
        """Return the names of the features that fitted steps make."""
        if steps is None:
            return self.names
        return [str(name) for name in steps.get_feature_names_out(self.names)]

    def columns_of(self, steps) -> dict[str, str]:
        """Return the column of each feature that fitted steps make."""
        found = {name: name for name in self.names if name not in self.text}
        if self.text:
            encoder = steps[-1].named_transformers_["text"]
            for column, categories in zip(self.text, encoder.categories_, strict=True):
                made = [*categories, "infrequent_sklearn"]
                found |= {category_name(column, category): column for category in made}
        return found


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
    names, X, missing, left_out = _useful(X, data.names, missing, keep)
    _say_left_out(left_out, messages)
    _refuse_none_left(names)
    _say_constant(X, names, messages)
    steps = imputer(missing, messages)
    return Features(X, names, steps, [], {})


def _useful(X, names, missing, keep):
    """Leave out columns that are empty, dates or row numbers."""
    empty = missing == X.shape[0]
    counting = np.zeros(len(names), bool) if sparse.issparse(X) else counts_rows(X)
    kept = np.isin(names, list(keep)) | empty
    counting &= ~kept
    dates = np.zeros(len(names), bool) if sparse.issparse(X) else compact_dates(X) & ~kept
    left_out = {"empty": at(names, empty), "row numbers": at(names, counting)}
    left_out["dates"] = at(names, dates & ~counting)
    used = ~empty & ~counting & ~dates
    if not used.all():
        names, X, missing = at(names, used), X[:, used], missing[used]
    return list(names), X, missing, left_out


def _of_frame(data, keep, as_text, messages):
    import pandas as pd

    from .columns import Kinds

    frame, kinds = data.X, Kinds(data.marks, data.guess, keep, as_text)
    left_out: dict[str, list[str]] = {reason: [] for reason in _WHY}
    text: dict[str, Any] = {}
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
        elif what == "text":
            text[name] = values
        else:
            left_out[what].append(name)
    kinds.tell(messages)
    X = numbers_of(frame, sorted(numeric), converted)
    names = [data.names[i] for i in sorted(numeric)]
    names, X, missing, useless = _useful(X, names, missing_in(X, names), keep)
    for reason, found in useless.items():
        left_out[reason] += found
    _say_left_out(left_out, messages)
    _refuse_none_left([*names, *text])
    _say_constant(X, names, messages)
    if not text:
        return Features(X, names, imputer(missing, messages), [], kinds.read)
    table = pd.DataFrame(X, columns=names, copy=False)
    others = pd.DataFrame(text, dtype=object)
    others.index = table.index
    _refuse_same_names(names, others)
    steps = encoder(names, list(text), missing, messages)
    grouped = [name for name in text if others[name].nunique() > MOST_CATEGORIES]
    messages.prepared(
        f"{counted(len(text), 'text column')} one-hot encoded: {listed(text)}"
        + (
            f" ({MOST_CATEGORIES - 1} most frequent values and '(other)' of {listed(grouped)})"
            if grouped
            else ""
        )
    )
    absent = int(others.isna().to_numpy().sum())
    if absent:
        messages.prepared(
            f"{counted(absent, 'missing value')} in text columns encoded as a category"
        )
    X = pd.concat([table, others], axis=1)
    return Features(X, [*names, *text], steps, list(text), kinds.read)


def _refuse_same_names(names, text):
    """Check that no feature of a category has the name of another feature."""
    taken = {name: name for name in [*names, *text]}
    for column in text:
        values = text[column].unique()
        other_values = ["infrequent_sklearn"] if len(values) > MOST_CATEGORIES else []
        for value in [*values, *other_values]:
            feature = category_name(column, value)
            other = taken.setdefault(feature, column)
            if other != column or feature == column:
                raise InputError(
                    f"columns {column!r} and {other!r} both make a feature {feature!r}: use --drop "
                    "to leave one out"
                )


def _say_constant(X, names, messages):
    if sparse.issparse(X) or X.size == 0:
        return
    constant = np.zeros(X.shape[1], dtype=bool)
    suspects = np.flatnonzero((X[0] == X[-1]) & (X[0] == X[len(X) // 2]))
    constant[suspects] = [bool((X[:, i] == X[0, i]).all()) for i in suspects]
    if constant.any():
        columns = counted(int(constant.sum()), "constant column")
        messages.prepared(f"{columns} ranked last: {listed(at(names, constant))}")


def _say_left_out(left_out, messages):
    for reason, names in left_out.items():
        if names:
            hint = "; use --keep to include" if reason in _KEPT else ""
            messages.prepared(f"left out: {listed(names)} ({_WHY[reason]}{hint})")


def _refuse_none_left(names):
    if not names:
        raise InputError("no column is left to select from: all were left out")
