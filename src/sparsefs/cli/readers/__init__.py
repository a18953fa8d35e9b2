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

import numpy as np

from ...utils.text import counted
from ..data import Data
from ..errors import InputError
from ..names import BUNDLED
from .contents import check_contents, compression_of, kind_of, standard_input
from .labels import labels_of, matched

_READERS = {
    **dict.fromkeys((".csv", ".tsv", ".tab", ".txt"), "csv"),
    **dict.fromkeys((".parquet", ".pq"), "parquet"),
    **dict.fromkeys((".npz", ".npy"), "npz"),
    **dict.fromkeys((".svm", ".svmlight", ".libsvm"), "svmlight"),
    **dict.fromkeys((".xlsx", ".feather", ".arff"), "frames"),
    **dict.fromkeys((".jsonl", ".ndjson"), "json_lines"),
    ".h5ad": "h5ad",
}
_COMPRESSED = {  # endings of compression, by the module
    "csv": {".gz", ".bz2", ".xz", ".zst", ".zip"},
    "svmlight": {".gz", ".bz2", ".xz"},
    "json_lines": {".gz", ".bz2", ".xz"},
}
_SPREADSHEETS = (".xls", ".xlsm", ".xlsb", ".ods")
_DATASETS = ("openml", "sklearn")
_TURNED = ("csv", "parquet", "frames", "json_lines", "npz", "h5ad")
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
    if arguments.event is not None and len(arguments.target or []) != 1:
        raise InputError("--event needs --target with the column of the times, one --target only")
    if name == "-":
        arguments.messages.say("reading CSV from standard input")
        arguments = copy.copy(arguments)
        with standard_input() as path:
            arguments.data = str(path)
            check_contents(path)
            return _checked(replace(_read("csv", path, arguments), code=None), arguments)
    prefix, _, rest = name.partition(":")
    if name in BUNDLED and not Path(name).exists():
        prefix, rest = "sklearn", name
    if prefix in _DATASETS and rest:
        kind, what = prefix, rest
    else:
        what = _file(Path(name), name)
        kind = _READERS[kind_of(what)]
    if arguments.transpose and kind not in _TURNED:
        raise InputError(f"--transpose is not supported for {name}")
    for option, given in (("--layer", arguments.layer), ("--log1p", arguments.log1p)):
        if given and kind != "h5ad":
            raise InputError(f"{option} is for .h5ad files")
    return _checked(_read(kind, what, arguments), arguments)


def _checked(data, arguments):
    """Check that there is something to select from, and print its size."""
    name = arguments.data
    if not data.targets and not arguments.unsupervised and data.names:
        raise InputError(
            "no target: name a column by --target, or pass --unsupervised (the last column of "
            f"{name} is {data.names[-1]!r})"
            + ("; rows look like features: pass --transpose" if data.looks_transposed else "")
        )
    applied = getattr(arguments, "applied", False)
    if not data.targets and not applied and data.looks_transposed:
        data.notes.append(
            f"warning: the {len(data.X):,} rows look like features, and the columns like samples: "
            "pass --transpose to turn the table"
        )
    data = data.with_unique_names()
    n_rows, n_columns = data.X.shape
    if n_rows == 0 or n_columns == 0:
        raise InputError(f"{name} has {n_rows} rows and {n_columns} columns to select from")
    size = f"{counted(n_rows, 'row')}, {counted(n_columns, 'column')}"
    arguments.messages.say(f"{data.source}: {size}{'' if applied else ' to select from'}")
    for note in data.notes:
        arguments.messages.say(note)
    if data.groups is not None:
        n_groups = counted(len(np.unique(data.groups)), "group")
        arguments.messages.prepared(f"groups of {arguments.groups!r} stay together: {n_groups}")
    if data.weights is not None:
        left_out = data.weights == 0
        rows = f" ({counted(int(left_out.sum()), 'row')} of weight 0 left out)"
        arguments.messages.prepared(
            f"rows weighted by {arguments.weights!r}{rows if left_out.any() else ''}"
        )
        data = data.rows(~left_out)  # on which nothing depends
    return data


def _read(kind, what, arguments):
    """Read the table, and the target if it is in another file."""
    reader = importlib.import_module(f".{kind}", __package__)
    labels = None
    files = [Path(t) for t in arguments.target or [] if Path(t).suffix and Path(t).is_file()]
    if files:
        if len(arguments.target) > 1 or arguments.event:
            raise InputError(f"--target: the file {str(files[0])!r} must be the only target")
        labels, arguments = files[0], copy.copy(arguments)
        arguments.target = None
    path = what
    try:
        data = reader.read(what, arguments).with_roles(arguments)
        if labels is None:
            return data
        path = labels
        y = labels_of(labels)
    except _DAMAGED as error:
        raise InputError(
            f"{path} is damaged or incomplete ({error}): copy or download it again"
        ) from error
    y, note = matched(y, data.X.shape, labels, what)
    return replace(data, targets={labels.stem: y}, code=None, notes=[*data.notes, *note])


def _file(path, name):
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
        hint = "; save a spreadsheet as .xlsx or CSV" if kind_of(path) in _SPREADSHEETS else ""
        raise InputError(f"{path}: unknown file type; supported: {', '.join(_READERS)}{hint}")
    compression = compression_of(path)
    if compression and compression not in _COMPRESSED.get(_READERS[kind_of(path)], ()):
        raise InputError(
            f"{path}: {kind_of(path)} files ending in {compression} are not supported: "
            "decompress it first"
        )
    check_contents(path)
    return path
