# SPDX-License-Identifier: BSD-3-Clause
"""Readers of tables, a module per format, so that only the needed libraries are imported."""

from __future__ import annotations

import difflib
import importlib
from pathlib import Path

from ...utils.text import counted
from ..data import Data
from ..errors import InputError
from ..names import BUNDLED

_COMPRESSED = {".gz", ".bz2", ".xz", ".zst", ".zip"}
_READERS = {
    **dict.fromkeys((".csv", ".tsv", ".tab", ".txt"), "csv"),
    **dict.fromkeys((".parquet", ".pq"), "parquet"),
    **dict.fromkeys((".npz", ".npy"), "npz"),
    **dict.fromkeys((".svm", ".svmlight", ".libsvm"), "svmlight"),
    ".h5ad": "h5ad",
}
_DATASETS = ("openml", "sklearn")


def read(arguments) -> Data:
    """Read the argument DATA, and print its size.

    Raises
    ------
    InputError
        If there is no such file or column, or the file has another format than its name says.
    CommandError
        If a library is missing or a download fails.
    """
    name = arguments.data
    prefix, _, rest = name.partition(":")
    if name in BUNDLED and not Path(name).exists():
        prefix, rest = "sklearn", name
    if prefix in _DATASETS and rest:
        reader, what = importlib.import_module(f".{prefix}", __package__), rest
    else:
        what = _checked(Path(name))
        reader = importlib.import_module(f".{_READERS[kind_of(what)]}", __package__)
    data = reader.read(what, arguments)
    if data.y is None and not arguments.unsupervised:
        raise InputError(
            "no target: name a column by --target, or pass --unsupervised (the last column of "
            f"{name} is {data.names[-1]!r})"
        )
    data = data.without(arguments.drop)
    n_rows, n_columns = data.X.shape
    if n_rows == 0 or n_columns == 0:
        raise InputError(f"{name} has {n_rows} rows and {n_columns} columns to select from")
    arguments.messages.say(
        f"{data.source}: {counted(n_rows, 'row')}, {counted(n_columns, 'column')} to select from"
    )
    for note in data.notes:
        arguments.messages.say(note)
    return data


def kind_of(path: Path) -> str:
    """Return the ending that tells the format, in lower case and without that of compression."""
    endings = [ending.lower() for ending in path.suffixes]
    while endings and endings[-1] in _COMPRESSED:
        endings.pop()
    return endings[-1] if endings else ""


def _checked(path):
    if path.is_dir():
        raise InputError(
            f"{path} is a directory: read one with .npy or Parquet files in Python, by "
            "sparsefs.open_shards"
        )
    if not path.exists():
        near = []
        if path.parent.is_dir():
            near = [f.name for f in path.parent.iterdir()]
        near = difflib.get_close_matches(path.name, [*near, *BUNDLED], n=3)
        hint = f": did you mean {' or '.join(map(repr, near))}?" if near else ""
        raise InputError(f"there is no file {str(path)!r}{hint}")
    if kind_of(path) not in _READERS:
        raise InputError(f"{path}: unknown file type; supported: {', '.join(_READERS)}")
    return path
