# SPDX-License-Identifier: BSD-3-Clause
"""WAST's importance: reconstruction error of a feature plus strength of its neurons."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch

from ..utils.device import is_remote, to_host, wide
from ..utils.state import Stateful
from .base import Importance, Step

if TYPE_CHECKING:
    from ..networks import FeedForward


@dataclass(eq=False)
class ReconstructionImportance(Stateful, Importance):
    """Running sum, over training steps, of reconstruction error and neuron strength.

    Parameters
    ----------
    lam : float in [0, 1]
        Weight of the reconstruction error; ``1 - lam`` is that of the strength.
    mixing : {"mean", "sum"}
        ``"mean"`` divides both terms by their mean over the neurons before adding them, so that
        `lam` does not depend on their units; ``"sum"`` adds them as they are (the paper).
    ranking : {"importance", "strength"}, default="importance"
        The scores: the running sum, or the strength of the inputs at the end.

    Attributes
    ----------
    inputs, outputs : ndarray (on a GPU: torch.Tensor) of shape (n_features,), dtype float64
        Importance of the input and of the output neurons of the autoencoder; 0 before the first
        step.
    """

    _changes = ("inputs", "outputs")

    lam: float
    mixing: Literal["mean", "sum"]
    ranking: Literal["importance", "strength"] = "importance"
    inputs: Any = field(default=0.0, init=False)
    outputs: Any = field(default=0.0, init=False)
    _error: Any = field(default=None, init=False)

    def before_update(self, network: FeedForward, step: Step) -> None:
        absolute = step.loss.absolute
        if is_remote(absolute.device):
            self._error = wide(absolute) / step.loss.n_samples
        else:
            self._error = absolute.numpy().astype(np.float64) / step.loss.n_samples

    def after_update(self, network: FeedForward, step: Step) -> None:
        """Add the error and the strengths; raise FloatingPointError if they are not finite."""
        first, last = network.layers[0], network.layers[-1]
        terms = [self._error]
        if isinstance(self._error, torch.Tensor):
            terms += [first.strength_on_device("in"), last.strength_on_device("out")]
        else:
            terms += [first.strength("in"), last.strength("out")]
        for i, term in enumerate(terms):
            mean = term.mean()
            if isinstance(mean, torch.Tensor):  # there, the loss shows whether all is finite
                mean = mean.where(mean > 0, 1.0)
            elif not math.isfinite(mean):
                raise FloatingPointError("The weights became infinite or NaN.")
            if self.mixing == "mean" and (isinstance(mean, torch.Tensor) or mean > 0):
                terms[i] = term / mean
        error, of_inputs, of_outputs = terms
        self.inputs = self.inputs + (self.lam * error + (1 - self.lam) * of_inputs)
        self.outputs = self.outputs + (self.lam * error + (1 - self.lam) * of_outputs)

    def forget(self, share: float) -> None:
        """Let the steps so far count this share of what they did."""
        self.inputs, self.outputs = self.inputs * share, self.outputs * share

    def scores(self, network: FeedForward) -> np.ndarray:
        if self.ranking != "importance":
            return network.layers[0].strength("in")
        return to_host(self.inputs)

    def of_layer(self, i: int) -> Any:
        """Return the importance of the inputs for layer 0, else that of the outputs."""
        return self.inputs if i == 0 else self.outputs
