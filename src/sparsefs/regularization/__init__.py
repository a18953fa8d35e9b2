# SPDX-License-Identifier: BSD-3-Clause
"""Penalties that make weights small, and the training that prunes them."""

from .adaptive import (
    AdaptiveSchedule,
    magnitude_masks,
)
from .penalties import HyperSparsePenalty, L1Penalty, L2Penalty, Penalty

__all__ = [
    "AdaptiveSchedule",
    "HyperSparsePenalty",
    "L1Penalty",
    "L2Penalty",
    "Penalty",
    "magnitude_masks",
]
