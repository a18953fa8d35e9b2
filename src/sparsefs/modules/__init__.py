# SPDX-License-Identifier: BSD-3-Clause
"""Sparse training of any torch module, and its costs."""

from .adaptive import AdaptiveRegularization
from .costs import LayerCost, layer_costs, module_costs
from .prunable import prunable_weights
from .sparse_training import SparseTraining

__all__ = [
    "AdaptiveRegularization",
    "LayerCost",
    "SparseTraining",
    "layer_costs",
    "module_costs",
    "prunable_weights",
]
