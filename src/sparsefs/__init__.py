# SPDX-License-Identifier: BSD-3-Clause
"""sparsefs: feature selection with sparse neural networks, behind the scikit-learn API.

Importing this package imports nothing else: what it offers is imported when it is first used, and
torch not before a selector is fitted. The command ``sparsefs --help`` answers at once.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from ._version import __version__

if TYPE_CHECKING:
    from . import data as data
    from . import evaluation as evaluation
    from . import importance as importance
    from . import meta as meta
    from . import modules as modules
    from . import networks as networks
    from . import plots as plots
    from . import regularization as regularization
    from . import report as report
    from . import search as search
    from . import selectors as selectors
    from . import topology as topology
    from . import training as training
    from .data import open_shards, open_table
    from .meta import EnsembleSelector, KnockoffSelector, StabilitySelector
    from .plots import (
        AlternativesDisplay,
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
        DeepLassoSelector,
        GradualPruningSelector,
        HyperSparseSelector,
        NeuroFSSelector,
        NeuronAttributionSelector,
        QuickSelectionSelector,
        WASTSelector,
    )

__all__ = [
    "AlternativesDisplay",
    "ConnectionsDisplay",
    "CrossValidatedK",
    "DeepLassoSelector",
    "EnsembleSelector",
    "GradualPruningSelector",
    "HyperSparseSelector",
    "ImportanceDisplay",
    "ImportanceImageDisplay",
    "KCurveDisplay",
    "KnockoffSelector",
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
    "open_table",
]

# Where the names are from; what most programs need comes first.
_PARTS = ("selectors", "meta", "search", "plots", "data")
_OTHERS = ("evaluation", "importance", "modules", "networks", "regularization", "report")
_SUBPACKAGES = {*_PARTS, *_OTHERS, "topology", "training"}


if not TYPE_CHECKING:  # or a misspelt name would pass for anything

    def __getattr__(name):
        if name in _SUBPACKAGES:
            return import_module(f".{name}", __name__)
        if name in __all__:
            for part in _PARTS:
                module = import_module(f".{part}", __name__)
                if name in module.__all__:
                    globals()[name] = value = getattr(module, name)
                    return value
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, *_SUBPACKAGES})
