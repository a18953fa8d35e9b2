# SPDX-License-Identifier: BSD-3-Clause
"""Fits of several processes, each with rows of its own."""

from .group import ALONE, LostRankError, Ranks
from .with_dask import fit_dask

__all__ = ["ALONE", "LostRankError", "Ranks", "fit_dask"]
