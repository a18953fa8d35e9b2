# SPDX-License-Identifier: BSD-3-Clause
"""Batches from every kind of input, scaled on the way, so that X is never copied whole."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from scipy import sparse

from .._blocks import column_range, row_blocks
from .._device import to_device
from .._scratch import Scratch


class Scaling:
    """Shift and scale of the features, computed in three streamed passes over the rows.

    Parameters
    ----------
    X : ndarray, memmap or CSR matrix of shape (n_samples, n_features)
        Finite.
    how : {"global", "feature", "minmax", "none"}
        ``"global"``: one mean and one standard deviation for the whole table, which keeps
        the features' relative variances; ``"feature"``: one each; ``"minmax"``: every feature
        from 0 to 1.
    sample_weight : ndarray of shape (n_samples,) or None, default=None
        Rows of weight 0 do not count.

    Attributes
    ----------
    mean, scale : ndarray of shape (n_features,), dtype float64
        The scaled data are ``(x - mean) / scale``. Data without spread have scale 1.
    """

    def __init__(self, X, how: str, sample_weight: np.ndarray | None = None):
        n_features = X.shape[1]
        if how == "none":
            self.mean, self.scale = np.zeros(n_features), np.ones(n_features)
            return
        if how == "minmax":
            low, high = (bound.astype(np.float64) for bound in _used_range(X, sample_weight))
            self.mean, self.scale = low, np.where(high > low, high - low, 1.0)
            return
        # Moments of X / unit neither overflow nor underflow, however large or small X is.
        unit = _largest_magnitude(X)
        if how == "global":
            unit = np.full(n_features, unit.max())
        unit[unit == 0] = 1.0
        mean, variance = _weighted_moments(X, unit, sample_weight)
        if how == "global":
            overall = mean.mean()
            variance = np.full(n_features, np.mean(variance + (mean - overall) ** 2))
            mean = np.full(n_features, overall)
        self.mean = mean * unit
        self.scale = np.where(variance > 0, np.sqrt(variance) * unit, 1.0)


def _used_range(X, sample_weight):
    """Smallest and largest value of every column in the rows whose weight is not 0."""
    if sample_weight is None or sample_weight.all():
        return column_range(X)
    used = sample_weight > 0
    if sparse.issparse(X):
        return column_range(X[used])
    ranges = [column_range(X[rows][used[rows]]) for rows in row_blocks(X) if used[rows].any()]
    low, high = zip(*ranges, strict=True)
    return np.min(low, axis=0), np.max(high, axis=0)


def _largest_magnitude(X):
    """Largest absolute value of every column, float64."""
    low, high = column_range(X)
    return np.maximum(np.abs(low), np.abs(high)).astype(np.float64)


def _weighted_moments(X, unit, sample_weight):
    """Mean and variance of every column of X / unit in float64, a block of rows at a time."""
    n_samples, n_features = X.shape
    weight = np.ones(n_samples) if sample_weight is None else sample_weight
    total = weight.sum()
    if sparse.issparse(X):
        stored = np.repeat(weight, np.diff(X.indptr))
        values = X.data / unit[X.indices]

        def column_sums(numbers):
            return np.bincount(X.indices, weights=numbers, minlength=n_features)

        mean = column_sums(stored * values) / total
        squares = column_sums(stored * (values - mean[X.indices]) ** 2)
        n_zeros = np.maximum(total - column_sums(stored), 0.0)
        return mean, (squares + n_zeros * mean**2) / total
    blocks = row_blocks(X)
    mean = sum(weight[b] @ (X[b] / unit) for b in blocks) / total
    variance = sum(weight[b] @ (X[b] / unit - mean) ** 2 for b in blocks) / total
    # What rounding the mean leaves to a column without spread is no spread.
    return mean, np.where(variance > 1e-28, variance, 0.0)


class Batch(NamedTuple):
    """Samples of one training step.

    Attributes
    ----------
    x : torch.Tensor of shape (n_features, n_samples), float32
        Scaled.
    target : torch.Tensor
        What the loss compares the outputs with: `x` itself where there are no targets, else
        of shape (n_outputs, n_samples), or (n_samples,) for class numbers.
    sample_weight : torch.Tensor of shape (n_samples,), or None
    """

    x: torch.Tensor
    target: torch.Tensor
    sample_weight: torch.Tensor | None


class Batches:
    """Batches of a data set, scaled on the way.

    Parameters
    ----------
    X : ndarray, memmap or CSR matrix of shape (n_samples, n_features)
    scaling : Scaling
    batch_size : int
        The last batch of an epoch may be smaller.
    rng : numpy.random.Generator or None
        Shuffles anew in every epoch; with None the rows come in order.
    device : torch.device or str
    sample_weight : ndarray of shape (n_samples,) or None, default=None
        Rows of weight 0 are left out.
    targets : ndarray of shape (n_samples,) or (n_samples, n_outputs), or None, default=None
        None for autoencoders.
    rows : ndarray of int or None, default=None
        Use these rows only.
    even : bool, default=False
        Make all batches of an epoch equally large, up to one row, instead of leaving the rest to
        the last one. Rules that look at one gradient then never look at a handful of rows.
    """

    def __init__(
        self,
        X,
        scaling,
        batch_size,
        rng,
        device,
        sample_weight=None,
        targets=None,
        rows=None,
        even=False,
    ):
        self.X = X
        self._used = np.arange(X.shape[0]) if rows is None else np.asarray(rows)
        if sample_weight is not None:
            self._used = self._used[sample_weight[self._used] > 0]
        self.n_samples = len(self._used)
        self.batch_size = max(1, min(batch_size, self.n_samples))
        self.rng = rng
        self.device = device
        self.sample_weight = sample_weight
        self.targets = targets
        self._even = even
        self._columns: np.ndarray | None = None
        self._scaling = scaling
        # Data that float32 cannot hold or shift precisely are scaled in float64, then cast.
        self._dtype = torch.float32 if _suits_float32(X, scaling) else torch.float64
        self.use_columns(None)
        self._gathered, self._scaled = Scratch(), Scratch()
        self.last_rows = np.empty(0, dtype=np.int64)  # of the latest batch

    def use_columns(self, columns: np.ndarray | None) -> None:
        """From now on load only these features, in this order; None for all."""
        self._columns = columns
        self._moments = self._moments_of(columns)

    def _moments_of(self, columns):
        """(mean, standard deviation) of some features, each a column."""
        chosen = slice(None) if columns is None else columns
        return tuple(
            torch.as_tensor(values[chosen], dtype=self._dtype).view(-1, 1)
            for values in (self._scaling.mean, self._scaling.scale)
        )

    def features(self, columns: np.ndarray) -> torch.Tensor:
        """Some features of the latest batch, (n_columns, n_samples), whatever else is loaded."""
        x = torch.empty(len(columns), len(self.last_rows), dtype=torch.float32)
        self._load_into(x, self.last_rows, columns, self._moments_of(columns))
        return to_device(x, self.device)

    def __len__(self):
        return -(-self.n_samples // self.batch_size)

    def __iter__(self) -> Iterator[Batch]:
        """One epoch. The tensors are overwritten by the next batch."""
        for rows in self._rows_of_batches():
            yield self.batch(rows)

    def _rows_of_batches(self):
        """Rows of every batch of an epoch."""
        order = self._used if self.rng is None else self.rng.permutation(self._used)
        starts = range(self.batch_size, len(order), self.batch_size)
        # Rows in file order: the order within a batch means nothing, a memmap likes it.
        return [np.sort(r) for r in np.array_split(order, len(self) if self._even else starts)]

    def batch(self, rows: np.ndarray) -> Batch:
        """The given rows as a batch."""
        self.last_rows = rows
        x = to_device(self._load(rows), self.device)
        weight = None
        if self.sample_weight is not None:
            weight = to_device(self.sample_weight[rows].astype(np.float32), self.device)
        if self.targets is None:
            return Batch(x, x, weight)
        target = to_device(self.targets[rows].T.copy(), self.device)
        return Batch(x, target, weight)

    def _load(self, rows):
        x = self._scaled(len(self._moments[0]), len(rows))
        self._load_into(x, rows, self._columns, self._moments)
        return x

    def _load_into(self, x, rows, columns, moments):
        X = self.X
        shift, scale = moments
        if columns is not None:
            X = X[rows][:, columns] if sparse.issparse(X) else X[np.ix_(rows, columns)]
            rows = np.arange(len(rows))
        in_float32 = self._dtype == torch.float32
        if sparse.issparse(X) and in_float32:
            # Casting what is stored is cheaper than casting what is made dense.
            X[rows].astype(np.float32, copy=False).toarray(out=x.numpy().T)
        elif in_float32:
            gathered = self._gathered(len(rows), X.shape[1])
            np.take(X, rows, axis=0, out=gathered.numpy(), mode="clip")
            x.copy_(gathered.t())
        else:
            rows = X[rows].toarray() if sparse.issparse(X) else X[rows]
            wide = torch.from_numpy(np.asarray(rows, dtype=np.float64)).t()
            x.copy_((wide - shift) / scale)
            return
        x.sub_(shift).mul_(1 / scale)


def _suits_float32(X, scaling):
    moderate = (scaling.scale > 1e-30).all() and (scaling.scale < 1e30).all()
    offset = np.abs(scaling.mean) / scaling.scale
    fits = X.dtype == np.float32 or sparse.issparse(X)
    return fits and moderate and offset.max(initial=0.0) < 1e4
