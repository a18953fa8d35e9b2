# SPDX-License-Identifier: BSD-3-Clause
"""Search for several objectives at once: scores and costs."""

from .front import hypervolume, non_dominated_layers
from .pareto_search import ParetoSearchCV
from .space import Conditional

__all__ = ["Conditional", "ParetoSearchCV", "hypervolume", "non_dominated_layers"]
