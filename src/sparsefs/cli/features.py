# SPDX-License-Identifier: BSD-3-Clause
"""What features are made of the columns of a table, and what is left out."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from scipy import sparse

from .data import Data
from .errors import InputError
from .messages import Messages, counted, listed
from .numbers import at, counts_rows, in_single_precision, missing_in, numbers_of
from .preparation import MOST_CATEGORIES, category_name, encoder, imputer


class Features(NamedTuple):
    """The columns from which features are made, and the steps that make them.

    Attributes
    ----------
    X : ndarray or CSR matrix of numbers, or DataFrame, of shape (n_rows, n_columns)
        Numbers may be missing (NaN). A DataFrame has columns of text, too.
    names : list of str
        Of the columns.
    steps : Pipeline or None
        To be fitted to training rows; None where there is nothing to do.
    text : list of str
        Columns of text.
    """

    X: Any
    names: list[str]
    steps: Any
    text: list[str]

    def rows(self, which) -> Any:
        """Some of the rows of X, by their numbers."""
        return self.X.iloc[which] if hasattr(self.X, "columns") else self.X[which]

    def names_of(self, steps) -> list[str]:
        """Names of the features that fitted steps make."""
        if steps is None:
            return self.names
        return [str(name) for name in steps.get_feature_names_out(self.names)]

    def column_of(self, feature: str) -> str:
        """The column that a feature is made of."""
        if feature in self.names:
            return feature
        # Only of a column of text there is more to the name: the category.
        return max((n for n in self.names if feature.startswith(f"{n}=")), key=len)


def features_of(data: Data, keep, messages: Messages) -> Features:
    """Decide what to do with every column, and say so.

    Raises
    ------
    InputError
        If nothing is left to select from, or values are infinite or none that can be used.
    """
    if hasattr(data.X, "columns"):
        return _of_frame(data, set(keep), messages)
    X = data.X if sparse.issparse(data.X) else in_single_precision(np.asarray(data.X))
    missing = missing_in(X, data.names)
    if sparse.issparse(X) and missing.any():
        raise InputError(f"missing values in a sparse matrix: {listed(at(data.names, missing))}")
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
        f"{counted(len(text), 'column')} of text one-hot encoded: {listed(text)}"
        + (
            f" (the {MOST_CATEGORIES - 1} most frequent values, and one for the others, of "
            f"{listed(grouped)})"
            if grouped
            else ""
        )
    )
    absent = int(others.isna().to_numpy().sum())
    if absent:
        messages.prepared(
            f"{counted(absent, 'missing value')} in columns of text taken as a value of its own"
        )
    return Features(pd.concat([table, others], axis=1), [*names, *text], steps, list(text))


def _refuse_same_names(names, text):
    """Refuse categories whose feature would have the name of another feature."""
    taken = {name: name for name in [*names, *text]}
    for column in text:
        for value in text[column].unique():
            feature = category_name(column, value)
            other = taken.setdefault(feature, column)
            if other != column or feature == column:
                raise InputError(
                    f"columns {column!r} and {other!r} both make a feature {feature!r}: leave one "
                    "out by --drop"
                )


def _say_constant(X, names, messages):
    if sparse.issparse(X) or X.size == 0:
        return
    constant = np.zeros(X.shape[1], dtype=bool)
    suspects = np.flatnonzero((X[0] == X[-1]) & (X[0] == X[len(X) // 2]))
    constant[suspects] = [bool((X[:, i] == X[0, i]).all()) for i in suspects]
    if constant.any():
        n = int(constant.sum())
        messages.prepared(
            f"{counted(n, 'column is constant and ranked', 'columns are constant and ranked')} "
            f"last: {listed(at(names, constant))}"
        )


def _say_left_out(sorted_out, messages):
    why = {
        "empty": "without a value",
        "dates": "of dates",
        "identifiers": "of text that differs in every row",
        "row numbers": "that only count the rows",
        "constant text": "of the same text in every row",
    }
    for reason, names in sorted_out.items():
        if names:
            kept = (
                "; --keep takes them" if reason in ("dates", "identifiers", "row numbers") else ""
            )
            columns = counted(len(names), "column")
            messages.prepared(f"{columns} {why[reason]} left out: {listed(names)}{kept}")


def _refuse_none_left(names):
    if not names:
        raise InputError("no column is left to select from")
