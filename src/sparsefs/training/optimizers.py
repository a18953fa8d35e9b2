# SPDX-License-Identifier: BSD-3-Clause
"""Optimisers whose state lives with the connections, so that rewiring can carry it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from ..networks import FeedForward

# Torch refuses factors that float32 cannot hold; with this one the loss overflows and says so.
_LARGEST = torch.finfo(torch.float32).max


class Optimizer(ABC):
    """Steps every layer of a network.

    Parameters
    ----------
    learning_rate : float
    weight_decay : float
        Strength of the L2 penalty on weights and biases.
    decay_steps : int or None, default=None
        Lower the learning rate linearly, to reach 0 after so many steps.
    """

    def __init__(self, learning_rate: float, weight_decay: float, decay_steps: int | None = None):
        self.initial_learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.decay_steps = decay_steps
        self.n_steps = 0
        self._bias_buffers: dict[int, dict[str, torch.Tensor]] = {}

    @property
    def learning_rate(self) -> float:
        """Learning rate of the step under way."""
        if self.decay_steps is None:
            return self.initial_learning_rate
        return self.initial_learning_rate * max(0.0, 1 - (self.n_steps - 1) / self.decay_steps)

    def restart(self) -> None:
        """Forget the state of the biases; that of the weights lives in the layers."""
        self._bias_buffers = {}

    def step(self, network: FeedForward, gradients) -> None:
        """Update all weights and biases in place; the gradients are overwritten."""
        self.n_steps += 1
        for i, (layer, (weight_grad, bias_grad)) in enumerate(
            zip(network.layers, gradients, strict=True)
        ):
            # A connection's state sits in the layer, where rewiring re-indexes it.
            self._penalised(layer.values, weight_grad, layer.buffers)
            self._penalised(layer.bias, bias_grad, self._bias_buffers.setdefault(i, {}))

    def _penalised(self, parameter, grad, buffers):
        if self.weight_decay:
            grad.add_(parameter, alpha=self.weight_decay)
        self._update(parameter, grad, buffers)

    @abstractmethod
    def _update(self, parameter, grad, buffers) -> None: ...


class SGD(Optimizer):
    """Stochastic gradient descent with Nesterov momentum.

    Parameters
    ----------
    learning_rate, weight_decay, decay_steps
        See :class:`Optimizer`.
    momentum : float in [0, 1), default=0.9
    """

    def __init__(self, learning_rate, weight_decay, decay_steps=None, momentum=0.9):
        super().__init__(learning_rate, weight_decay, decay_steps)
        self.momentum = momentum

    def _update(self, parameter, grad, buffers):
        if self.momentum:
            velocity = _buffer(buffers, "velocity", parameter)
            velocity.mul_(self.momentum).add_(grad)
            grad.add_(velocity, alpha=self.momentum)
        parameter.add_(grad, alpha=-self.learning_rate)


class Adam(Optimizer):
    """Adam (Kingma and Ba, ICLR 2015) with PyTorch's constants.

    Parameters
    ----------
    learning_rate, weight_decay, decay_steps
        See :class:`Optimizer`.
    """

    betas = (0.9, 0.999)
    eps = 1e-8

    def _update(self, parameter, grad, buffers):
        beta1, beta2 = self.betas
        mean = _buffer(buffers, "mean", parameter)
        square = _buffer(buffers, "square", parameter)
        mean.lerp_(grad, 1 - beta1)
        square.mul_(beta2).addcmul_(grad, grad, value=1 - beta2)
        correction1 = 1 - beta1**self.n_steps
        correction2 = 1 - beta2**self.n_steps
        scale = (square / correction2).sqrt_().add_(self.eps)
        rate = min(self.learning_rate / correction1, _LARGEST)
        parameter.addcdiv_(mean, scale, value=-rate)


def _buffer(buffers, name, like):
    if name not in buffers:
        buffers[name] = torch.zeros_like(like)
    return buffers[name]
