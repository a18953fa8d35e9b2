# SPDX-License-Identifier: BSD-3-Clause
"""Check of a custom importance before a training."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import numpy as np
import torch

from ..utils.device import to_host
from .base import Step

if TYPE_CHECKING:
    from ..networks import FeedForward


def check_importance(importance, network: FeedForward, x, target, loss) -> None:
    """Run a custom importance through one step of a few rows, without changing the network.

    Parameters
    ----------
    importance : Importance
        A copy is used.
    network : FeedForward
    x : torch.Tensor of shape (n_inputs, n_samples)
    target : torch.Tensor
        As a batch supplies it.
    loss : callable
        A copy is used.

    Raises
    ------
    TypeError, ValueError
        If the scores are not one finite number per input.
    """
    importance, loss = copy.deepcopy((importance, loss))
    # Copies of the layers share the weights, but not what a step leaves behind.
    layers = [copy.copy(layer) for layer in network.layers]
    network = type(network)(layers, network.activations)
    step = Step(1, 0, x, target, None, loss)
    _, grad = loss(network.forward(x), target, None)
    network.backward(grad)
    importance.before_update(network, step)
    importance.after_update(network, step)
    scores = importance.scores(network)
    n_inputs = layers[0].shape[1]
    must = (
        f"importance: scores(network) of {type(importance).__name__} must return an array of shape "
        f"({n_inputs},) with one finite number per input"
    )
    if not isinstance(scores, (np.ndarray, torch.Tensor)):
        raise TypeError(f"{must}. Got {type(scores).__name__}.")
    scores = to_host(scores)
    if scores.shape != (n_inputs,):
        raise ValueError(f"{must}. Got shape {scores.shape}.")
    if scores.dtype.kind not in "biuf":
        raise TypeError(f"{must}. Got dtype {scores.dtype}.")
    if not np.isfinite(scores).all():
        raise ValueError(f"{must}. Got {int((~np.isfinite(scores)).sum())} that are not finite.")
