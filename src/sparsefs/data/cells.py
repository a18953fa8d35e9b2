# SPDX-License-Identifier: BSD-3-Clause
"""Columns of frames and of arrays of objects, read as numbers, dates or texts."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import date, timedelta
from decimal import Decimal
from numbers import Real
from typing import Any

import numpy as np
from scipy import sparse

from ..utils.text import counted
from .kinds import is_missing

PLAIN = ("int", "uint", "float", "bool", "sparse[")  # beginnings of types that scikit-learn reads
_ISO = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?)?")
_SCALARS = (str, Real, Decimal, np.number, np.bool_, date, np.datetime64)
_FEW = 0.2  # share of texts among numbers that is a mistake
_DAY = np.timedelta64(1, "D") / np.timedelta64(1, "us")


class Text(str):
    """A cell of an array of objects whose column contains texts, whatever a part of it is like."""

    __slots__ = ()


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
        return all(str(dtype).lower().startswith(PLAIN) for dtype in set(X.dtypes))
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


def read_column(X: Any, j: int, name: Any, expected: str | None = None) -> np.ndarray:
    """Return a column as float64 with NaN, datetime64 with NaT, or object of str and None.

    Durations become days, ordered categories their numbers. Texts that are all numbers, or all
    dates such as 2020-12-31, are read as those; categories are not.

    Parameters
    ----------
    X : DataFrame or ndarray of shape (n_samples, n_columns)
    j : int
    name : object
        Of the column, for messages.
    expected : {"f", "M", "O"} or None
        Kind of the column in the fit, as which it is read; None decides.

    Raises
    ------
    TypeError, ValueError
        If the column contains something else, such as lists; names it.
    """
    name = name.item() if isinstance(name, np.generic) else name
    values = _read(_column(X, j), name, expected == "O")
    if expected is None or values.dtype.kind == expected:
        return values
    if expected == "O" and values.dtype.kind == "f":
        missing = np.isnan(values)
        return _placed(np.array([_as_text(v) for v in values[~missing]], object), missing, None)
    if len(values) == np.count_nonzero([is_missing(v) for v in values.tolist()]):  # nothing there
        empty = {"f": np.nan, "M": np.datetime64("NaT", "us"), "O": None}[expected]
        return np.full(len(values), empty, dtype=None if expected != "O" else object)
    kinds = {"f": "numbers", "M": "dates", "O": "texts"}
    raise ValueError(
        f"Column {name!r} contains {kinds[values.dtype.kind]}, but contained {kinds[expected]} in "
        "the fit."
    )


def _column(X, j):
    if isinstance(X, np.ndarray):  # asking a frame of polars for its columns takes longer
        return X[:, j]
    return X.iloc[:, j] if hasattr(X, "iloc") else X.to_series(j)


def _as_text(value) -> str:
    """Write a number as text; missing values have made floats of whole numbers."""
    whole = isinstance(value, (float, np.floating)) and value == round(value)
    return str(int(value)) if whole else str(value)


def _read(column, name, as_text):
    kind = str(column.dtype).lower()
    if kind.startswith(("struct", "array", "list")):
        raise _odd(name, kind.partition("(")[0])
    if kind.startswith("category") and column.cat.ordered and not as_text:
        codes = column.cat.codes.to_numpy(np.float64)
        return np.where(codes < 0, np.nan, codes)
    if kind.startswith(("datetime", "timestamp", "date")):
        if getattr(column.dtype, "tz", None) is not None:
            column = column.dt.tz_localize(None)  # the date that people there write
        if kind.startswith("date32") or kind.startswith("date64"):  # of Arrow, with its own gaps
            column = column.astype("datetime64[us]")
        return np.asarray(column, dtype="datetime64[us]")
    are_categories = kind.startswith(("categor", "enum"))
    values = np.asarray(column)
    if values.dtype.kind in "biuf" and not are_categories:
        return values.astype(np.float64)
    if values.dtype.kind == "m":
        return _in_days(values)
    if values.dtype.kind == "M":
        return values.astype("datetime64[us]")
    values = values.astype(object)
    missing = np.fromiter(map(is_missing, values), bool, len(values))
    there = values[~missing]
    kinds = set(map(type, there))
    if are_categories or as_text or kinds == {Text}:
        odd = [one for one in kinds if not issubclass(one, _SCALARS)]
        if odd:
            raise _odd(name, odd[0].__name__)
        return _placed(np.array([_as_text(v) for v in there], dtype=object), missing, None)
    if all(issubclass(one, (str, bool, np.bool_)) for one in kinds):
        return _texts(there, missing, name)
    if all(issubclass(one, (Real, Decimal, np.number)) for one in kinds):
        return _placed(there.astype(np.float64), missing, np.nan)
    if all(issubclass(one, (date, np.datetime64)) for one in kinds):
        plain = [v.replace(tzinfo=None) if getattr(v, "tzinfo", None) else v for v in there]
        dates = np.array(plain, dtype="datetime64[us]")
        return _placed(dates, missing, np.datetime64("NaT", "us"))
    if all(issubclass(one, timedelta) for one in kinds):
        return _placed(_in_days(there.astype("timedelta64[us]")), missing, np.nan)
    odd = [one for one in kinds if not issubclass(one, _SCALARS)]
    if odd:
        raise _odd(name, odd[0].__name__)
    return _texts(np.array([_as_text(v) for v in there], dtype=object), missing, name)


def _odd(name, kind):
    return TypeError(
        f"Not numeric: column {name!r} contains values of type {kind}. Pass numbers, texts or "
        "dates, or drop the column."
    )


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
            with suppress(ValueError):  # the thirtieth of February
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
