# SPDX-License-Identifier: BSD-3-Clause
"""The selectors: scikit-learn transformers, one short file per method."""

from ._auto_k import CrossValidatedK
from .hyper_sparse import HyperSparseSelector
from .neurofs import NeuroFSSelector
from .neuron_attribution import NeuronAttributionSelector
from .quick_selection import QuickSelectionSelector
from .stability import StabilitySelector
from .wast import WASTSelector

__all__ = [
    "CrossValidatedK",
    "HyperSparseSelector",
    "NeuroFSSelector",
    "NeuronAttributionSelector",
    "QuickSelectionSelector",
    "StabilitySelector",
    "WASTSelector",
]
