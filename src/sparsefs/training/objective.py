# SPDX-License-Identifier: BSD-3-Clause
"""What several networks learn at once: a target, principal components, or both."""

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


_MOST_ROWS = 2000  # that the directions are found on
_MOST_NUMBERS = 2**24  # the same; columns are drawn where there are more


def principal_components(X, scaling, columns, rows, n_components, rng, sample_weight=None):
    """Components of the clipped, standardised features.

    Parameters
    ----------
    X : ndarray, memmap, CSR matrix or RowTable of shape (n_samples, n_features)
    scaling : Clipping
    columns, rows : ndarray of int
        What to use of X, ascending. The scores of other rows are 0.
    n_components : int
    rng : numpy.random.Generator
    sample_weight : ndarray of shape (n_samples,) or None, default=None

    Returns
    -------
    scores : ndarray of shape (n_samples, n_components), float32
        Their standard deviations are as the roots of the components', and 1 in the mean square.
    """
    few = rows
    if len(rows) > _MOST_ROWS:
        few = np.sort(rng.choice(rows, _MOST_ROWS, replace=False))
    n_columns = max(1, _MOST_NUMBERS // len(few))
    if len(columns) > n_columns:
        columns = np.sort(rng.choice(columns, n_columns, replace=False))
    z = np.concatenate([block for _, block in scaling.blocks(X, few, columns)])
    if sample_weight is not None:
        z *= np.sqrt(sample_weight[few])[:, None].astype(np.float32)
    n_components = min(n_components, *z.shape)
    sizes, directions = _leading(torch.from_numpy(z), n_components, int(rng.integers(2**63)))
    # Signs that do not depend on how often a row is there.
    largest = directions.abs().argmax(1, keepdim=True)
    directions *= directions.gather(1, largest).sign()
    scores = np.zeros((X.shape[0], n_components), dtype=np.float32)
    for used, block in scaling.blocks(X, rows, columns):
        scores[used] = (torch.from_numpy(block) @ directions.T).numpy()
    # To standard deviations that are the square roots of the components'.
    scores /= np.sqrt(np.maximum(sizes, 1e-6 * sizes[0] + 1e-30))
    scores /= max(float(np.sqrt(np.square(scores[rows], dtype=np.float64).mean())), 1e-30)
    return scores


def explained_shares(scores, target, rows, sample_weight=None) -> np.ndarray:
    """Share of the variance of each component that the target explains, beyond chance.

    The correlation ratio for classes, the squared multiple correlation for labels and numbers; both
    adjusted, so that a component without relation to the target has 0 on average, and at least 0.

    Parameters
    ----------
    scores : ndarray of shape (n_samples, n_components)
    target : Target
    rows : ndarray of int
    sample_weight : ndarray of shape (n_samples,) or None, default=None

    Returns
    -------
    ndarray of shape (n_components,), float32
    """
    n, found = len(rows), scores[rows].astype(np.float64)
    weight = np.ones(n) if sample_weight is None else sample_weight[rows]
    root, values = np.sqrt(weight)[:, None], target.values[rows]
    found = root * (found - np.average(found, axis=0, weights=weight))
    if target.task == "classification":
        in_class = np.bincount(values, weight, target.n_outputs)
        sums = np.array([np.bincount(values, c, target.n_outputs) for c in (root * found).T])
        explained = np.divide(sums**2, in_class, where=in_class > 0, out=np.zeros_like(sums)).sum(1)
        n_free = np.count_nonzero(in_class) - 1
    else:
        values = root * (values - np.average(values, axis=0, weights=weight))
        basis, sizes, _ = torch.linalg.svd(torch.from_numpy(values), full_matrices=False)
        basis = basis[:, sizes > 1e-6 * sizes[0]]
        explained = (basis.T @ torch.from_numpy(found)).square().sum(0).numpy()
        n_free = basis.shape[1]
    left = 1 - explained / np.maximum(np.square(found).sum(0), 1e-300)
    shares = 1 - left * (n - 1) / max(1, n - 1 - n_free)
    return shares.clip(0, 1).astype(np.float32)


def _leading(z, n_components, seed):
    """Singular values and right singular vectors, by subspace iteration.

    In torch, which a fit runs on one thread: those of numpy's products may be several, and then the
    last digits depend on how many.
    """
    generator = torch.Generator().manual_seed(seed)
    n_tried = min(n_components + 10, *z.shape)
    basis = torch.randn(z.shape[1], n_tried, generator=generator, dtype=z.dtype)
    for _ in range(5):
        basis = torch.linalg.qr(z.T @ torch.linalg.qr(z @ basis).Q).Q
    _, sizes, turned = torch.linalg.svd(z @ basis, full_matrices=False)
    return sizes[:n_components].numpy(), turned[:n_components] @ basis.T
