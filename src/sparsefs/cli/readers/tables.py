# SPDX-License-Identifier: BSD-3-Clause
"""What the readers of data frames share: decimal marks, rows of totals, turned tables."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ..quantities import quantities_of

_SAMPLE = 200  # values, and columns, that decide about decimal marks
_TOTALS = {
    "total",
    "totals",
    "grand total",
    "sum",
    "subtotal",
    "average",
    "mean",
    "summe",
    "gesamt",
    "gesamtsumme",
    "mittelwert",
    "total général",
    "somme",
    "totale",
    "suma",
}


def decimal_mark(frame) -> str | None:
    """Return the decimal mark that columns of text need; None if none does, or both are used."""
    needed: set[str] = set()
    decimals = [i for i, d in enumerate(frame.dtypes) if isinstance(d, np.dtype) and d.kind == "f"]
    for i in decimals[:: max(1, len(decimals) // _SAMPLE)]:
        values = np.abs(frame.iloc[:_SAMPLE, i].to_numpy())
        values = values[np.isfinite(values)]
        # "0.5" and "1.2345" need a point; "1.234" may be one thousand.
        if ((values % 1 > 0) & ((values < 1) | (np.abs(values * 1000 % 1 - 0.5) < 0.499))).any():
            needed.add(".")
            break
    text = [
        i
        for i, dtype in enumerate(frame.dtypes)
        if pd.api.types.is_object_dtype(dtype) or pd.api.types.is_string_dtype(dtype)
    ]
    for i in text[:: max(1, len(text) // _SAMPLE)]:
        there = frame.iloc[:, i].dropna()
        there = there.iloc[:: max(1, len(there) // _SAMPLE)].astype(str)
        found = quantities_of(there.to_numpy(object))
        if found.mostly_numbers and found.decimal and (found.decimal == "," or found.grouped):
            needed.add(found.decimal)
    return needed.pop() if len(needed) == 1 else None


def without_totals(frame, notes):
    """Leave out rows at the end whose first text says that they are totals."""
    end = len(frame)
    while end > 2:
        texts = [value for value in frame.iloc[end - 1] if isinstance(value, str)]
        total = texts[0].strip(" :").lower() if texts else ""
        if total not in _TOTALS:
            break
        place = next(i for i, v in enumerate(frame.iloc[end - 1]) if isinstance(v, str))
        if frame.iloc[: end - 1, place].astype(str).str.lower().eq(texts[0].lower()).any():
            break
        notes.append(f"row {end} left out: it looks like totals ({texts[0]!r})")
        end -= 1
    return frame.iloc[:end]


def transposed(frame):
    """Turn a table with a feature per row, whose first column contains their names.

    Returns
    -------
    frame : DataFrame
    names : list of str
    """
    names = [str(name) for name in frame.iloc[:, 0]]
    turned = frame.iloc[:, 1:].T.reset_index(drop=True)
    if turned.shape[1] and turned.to_numpy().dtype == object:
        turned = pd.DataFrame({i: _numbers(turned.iloc[:, i]) for i in range(turned.shape[1])})
    turned.columns = names
    return turned, names


def _numbers(column):
    numbers = pd.to_numeric(column, errors="coerce")
    return numbers if numbers.isna().equals(column.isna()) else column.infer_objects()


def looks_transposed(frame) -> bool:
    """Return whether the rows look like features: many, with names, and like columns of numbers."""
    n_rows, n_columns = frame.shape
    if n_rows < 500 or n_columns < 6 or n_rows < 10 * n_columns:
        return False
    first = frame.iloc[:, 0]
    numeric = [isinstance(d, np.dtype) and d.kind in "iuf" for d in frame.dtypes[1:]]
    if isinstance(first.dtype, np.dtype) and first.dtype.kind in "iufb":
        return False
    if first.nunique() < 0.9 * n_rows or np.mean(numeric) < 0.9:
        return False
    spread = frame.iloc[:, 1:].std(numeric_only=True)
    return bool(spread.max() < 10 * spread.min())  # samples have the same unit, features may not
