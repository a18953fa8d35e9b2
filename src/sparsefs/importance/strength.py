# SPDX-License-Identifier: BSD-3-Clause
"""Strength and degree of the features' neurons (QuickSelection)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from ..utils.device import is_remote
from ..utils.state import Stateful
from .base import Importance, Step
from .history import AveragedImportance

if TYPE_CHECKING:
    from ..networks import FeedForward


class StrengthImportance(AveragedImportance):
    """Sum of the absolute weights of an input neuron.

    Parameters
    ----------
    history, every
        See :class:`AveragedImportance`.

    References
    ----------
    Atashgahi, Z. et al. "Quick and robust feature selection: the strength of energy-efficient
    sparse training for autoencoders." Machine Learning 2021.
    """

    def measure(self, network: FeedForward, step: Step) -> Any:
        layer = network.layers[0]
        return layer.strength_on_device("in") if is_remote(layer.device) else layer.strength("in")


class ConnectionImportance(Stateful, Importance):
    """Strength or degree of a feature's neuron at the end of training.

    Parameters
    ----------
    what : {"strength", "degree"}, default="strength"
        Sum of the absolute weights, or number of connections.
    layer : {"input", "output"}, default="input"
        Whether to use the feature's input neuron, or its output neuron in an autoencoder.
    """

    def __init__(
        self,
        what: Literal["strength", "degree"] = "strength",
        layer: Literal["input", "output"] = "input",
    ):
        self.what = what
        self.layer = layer

    def scores(self, network: FeedForward) -> np.ndarray:
        layer, side = (
            (network.layers[0], "in") if self.layer == "input" else (network.layers[-1], "out")
        )
        return layer.strength(side) if self.what == "strength" else layer.degree(side)
