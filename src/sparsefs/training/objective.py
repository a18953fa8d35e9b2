# SPDX-License-Identifier: BSD-3-Clause
"""What several networks learn at once: a target, the scores of components, or both."""

from __future__ import annotations

from copy import deepcopy

import numpy as np
import torch

from ..utils.device import to_device
from .losses import SquaredErrorLoss


class Objective:
    """Loss of all networks on some rows; the target's outputs come first, then the components'.

    Parameters
    ----------
    loss : callable or None
        See :mod:`sparsefs.training.losses`; None where there is no target.
    target : Target or None
    components : ndarray of shape (n_samples, n_components), or None
    component_weight : float
        Of the squared error at the components.
    sample_weight : ndarray of shape (n_samples,) or None
    device : torch.device or str
    """

    def __init__(self, loss, target, components, component_weight, sample_weight, device):
        self._device = device
        self._loss, self._component_loss = loss, SquaredErrorLoss()
        self._component_weight = component_weight
        self._target = None if target is None else to_device(target.values, device)
        self._components = None if components is None else to_device(components, device)
        self._weight = None
        if sample_weight is not None:
            self._weight = to_device(sample_weight.astype(np.float32), device)
        self.n_targets = 0 if target is None else target.n_outputs
        self.n_outputs = self.n_targets + (0 if components is None else components.shape[1])

    def __call__(self, outputs: torch.Tensor, rows: np.ndarray):
        """Loss and its gradient at the outputs, (n_networks, n_outputs, n_samples).

        The loss is a tensor without dimensions: of the target where there is one, mean over the
        networks.
        """
        index = to_device(rows, self._device)
        weight = None if self._weight is None else self._weight.index_select(0, index)
        losses, gradients = [], []
        if self._loss is not None and self._target is not None:
            target = self._target.index_select(0, index)
            loss, grad = self._loss(outputs[:, : self.n_targets].clone(), target.t(), weight)
            losses.append(loss)
            gradients.append(grad)
        if self._components is not None:
            scores = self._components.index_select(0, index).t()
            loss, grad = self._component_loss(outputs[:, self.n_targets :].clone(), scores, weight)
            losses.append(loss)
            gradients.append(grad.mul_(self._component_weight))
        return losses[0].mean(), torch.cat(gradients, dim=1)


class OfEach:
    """A loss that knows one network only, made one of several: each network has a copy.

    Parameters
    ----------
    loss : callable
    """

    def __init__(self, loss):
        self._loss = loss
        self._copies: list = []

    def __call__(self, outputs, target, sample_weight=None):
        """Loss of each network, and the gradient at the outputs."""
        while len(self._copies) < len(outputs):
            self._copies.append(deepcopy(self._loss))
        pairs = [
            loss(output, target, sample_weight)
            for loss, output in zip(self._copies, outputs, strict=True)
        ]
        losses, gradients = zip(*pairs, strict=True)
        return torch.as_tensor(losses), torch.stack(gradients)
