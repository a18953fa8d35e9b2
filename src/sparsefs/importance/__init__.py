# SPDX-License-Identifier: BSD-3-Clause
"""How input neurons are scored while a network trains."""

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
