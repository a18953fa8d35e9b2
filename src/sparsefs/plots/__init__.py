# SPDX-License-Identifier: BSD-3-Clause
"""Pictures of results. Importing this does not import matplotlib; drawing does."""

from .alternatives import AlternativesDisplay
from .connections import ConnectionsDisplay
from .importance import ImportanceDisplay
from .importance_image import ImportanceImageDisplay
from .k_curve import KCurveDisplay
from .pareto import ParetoDisplay
from .stability import StabilityDisplay

__all__ = [
    "AlternativesDisplay",
    "ConnectionsDisplay",
    "ImportanceDisplay",
    "ImportanceImageDisplay",
    "KCurveDisplay",
    "ParetoDisplay",
    "StabilityDisplay",
]
