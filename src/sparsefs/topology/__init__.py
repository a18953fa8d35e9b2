# SPDX-License-Identifier: BSD-3-Clause
"""Which connections exist: initialisation, and the rules that move them while training."""

from .drop import ImportanceDrop, MagnitudeDrop, nearest_to_zero
from .grow import Growth, ImportanceGrow, RandomGrow
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
    "nearest_to_zero",
    "sample_positions",
    "uniform_densities",
]
