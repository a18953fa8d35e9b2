# SPDX-License-Identifier: BSD-3-Clause
"""Which connections exist: initialisation, and the rules that move them while training."""

from .drop import DropRule, ImportanceDrop, MagnitudeDrop, nearest_to_zero
from .grow import (
    GradientGrow,
    GrowRule,
    Growth,
    ImportanceGrow,
    RandomGrow,
    free_positions,
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
from .inputs import InputEvolution
from .rewiring import Rewiring, Topology
from .schedule import UpdateSchedule

__all__ = [
    "DropRule",
    "GradientGrow",
    "GrowRule",
    "Growth",
    "ImportanceDrop",
    "ImportanceGrow",
    "InputEvolution",
    "MagnitudeDrop",
    "RandomGrow",
    "Rewiring",
    "Topology",
    "UpdateSchedule",
    "epsilon_density",
    "erdos_renyi_densities",
    "erk_densities",
    "free_positions",
    "growth_at",
    "kept_positions",
    "nearest_to_zero",
    "sample_positions",
    "uniform_densities",
]
