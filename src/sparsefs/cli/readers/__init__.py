# SPDX-License-Identifier: BSD-3-Clause
"""Readers of tables, a module per format, so that only the needed libraries are imported."""

from __future__ import annotations

import copy
import difflib
import importlib
import lzma
import re
import zipfile
import zlib
from dataclasses import replace
from pathlib import Path

from ...utils.text import counted
from ..data import Data
from ..errors import InputError
from ..names import BUNDLED
from .contents import check_contents, compression_of, kind_of
from .labels import labels_of, matched

_READERS = {
    **dict.fromkeys((".csv", ".tsv", ".tab", ".txt"), "csv"),
    **dict.fromkeys((".parquet", ".pq"), "parquet"),
    **dict.fromkeys((".npz", ".npy"), "npz"),
    **dict.fromkeys((".svm", ".svmlight", ".libsvm"), "svmlight"),
    ".h5ad": "h5ad",
}
_COMPRESSED = {"csv": {".gz", ".bz2", ".xz", ".zst", ".zip"}, "svmlight": {".gz", ".bz2", ".xz"}}
_DATASETS = ("openml", "sklearn")
_TURNED = ("csv", "parquet", "npz", "h5ad")
_DAMAGED = (EOFError, OSError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, UnicodeError)


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
        kind, what = prefix, rest
    else:
        what = _checked(Path(name), name)
        kind = _READERS[kind_of(what)]
    if arguments.transpose and kind not in _TURNED:
        raise InputError(f"--transpose is not supported for {name}")
    data = _read(kind, what, arguments)
    if data.y is None and not arguments.unsupervised:
        raise InputError(
            "no target: name a column by --target, or pass --unsupervised (the last column of "
            f"{name} is {data.names[-1]!r})"
            + ("; rows look like features: pass --transpose" if data.looks_transposed else "")
        )
    if data.y is None and data.looks_transposed:
        data.notes.append(
            f"warning: the {len(data.X):,} rows look like features, and the columns like samples: "
            "pass --transpose to turn the table"
        )
    data = data.without(arguments.drop).with_unique_names()
    n_rows, n_columns = data.X.shape
    if n_rows == 0 or n_columns == 0:
        raise InputError(f"{name} has {n_rows} rows and {n_columns} columns to select from")
    arguments.messages.say(
        f"{data.source}: {counted(n_rows, 'row')}, {counted(n_columns, 'column')} to select from"
    )
    for note in data.notes:
        arguments.messages.say(note)
    return data


def _read(kind, what, arguments):
    """Read the table, and the target if it is in another file."""
    reader = importlib.import_module(f".{kind}", __package__)
    labels = None
    if arguments.target and Path(arguments.target).suffix and Path(arguments.target).is_file():
        labels, arguments = Path(arguments.target), copy.copy(arguments)
        arguments.target = None
    path = what
    try:
        data = reader.read(what, arguments)
        if labels is None:
            return data
        path = labels
        y = labels_of(labels)
    except _DAMAGED as error:
        raise InputError(
            f"{path} is damaged or incomplete ({error}): copy or download it again"
        ) from error
    y, note = matched(y, data.X.shape, labels, what)
    return replace(data, y=y, target=labels.stem, code=None, notes=[*data.notes, *note])


def _checked(path, name):
    if re.match(r"[A-Za-z][A-Za-z0-9+.]+://", name):
        raise InputError(f"{name} is a URL: download the file first, for example with curl -O")
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
        hint = "; save a spreadsheet as CSV" if kind_of(path) in (".xls", ".xlsx", ".ods") else ""
        raise InputError(f"{path}: unknown file type; supported: {', '.join(_READERS)}{hint}")
    compression = compression_of(path)
    if compression and compression not in _COMPRESSED.get(_READERS[kind_of(path)], ()):
        raise InputError(
            f"{path}: {kind_of(path)} files ending in {compression} are not supported: "
            "decompress it first"
        )
    check_contents(path)
    return path
