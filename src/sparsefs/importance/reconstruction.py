# SPDX-License-Identifier: BSD-3-Clause
"""WAST's importance: how badly a feature is reconstructed, how strongly it is connected."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import torch

from ..utils.device import is_remote, to_host
from .base import Importance, Step

if TYPE_CHECKING:
    from ..networks import FeedForward


class ReconstructionImportance(Importance):
    """Running sum, over training steps, of reconstruction error and neuron strength.

    Parameters
    ----------
    n_features : int
    lam : float in [0, 1]
        Weight of the reconstruction error; ``1 - lam`` is that of the strength.
    mixing : {"mean", "sum"}
        ``"mean"`` divides both terms by their mean over the neurons before adding them,
        which frees `lam` of their units; ``"sum"`` adds them as they are (the paper).
    ranking : {"importance", "strength"}, default="importance"
        What the scores are: the running sum, or the strength of the inputs at the end.

    Attributes
    ----------
    inputs, outputs : ndarray (on a GPU: torch.Tensor) of shape (n_features,), dtype float64
        Importance of the input and of the output neurons of the autoencoder.
    """

    def __init__(self, n_features: int, lam: float, mixing: str, ranking: str = "importance"):
        self.ranking = ranking
        self.lam = lam
        self.mixing = mixing
        self.inputs = np.zeros(n_features)
        self.outputs = np.zeros(n_features)

    def after_update(self, network: FeedForward, step: Step) -> None:
        if is_remote(network.layers[0].device):
            self._update_on_device(network, step.loss.feature_error_on_device)
        else:
            self.update(network, step.loss.feature_error)

    def scores(self, network: FeedForward) -> np.ndarray:
        if self.ranking != "importance":
            return network.layers[0].strength("in")
        return to_host(self.inputs)

    def update(self, network: FeedForward, error: np.ndarray) -> None:
        """Add one step: `error` is the mean absolute reconstruction error per feature.

        Raises FloatingPointError if error or weights are no longer finite.
        """
        error = self._relative(error)
        self.inputs += self._mix(error, network.layers[0].strength("in"))
        self.outputs += self._mix(error, network.layers[-1].strength("out"))

    def of_layer(self, i: int):
        """Importance of the features that layer `i` touches: its inputs', or its outputs'."""
        return self.inputs if i == 0 else self.outputs

    def _update_on_device(self, network, error):
        """The same where the network is; whether all is finite shows in the loss."""
        first, last = network.layers[0], network.layers[-1]
        self.inputs, self.outputs = (
            self._added(total, self._mix(self._relative(error), strength))
            for total, strength in (
                (self.inputs, first.strength_on_device("in")),
                (self.outputs, last.strength_on_device("out")),
            )
        )

    @staticmethod
    def _added(total, term):
        return total.add_(term) if isinstance(total, torch.Tensor) else term

    def _mix(self, error, strength):
        return self.lam * error + (1 - self.lam) * self._relative(strength)

    def _relative(self, term):
        mean = term.mean(-1, keepdims=True)
        if isinstance(term, torch.Tensor):
            return term / mean.where(mean > 0, 1.0) if self.mixing == "mean" else term
        if not math.isfinite(mean.item()):
            raise FloatingPointError("The weights became infinite or NaN.")
        return term / mean if self.mixing == "mean" and mean > 0 else term
