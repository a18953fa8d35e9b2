# SPDX-License-Identifier: BSD-3-Clause
"""Which connections exist: initialisation, and the rules that move them while training."""

from .drop import DropRule, ImportanceDrop, MagnitudeDrop, nearest_to_zero
from .grow import (
    GradientGrow,
    GrowRule,
    Growth,
    ImportanceGrow,
    RandomGrow,
    growth_at,
    kept_positions,
)
from .initialisation import (
    epsilon_density,
    erdos_renyi_densities,
    erk_densities,
    sample_positions,
    uniform_densities,
)
from .rewiring import Rewiring, Topology
from .schedule import UpdateSchedule

__all__ = [
    "DropRule",
    "GradientGrow",
    "GrowRule",
    "Growth",
    "ImportanceDrop",
    "ImportanceGrow",
    "MagnitudeDrop",
    "RandomGrow",
    "Rewiring",
    "Topology",
    "UpdateSchedule",
    "epsilon_density",
    "erdos_renyi_densities",
    "erk_densities",
    "growth_at",
    "kept_positions",
    "nearest_to_zero",
    "sample_positions",
    "uniform_densities",
]
