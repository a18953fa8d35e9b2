# SPDX-License-Identifier: BSD-3-Clause
"""Tables of rows on disk, read piece by piece where they are larger than memory."""

from .memmap import MemmapTable
from .npy import NpyTable
from .parquet import ParquetTable
from .shards import open_shards
from .table import RowTable

__all__ = ["MemmapTable", "NpyTable", "ParquetTable", "RowTable", "open_shards"]
