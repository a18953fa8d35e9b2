# SPDX-License-Identifier: BSD-3-Clause
"""The target of a file, as :mod:`sparsefs.data.target` reads it."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from scipy import sparse

from ..data.suspects import suspects
from ..data.target import Target, as_array
from ..utils.text import counted, listed
from .data import Data, missing_in
from .errors import InputError
from .messages import Messages

_OTHER = {  # the task to pass instead, and when
    "classification": "regression if the numbers are a quantity",
    "regression": "classification if the numbers are classes",
}


class Goal(NamedTuple):
    """The target without missing values, and the task.

    Attributes
    ----------
    y : ndarray of shape (n_rows,) or None
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
        """The entry of the JSON document."""
        if self.y is None:
            return None
        return {"name": self.name, "task": self.task, "n_classes": self.n_classes}


def goal_of(data: Data, task: str, messages: Messages) -> tuple[Data, Goal]:
    """Drop the rows without a target, and say what the target is.

    Raises
    ------
    InputError
        If the target is unusable.
    """
    if data.y is None:
        return data, Goal(None, None, None, None)
    if data.y.ndim > 1:
        raise InputError(f"{data.source} has several columns {data.target!r}")
    data = _with_numbers(data, task, messages)
    assert data.y is not None
    missing = missing_in(data.y)
    if missing.all():
        raise InputError(f"the target {data.target!r} has no values")
    if missing.any():
        rows = counted(int(missing.sum()), "row")
        messages.prepared(f"{rows} left out: {data.target!r} is missing")
        data = data.rows(~missing)
    assert data.y is not None
    y = data.y.astype(str) if data.y.dtype.kind == "S" else data.y
    try:
        with warnings.catch_warnings(record=True) as doubts:
            warnings.simplefilter("always", UserWarning)
            target = Target.of(y, task)
        y = as_array(y)
    except (ValueError, TypeError) as error:
        raise InputError(f"the target {data.target!r} is unusable: {error}") from error
    hint = f"; pass --task {_OTHER[target.task]}" if doubts else ""
    if target.classes is None:
        messages.say(
            f"target {data.target!r}: numbers from {y.min():g} to {y.max():g} (regression{hint})"
        )
        return data, Goal(y.astype(np.float64), target.task, data.target, None)
    n_classes = target.n_outputs
    if y.dtype == object:
        y = y.astype(str)
        if n_classes > len(y) / 2:
            raise InputError(
                f"the target {data.target!r} is text with {n_classes:,} different values in "
                f"{len(y):,} rows: it looks like an identifier. Name another column by --target"
            )
    elif y.dtype.kind == "f":  # whole numbers, as missing values made them
        y = y.astype(np.int64)
    messages.say(
        f"target {data.target!r}: {n_classes} classes, {listed(np.unique(y), 4)} "
        f"(classification{hint})"
    )
    return data, Goal(y, target.task, data.target, n_classes)


def warn_of_suspects(features, goal: Goal, X, rows=slice(None)) -> None:
    """Warn of columns of numbers that look like identifiers, or predict the target alone.

    `X` are the rows of the features.
    """
    X, columns = features.numbers(X)
    _warn_of(X, [features.names[i] for i in columns], goal, rows)


def warn_of_gaps(features, goal: Goal) -> None:
    """Warn of columns that predict the target by what is missing."""
    if goal.task != "classification" or sparse.issparse(features.X):
        return
    X, columns = features.numbers(features.X)
    gaps = np.isnan(X)
    some = np.flatnonzero(gaps.any(axis=0))
    named = [f"whether {features.names[columns[i]]} is missing" for i in some]
    if named:
        _warn_of(gaps[:, some].astype(np.float32), named, goal, slice(None))


def _warn_of(X, names, goal, rows):
    if X.shape[1]:
        for sentence in suspects(X, names, None if goal.y is None else goal.y[rows], goal.task):
            warnings.warn(sentence, UserWarning, stacklevel=3)


def _with_numbers(data: Data, task: str, messages: Messages) -> Data:
    """Read a target of text as numbers where it is one of numbers; refuse dates."""
    y: Any = data.y
    dates = InputError(
        f"the target {data.target!r} is unusable: it contains dates. Name another column by "
        "--target, or write dates as numbers, such as days"
    )
    if str(y.dtype).startswith(("datetime", "timedelta", "date", "timestamp")):
        raise dates
    missing = missing_in(y)
    if missing.all() or not all(isinstance(v, str) for v in y[~missing]) or hasattr(y, "cat"):
        return data
    try:
        import pandas as pd

        from .columns import Kinds, is_dates
    except ImportError:
        return data
    y = pd.Series(y)
    strings = y[~missing].astype(str)
    if is_dates(strings):
        raise dates
    if not strings.equals(strings.str.strip()):
        messages.prepared(f"spaces around values of {data.target!r} ignored")
        strings = strings.str.strip()
        y = y.astype(object)
        y[~missing] = strings
        data = replace(data, y=y, code=None)
    # Text of plain numbers, as Parquet may contain, are names of classes.
    if task == "classification" or pd.to_numeric(strings, errors="coerce").notna().all():
        return data
    kinds = Kinds(data.marks, data.guess)
    found = kinds.numbers(strings, str(data.target))
    kinds.tell(
        messages,
        "Pass --missing with the texts that mean a missing number, or --task classification",
    )
    if found is None:
        return data
    values = pd.Series(np.nan, index=y.index)
    values[~missing] = found.numbers
    return replace(data, y=values, code=None)
