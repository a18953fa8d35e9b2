# SPDX-License-Identifier: BSD-3-Clause
"""Tables in Parquet files, one below the other, read by pyarrow."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np

from .table import RowTable


class ParquetTable(RowTable):
    """Rows of ``.parquet`` files; see :func:`sparsefs.open_shards`.

    Row groups are the chunks: single rows of them cannot be read. A missing value is read as NaN.

    Parameters
    ----------
    files : list of Path
    columns : list of str or None, default=None
        The columns of the files that make up the table, in this order; None for all but the
        index that pandas wrote.
    """

    def __init__(self, files: list[Path], columns: list[str] | None = None):
        self.files = files
        self._groups: dict[int, tuple[Path, int]] = {}  # by first row: file, number in it
        n_rows, types = 0, []
        for file in files:
            with opened(file) as parquet:
                names = column_names(parquet)
                if columns is None:
                    columns = names
                types += _number_types(parquet.schema_arrow, columns, file)
                if file == files[0]:
                    first = names
                elif names != first:
                    raise ValueError(_difference(file, names, files[0], first))
                for i in range(parquet.num_row_groups):
                    n_in_group = parquet.metadata.row_group(i).num_rows
                    if n_in_group:
                        self._groups[n_rows] = (file, i)
                    n_rows += n_in_group
        assert columns is not None
        shape = (n_rows, len(columns))
        super().__init__(shape, np.result_type(*types), np.array(columns, dtype=object))

    def chunks(self) -> list[slice]:
        """The row groups."""
        starts = [*self._groups, self.shape[0]]
        return [slice(*pair) for pair in pairwise(starts)]

    def column(self, name: str) -> np.ndarray:
        """A whole column of the files, for instance the labels that the table leaves out."""
        parts = []
        for file in self.files:
            with opened(file) as parquet:
                parts.append(parquet.read(columns=[name]).column(0).to_numpy())
        return np.concatenate(parts)

    def _read(self, chunk: slice, n_rows: int, columns: np.ndarray | None) -> Iterator[np.ndarray]:
        assert self.column_names is not None
        names = list(self.column_names if columns is None else self.column_names[columns])
        file, group = self._groups[chunk.start]
        with opened(file) as parquet:
            # One thread, as everywhere in a fit.
            wanted = sorted(set(names))
            for batch in parquet.iter_batches(n_rows, [group], wanted, use_threads=False):
                block = np.empty((batch.num_rows, len(names)), dtype=self.dtype)
                for j, name in enumerate(names):
                    values = batch.column(name)
                    if values.null_count and self.dtype.kind != "f":
                        raise ValueError(
                            f"Column {name!r} of {file} has missing values, and {self.dtype} has "
                            "no NaN to stand for them."
                        )
                    block[:, j] = values.to_numpy(zero_copy_only=False)
                yield block


def opened(file):
    """The file, so that a row group need not be in memory as a whole."""
    try:
        import pyarrow.parquet
    except ImportError as error:
        raise ImportError(
            "Parquet files are read by pyarrow, which is not installed: pip install "
            "'sparsefs[parquet]'."
        ) from error
    try:
        return pyarrow.parquet.ParquetFile(file, memory_map=True, pre_buffer=False)
    except pyarrow.ArrowInvalid as error:
        raise ValueError(f"{file} is no Parquet file: {error}") from error


def column_names(parquet) -> list[str]:
    """Names of the columns, less the index that pandas wrote."""
    schema = parquet.schema_arrow
    written_by_pandas = schema.pandas_metadata or {}
    index = [name for name in written_by_pandas.get("index_columns", []) if isinstance(name, str)]
    return [name for name in schema.names if name not in index]


def _number_types(schema, names, file):
    import pyarrow

    types = []
    for name in names:
        # A name that this file lacks is reported by the comparison with the first one.
        kind = schema.field(name).type if name in schema.names else pyarrow.float64()
        is_number = pyarrow.types.is_integer(kind) or pyarrow.types.is_floating(kind)
        if not (is_number or pyarrow.types.is_boolean(kind)):
            raise ValueError(
                f"Column {name!r} of {file} holds no numbers but {kind}. Leave it out by "
                f"exclude=[{name!r}], or encode it first."
            )
        types.append(kind.to_pandas_dtype())
    return types


def _difference(file, names, first_file, first):
    missing, added = sorted(set(first) - set(names)), sorted(set(names) - set(first))
    what = f"{len(names)} columns, {first_file.name} has {len(first)}"
    if missing or added:
        what += f": {missing[:5]} missing, {added[:5]} not known"
    elif len(names) == len(first):
        what = f"the columns of {first_file.name} in another order"
    return f"{file} has {what}."
