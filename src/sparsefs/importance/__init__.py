# SPDX-License-Identifier: BSD-3-Clause
"""Scores of the input neurons of a network while it trains."""

from .attribution import AttributionImportance, attribution
from .base import Importance, Step
from .history import AveragedImportance
from .reconstruction import ReconstructionImportance
from .strength import ConnectionImportance, StrengthImportance

__all__ = [
    "AttributionImportance",
    "AveragedImportance",
    "ConnectionImportance",
    "Importance",
    "ReconstructionImportance",
    "Step",
    "StrengthImportance",
    "attribution",
]
