# SPDX-License-Identifier: BSD-3-Clause
"""Files of the selected columns."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse

from ..utils.files import check_writable, replacing, same_file
from ..utils.text import counted, like_formulas
from .data import Data
from .errors import InputError, needing

_KINDS = (".csv", ".tsv", ".parquet", ".npz")


def check_files(arguments) -> None:
    """Check, before any work, that --out and --report can be written and replace no input."""
    others = {"DATA": arguments.data}
    if arguments.target is not None and os.path.isfile(arguments.target):  # beside an .npz file
        others["--target"] = arguments.target
    for option, kinds in (("--out", _KINDS), ("--report", (".html",))):
        path = getattr(arguments, option[2:])
        if path is None:
            continue
        _check_writable(path, kinds, option)
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
    if _kind(path) in (".csv", ".tsv", ".parquet"):
        with needing(f"writing {_kind(path)}", "cli"):
            import pandas  # noqa: F401

            if _kind(path) == ".parquet":
                import pyarrow  # noqa: F401


def write(path: Path, data: Data, columns: list[str]) -> str | None:
    """Write columns as they were read, followed by the target; return a warning about the file."""
    at = [data.names.index(name) for name in columns]
    X = data.X.iloc[:, at] if hasattr(data.X, "columns") else data.X[:, at]
    with replacing(path) as file:
        if _kind(path) == ".npz":
            _write_npz(file, X, columns, data.y, data.target)
            return None
        return _write_table(file, _kind(path), X, columns, data)


def _write_table(file, kind, X, columns, data):
    import pandas as pd

    if not hasattr(X, "columns"):
        X = pd.DataFrame(X.toarray() if sparse.issparse(X) else X, columns=columns)
    if data.y is not None:
        X = X.assign(**{str(data.target): np.asarray(data.y)})
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


def _write_npz(path, X, columns, y, target):
    arrays: dict[str, Any] = {"feature_names": np.array(columns, dtype=str)}
    arrays["X"] = X.toarray() if sparse.issparse(X) else np.asarray(X)
    if y is not None:
        y = np.asarray(y)
        arrays[str(target) if target != "X" else "y"] = y.astype(str) if y.dtype == object else y
    with open(path, "wb") as file:  # numpy would append .npz to another name
        np.savez_compressed(file, **arrays)


def _kind(path):
    """Return the ending that decides the format: that of the text if it is compressed."""
    *others, last = "", *(ending.lower() for ending in path.suffixes)
    return others[-1] if last == ".gz" and others[-1:] in ([".csv"], [".tsv"]) else last
