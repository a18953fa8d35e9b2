# SPDX-License-Identifier: BSD-3-Clause
"""What several networks learn at once: a target, or principal components."""

from __future__ import annotations

from copy import deepcopy

import numpy as np
import torch

from ..distributed import ALONE, Ranks
from ..utils.device import to_device


class Objective:
    """Loss of all networks on some rows.

    Parameters
    ----------
    loss : callable
        See :mod:`sparsefs.training.losses`.
    values : ndarray of shape (n_samples,) or (n_samples, n_outputs)
        What the networks learn.
    sample_weight : ndarray of shape (n_samples,) or None
    device : torch.device or str
    """

    def __init__(self, loss, values, sample_weight, device):
        self._device, self._loss = device, loss
        self._values = to_device(values, device)
        self._weight = None
        if sample_weight is not None:
            self._weight = to_device(sample_weight.astype(np.float32), device)

    def __call__(self, outputs: torch.Tensor, rows: np.ndarray):
        """Loss and its gradient at the outputs, (n_networks, n_outputs, n_samples).

        The loss is a tensor without dimensions, the mean over the networks; `outputs` may be
        overwritten.
        """
        index = to_device(rows, self._device)
        weight = None if self._weight is None else self._weight.index_select(0, index)
        loss, grad = self._loss(outputs, self._values.index_select(0, index).t(), weight)
        return loss.mean(), grad


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
        return torch.as_tensor(losses, dtype=torch.float64), torch.stack(gradients)


_MOST_ROWS = 2000  # that the directions are found on
_MOST_NUMBERS = 2**24  # the same; columns are drawn where there are more


def principal_components(
    X, scaling, columns, rows, n_components, rng, sample_weight=None, ranks: Ranks = ALONE
):
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
    ranks : Ranks, default=ALONE
        The processes that have further rows. Components are of all rows, scores of these.

    Returns
    -------
    scores : ndarray of shape (n_samples, n_components), float32
        Their standard deviations are as the roots of the components', and 1 in the mean square.
    """
    few, n_few = rows, ranks.sum(len(rows))
    if n_few > _MOST_ROWS:
        places = np.sort(rng.choice(n_few, _MOST_ROWS, replace=False))
        few, n_few = rows[ranks.own(places, len(rows))], _MOST_ROWS
    n_columns = max(1, _MOST_NUMBERS // n_few)
    if len(columns) > n_columns:
        columns = np.sort(rng.choice(columns, n_columns, replace=False))
    z = scaling.loaded(X, few, columns)
    if sample_weight is not None:
        z *= np.sqrt(sample_weight[few])[:, None].astype(np.float32)
    z = ranks.gather(z)
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
    mean_square = ranks.mean(np.square(scores[rows], dtype=np.float64).mean(), len(rows))
    scores /= max(float(np.sqrt(mean_square)), 1e-30)
    return scores


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
