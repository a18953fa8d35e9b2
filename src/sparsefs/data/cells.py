# SPDX-License-Identifier: BSD-3-Clause
"""Columns of frames and of arrays of objects, read as numbers, dates or texts."""

from __future__ import annotations

import re
from datetime import date, timedelta
from decimal import Decimal
from numbers import Real
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.utils import _safe_indexing

from ..utils.text import counted
from .kinds import is_missing

_PLAIN = ("int", "uint", "float", "bool", "sparse[")  # beginnings of types that scikit-learn reads
_ISO = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?)?")
_FEW = 0.2  # share of texts among numbers that is a mistake
_DAY = np.timedelta64(1, "D") / np.timedelta64(1, "us")


def is_plain(X: Any) -> bool:
    """Return whether scikit-learn reads X as numbers, or refuses it; False if it has other columns.

    Parameters
    ----------
    X : object
        A table in any container.
    """
    if sparse.issparse(X):
        return True
    if is_frame(X):
        return all(str(dtype).lower().startswith(_PLAIN) for dtype in set(X.dtypes))
    if not isinstance(X, np.ndarray):
        return True
    if X.dtype.kind in "USM":
        return X.ndim != 2
    if X.dtype.kind != "O" or X.ndim != 2:
        return True
    return not any(issubclass(kind, (str, date, np.datetime64)) for kind in set(map(type, X.flat)))


def is_frame(X: Any) -> bool:
    """Return whether X is a data frame."""
    return hasattr(X, "columns") and hasattr(X, "dtypes")


def read_column(X: Any, j: int, name: Any) -> np.ndarray:
    """Return a column as float64 with NaN, datetime64 with NaT, or object of str and None.

    Durations become days, ordered categories their numbers. Texts that are all numbers, or all
    dates such as 2020-12-31, are read as those; categories are not.

    Raises
    ------
    TypeError
        If the column contains something else, such as lists; names it.
    """
    column = _safe_indexing(X, j, axis=1) if is_frame(X) else X[:, j]
    kind = str(column.dtype).lower()
    if kind.startswith("category") and column.cat.ordered:
        codes = column.cat.codes.to_numpy(np.float64)
        return np.where(codes < 0, np.nan, codes)
    if kind.startswith(("datetime", "timestamp", "date")):
        if getattr(column.dtype, "tz", None) is not None:
            column = column.dt.tz_localize(None)  # the date that people there write
        return np.asarray(column, dtype="datetime64[us]")
    are_categories = kind.startswith(("category", "enum", "categorical"))
    values = np.asarray(column)
    if values.dtype.kind in "biuf" and not are_categories:
        return values.astype(np.float64)
    if values.dtype.kind == "m":
        return _in_days(values)
    values = values.astype(object)
    missing = np.fromiter(map(is_missing, values), bool, len(values))
    there = values[~missing]
    kinds = set(map(type, there))
    if are_categories:
        return _placed(there.astype(str).astype(object), missing, None)
    if all(issubclass(one, (str, bool, np.bool_)) for one in kinds):
        return _texts(there, missing, name)
    if all(issubclass(one, (Real, Decimal, np.number)) for one in kinds):
        return _placed(there.astype(np.float64), missing, np.nan)
    if all(issubclass(one, (date, np.datetime64)) for one in kinds):
        return _placed(there.astype("datetime64[us]"), missing, np.datetime64("NaT", "us"))
    if all(issubclass(one, timedelta) for one in kinds):
        return _placed(_in_days(there.astype("timedelta64[us]")), missing, np.nan)
    odd = [one for one in kinds if not issubclass(one, (str, Real, Decimal, np.number, np.bool_))]
    if odd:
        raise TypeError(
            f"Not numeric: column {name!r} contains values of type {odd[0].__name__}. Pass "
            "numbers, texts or dates, or drop the column."
        )
    return _texts(there.astype(str).astype(object), missing, name)


def _texts(there, missing, name):
    if len(there) and all(isinstance(value, (bool, np.bool_)) for value in there):
        return _placed(there.astype(np.float64), missing, np.nan)
    if len(there):
        numbers, odd = _numbers(there)
        if not odd:
            return _placed(numbers, missing, np.nan)
        if len(odd) < _FEW * len(there):
            raise ValueError(
                f"Column {name!r} contains numbers and {counted(len(odd), 'text')} such as "
                f"{odd[0]!r}. Replace what means a missing value with NaN. If all values are "
                "categories, pass the column as such: .astype('category')."
            )
        if all(_ISO.fullmatch(str(text)) for text in there):
            dates = there.astype(str).astype("datetime64[us]")
            return _placed(dates, missing, np.datetime64("NaT", "us"))
    return _placed(there.astype(str).astype(object), missing, None)


def _numbers(texts):
    """Numbers that texts contain, and the texts that contain none."""
    try:
        return texts.astype(str).astype(np.float64), []
    except ValueError:
        numbers, odd = np.full(len(texts), np.nan), []
        for i, text in enumerate(texts):
            try:
                numbers[i] = float(text)
            except ValueError:
                odd.append(text)
        return numbers, odd


def _placed(there, missing, absent):
    """Return the values at their rows, and `absent` at the missing ones."""
    if not missing.any():
        return there
    values = np.full(len(missing), absent, dtype=there.dtype)
    values[~missing] = there
    return values


def _in_days(durations):
    days = durations.astype("timedelta64[us]").astype(np.float64) / _DAY
    return np.where(np.isnat(durations), np.nan, days)
