# SPDX-License-Identifier: BSD-3-Clause
"""The target of a file, as :mod:`sparsefs.data.target` reads it."""

from __future__ import annotations

import re
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


# What a column of events may say, after a code such as "1:" has been removed.
_HAPPENED = {"1", "true", "t", "yes", "y", "event", "dead", "died", "deceased", "death"}
_HAPPENED |= {
    "relapse",
    "relapsed",
    "recurred",
    "recurrence",
    "progressed",
    "progression",
    "failed",
}
_CENSORED = {"0", "false", "f", "no", "n", "censored", "alive", "living", "none", "disease free"}
_OF_A_TIME = {"dead", "alive", "deceased", "living", "censored"}
_CODE = re.compile(r"\d\s*[:=]\s*")


class Goal(NamedTuple):
    """The target without missing values, and the task.

    Attributes
    ----------
    y : ndarray of shape (n_rows,) or (n_rows, n_targets), or None
        Events and times are a structured array.
    task : {"classification", "multilabel", "regression", "survival"} or None
    columns : list of str
        Names of the targets; of a time, and of its event.
    n_classes : int or None
    """

    y: np.ndarray | None
    task: str | None
    columns: list[str]
    n_classes: int | None

    @property
    def name(self) -> str | None:
        """The columns as one name."""
        return " and ".join(self.columns) or None

    @property
    def in_short(self) -> dict | None:
        """The entry of the JSON document."""
        if self.y is None:
            return None
        names = {"name": self.name, "columns": self.columns}
        return names | {"task": self.task, "n_classes": self.n_classes}

    def strata(self) -> np.ndarray | None:
        """Return the class of each row, or whether it has an event; None for other targets."""
        if self.y is None or self.task not in ("classification", "survival"):
            return None
        return self.y if self.task == "classification" else self.y["event"]

    def varies(self, rows) -> bool:
        """Return whether some rows differ in the target, or have an event."""
        if self.y is None:
            return True
        if self.task == "survival":
            return bool(self.y["event"][rows].any())
        return bool((self.y[rows] != self.y[rows[0]]).any())


def goal_of(data: Data, task: str, messages: Messages) -> tuple[Data, Goal]:
    """Drop the rows without a target, and say what the target is.

    Raises
    ------
    InputError
        If the target is unusable.
    """
    if not data.targets:
        return data, Goal(None, None, [], None)
    columns = list(data.targets)
    for name in columns:
        if data.targets[name].ndim > 1:
            raise InputError(f"{data.source} has several columns {name!r}")
        if name != data.event:
            data = _with_numbers(data, name, task, messages)
    data = _without_gaps(data, messages)
    if data.event is not None:
        if task != "auto":
            raise InputError(f"--event is for survival: leave out --task {task}")
        return data, _survival(data, messages)
    if len(columns) > 1:
        return data, _several(data, task, messages)
    return data, _single(data, columns[0], task, messages)


def _without_gaps(data, messages):
    """Drop the rows that lack a target."""
    gaps = {name: missing_in(values) for name, values in data.targets.items()}
    for name, missing in gaps.items():
        if missing.all():
            raise InputError(f"the target {name!r} has no values")
    missing = np.any(list(gaps.values()), axis=0)
    if not missing.any():
        return data
    rows, names = counted(int(missing.sum()), "row"), [n for n in gaps if gaps[n].any()]
    are = "is" if len(names) == 1 else "are"
    messages.prepared(f"{rows} left out: {listed(map(repr, names))} {are} missing")
    return data.rows(~missing)


def _survival(data, messages):
    """Return events and times."""
    name = next(name for name in data.targets if name != data.event)
    event, what = _events(data.targets[data.event], data.event)
    time = as_array(data.targets[name])
    if time.dtype.kind not in "biuf":
        raise InputError(f"the target {name!r} is text: with --event it must be a number, the time")
    y = np.empty(len(time), dtype=[("event", bool), ("time", np.float64)])
    y["event"], y["time"] = event, time
    _target(name, y, "survival")
    messages.say(
        f"target {name!r}: from {time.min():g} to {time.max():g}, with events: {event.sum():,} of "
        f"{len(event):,} ({data.event} is {what})"
    )
    return Goal(y, "survival", list(data.targets), None)


def warn_of_events(features, goal: Goal) -> None:
    """Warn of a column that says who is alive, next to a number that may be the time of it."""
    for name in features.text if goal.task == "regression" else ():
        words = {_CODE.sub("", str(text), count=1).lower() for text in features.X[name].unique()}
        if words & _OF_A_TIME and words <= _HAPPENED | _CENSORED | {"nan"}:
            warnings.warn(
                f"{name} may be the event of a survival time: if the time is {goal.name}, pass "
                f"--event {name}, otherwise --exclude {name} if it is known only then.",
                UserWarning,
                stacklevel=2,
            )


def _events(values, name):
    """Return whether each row has the event, and how the file says so."""
    texts = np.array([str(v).strip().removesuffix(".0") for v in np.asarray(values, object)])
    words = np.array([_CODE.sub("", text, count=1).lower() or text for text in texts])
    if set(words) == {"1", "2"}:  # as in R
        event = words == "2"
    elif odd := set(words) - _HAPPENED - _CENSORED:
        row = int(np.isin(words, list(odd)).argmax())
        raise InputError(
            f"--event: column {name!r} must say in each row whether the event happened: 1 or 0, "
            f"true or false, yes or no, dead or alive. Got {str(texts[row])!r} in row {row + 1}"
        )
    else:
        event = np.isin(words, list(_HAPPENED))
    return event, " or ".join(np.unique(texts[event])) or "never true"


def _several(data, task, messages):
    """Return several numbers, or labels, per row."""
    arrays = {name: as_array(values) for name, values in data.targets.items()}
    for name, values in arrays.items():
        if values.dtype.kind not in "biuf":
            raise InputError(f"the target {name!r} is text: several targets must be numbers")
    y = np.column_stack([values.astype(np.float64) for values in arrays.values()])
    names = " and ".join(map(repr, arrays))
    target, y = _target(names, y, "multilabel" if task == "classification" else task)
    what = "labels" if target.task == "multilabel" else "numbers"
    messages.say(f"targets {names}: {what} ({target.task})")
    return Goal(y, target.task, list(arrays), None)


def _single(data, name, task, messages):
    """Return one class or number per row."""
    y = data.targets[name]
    y = y.astype(str) if y.dtype.kind == "S" else y
    with warnings.catch_warnings(record=True) as doubts:
        warnings.simplefilter("always", UserWarning)
        target, y = _target(name, y, task)
    hint = f"; pass --task {_OTHER[target.task]}" if doubts else ""
    if target.classes is None:
        messages.say(f"target {name!r}: numbers from {y.min():g} to {y.max():g} (regression{hint})")
        return Goal(y.astype(np.float64), target.task, [name], None)
    n_classes = target.n_outputs
    if y.dtype == object:
        y = y.astype(str)
        if n_classes > len(y) / 2:
            raise InputError(
                f"the target {name!r} is text with {n_classes:,} different values in "
                f"{len(y):,} rows: it looks like an identifier. Name another column by --target"
            )
    elif y.dtype.kind == "f":  # whole numbers, as missing values made them
        y = y.astype(np.int64)
    messages.say(
        f"target {name!r}: {n_classes} classes, {listed(np.unique(y), 4)} (classification{hint})"
    )
    return Goal(y, target.task, [name], n_classes)


def _target(name, y, task):
    """Return a target as :mod:`sparsefs.data.target` reads it, and its array."""
    try:
        target = Target.of(y, task)
        return target, as_array(y, target.task)
    except (ValueError, TypeError) as error:
        raise InputError(f"the target {name!r} is unusable: {error}") from error


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
        y = None if goal.y is None else goal.y[rows]
        if y is not None and y.dtype.names:
            y = y["time"]
        for sentence in suspects(X, names, y, goal.task):
            warnings.warn(sentence, UserWarning, stacklevel=3)


def _with_numbers(data: Data, name: str, task: str, messages: Messages) -> Data:
    """Read a target of text as numbers where it is one of numbers; refuse dates."""
    y: Any = data.targets[name]
    dates = InputError(
        f"the target {name!r} is unusable: it contains dates. Name another column by "
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
        messages.prepared(f"spaces around values of {name!r} ignored")
        strings = strings.str.strip()
        y = y.astype(object)
        y[~missing] = strings
        data = replace(data, targets=data.targets | {name: y}, code=None)
    # Text of plain numbers, as Parquet may contain, are names of classes.
    if task == "classification" or pd.to_numeric(strings, errors="coerce").notna().all():
        return data
    kinds = Kinds(data.marks, data.guess)
    found = kinds.numbers(strings, name)
    kinds.tell(
        messages,
        "Pass --missing with the texts that mean a missing number, or --task classification",
    )
    if found is None:
        return data
    values = pd.Series(np.nan, index=y.index)
    values[~missing] = found.numbers
    return replace(data, targets=data.targets | {name: values}, code=None)
