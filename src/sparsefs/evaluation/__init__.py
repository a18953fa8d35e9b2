# SPDX-License-Identifier: BSD-3-Clause
"""Scores of selected features on rows that the selection has not seen, and its stability."""

from .chance import Chance, random_subsets
from .curve import KCurve
from .interchangeable import alternatives, feature_groups
from .intervals import wilson_interval
from .k_curve import k_curve
from .permutations import permutation_test
from .replacing import replacements
from .stability import Stability, repeated_selections, stability

__all__ = [
    "Chance",
    "KCurve",
    "Stability",
    "alternatives",
    "feature_groups",
    "k_curve",
    "permutation_test",
    "random_subsets",
    "repeated_selections",
    "replacements",
    "stability",
    "wilson_interval",
]
