# SPDX-License-Identifier: BSD-3-Clause
"""How good selected features are on samples that the selection has not seen, and how stable."""

from .k_curve import KCurve, k_curve
from .stability import Stability, repeated_selections, stability

__all__ = ["KCurve", "Stability", "k_curve", "repeated_selections", "stability"]
