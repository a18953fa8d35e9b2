# SPDX-License-Identifier: BSD-3-Clause
"""Optimisers whose state lives with the connections, so that rewiring can carry it."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import TYPE_CHECKING

import torch

from ..utils.device import is_remote
from ..utils.state import Stateful

if TYPE_CHECKING:
    from ..networks import FeedForward

Buffers = dict[str, torch.Tensor]  # optimiser state of a parameter
# Torch refuses factors that float32 cannot hold; with this one the loss overflows and says so.
_LARGEST = torch.finfo(torch.float32).max


class Optimizer(Stateful, ABC):
    """Steps every layer of a network.

    Parameters
    ----------
    learning_rate : float
    alpha : float
        Strength of the L2 penalty on weights and biases.
    decay_steps : int or None, default=None
        Lower the learning rate linearly, to reach 0 after so many steps.
    """

    _changes = ("n_steps", "_bias_buffers")

    def __init__(self, learning_rate: float, alpha: float, decay_steps: int | None = None):
        self.initial_learning_rate = learning_rate
        self.alpha = float(alpha)  # torch takes no integer beyond 64 bits
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
        parameters: list[tuple] = []
        for i, (layer, (weight_grad, bias_grad)) in enumerate(
            zip(network.layers, gradients, strict=True)
        ):
            # A connection's state sits in the layer, where rewiring re-indexes it.
            parameters.append((layer.values, weight_grad, layer.buffers))
            parameters.append((layer.bias, bias_grad, self._bias_buffers.setdefault(i, {})))
        self.update(parameters)

    def update(self, parameters: Iterable[tuple[torch.Tensor, torch.Tensor, Buffers]]) -> None:
        """Make a step: each parameter comes with its gradient and its optimiser state."""
        self.n_steps += 1
        for parameter, grad, buffers in parameters:
            if self.alpha:
                grad.add_(parameter, alpha=self.alpha)
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

    def __init__(self, learning_rate, alpha, decay_steps=None, momentum=0.9):
        super().__init__(learning_rate, alpha, decay_steps)
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
        if not is_remote(parameter.device):  # once through the memory instead of seven times
            torch._fused_adam_(
                *([parameter], [grad], [mean], [square], [], [torch.tensor(float(self.n_steps))]),
                lr=min(self.learning_rate, _LARGEST * (1 - beta1**self.n_steps)),
                beta1=beta1,
                beta2=beta2,
                weight_decay=0.0,
                eps=self.eps,
                amsgrad=False,
                maximize=False,
            )
            return
        mean.lerp_(grad, 1 - beta1)
        square.mul_(beta2).addcmul_(grad, grad, value=1 - beta2)
        correction1 = 1 - beta1**self.n_steps
        correction2 = 1 - beta2**self.n_steps
        scale = (square / correction2).sqrt_().add_(self.eps)
        rate = min(self.learning_rate / correction1, _LARGEST)
        parameter.addcdiv_(mean, scale, value=-rate)


class AdamW(Adam):
    """Adam with decoupled weight decay (Loshchilov and Hutter, ICLR 2019) and a cosine schedule.

    Parameters
    ----------
    learning_rate : float
        Of the first step; it falls to 0 along half a cosine.
    weight_decay : float
        Weights shrink by ``learning_rate`` times this in every step. It does not fall.
    n_steps : int
        Steps of the whole training.
    """

    betas = (0.9, 0.99)  # a short memory of sizes, as pruning changes the gradients

    def __init__(self, learning_rate: float, weight_decay: float, n_steps: int):
        super().__init__(learning_rate, 0.0, n_steps)
        self.weight_decay = weight_decay

    @property
    def learning_rate(self) -> float:
        assert self.decay_steps is not None
        turn = math.pi * (self.n_steps - 1) / self.decay_steps
        return self.initial_learning_rate * (1 + math.cos(turn)) / 2

    def _update(self, parameter, grad, buffers):
        parameter.mul_(1 - self.initial_learning_rate * self.weight_decay)
        super()._update(parameter, grad, buffers)


def _buffer(buffers, name, like):
    if name not in buffers:
        buffers[name] = torch.zeros_like(like)
    return buffers[name]
