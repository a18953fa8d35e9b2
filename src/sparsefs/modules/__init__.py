# SPDX-License-Identifier: BSD-3-Clause
"""Sparse training of any torch module in a training loop of one's own, and what it costs."""

from .._layer_costs import LayerCost
from .flops import layer_costs, module_costs
from .sparse_training import SparseTraining

__all__ = ["LayerCost", "SparseTraining", "layer_costs", "module_costs"]
