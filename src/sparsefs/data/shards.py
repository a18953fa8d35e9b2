# SPDX-License-Identifier: BSD-3-Clause
"""One table of the files of a directory."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from . import npy, parquet
from .npy import NpyTable
from .parquet import ParquetTable
from .table import choose

if TYPE_CHECKING:
    from ..utils.typing import PathLike

_SUFFIXES = (".npy", ".parquet")


def open_shards(
    path: PathLike,
    *,
    columns: Sequence[str] | Sequence[int] | None = None,
    exclude: str | int | Sequence[str] | Sequence[int] | None = None,
) -> NpyTable | ParquetTable:
    """Open a directory of ``.npy`` or ``.parquet`` files as one table, without reading its rows.

    The rows are in the order of the file names: ``part-10`` comes before ``part-2``, but after
    ``part-02``. Files with other suffixes and subdirectories are ignored.

    Parameters
    ----------
    path : str or path-like
        Directory or single file. All files must have the same format and columns. Parquet needs
        ``pip install 'sparsefs[parquet]'``.
    columns : sequence of str or int, or None, default=None
        Columns to take, in this order: names for Parquet, numbers for ``.npy``. None takes all.
    exclude : str, int or sequence of them, or None, default=None
        Columns to leave out instead, such as the label.

    Returns
    -------
    RowTable
        Table to pass as X to any selector. Its method ``column(name)`` reads a whole column, also
        one that is left out. Its attribute ``files`` is the list of files in order.

    Raises
    ------
    ValueError
        If there are no files, or if one of them does not fit; the message names the file.
    ImportError
        If the files are Parquet and pyarrow is missing.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> from sparsefs import WASTSelector, open_shards
    >>> rows = np.random.default_rng(0).standard_normal((200, 30)).astype(np.float32)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for i in range(4):
    ...         np.save(f"{folder}/part-{i}.npy", rows[50 * i : 50 * (i + 1)])
    ...     shards = open_shards(folder)
    ...     WASTSelector(K=5, random_state=0).fit_transform(shards).shape
    (200, 5)
    >>> shards
    NpyTable(shape=(200, 30), dtype=float32)
    """
    files = _files(Path(os.fspath(path)))
    if columns is not None and exclude is not None:
        raise ValueError("Pass either 'columns' or 'exclude', not both.")
    if files[0].suffix == ".parquet":
        with parquet.opened(files[0]) as first:
            names = parquet.column_names(first)
        return ParquetTable(files, choose(names, columns, exclude, files[0]))
    numbers = list(range(npy.opened(files[0]).shape[1]))
    chosen = choose(numbers, columns, exclude, files[0])
    return NpyTable(files, None if chosen is None else np.array(chosen))


def _files(path):
    if path.is_dir():
        files = sorted(file for file in path.iterdir() if file.suffix in _SUFFIXES)
    elif path.exists():
        files = [path]
    else:
        raise FileNotFoundError(f"No such file or directory: {path}.")
    if not files or files[0].suffix not in _SUFFIXES:
        raise ValueError(f"{path} must be, or contain, .npy or .parquet files.")
    for file in files:
        if file.suffix != files[0].suffix:
            raise ValueError(
                f"{path} mixes formats: {files[0].name} and {file.name}. Use one format."
            )
    return files
