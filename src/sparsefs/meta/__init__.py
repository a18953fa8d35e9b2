# SPDX-License-Identifier: BSD-3-Clause
"""Selectors around any estimator that scores features."""

from .ensemble import EnsembleSelector
from .knockoffs import KnockoffSelector
from .stability import StabilitySelector

__all__ = ["EnsembleSelector", "KnockoffSelector", "StabilitySelector"]
