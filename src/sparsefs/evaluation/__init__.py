# SPDX-License-Identifier: BSD-3-Clause
"""How good selected features are, on samples that the selection has not seen."""

from .k_curve import KCurve, k_curve

__all__ = ["KCurve", "k_curve"]
