# SPDX-License-Identifier: BSD-3-Clause
"""Reader of Parquet files (pandas and pyarrow)."""

from __future__ import annotations

from ..data import Data, check_columns, chosen_target
from ..errors import InputError, needing


def read(path, arguments) -> Data:
    """Read a Parquet file, without the columns of --drop."""
    with needing("reading Parquet", "cli"):
        import pandas as pd
        import pyarrow
        import pyarrow.parquet as pq
    try:
        schema = pq.read_schema(path)
        index = (schema.pandas_metadata or {}).get("index_columns", [])
        names = [name for name in schema.names if name not in index]
        target = chosen_target(names, arguments)
        check_columns(names, arguments, target)
        frame = pd.read_parquet(path, columns=[n for n in names if n not in arguments.drop])
    except (pyarrow.ArrowException, OSError) as error:
        raise InputError(f"{path} cannot be read as Parquet: {error}") from error
    frame.columns = [str(name) for name in frame.columns]  # as in the schema
    y = None if target is None else frame.pop(target)
    code = f"pd.read_parquet({str(path)!r}).rename(columns=str)"
    return Data(frame, list(frame.columns), y, target, str(path), code=code)
