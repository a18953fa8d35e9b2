# SPDX-License-Identifier: BSD-3-Clause
"""The selectors: scikit-learn transformers, one short file per method."""

from .neuron_attribution import NeuronAttributionSelector
from .quick_selection import QuickSelectionSelector
from .wast import WASTSelector

__all__ = ["NeuronAttributionSelector", "QuickSelectionSelector", "WASTSelector"]
