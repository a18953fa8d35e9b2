# SPDX-License-Identifier: BSD-3-Clause
"""Kinds of columns of a data frame: numbers, text, or a reason to leave the column out."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd

from ..utils.text import counted
from .errors import InputError
from .messages import Messages
from .numbers import FEW_ROWS

_ODD = 0.1  # share of text in a column of numbers that may stand for missing values
_DATE = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?")


def column_as(column, name: str, kept: bool, messages: Messages) -> tuple[str, Any]:
    """Return ``("numbers", values)``, ``("text", values)`` or ``(reason to leave it out, None)``.

    For columns that are not stored as plain numbers.
    """
    kinds = pd.api.types
    dtype = column.dtype
    if kinds.is_datetime64_any_dtype(dtype) or kinds.is_timedelta64_dtype(dtype):
        return ("numbers", _days(column)) if kept else ("dates", None)
    if kinds.is_numeric_dtype(dtype):  # bool, and pandas' own types with missing values
        if kinds.is_complex_dtype(dtype):
            raise InputError(f"column {name!r} contains complex numbers: use --drop")
        return "numbers", column.to_numpy(np.float64, na_value=np.nan)
    there = column.dropna()
    if len(there) == 0:
        return "empty", None
    odd = next((v for v in there if isinstance(v, (list, dict, set, bytes, np.ndarray))), None)
    if odd is not None:
        kind = type(odd).__name__
        raise InputError(f"column {name!r} contains {kind}s: use --drop")
    if all(isinstance(value, (bool, np.bool_)) for value in there):
        return "numbers", column.astype(object).map({True: 1.0, False: 0.0}).to_numpy(np.float64)
    strings = there.astype(str)
    numbers = pd.to_numeric(strings, errors="coerce")
    if numbers.notna().all():  # decimal numbers of Parquet
        return "numbers", pd.to_numeric(column.astype(object).astype(str), "coerce").to_numpy()
    if all(map(_DATE.fullmatch, strings)):
        as_dates = column.astype(object).where(column.notna(), None)
        days = _days(pd.to_datetime(as_dates, utc=True, format="ISO8601", errors="coerce"))
        return ("numbers", days) if kept else ("dates", None)
    n_values = strings.nunique()
    if n_values == 1 and len(there) == len(column):
        return "constant text", None
    if n_values == len(there) >= FEW_ROWS and not kept:
        return "identifiers", None
    if numbers.isna().mean() <= _ODD:
        examples = strings[numbers.isna()].unique()
        n_odd = int(numbers.isna().sum())
        messages.say(
            f"warning: column {name!r} is text, because of {counted(n_odd, 'value')} such as "
            f"{examples[0]!r}; pass --missing {examples[0]!r} if these are missing numbers"
        )
    values = column.astype(object).to_numpy().copy()
    absent = column.isna().to_numpy()
    values[~absent] = strings.to_numpy()
    values[absent] = np.nan
    return "text", values


def _days(column):
    """Convert dates to days since 1970, durations to days."""
    there = column.notna().to_numpy()
    days = np.full(len(column), np.nan)
    if pd.api.types.is_timedelta64_dtype(column.dtype):
        since = column
    else:
        column = pd.to_datetime(column, utc=True)
        since = column - pd.Timestamp(0, tz="UTC")
    days[there] = since[there] / pd.Timedelta(days=1)
    return days
