# SPDX-License-Identifier: BSD-3-Clause
"""Python program that repeats ``sparsefs select``, for the report."""

from __future__ import annotations

import numpy as np

from .preparation import MOST_CATEGORIES
from .splits import can_keep_shares

_IMPUTER = 'SimpleImputer(strategy="median", keep_empty_features=True)'


def program_of(arguments, data, goal, features, fitted) -> str | None:
    """Write the program; None if the command converted columns in ways that pandas does not.

    Parameters
    ----------
    data : Data
        As read, without the rows that lack a target.
    goal : Goal
    features : Features
    fitted : _Fitted
    """
    if data.code is None or data.for_fit(slice(None)) or not _plain(data, features):
        return None
    imports = {"import numpy as np", "import pandas as pd"}
    lines = [f"table = {data.code}"]
    if goal.y is not None:
        lines += [
            f"table = table.dropna(subset=[{goal.name!r}])",
            *_without_empty(data, goal),
            f"y = table.pop({goal.name!r}).to_numpy()",
        ]
    dropped = [*arguments.drop, *([] if data.id_name is None else [data.id_name])]
    lines.append(_columns(data, features, dropped))
    n_rows = features.X.shape[0]
    if len(fitted.rows) < n_rows:
        imports.add("from sklearn.model_selection import train_test_split")
        shares = can_keep_shares(goal, len(fitted.rows), n_rows - len(fitted.rows))
        stratified = ", stratify=y" if shares else ""
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
    lines += ["", *_preparing(features, fitted, imports)]

    from ..report._code import program_after

    made = program_after(lines, imports, fitted.selector, fitted.X.shape, with_y=goal.y is not None)
    return made.text if not made.to_fill_in else None


def _plain(data, features) -> bool:
    """Return whether pandas reads all columns as the command does."""
    import pandas as pd

    if not hasattr(data.X, "columns"):
        return False
    text = set(features.text)
    return all(
        pd.api.types.infer_dtype(data.X[name], skipna=True) == "string"
        if name in text
        else isinstance(data.X[name].dtype, np.dtype) and data.X[name].dtype.kind in "fiu"
        for name in features.names
    )


def _without_empty(data, goal):
    """Yield the line that drops empty text, which Parquet files may contain."""
    if goal.y.dtype.kind == "U" and "read_parquet" in data.code:
        yield f'table = table[table[{goal.name!r}] != ""]'


def _columns(data, features, dropped):
    """Write the line that takes the used columns, in the order of the file."""
    used = set(features.names)
    left_out = [*dropped, *(name for name in data.X.columns if name not in used)]
    if not left_out:
        return "X = table"
    if len(left_out) <= len(used):
        return f"X = table.drop(columns={left_out!r})"
    return f"X = table[{[name for name in data.X.columns if name in used]!r}]"


def _preparing(features, fitted, imports):
    """Yield the lines that make features of the columns."""
    median = '"passthrough"'
    if features.steps is not None and (not features.text or _has_imputer(fitted.steps)):
        imports.add("from sklearn.impute import SimpleImputer")
        median = _IMPUTER
    if not features.text:
        yield f"X = X.astype(np.{fitted.X.dtype})"
        if features.steps is not None:
            yield f'X = {median}.set_output(transform="pandas").fit_transform(X)'
        return
    imports |= {
        "from sklearn.compose import ColumnTransformer",
        "from sklearn.preprocessing import OneHotEncoder",
    }
    dtype = features.X.dtypes.iloc[0]
    yield f"text = {features.text!r}"
    yield "numbers = X.columns.drop(text)"
    yield (
        f"X = pd.concat([X[numbers].astype(np.{dtype}), X[text].astype(object)], axis=1)"
        if len(features.names) > len(features.text)
        else "X = X.astype(object)"
    )
    yield from (
        "encoder = OneHotEncoder(",
        f'    drop="if_binary", max_categories={MOST_CATEGORIES}, '
        'handle_unknown="infrequent_if_exist",',
        "    sparse_output=False, dtype=np.float32,",
        '    feature_name_combiner=lambda column, value: f"{column}="',
        '    + str({"infrequent_sklearn": "(other)"}.get(value, value) if value == value '
        'else "(missing)"),',
        ")",
        "columns = ColumnTransformer(",
        f'    [("numbers", {median}, list(numbers)), ("text", encoder, text)],',
        "    verbose_feature_names_out=False,",
        ")",
        'X = columns.set_output(transform="pandas").fit_transform(X)',
    )


def _has_imputer(steps):
    (columns,) = (step for _, step in steps.steps)
    return columns.transformers[0][1] != "passthrough"
