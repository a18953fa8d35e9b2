# SPDX-License-Identifier: BSD-3-Clause
"""Tables of what other libraries read: the kind of an object decides, and none is imported."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
from scipy import sparse

from .arrays import ArrayTable
from .batches import BatchTable, ScanTable
from .cells import is_frame
from .shards import open_shards
from .table import RowTable, choose, places


def open_table(
    source: Any,
    *,
    columns: Sequence[str] | Sequence[int] | None = None,
    exclude: str | int | Sequence[str] | Sequence[int] | None = None,
) -> RowTable:
    """Open a table where it is, without reading its rows into memory.

    Parameters
    ----------
    source : path, dataset, array or iterable of batches
        A directory or file, as for :func:`open_shards`; an Arrow dataset; a polars LazyFrame; a
        DuckDB relation; a Dask array or DataFrame; a Zarr array; an HDF5 dataset (h5py); a backed
        AnnData object; any array with `shape`, `dtype` and slices of rows; or batches, as for
        :class:`~sparsefs.data.BatchTable`.
    columns : sequence of str or int, or None, default=None
        Columns to take, in this order: names if the table has names, else numbers. None takes
        all.
    exclude : str, int or sequence of them, or None, default=None
        Columns to leave out instead, such as the label.

    Returns
    -------
    RowTable
        Table to pass as X to any selector. A table of batches, a query or Parquet files has a
        method ``column(name)``, which reads a whole column, also one that is left out.

    Raises
    ------
    TypeError
        If the source is in memory, or is not supported.
    ValueError
        If a column contains text, or the source cannot be read several times.

    Examples
    --------
    >>> import numpy as np
    >>> from sparsefs import WASTSelector, open_table
    >>> parts = [np.random.default_rng(i).standard_normal((50, 30)) for i in range(4)]
    >>> table = open_table(parts, exclude=0)
    >>> WASTSelector(K=5, max_iter=2, random_state=0).fit_transform(table).shape
    (200, 5)
    """
    chosen: dict[str, Any] = {"columns": columns, "exclude": exclude}
    library = type(source).__module__.partition(".")[0].removeprefix("_")
    if isinstance(source, (str, os.PathLike)):
        return open_shards(source, **chosen)
    if isinstance(source, RowTable):
        raise TypeError("The source is a table already. Pass it to a selector.")
    if library == "pyarrow" and hasattr(source, "count_rows"):  # a dataset
        parts = _parts_of_arrow(source)
        scans = [partial(_scan_arrow, part, source.schema) for part in parts]
        return ScanTable(scans, [_n_rows_of_arrow(part) for part in parts], **chosen)
    if library == "polars" and hasattr(source, "collect"):  # a LazyFrame
        return ScanTable([partial(_scan_polars, source)], **chosen)
    if library == "duckdb":
        return ScanTable([partial(_scan_duckdb, source)], **chosen)
    if hasattr(source, "to_dask_array"):  # a Dask DataFrame
        return _of_dask_frame(source, **chosen)
    if library == "anndata":
        X = source.X
        backed = hasattr(X, "group") and X.format == "csr"
        return _of_array(_StoredCsr(X) if backed else X, list(source.var_names), **chosen)
    if is_frame(source) or library == "pyarrow" or isinstance(source, np.ndarray):
        raise TypeError(
            f"The source is a {type(source).__name__} in memory. Pass it to a selector."
        )
    if hasattr(source, "shape") and hasattr(source, "dtype"):
        return _of_array(source, None, **chosen)
    if not callable(source) and not hasattr(source, "__iter__"):
        raise TypeError(
            f"A {type(source).__name__} is no table. Pass a path, an Arrow dataset, a polars "
            "LazyFrame, a DuckDB relation, a Dask, Zarr or HDF5 array, a backed AnnData, or a "
            "function that returns an iterator of batches."
        )
    return BatchTable(source, **chosen)


def _parts_of_arrow(dataset):
    """Return the row groups, or the files of other formats, or the whole if it has a filter."""
    try:
        files = list(dataset.get_fragments())
    except ValueError:
        return [dataset]
    split = [getattr(file, "split_by_row_group", lambda file=file: [file]) for file in files]
    return [part for parts in split for part in parts()] or [dataset]


def _n_rows_of_arrow(part):
    if hasattr(part, "row_groups"):  # count_rows() counts those of the whole file
        return sum(group.num_rows for group in part.row_groups)
    return part.count_rows()


def _scan_arrow(part, schema, names):
    # A part of a file lacks the columns that are in the names of folders.
    known = {"schema": schema} if hasattr(part, "physical_schema") else {}
    return part.to_batches(columns=names, use_threads=False, **known)


def _scan_polars(frame, names):
    if not hasattr(frame, "collect_batches"):
        raise ImportError("Reading a LazyFrame in batches needs polars >= 1.34.")
    return (frame if names is None else frame.select(names)).collect_batches(maintain_order=True)


def _scan_duckdb(relation, names):
    if names is not None:
        quoted = ('"' + name.replace('"', '""') + '"' for name in names)
        relation = relation.project(", ".join(quoted))
    read = getattr(relation, "to_arrow_reader", None) or relation.fetch_record_batch
    try:
        return read()
    except ImportError as error:
        raise ImportError(
            "Reading DuckDB needs pyarrow: pip install 'sparsefs[parquet]'."
        ) from error


def _of_dask_frame(frame, columns, exclude):
    known = list(frame.columns)
    names = choose(known, columns, exclude, "The DataFrame") or known
    for name in names:
        if getattr(frame.dtypes[name], "kind", "O") not in "biuf":
            raise ValueError(
                f"Column {name!r} must contain numbers. Got {frame.dtypes[name]}. Pass "
                f"exclude=[{name!r}], or encode it first."
            )
    frame = frame[names]
    if any(hasattr(dtype, "numpy_dtype") for dtype in frame.dtypes):  # may contain pandas.NA
        frame = frame.astype(np.float64)
    # Counts the rows of every partition.
    return ArrayTable(frame.to_dask_array(lengths=True), np.array(names, dtype=object))


def _of_array(array, names, columns, exclude):
    if hasattr(array, "compute_chunk_sizes") and np.isnan(array.shape).any():
        raise ValueError(
            "The Dask array does not know its number of rows. Call array.compute_chunk_sizes()."
        )
    known = list(range(array.shape[-1])) if names is None else names
    chosen = choose(known, columns, exclude, "The array")
    return ArrayTable(
        array,
        None if names is None else np.array(names, dtype=object),
        None if chosen is None else places(known, chosen),
    )


class _StoredCsr:
    """Rows of a backed sparse matrix of AnnData, whose own slices fail with SciPy 1.17."""

    def __init__(self, matrix):
        self.shape, self.dtype, self._group = matrix.shape, matrix.dtype, matrix.group

    def __getitem__(self, rows: slice):
        ends = self._group["indptr"][rows.start : rows.stop + 1]
        stored = slice(ends[0], ends[-1])
        parts = (self._group["data"][stored], self._group["indices"][stored], ends - ends[0])
        return sparse.csr_matrix(parts, shape=(len(ends) - 1, self.shape[1]))
