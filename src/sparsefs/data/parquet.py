# SPDX-License-Identifier: BSD-3-Clause
"""Table in Parquet files, whose rows follow each other (pyarrow)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zlib import crc32

import numpy as np

from .table import RowTable, check_unchanged

if TYPE_CHECKING:
    from numpy.typing import NDArray


class ParquetTable(RowTable):
    """Rows of ``.parquet`` files; see :func:`sparsefs.open_shards`.

    The chunks are the row groups, which can only be read whole. Missing values are read as NaN.

    Parameters
    ----------
    files : list of Path
    columns : list of str or None, default=None
        Columns of the files to take, in this order. None takes all but the index of pandas.
    """

    def __init__(self, files: list[Path], columns: list[str] | None = None):
        self.files = files
        self._groups: dict[int, tuple[int, int]] = {}  # by first row: numbers of file and group
        self._found: list[str] = []  # what each file held
        n_rows, types = 0, []
        for number, file in enumerate(files):
            with opened(file) as parquet:
                self._found.append(_described(parquet))
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
                        self._groups[n_rows] = (number, i)
                    n_rows += n_in_group
        assert columns is not None
        shape = (n_rows, len(columns))
        super().__init__(shape, np.result_type(*types), np.array(columns, dtype=object))

    def chunks(self) -> list[slice]:
        """Return the row groups as slices of rows."""
        starts = [*self._groups, self.shape[0]]
        return [slice(*pair) for pair in pairwise(starts)]

    def column(self, name: Any) -> NDArray[Any]:
        """Read a whole column of the files, also one that the table leaves out."""
        parts = []
        for number in range(len(self.files)):
            with self._open(number) as parquet:
                parts.append(parquet.read(columns=[name]).column(0).to_numpy())
        return np.concatenate(parts)

    def _read(self, chunk: slice, n_rows: int, columns: np.ndarray | None) -> Iterator[np.ndarray]:
        assert self.column_names is not None
        names = list(self.column_names if columns is None else self.column_names[columns])
        number, group = self._groups[chunk.start]
        with self._open(number) as parquet:
            # A fit uses one thread.
            wanted = sorted(set(names))
            for batch in parquet.iter_batches(n_rows, [group], wanted, use_threads=False):
                block = np.empty((batch.num_rows, len(names)), dtype=self.dtype)
                for j, name in enumerate(names):
                    values = batch.column(name)
                    if values.null_count and self.dtype.kind != "f":
                        raise ValueError(
                            f"Column {name!r} of {self.files[number]} has missing values, which "
                            f"{self.dtype} cannot represent. Store it as float."
                        )
                    block[:, j] = values.to_numpy(zero_copy_only=False)
                yield block

    def _open(self, number: int):
        file = self.files[number]
        parquet = opened(file)
        try:
            check_unchanged(file, self._found[number], _described(parquet))
        except ValueError:
            parquet.close()
            raise
        return parquet


def _described(parquet) -> str:
    """What decides how a file is read; short, as there may be many files of many columns."""
    metadata, schema = parquet.metadata, parquet.schema_arrow.remove_metadata()
    groups = [metadata.row_group(i).num_rows for i in range(metadata.num_row_groups)]
    return (
        f"{metadata.num_rows} rows in {len(groups)} groups, {len(schema.names)} columns "
        f"(checksum {crc32(repr(groups).encode() + schema.serialize()):08x})"
    )


def opened(file):
    """Open a file without reading it."""
    try:
        import pyarrow.parquet
    except ImportError as error:
        raise ImportError(
            "Reading Parquet files needs pyarrow: pip install 'sparsefs[parquet]'."
        ) from error
    try:
        return pyarrow.parquet.ParquetFile(file, memory_map=True, pre_buffer=False)
    except pyarrow.ArrowInvalid as error:
        raise ValueError(f"{file} is not a Parquet file: {error}") from error


def column_names(parquet) -> list[str]:
    """Return the names of the columns without the index of pandas."""
    schema = parquet.schema_arrow
    written_by_pandas = schema.pandas_metadata or {}
    index = [name for name in written_by_pandas.get("index_columns", []) if isinstance(name, str)]
    return [name for name in schema.names if name not in index]


def _number_types(schema, names, file):
    import pyarrow

    types = []
    for name in names:
        # The comparison with the first file reports names that this file lacks.
        kind = schema.field(name).type if name in schema.names else pyarrow.float64()
        is_number = pyarrow.types.is_integer(kind) or pyarrow.types.is_floating(kind)
        if not (is_number or pyarrow.types.is_boolean(kind)):
            raise ValueError(
                f"Column {name!r} of {file} must contain numbers. Got {kind}. Pass "
                f"exclude=[{name!r}], or encode it first."
            )
        types.append(kind.to_pandas_dtype())
    return types


def _difference(file, names, first_file, first):
    missing, added = sorted(set(first) - set(names)), sorted(set(names) - set(first))
    what = f"{len(names)} columns, but {first_file.name} has {len(first)}"
    if missing or added:
        what += f": missing {missing[:5]}, unknown {added[:5]}"
    elif len(names) == len(first):
        what = f"the columns of {first_file.name} in a different order"
    return f"{file} has {what}."
