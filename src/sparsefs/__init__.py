# SPDX-License-Identifier: BSD-3-Clause
"""sparsefs: feature selection with sparse neural networks, behind the scikit-learn API.

Importing this package does not import torch; fitting a selector does.
"""

from ._version import __version__
from .data import open_shards
from .plots import (
    ConnectionsDisplay,
    ImportanceDisplay,
    ImportanceImageDisplay,
    KCurveDisplay,
    ParetoDisplay,
    StabilityDisplay,
)
from .search import ParetoSearchCV
from .selectors import (
    CrossValidatedK,
    GradualPruningSelector,
    HyperSparseSelector,
    NeuroFSSelector,
    NeuronAttributionSelector,
    QuickSelectionSelector,
    StabilitySelector,
    WASTSelector,
)

__all__ = [
    "ConnectionsDisplay",
    "CrossValidatedK",
    "GradualPruningSelector",
    "HyperSparseSelector",
    "ImportanceDisplay",
    "ImportanceImageDisplay",
    "KCurveDisplay",
    "NeuroFSSelector",
    "NeuronAttributionSelector",
    "ParetoDisplay",
    "ParetoSearchCV",
    "QuickSelectionSelector",
    "StabilityDisplay",
    "StabilitySelector",
    "WASTSelector",
    "__version__",
    "open_shards",
]
