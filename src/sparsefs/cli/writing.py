# SPDX-License-Identifier: BSD-3-Clause
"""Files of the selected columns."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse

from .data import Data
from .errors import InputError, needing

_KINDS = (".csv", ".tsv", ".parquet", ".npz")


def check_out(path: Path | None, kinds=_KINDS, option: str = "--out") -> None:
    """Check, before any work, that a file can be written."""
    if path is None:
        return
    if _kind(path) not in kinds:
        raise InputError(f"{option}: {str(path)!r} must end in {' or '.join(kinds)}")
    if path.is_dir() or not path.resolve().parent.is_dir():
        raise InputError(f"{option}: {str(path)!r} is a directory, or its directory does not exist")
    if _kind(path) in (".csv", ".tsv", ".parquet"):
        with needing(f"writing {_kind(path)}", "cli"):
            import pandas  # noqa: F401

            if _kind(path) == ".parquet":
                import pyarrow  # noqa: F401


def write(path: Path, data: Data, columns: list[str]) -> None:
    """Write columns as they were read, followed by the target."""
    at = [data.names.index(name) for name in columns]
    X = data.X.iloc[:, at] if hasattr(data.X, "columns") else data.X[:, at]
    y = data.y
    if _kind(path) == ".npz":
        _write_npz(path, X, columns, y, data.target)
        return
    import pandas as pd

    if not hasattr(X, "columns"):
        X = pd.DataFrame(X.toarray() if sparse.issparse(X) else X, columns=columns)
    if y is not None:
        X = X.assign(**{str(data.target): np.asarray(y)})
    if _kind(path) == ".parquet":
        X.to_parquet(path, index=False)
    else:
        X.to_csv(path, index=False, sep="\t" if _kind(path) == ".tsv" else ",")


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
