# SPDX-License-Identifier: BSD-3-Clause
"""The selectors: scikit-learn transformers, one short file per method."""

from ..evaluation.choice import CrossValidatedK
from .deep_lasso import DeepLassoSelector
from .gradual_pruning import GradualPruningSelector
from .hyper_sparse import HyperSparseSelector
from .neurofs import NeuroFSSelector
from .neuron_attribution import NeuronAttributionSelector
from .quick_selection import QuickSelectionSelector
from .wast import WASTSelector

__all__ = [
    "CrossValidatedK",
    "DeepLassoSelector",
    "GradualPruningSelector",
    "HyperSparseSelector",
    "NeuroFSSelector",
    "NeuronAttributionSelector",
    "QuickSelectionSelector",
    "WASTSelector",
]
