# SPDX-License-Identifier: BSD-3-Clause
"""Initial connections of a network, and the rules that move them while it trains."""

from .initialisation import (
    epsilon_density,
    erdos_renyi_densities,
    erk_densities,
    sample_positions,
    uniform_densities,
)
from .inputs import InputEvolution
from .layer import RewirableLayer
from .rewiring import Rewiring, Topology, UpdateSchedule
from .rules import (
    DROP,
    GROW,
    INIT,
    DropRule,
    GradientGrow,
    GrowRule,
    Growth,
    ImportanceDrop,
    ImportanceGrow,
    MagnitudeDrop,
    RandomGrow,
    free_positions,
    growth_at,
    kept_positions,
    nearest_to_zero,
)

__all__ = [
    "DROP",
    "GROW",
    "INIT",
    "DropRule",
    "GradientGrow",
    "GrowRule",
    "Growth",
    "ImportanceDrop",
    "ImportanceGrow",
    "InputEvolution",
    "MagnitudeDrop",
    "RandomGrow",
    "RewirableLayer",
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
