# SPDX-License-Identifier: BSD-3-Clause
"""Scores of selected features on rows that the selection has not seen, and its stability."""

from .curve import KCurve
from .k_curve import k_curve
from .stability import Stability, repeated_selections, stability

__all__ = ["KCurve", "Stability", "k_curve", "repeated_selections", "stability"]
