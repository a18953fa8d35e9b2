# SPDX-License-Identifier: BSD-3-Clause
"""The kind of each column of a data frame: numbers, text, dates, or a reason to leave it out."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd

from ..utils.text import counted, listed
from .errors import InputError
from .features import REASONS
from .messages import Messages
from .numbers import FEW_ROWS
from .quantities import FEW, Quantities, quantities_of, quickly

_CURE = (
    "Pass --missing with the texts that mean a missing number, --text with columns of categories, "
    "--exclude with columns to leave out, or correct the file"
)
_MOST_FAULTS = 3  # columns in an error
_MOSTLY_DATES = 0.9
_TIME = r"\d\d?:\d\d(?::\d\d(?:[.,]\d+)?)?(?: ?[AaPp][Mm])?(?: ?(?:Z|UTC|[+-]\d\d:?\d\d))?"
_MONTH = r"(?:jan|feb|mar|apr|ma[yi]|jun|jul|aug|sep|o[ck]t|nov|de[cz])[a-zä]*\.?"
_DATE = re.compile(
    rf"(?:\d{{4}}[-/.]\d\d?(?:[-/.]\d\d?)?|\d\d?[-/.]\d\d?[-/.](?:\d{{4}}|\d\d)"
    rf"|\d\d?\.?[ -]?{_MONTH}[ -]\d{{2,4}}|{_MONTH}[ -]\d\d?,? \d{{4}}|{_MONTH}[ -]\d{{4}})"
    rf"(?:[T ]{_TIME})?|{_TIME}",
    re.IGNORECASE,
)
_ONLY_TIME = re.compile(_TIME)


class Kinds:
    """The one place that decides what a column is; collects what to say about all of them.

    Parameters
    ----------
    marks : pair of str or None
        The given decimal mark, and the given mark between thousands.
    guess : {".", ",", None}
        The decimal mark of the file.
    keep, as_text : collections of str
        Names of --keep and --text.

    Attributes
    ----------
    read : dict of str to ndarray
        Numbers of the columns of text that are numbers.
    """

    def __init__(self, marks=(None, None), guess=None, keep=(), as_text=()):
        self._marks, self._guess = marks, guess
        self._keep, self._as_text = set(keep), set(as_text)
        self._exceptions: list[str] = []
        self._ambiguous: list[str] = []
        self._absent: list[str] = []
        self._said: dict[str, list[str]] = {}
        self.read: dict[str, np.ndarray] = {}

    def of(self, column, name: str) -> tuple[str, Any]:
        """Return the kind of a column and its values: numbers, text or dates.

        For columns that are not stored as plain numbers, and for those of --text. The kind of a
        column to leave out is the reason, and its values are None.
        """
        kinds, kept = pd.api.types, name in self._keep
        dtype = column.dtype
        if kinds.is_timedelta64_dtype(dtype):
            return "numbers", _days(column)
        if kinds.is_datetime64_any_dtype(dtype):
            return "dates", column
        if kinds.is_numeric_dtype(dtype) and name not in self._as_text:
            if kinds.is_complex_dtype(dtype):
                raise InputError(f"column {name!r} contains complex numbers: use --exclude")
            return "numbers", column.to_numpy(np.float64, na_value=np.nan)
        there = column.dropna()
        if len(there) == 0:
            return "empty", None
        objects = there if kinds.is_object_dtype(dtype) else there[:0]
        odd = next(
            (v for v in objects if isinstance(v, (list, dict, set, bytes, np.ndarray))), None
        )
        if odd is not None:
            kind = type(odd).__name__
            raise InputError(f"column {name!r} contains {kind}s: use --exclude")
        if name in self._as_text:
            return "text", _text(column, _without_zeros(there))
        if len(objects) and all(isinstance(value, (bool, np.bool_)) for value in objects):
            return "numbers", column.astype(object).map({True: 1.0, False: 0.0}).to_numpy(float)
        strings = there.astype(str)
        found = self.numbers(strings, name)
        if found is not None:
            values = np.full(len(column), np.nan)
            values[column.notna().to_numpy()] = found.numbers
            self.read[name] = values
            return "numbers", values
        if is_dates(strings):
            return _parsed(column, strings, name, kept)
        n_values = strings.nunique()
        if n_values == 1 and len(there) == len(column) and not kept:
            return "constant text", None
        if n_values == len(there) >= FEW_ROWS and not kept:
            return "identifiers", None
        if n_values > max(FEW, len(there) / 2) and not kept:
            return "nearly identifiers", None
        return "text", _text(column, strings)

    def numbers(self, strings, name: str) -> Quantities | None:
        """Read texts as numbers; None if the column is no column of numbers.

        Texts among numbers that may be anything become an error, which :meth:`tell` raises.
        """
        texts = strings.to_numpy(object)
        found = None
        if "," not in (self._marks[0], self._guess):
            found = quickly(texts, pd.to_numeric(strings, errors="coerce").to_numpy(float))
        found = found or quantities_of(texts, self._marks, self._guess)
        if not found.mostly_numbers:
            return None
        rows = rows_of(strings)
        if found.exceptions.any():
            shown, n = found.shown(found.exceptions, rows), int(found.exceptions.sum())
            if found.may_be_classes:
                said = f"{counted(n, 'value')} among numbers such as {shown}"
                self._say(f"read as text, because of {said}", name)
                return None
            self._exceptions.append(
                f"column {name!r} contains numbers and {counted(n, 'value')} that cannot be read "
                f"as one: {shown}"
            )
        if found.ambiguous is not None:
            self._ambiguous.append(
                f"column {name!r} contains numbers such as {found.ambiguous!r}, which can be read "
                "in two ways"
            )
        if found.absent.any():
            self._absent.append(f"{found.shown(found.absent, rows)} in {name}")
        if found.unit:
            self._say(f"read as numbers, without {found.unit!r}", name)
        if found.decimal is not None and found.decimal != (self._marks[0] or self._guess or "."):
            which = "comma" if found.decimal == "," else "point"
            self._say(f"read with a decimal {which}", name)
        if found.grouped:
            self._say("read with marks between thousands", name)
        elif found.notation:
            self._say("read as numbers in another notation", name)
        return found

    def _say(self, what, name):
        self._said.setdefault(what, []).append(name)

    def tell(self, messages: Messages, cure: str = _CURE) -> None:
        """Raise the error of all columns, or print how texts were read."""
        for faults, remedy in (
            (self._exceptions, cure),
            (self._ambiguous, "Pass --thousands , or --decimal ,"),
        ):
            if faults:
                more = len(faults) - _MOST_FAULTS
                shown = "; ".join(faults[:_MOST_FAULTS])
                shown += f"; and {counted(more, 'other column')}" if more > 0 else ""
                raise InputError(f"{shown}. {remedy}")
        if self._absent:
            messages.prepared(f"taken as missing: {listed(self._absent, 4)}")
        for what, names in self._said.items():
            messages.prepared(f"{what}: {listed(names)}")


def rows_of(series) -> np.ndarray:
    """Return the numbers of the rows in the file, from 1."""
    index = series.index
    return np.asarray(index) + 1 if index.dtype.kind in "iu" else np.arange(1, len(series) + 1)


def is_dates(strings) -> bool:
    """Return whether texts are dates or times, perhaps with a few exceptions."""
    sample = strings if len(strings) < 1000 else strings.iloc[:: len(strings) // 1000]
    return bool(np.mean([bool(_DATE.fullmatch(text.strip())) for text in sample]) >= _MOSTLY_DATES)


def _parsed(column, strings, name, kept):
    """Parse dates, in which month and day must not be confused; times become parts of a day."""
    texts = column.astype(object).where(column.notna(), None)
    options = {"utc": True, "format": "mixed", "errors": "coerce"}
    if all(_ONLY_TIME.fullmatch(text.strip()) for text in strings):
        times = pd.to_datetime(texts, **options)
        return "numbers", _days(times - times.dt.normalize())
    found, why = pd.to_datetime(texts, utc=True, format="ISO8601", errors="coerce"), ""
    if found.notna().sum() < len(strings):
        first, last = (pd.to_datetime(texts, dayfirst=day, **options) for day in (True, False))
        found = first
        if not first.equals(last):
            # A day above 12 shows the order, because only one order then reads each row.
            days = strings.str.extract(r"^\s*(\d\d?)[-/.](\d\d?)").astype(float)
            found = first if (days[0] > 12).any() else last
            if (days[0] > 12).any() == (days[1] > 12).any():
                why = "confusable dates"
    if found.isna().all():
        why = "unreadable dates"
    if why and kept:
        raise InputError(
            f"--keep: column {name!r} contains {REASONS[why]}, such as {strings.iloc[0]!r}: write "
            "them as 2020-12-31"
        )
    return (why, None) if why else ("dates", found.dt.tz_localize(None))


def compact_dates(column):
    """Read numbers such as 20201231 as dates; None if they are none."""
    numbers = column.to_numpy(np.float64)
    there = numbers[~np.isnan(numbers)]
    if len(there) < FEW_ROWS or not ((there > 1.8e7) & (there < 2.2e7)).all():
        return None
    dates = pd.to_datetime(
        column.astype("Int64").astype("string"), format="%Y%m%d", errors="coerce"
    )
    return dates if dates.notna().sum() == len(there) else None


def _days(durations):
    """Convert durations to days."""
    return (durations / pd.Timedelta(days=1)).to_numpy(np.float64)


def _text(column, strings):
    values = column.astype(object).to_numpy().copy()
    absent = column.isna().to_numpy()
    values[~absent] = strings.to_numpy()
    values[absent] = np.nan
    return pd.Categorical(values)  # texts such as "10115" are no numbers


def _without_zeros(there):
    """Write numbers as text; missing values have made floats of whole numbers."""
    if there.dtype.kind == "f" and (there == there.round()).all():
        there = there.astype(np.int64)
    return there.astype(str)
