# SPDX-License-Identifier: BSD-3-Clause
"""Python program that repeats ``sparsefs select``, for the report."""

from __future__ import annotations

import numpy as np
from sklearn.base import clone

from ..data.cells import read_column
from .splits import can_keep_shares


def program_of(arguments, data, goal, features, fitted, named) -> str | None:
    """Write the program; None if the command converted columns in ways that pandas does not.

    Parameters
    ----------
    data : Data
        As read, without the rows that lack a target.
    goal : Goal
    features : Features
    fitted : _Fitted
    named : dict
        Parameters of the selector that name columns.
    """
    odd_event = goal.task == "survival" and not _zeros_and_ones(data.targets[data.event])
    if data.code is None or data.for_fit(slice(None)) or odd_event or not _plain(data, features):
        return None
    imports = {"import pandas as pd"}
    lines = [f"table = {data.code}"]
    if goal.y is not None:
        several = len(goal.columns) > 1
        which = repr(goal.columns if several else goal.columns[0])
        lines += [
            f"table = table.dropna(subset={goal.columns!r})",
            *_without_empty(data, goal),
            f"y = table[{which}].to_numpy()" if several else f"y = table.pop({which}).to_numpy()",
            *([f"table = table.drop(columns={which})"] if several else []),
        ]
    dropped = [*arguments.exclude, *([] if data.id_name is None else [data.id_name])]
    lines.append(_columns(data, features, dropped))
    n_rows = features.X.shape[0]
    if not features.kinds and features.X.dtype == np.float32:
        lines[-1] += '.astype("float32")'
    if len(fitted.rows) < n_rows:
        imports |= {"import numpy as np", "from sklearn.model_selection import train_test_split"}
        shares = can_keep_shares(goal.strata(), len(fitted.rows), n_rows - len(fitted.rows))
        of = "[:, 1]" if goal.task == "survival" else ""  # the event
        stratified = f", stratify=y{of}" if shares else ""
        lines += [
            "",
            "# The training rows; the others were held out for the score.",
            "rows, _ = train_test_split(",
            f"    np.arange(len(X)), test_size={n_rows - len(fitted.rows)}{stratified}, "
            f"random_state={arguments.seed}",
            ")",
            "rows.sort()",
            "X = X.iloc[rows]",
            *(["y = y[rows]"] if goal.y is not None else []),
        ]

    from ..report._code import program_after

    selector = clone(fitted.selector)
    (selector if fitted.base is fitted.selector else selector.estimator).set_params(**named)
    shape = (len(fitted.rows), features.X.shape[1])
    made = program_after(lines, imports, selector, shape, with_y=goal.y is not None)
    return made.text if not made.to_fill_in else None


def _zeros_and_ones(values):
    return values.dtype.kind in "iuf" and bool(np.isin(values, (0, 1)).all())


def _plain(data, features) -> bool:
    """Return whether a selector reads the columns of pandas as the command does."""
    if not hasattr(data.X, "columns"):
        return False
    place = {name: i for i, name in enumerate(data.names)}
    return all(
        _is_same(data.X, place[name], features.X, i, name) for i, name in enumerate(features.names)
    )


def _is_same(X, i, ours, j, name):
    dtype = X.dtypes.iloc[i]
    if isinstance(dtype, np.dtype) and dtype.kind in "fiub":
        return not hasattr(ours, "columns") or dtype.kind == "b" or ours.dtypes.iloc[j] == dtype
    if not hasattr(ours, "columns"):
        return False
    try:
        one, other = read_column(X, i, name), read_column(ours, j, name)
    except (TypeError, ValueError):
        return False
    if one.dtype.kind != other.dtype.kind:
        return False
    return bool(((one == other) | ((one != one) & (other != other))).all())


def _without_empty(data, goal):
    """Yield the line that drops empty text, which Parquet files may contain."""
    if goal.y.dtype.kind == "U" and "read_parquet" in data.code:
        yield f'table = table[table[{goal.columns[0]!r}] != ""]'


def _columns(data, features, dropped):
    """Write the line that takes the used columns, in the order of the file."""
    used = set(features.names)
    left_out = [*dropped, *(name for name in data.X.columns if name not in used)]
    if not left_out:
        return "X = table"
    if len(left_out) <= len(used):
        return f"X = table.drop(columns={left_out!r})"
    return f"X = table[{features.names!r}]"
