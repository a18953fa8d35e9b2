# SPDX-License-Identifier: BSD-3-Clause
"""Searches for several objectives at once: scores, and what they cost."""

from .front import hypervolume, non_dominated_layers
from .pareto_search import ParetoSearchCV
from .space import Conditional

__all__ = ["Conditional", "ParetoSearchCV", "hypervolume", "non_dominated_layers"]
