# SPDX-License-Identifier: BSD-3-Clause
"""Files of the selected columns."""

from __future__ import annotations

import csv
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse

from ..utils.files import check_writable, replacing, same_file
from ..utils.text import counted, like_formulas
from .data import Data
from .errors import InputError, needing
from .output import as_json

STDOUT = Path("-")
_KINDS = (".csv", ".tsv", ".parquet", ".npz", ".h5ad")
_KINDS_OF_SCORES = (".csv", ".json")
_HEAD_OF_SCORES = ("method", "K", "metric", "mean", "std", "seconds", "tied_with_best", "error")


def check_files(arguments) -> None:
    """Check, before any work, that all files can be written and replace no input."""
    others = {"DATA": arguments.data}
    for target in getattr(arguments, "target", None) or []:
        if os.path.isfile(target):  # beside an .npz file
            others["--target"] = target
    for name in ("SELECTION", "--feature-groups", "--feature-costs"):
        place = getattr(arguments, name.strip("-").replace("-", "_").lower(), None)
        if place is not None:
            others[name] = place
    out = _KINDS_OF_SCORES if arguments.command == "compare" else _KINDS
    for option, kinds in (("--out", out), ("--save", (".joblib",)), ("--report", (".html",))):
        path = getattr(arguments, option[2:], None)
        if path is None or path == STDOUT:
            continue
        _check_writable(path, kinds, option)
        if kinds is _KINDS:
            _check_libraries(path)
        for other, place in others.items():
            if same_file(path, place):
                raise InputError(
                    f"{option}: {str(path)!r} is the file of {other}, {str(place)!r}: name another"
                )
        others[option] = path


def _check_writable(path, kinds, option):
    if _kind(path) not in kinds:
        raise InputError(f"{option}: {str(path)!r} must end in {' or '.join(kinds)}")
    if os.path.isdir(path) or not os.path.isdir(os.path.dirname(os.path.realpath(path))):
        raise InputError(f"{option}: {str(path)!r} is a directory, or its directory does not exist")
    try:
        check_writable(path)
    except OSError as error:
        raise InputError(f"{option}: {str(path)!r} cannot be written: {error.strerror}") from error


def _check_libraries(path):
    if _kind(path) in (".csv", ".tsv", ".parquet"):
        with needing(f"writing {_kind(path)}", "cli"):
            import pandas  # noqa: F401

            if _kind(path) == ".parquet":
                import pyarrow  # noqa: F401


def write(path: Path, data: Data, columns: list[str]) -> str | None:
    """Write columns as they were read: the names of the rows, the selection, the target.

    Returns
    -------
    str or None
        A warning about the file.
    """
    at, X = _selected(data, columns)
    if path == STDOUT:
        as_table(data, columns).to_csv(sys.stdout, index=False)
        return None
    with replacing(path) as file:
        if _kind(path) == ".npz":
            _write_npz(file, X, columns, data)
            return None
        if _kind(path) == ".h5ad":
            return _write_h5ad(file, data.annotated[:, at])
        return _write_table(file, _kind(path), as_table(data, columns))


def _selected(data, columns):
    at = [data.names.index(name) for name in columns]
    return at, data.X.iloc[:, at] if hasattr(data.X, "columns") else data.X[:, at]


def as_table(data: Data, columns: list[str]) -> Any:
    """Return a frame of the names of the rows, the selection and the target."""
    import pandas as pd

    _, X = _selected(data, columns)
    if not hasattr(X, "columns"):
        X = pd.DataFrame(X.toarray() if sparse.issparse(X) else X, columns=columns)
    X = X.assign(**{name: np.asarray(values) for name, values in data.targets.items()})
    if data.ids is not None:
        X.insert(0, data.id_name, data.ids)
    return X


def _write_table(file, kind, X):
    if kind == ".parquet":
        X.to_parquet(file, index=False)
        return None
    X.to_csv(file, index=False, sep="\t" if kind == ".tsv" else ",")
    texts = [name for name in X.columns if X[name].dtype.kind not in "biufcmM"]
    odd = like_formulas([*X.columns, *(value for name in texts for value in X[name].unique())])
    if not odd:
        return None
    return (
        f"a spreadsheet takes {counted(len(odd), 'text')} in this file for a formula, such as "
        f"{odd[0]!r}: import its columns as text"
    )


def check_npz(path: Path | None, text) -> None:
    """Check that no text is to be written to an .npz file."""
    if path is not None and _kind(path) == ".npz" and text:
        raise InputError(
            f"--out: {str(path)!r} can contain numbers only, and column {text[0]!r} is text: use "
            "another format"
        )


def check_h5ad(path: Path | None, data: Data) -> None:
    """Check that .h5ad is written from .h5ad only, whose obs and var it keeps."""
    if path is not None and _kind(path) == ".h5ad" and data.annotated is None:
        raise InputError(f"--out: {str(path)!r} needs an .h5ad file as DATA: use another format")


def _write_h5ad(path, annotated):
    made = annotated.copy()
    had_raw = made.raw is not None
    made.raw = None
    made.obs, made.var = _without_strings(made.obs), _without_strings(made.var)
    made.write_h5ad(path, compression="gzip")
    return "raw is not in this file, as it contains all genes" if had_raw else None


def _without_strings(frame):
    """Make objects of text, as anndata cannot write the strings of pandas 3."""
    import pandas as pd

    frame = frame.set_axis(frame.index.astype(object))
    for name in frame.columns:
        column = frame[name]
        if isinstance(column.dtype, pd.CategoricalDtype):
            names = column.cat.categories
            names = names.astype(object) if isinstance(names.dtype, pd.StringDtype) else names
            column = pd.Categorical.from_codes(column.cat.codes, names, column.cat.ordered)
            frame[name] = pd.Series(column, frame.index)
        elif isinstance(column.dtype, pd.StringDtype):
            frame[name] = column.astype(object)
    return frame


def write_scores(path: Path, document: dict[str, Any]) -> None:
    """Write the document of a comparison, or a table with a row per method and K."""
    with replacing(path) as file:
        if _kind(path) == ".json":
            file.write_text(as_json(document) + "\n", encoding="utf-8")
            return
        with open(file, "w", newline="", encoding="utf-8") as table:
            rows = csv.writer(table)
            rows.writerow(_HEAD_OF_SCORES)
            for row in [*document["methods"], document["guess"]]:
                if row is None:
                    continue
                if row["error"]:
                    rows.writerow([row["method"], *[""] * 6, row["error"]])
                    continue
                seconds = float(np.median(row["fit_seconds"]))
                ties = row.get("tied_with_best", [""] * len(row["Ks"]))
                for K, mean, std, tied in zip(
                    row["Ks"], row["mean"], row["std"], ties, strict=True
                ):
                    rows.writerow([row["method"], K, row["metric"], mean, std, seconds, tied, ""])


def _write_npz(path, X, columns, data):
    arrays: dict[str, Any] = {"feature_names": np.array(columns, dtype=str)}
    arrays["X"] = X.toarray() if sparse.issparse(X) else np.asarray(X)
    rows = [(name, values, "y") for name, values in data.targets.items()]
    rows += [] if data.ids is None else [(data.id_name, data.ids, "id")]
    for name, values, other in rows:
        values = np.asarray(values)
        values = values.astype(str) if values.dtype == object else values
        arrays[other if name in arrays else name] = values
    with open(path, "wb") as file:  # numpy would append .npz to another name
        np.savez_compressed(file, **arrays)


def _kind(path):
    """Return the ending that decides the format: that of the text if it is compressed."""
    *others, last = "", *(ending.lower() for ending in path.suffixes)
    return others[-1] if last == ".gz" and others[-1:] in ([".csv"], [".tsv"]) else last
