# SPDX-License-Identifier: BSD-3-Clause
"""Features made from the columns of a table, and the columns that are left out."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from scipy import sparse

from ..utils.text import counted, listed
from .data import Data
from .errors import InputError
from .messages import Messages
from .numbers import at, counts_rows, in_single_precision, missing_in, numbers_of
from .preparation import MOST_CATEGORIES, category_name, encoder, imputer

_KEPT = ("dates", "identifiers", "row numbers")  # by --keep


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
    """

    X: Any
    names: list[str]
    steps: Any
    text: list[str]

    def rows(self, which) -> Any:
        """Return some rows of X by their numbers."""
        return self.X.iloc[which] if hasattr(self.X, "columns") else self.X[which]

    def names_of(self, steps) -> list[str]:
        """Return the names of the features that fitted steps make."""
        if steps is None:
            return self.names
        return [str(name) for name in steps.get_feature_names_out(self.names)]

    def column_of(self, feature: str) -> str:
        """Return the column of a feature."""
        if feature in self.names:
            return feature
        # A feature of a text column is named COLUMN=CATEGORY.
        return max((n for n in self.names if feature.startswith(f"{n}=")), key=len)


def features_of(data: Data, keep, messages: Messages) -> Features:
    """Decide how each column is used, and print the decisions.

    Raises
    ------
    InputError
        If no column is left, or a column contains infinite or unusable values.
    """
    if hasattr(data.X, "columns"):
        return _of_frame(data, set(keep), messages)
    X = data.X if sparse.issparse(data.X) else in_single_precision(np.asarray(data.X))
    missing = missing_in(X, data.names)
    if sparse.issparse(X) and missing.any():
        where = listed(at(data.names, missing))
        raise InputError(f"missing values in a sparse matrix are not supported: {where}")
    empty = missing == X.shape[0]
    if empty.any():
        _say_left_out({"empty": at(data.names, empty)}, messages)
        X, missing = X[:, ~empty], missing[~empty]
    names = [n for n, e in zip(data.names, empty, strict=True) if not e]
    _refuse_none_left(names)
    _say_constant(X, names, messages)
    steps = imputer(missing, messages)
    return Features(X, names, steps, [])


def _of_frame(data, keep, messages):
    import pandas as pd

    from .columns import column_as

    frame = data.X
    sorted_out: dict[str, list[str]] = {
        reason: [] for reason in ("empty", "dates", "identifiers", "row numbers", "constant text")
    }
    text: dict[str, Any] = {}
    converted: dict[int, Any] = {}
    left_out = np.zeros(frame.shape[1], dtype=bool)
    if len(set(data.names)) < len(data.names):
        twice = sorted({name for name in data.names if data.names.count(name) > 1})
        raise InputError(f"{data.source} has several columns named {listed(twice)}")
    plain = np.array([isinstance(d, np.dtype) and d.kind in "fiu" for d in frame.dtypes], bool)
    for i in np.flatnonzero(~plain).tolist():
        name = data.names[i]
        what, values = column_as(frame.iloc[:, i], name, name in keep, messages)
        if what == "numbers":
            converted[i] = values
        elif what == "text":
            text[name] = values
        else:
            left_out[i] = True
            sorted_out[what].append(name)
    numeric = [i for i in range(len(plain)) if not left_out[i] and data.names[i] not in text]
    X = numbers_of(frame, numeric, converted)
    names = [data.names[i] for i in numeric]
    missing = missing_in(X, names)
    empty = missing == len(X)
    counting = counts_rows(X) & ~np.isin(names, list(keep))
    if empty.any() or counting.any():
        sorted_out["empty"] += at(names, empty)
        sorted_out["row numbers"] += at(names, counting)
        used = ~empty & ~counting
        names, X, missing = at(names, used), X[:, used], missing[used]
    _say_left_out(sorted_out, messages)
    _refuse_none_left([*names, *text])
    _say_constant(X, names, messages)
    if not text:
        return Features(X, names, imputer(missing, messages), [])
    table = pd.DataFrame(X, columns=names, copy=False)
    others = pd.DataFrame(text, dtype=object)
    others.index = table.index
    _refuse_same_names(names, others)
    steps = encoder(names, list(text), missing, messages)
    grouped = [name for name in text if others[name].nunique() > MOST_CATEGORIES]
    messages.prepared(
        f"{counted(len(text), 'text column')} one-hot encoded: {listed(text)}"
        + (
            f" ({MOST_CATEGORIES - 1} most frequent values and 'infrequent' of {listed(grouped)})"
            if grouped
            else ""
        )
    )
    absent = int(others.isna().to_numpy().sum())
    if absent:
        messages.prepared(
            f"{counted(absent, 'missing value')} in text columns encoded as a category"
        )
    return Features(pd.concat([table, others], axis=1), [*names, *text], steps, list(text))


def _refuse_same_names(names, text):
    """Check that no feature of a category has the name of another feature."""
    taken = {name: name for name in [*names, *text]}
    for column in text:
        for value in text[column].unique():
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


def _say_left_out(sorted_out, messages):
    why = {
        "empty": "no values",
        "dates": "dates",
        "identifiers": "text, different in every row",
        "row numbers": "row numbers",
        "constant text": "the same text in every row",
    }
    for reason, names in sorted_out.items():
        if names:
            hint = "; use --keep to include" if reason in _KEPT else ""
            messages.prepared(f"left out: {listed(names)} ({why[reason]}{hint})")


def _refuse_none_left(names):
    if not names:
        raise InputError("no column is left to select from: all were left out")
