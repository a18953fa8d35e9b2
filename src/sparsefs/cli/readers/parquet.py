# SPDX-License-Identifier: BSD-3-Clause
"""Reader of Parquet files (pandas and pyarrow)."""

from __future__ import annotations

from collections import Counter

from ...utils.text import listed
from ..data import Data, roles_of
from ..errors import InputError, needing


def read(path, arguments) -> Data:
    """Read a Parquet file, without the columns of --exclude."""
    with needing("reading Parquet", "cli"):
        import pandas  # noqa: F401
        import pyarrow
        import pyarrow.parquet as pq

        from .tables import transposed
    try:
        schema = pq.read_schema(path)
        index = (schema.pandas_metadata or {}).get("index_columns", [])
        index = [name for name in index if name in schema.names]
        names = [name for name in schema.names if name not in index]
        repeated = sorted(name for name, n in Counter(names).items() if n > 1)
        if repeated:
            raise InputError(
                f"{path} has several columns named {listed(repeated)}: rename all but one of each"
            )
        roles = None if arguments.transpose else roles_of(names, arguments, index)
        read = [*index, *(name for name in names if name not in arguments.exclude)]
        # As pandas.read_parquet, in half the memory: no copy of the file, a column at a time.
        table = pq.ParquetFile(path, pre_buffer=False).read(read)
        frame = table.to_pandas(split_blocks=True, self_destruct=True)
        del table
    except (pyarrow.ArrowException, OSError) as error:
        raise InputError(
            f"{path} cannot be read as Parquet, perhaps it is damaged: {error}"
        ) from error
    frame.columns = [str(name) for name in frame.columns]  # as in the schema
    code: str | None = f"pd.read_parquet({str(path)!r}).rename(columns=str)"
    beside = {}
    if arguments.transpose:
        frame, names = transposed(frame.reset_index() if index else frame)
        code = None
    else:
        names = list(frame.columns)
        for name in index:
            beside[name] = frame.index.get_level_values(name).to_series().reset_index(drop=True)
        if roles and not beside.keys().isdisjoint(dict(roles).values()):
            code = None
    frame = frame.reset_index(drop=True)
    return Data(frame, names, None, str(path), beside, roles, code=code)
