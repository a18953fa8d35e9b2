# SPDX-License-Identifier: BSD-3-Clause
"""Tables of rows on disk, read piece by piece where they are larger than memory."""

from .arrays import ArrayTable
from .batches import BatchTable
from .npy import NpyTable
from .parquet import ParquetTable
from .shards import open_shards
from .sources import open_table
from .table import RowTable

__all__ = [
    "ArrayTable",
    "BatchTable",
    "NpyTable",
    "ParquetTable",
    "RowTable",
    "open_shards",
    "open_table",
]
