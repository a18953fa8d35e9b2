# SPDX-License-Identifier: BSD-3-Clause
"""What is to be predicted: classes or numbers."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .data import Data
from .errors import InputError
from .messages import Messages, counted, listed

_FEW_VALUES = 20  # whole numbers of so many values are classes
_MANY_CLASSES = 100  # of more than so many, whatever they are, they are numbers
_PER_CLASS = 5  # and of fewer rows a class


class Goal(NamedTuple):
    """What is to be predicted.

    Attributes
    ----------
    y : ndarray of shape (n_rows,) or None
        Text or whole numbers where they are classes, float64 where they are numbers.
    task : {"classification", "regression"} or None
    name : str or None
    n_classes : int or None
    """

    y: np.ndarray | None
    task: str | None
    name: str | None
    n_classes: int | None

    @property
    def in_short(self) -> dict | None:
        """What JSON says of it."""
        if self.y is None:
            return None
        return {"name": self.name, "task": self.task, "n_classes": self.n_classes}


def goal_of(data: Data, task: str, messages: Messages) -> tuple[Data, Goal]:
    """Decide what the target is, and leave out the rows that have none.

    Raises
    ------
    InputError
        If the target is unusable.
    """
    if data.y is None:
        return data, Goal(None, None, None, None)
    y = _values(data)
    missing = _missing(y)
    if missing.any():
        if missing.all():
            raise InputError(f"the target {data.target!r} has no values")
        messages.prepared(
            f"{counted(int(missing.sum()), 'row')} without a value of {data.target!r} left out"
        )
        data, y = data.rows(~missing), y[~missing]
    return data, _goal(y, task, data.target, messages)


def _goal(y, task, name, messages):
    is_text = y.dtype.kind in "OU"
    values, counts = np.unique(y.astype(str) if is_text else y, return_counts=True)
    if len(values) < 2:
        raise InputError(f"the target {name!r} is {values[0]!s} in every row")
    if task == "regression" and is_text:
        raise InputError(f"--task regression: the target {name!r} is text, such as {str(y[0])!r}")
    if not is_text and not np.isfinite(y).all():
        raise InputError(f"the target {name!r} has infinite values")
    whole = is_text or bool((y == np.round(y)).all())
    if task == "auto":
        many = len(values) > _FEW_VALUES and (
            len(values) > _MANY_CLASSES or counts.mean() < _PER_CLASS
        )
        task = "classification" if is_text or len(values) == 2 else "regression"
        if whole and not many:
            task = "classification"
    if task == "regression":
        messages.say(
            f"target {name!r}: numbers from {values[0]:g} to {values[-1]:g} (regression"
            f"{'; --task classification if they are classes' if len(values) <= 1000 else ''})"
        )
        return Goal(y.astype(np.float64), task, name, None)
    if is_text and len(values) > len(y) / 2:
        raise InputError(
            f"the target {name!r} is text of {len(values):,} different values in {len(y):,} rows: "
            "that is an identifier rather than classes"
        )
    hint = "" if is_text or len(values) == 2 else "; --task regression if they are a quantity"
    classes = listed(_short(values), 4)
    messages.say(f"target {name!r}: {len(values)} classes, {classes} (classification{hint})")
    if is_text:
        return Goal(y.astype(str), task, name, len(values))
    return Goal(y.astype(np.int64) if whole else y.astype(str), task, name, len(values))


def _short(values):
    return [value if isinstance(value, str) else f"{value:g}" for value in values]


def _values(data):
    """The target as an array of text, bool or float64, with what is missing."""
    y = data.y
    if hasattr(y, "to_numpy"):
        import pandas as pd

        if isinstance(y, pd.DataFrame):
            raise InputError(f"{data.source} has several columns {data.target!r}")
        kind = y.dtype.kind if isinstance(y.dtype, np.dtype) else None
        if kind in ("M", "m") or pd.api.types.is_datetime64_any_dtype(y.dtype):
            raise InputError(f"the target {data.target!r} holds dates")
        if kind in ("f", "i", "u"):
            return y.to_numpy(np.float64)
        if pd.api.types.is_numeric_dtype(y.dtype) and not pd.api.types.is_bool_dtype(y.dtype):
            return y.to_numpy(np.float64, na_value=np.nan)
        found = y.isna().to_numpy()
        text = y.astype(object).to_numpy().copy()
        text[~found] = [str(value) for value in text[~found]]
        text[found] = None
        return text
    y = np.asarray(y)
    if y.dtype.kind in "iuf":
        return y.astype(np.float64)
    if y.dtype.kind in "bUS":
        return y.astype(str).astype(object)
    raise InputError(f"the target {data.target!r} holds {y.dtype}, neither text nor numbers")


def _missing(y):
    if y.dtype.kind == "f":
        return np.isnan(y)
    return np.array([value is None or value == "" for value in y])
