# SPDX-License-Identifier: BSD-3-Clause
"""Penalties on weights, and adaptive regularised training (ART)."""

from .adaptive import AdaptiveSchedule, AdaptiveTraining
from .check import check_penalty
from .magnitudes import magnitude_masks
from .penalties import HyperSparsePenalty, L1Penalty, L2Penalty, Penalty

__all__ = [
    "AdaptiveSchedule",
    "AdaptiveTraining",
    "HyperSparsePenalty",
    "L1Penalty",
    "L2Penalty",
    "Penalty",
    "check_penalty",
    "magnitude_masks",
]
