# SPDX-License-Identifier: BSD-3-Clause
"""Batches from every kind of input, scaled on the way, so that X is never copied whole."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from scipy import sparse


class Scaling:
    """Shift and scale of the features, computed in one streamed pass over the rows.

    Parameters
    ----------
    X : ndarray, memmap or CSR matrix of shape (n_samples, n_features)
    how : {"global", "feature", "none"}
        ``"global"``: one mean and one standard deviation for the whole table, which keeps
        the features' relative variances; ``"feature"``: one each.
    sample_weight : ndarray of shape (n_samples,) or None, default=None

    Attributes
    ----------
    mean, scale : ndarray of shape (n_features,), dtype float64
        The scaled data are ``(x - mean) / scale``. Constant data have scale 1.
    """

    def __init__(self, X, how: str, sample_weight: np.ndarray | None = None):
        n_features = X.shape[1]
        if how == "none":
            self.mean, self.scale = np.zeros(n_features), np.ones(n_features)
            return
        mean, variance = _weighted_moments(X, sample_weight)
        if how == "global":
            overall = mean.mean()
            variance = np.full(n_features, np.mean(variance + (mean - overall) ** 2))
            mean = np.full(n_features, overall)
        # A spread within rounding error of the mean is none: dividing by it blows up noise.
        eps = 10 * np.finfo(X.dtype).eps
        constant = np.sqrt(variance) <= eps * np.abs(mean)
        self.mean = mean
        self.scale = np.where(constant, 1.0, np.sqrt(variance))


def _weighted_moments(X, sample_weight):
    """Mean and variance of every column in float64, a block of rows at a time."""
    n_samples, n_features = X.shape
    weight = np.ones(n_samples) if sample_weight is None else sample_weight
    total = weight.sum()
    block = max(1, int(2**20 // max(1, n_features)))
    blocks = [slice(i, i + block) for i in range(0, n_samples, block)]
    if sparse.issparse(X):
        mean = np.asarray(X.T @ weight).ravel() / total
        squared = X.astype(np.float64).multiply(X).T @ weight
        # Stored values only; the zeros' share of the squared deviations is added in closed form.
        variance = np.asarray(squared).ravel() / total - mean**2
        return mean, np.maximum(variance, 0.0)
    mean = sum(weight[b] @ X[b].astype(np.float64) for b in blocks) / total
    variance = sum(weight[b] @ (X[b] - mean) ** 2 for b in blocks) / total
    return mean, variance


class Batches:
    """Shuffled batches of a data set, scaled, as (n_features, n_samples) float32 tensors.

    Parameters
    ----------
    X : ndarray, memmap or CSR matrix of shape (n_samples, n_features)
    scaling : Scaling
    batch_size : int
        The last batch of an epoch may be smaller.
    rng : numpy.random.Generator
    device : torch.device or str
    sample_weight : ndarray of shape (n_samples,) or None, default=None
        Weights, rescaled here to mean 1.
    """

    def __init__(self, X, scaling, batch_size, rng, device, sample_weight=None):
        self.X = X
        self.batch_size = min(batch_size, X.shape[0])
        self.rng = rng
        self.device = device
        self.sample_weight = sample_weight
        # float64 input keeps its range until it is scaled; the tensors are float32.
        dtype = torch.float64 if X.dtype == np.float64 else torch.float32
        self._shift = torch.as_tensor(scaling.mean, dtype=dtype).view(-1, 1)
        self._factor = torch.as_tensor(1 / scaling.scale, dtype=dtype).view(-1, 1)
        self._buffer = torch.empty(X.shape[1] * self.batch_size, dtype=torch.float32)

    def __len__(self):
        return -(-self.X.shape[0] // self.batch_size)

    def __iter__(self) -> Iterator[tuple[torch.Tensor, torch.Tensor | None]]:
        """One epoch of (batch, sample weights or None).

        The tensors are overwritten by the next batch.
        """
        order = self.rng.permutation(self.X.shape[0])
        for start in range(0, len(order), self.batch_size):
            # Rows in file order: the order within a batch means nothing, a memmap likes it.
            rows = np.sort(order[start : start + self.batch_size])
            weight = None
            if self.sample_weight is not None:
                weight = torch.as_tensor(
                    self.sample_weight[rows], dtype=torch.float32, device=self.device
                )
            yield self._load(rows).to(self.device), weight

    def _load(self, rows):
        if sparse.issparse(self.X):
            dense = torch.from_numpy(self.X[rows].toarray(order="F")).t()
        else:
            dense = torch.from_numpy(np.take(self.X, rows, axis=0)).t()
        x = self._buffer[: dense.nelement()].view(dense.shape)
        if dense.dtype == torch.float64:
            return x.copy_((dense - self._shift) * self._factor)
        return x.copy_(dense).sub_(self._shift).mul_(self._factor)
