# SPDX-License-Identifier: BSD-3-Clause
"""Group lasso on the gradient of the loss at the inputs (Deep Lasso), and scores by its size."""

from __future__ import annotations

import math
from copy import copy
from typing import TYPE_CHECKING, Any

import torch.nn.functional as F

from ..importance import Importance
from ..utils.device import to_host, wide
from ..utils.state import Stateful

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from torch import Tensor

    from ..importance import Step
    from ..networks import FeedForward
    from .batches import Batches


class InputGradientLasso(Stateful, Importance):
    """A penalty on the sizes of the input gradients, which are also the scores of the inputs.

    The size of an input is the root mean square, over weighted samples, of the derivative of a
    sample's loss by it. The penalty is the sum of the sizes.

    Parameters
    ----------
    strength : float
    watched : Batches
        The samples whose gradients score the inputs.
    loss : callable
    """

    def __init__(self, strength: float, watched: Batches, loss: Callable):
        self.strength = strength
        self.watched = watched
        self.loss = loss

    def add_gradients(self, network: FeedForward, gradients, step: Step) -> None:
        """Add the gradient of the penalty in a network of ReLU to the gradients of the weights.

        A norm changes as its argument does along one direction. So the gradient of the penalty is
        the derivative of the weights' gradients along a direction in the space of the inputs. The
        slopes of ReLU are constant: that takes one pass forward of the direction and one backward.
        Autograd, twice, is as fast or faster, but needs dense layers and losses that it can follow.
        """
        layers, weight = network.layers, step.sample_weight
        slopes = [network.slope(i) for i in range(len(layers) - 1)]
        signals = [_signal(layer).clone() for layer in layers]  # may be in a layer's memory
        direction = F.normalize(_of_inputs(network, weight), dim=1)
        direction *= math.sqrt(direction.shape[1])
        if weight is not None:
            direction /= _root(weight)
        changes = [direction]  # of the inputs of every layer, and of the outputs
        for layer, slope in zip(layers, [*slopes, None], strict=True):
            change = layer.forward(changes[-1]) - layer.bias
            changes.append(change if slope is None else change * slope)
        change = changes.pop()
        # Again, as the layers have overwritten their outputs. A central difference suits any loss.
        output = network.forward(step.x).clone()
        h = 0.01 / change.abs().max().clamp_min(1e-30)
        _, after = self.loss(output + h * change, step.target, weight)
        _, before = self.loss(output - h * change, step.target, weight)
        turned = network.backward((after - before) / (2 * h))
        for i, layer in enumerate(layers):
            (of_weights, of_bias), (more, of_bias_too) = gradients[i], turned[i]
            more = more + layer.weight_grad(signals[i], changes[i])
            of_weights.add_(more, alpha=self.strength)
            of_bias.add_(of_bias_too, alpha=self.strength)
            layer.extra_flops += 4 * layer.n_connections * direction.shape[1]

    def scores(self, network: FeedForward) -> np.ndarray:
        """Return the sizes of the inputs on the watched samples."""
        network = copy(network)  # which counts its operations apart
        total: Any = 0.0
        for x, target, weight in self.watched:
            network.backward(self.loss(network.forward(x), target, weight)[1])
            total = total + wide(_of_inputs(network, weight).square_().sum(1))
        return to_host((total / self.watched.n_samples).sqrt())


def _signal(layer) -> Tensor:
    """The gradient of the loss at the outputs of a layer in the last step."""
    return layer.seen[1]


def _of_inputs(network, sample_weight) -> Tensor:
    """Derivatives of each sample's loss by the inputs, times the root of the sample's weight."""
    derivatives = network.layers[0].backward(_signal(network.layers[0]))
    derivatives *= derivatives.shape[1]  # the loss is a mean
    return derivatives if sample_weight is None else derivatives.div_(_root(sample_weight))


def _root(sample_weight) -> Tensor:
    return sample_weight.sqrt().clamp_min(1e-20)  # a weight may be 0 in single precision
