# SPDX-License-Identifier: BSD-3-Clause
"""Rows of X in blocks, and the range and moments of its columns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from ..distributed import Ranks
from ..utils.arithmetic import default_errors
from .table import RowTable

ALIKE = 0.9  # absolute correlation above which features are nearly identical
_UNLIKE = 100  # ratio of spreads from which columns are taken to have different units
_BLOCK = 2**17  # numbers: a megabyte of float64 stays in the cache
_MANY_ROWS = 64


def row_blocks(X, n_numbers: int = 2**20) -> list[slice]:
    """Slices of consecutive rows of about `n_numbers` numbers, to stream over a table."""
    n_rows = max(1, n_numbers // max(1, X.shape[1]))
    return [slice(i, min(i + n_rows, X.shape[0])) for i in range(0, X.shape[0], n_rows)]


def read_blocks(X, n_numbers: int = 2**20) -> Iterator[tuple[slice, Any]]:
    """Pairs of (slice, rows) of about `n_numbers` numbers at most, from first to last."""
    if isinstance(X, RowTable):
        yield from X.blocks(max(1, n_numbers // max(1, X.shape[1])))
    else:
        yield from ((rows, X[rows]) for rows in row_blocks(X, n_numbers))


def column_blocks(X, n_columns: int | None = None) -> list[slice]:
    """Slices of so many columns, or of all, to read a table in; a single one unless it is dense.

    They are so narrow that a block has many rows: what is done once for each column and block is
    little then.
    """
    n = X.shape[1] if n_columns is None else n_columns
    step = max(1, _BLOCK // _MANY_ROWS if isinstance(X, np.ndarray) else n)
    return [slice(i, min(i + step, n)) for i in range(0, n, step)]


@dataclass
class Summary:
    """Range and moments of the columns of a table.

    Attributes
    ----------
    low, high : ndarray of shape (n_features,)
        Smallest and largest value; NaN and inf pass through.
    used_low, used_high : ndarray of shape (n_features,)
        Of the rows whose weight is not 0.
    unit : ndarray of shape (n_features,), dtype float64
        A power of two near the largest magnitude.
    mean, variance : ndarray of shape (n_features,), dtype float64
        Of X / unit, which neither overflows nor underflows, however large or small X is.
        Meaningless where X is not finite.
    """

    low: Any
    high: Any
    used_low: Any
    used_high: Any
    unit: Any
    mean: Any
    variance: Any

    @classmethod
    @default_errors()
    def of(cls, X, sample_weight: np.ndarray | None = None) -> Summary:
        """Summarise the rows of X, weighted for the moments.

        Parameters
        ----------
        X : ndarray, memmap, CSR matrix or RowTable of shape (n_samples, n_features)
        sample_weight : ndarray of shape (n_samples,) or None, default=None
        """
        if sparse.issparse(X):
            return _of_sparse(X, sample_weight)
        n = X.shape[1]
        if len(blocks := column_blocks(X)) > 1:
            parts = [vars(cls.of(X[:, some], sample_weight)) for some in blocks]
            return cls(**{name: np.concatenate([p[name] for p in parts]) for name in parts[0]})
        low, used_low = np.full((2, n), np.inf)
        high, used_high = -low, -used_low
        moments = _Moments(n)
        for rows, block in read_blocks(X, _BLOCK):
            block_low, block_high = block.min(axis=0), block.max(axis=0)
            low, high = np.minimum(low, block_low), np.maximum(high, block_high)
            weight = None if sample_weight is None else sample_weight[rows]
            if weight is not None and not weight.all():
                used = weight > 0
                if not used.any():
                    continue
                block, weight = block[used], weight[used]
                block_low, block_high = block.min(axis=0), block.max(axis=0)
            used_low = np.minimum(used_low, block_low)
            used_high = np.maximum(used_high, block_high)
            # Whoever sees that X is not finite has no use for moments.
            if np.isfinite(low).all() and np.isfinite(high).all():
                moments.add(block, weight, power_of_two(block_low, block_high))
        variance = moments.squares / max(moments.total, 1e-300)
        exact = _exact_constants(used_low, used_high, moments.unit, moments.mean, variance)
        return cls(low, high, used_low, used_high, moments.unit, *exact)

    @default_errors()
    def joined(self, ranks: Ranks, weight: float) -> Summary:
        """Return the summary of the rows of all ranks, where those of this one have a weight."""
        if ranks.size == 1:
            return self
        low, used_low = -ranks.max(-np.stack([self.low, self.used_low]).astype(np.float64))
        high, used_high = ranks.max(np.stack([self.high, self.used_high]).astype(np.float64))
        unit = ranks.max(self.unit)
        ratio = self.unit / unit  # exact: powers of two
        mean = ranks.mean(self.mean * ratio, weight)
        spread = self.variance * ratio**2 + (self.mean * ratio - mean) ** 2
        exact = _exact_constants(used_low, used_high, unit, mean, ranks.mean(spread, weight))
        return Summary(low, high, used_low, used_high, unit, *exact)

    @default_errors()
    def merged(self, other: Summary, weight: float, other_weight: float) -> Summary:
        """Return the summary of the rows of both, whose weights add up to these numbers."""
        low, used_low = np.minimum([self.low, self.used_low], [other.low, other.used_low])
        high, used_high = np.maximum([self.high, self.used_high], [other.high, other.used_high])
        unit = np.maximum(self.unit, other.unit)
        ours, theirs = self.unit / unit, other.unit / unit  # exact: powers of two
        share = other_weight / (weight + other_weight)
        step = other.mean * theirs - self.mean * ours
        squares = (1 - share) * self.variance * ours**2 + share * other.variance * theirs**2
        moments = self.mean * ours + share * step, squares + share * (1 - share) * step**2
        exact = _exact_constants(used_low, used_high, unit, *moments)
        return Summary(low, high, used_low, used_high, unit, *exact)

    @property
    def share_unit(self) -> bool:
        """Whether the columns seem to share a unit, as pixels, word counts or expressions do.

        Their standard deviations must not differ much: of those that are not 0, the ninth decile is
        at most a hundred times the first, and the largest at most a hundred times the ninth decile
        (21 on the data that we know). A single column in another unit would decide otherwise.
        """
        spread = np.sqrt(self.variance) * self.unit
        spread = spread[spread > 0]
        if len(spread) < 2:
            return True
        low, high = np.quantile(spread, [0.1, 0.9])
        return bool(high / _UNLIKE <= low and spread.max() / _UNLIKE <= high)


class _Moments:
    """Mean and sum of squared deviations, merged block by block (Chan, Golub and LeVeque)."""

    def __init__(self, n_features):
        self.total = 0.0
        self.unit = np.full(n_features, 2.0**-1000)
        self.mean, self.squares = np.zeros((2, n_features))

    def add(self, block, weight, unit):
        unit = np.maximum(self.unit, unit)
        ratio = self.unit / unit  # exact: powers of two
        self.unit = unit
        self.mean *= ratio
        self.squares *= ratio**2
        numbers = np.multiply(block, 1 / unit, dtype=np.float64)
        if weight is None:
            weight = np.ones(len(numbers))
        added = weight.sum()
        mean = weight @ numbers / added
        numbers -= mean
        np.square(numbers, out=numbers)
        squares = weight @ numbers
        self.total += added
        step = mean - self.mean
        self.mean += step * (added / self.total)
        self.squares += squares + step**2 * (added * (1 - added / self.total))


def _exact_constants(low, high, unit, mean, variance):
    """Mean and variance, without what rounding the mean leaves to a column without spread."""
    with np.errstate(over="ignore"):  # where X is not finite and there is no unit
        mean = np.where(high > low, mean, low / unit)
    return mean, np.where((high > low) & (variance > 1e-28), variance, 0.0)


def power_of_two(low, high):
    """Return one near the largest magnitude, such that neither it nor 1 / it overflows."""
    largest = np.maximum(np.abs(low), np.abs(high)).astype(np.float64)
    # Of a column of zeros the smallest: numbers may follow.
    exponent = np.where(largest > 0, np.frexp(largest)[1], -1000)
    return np.ldexp(1.0, np.clip(exponent, -1000, 1000))


def _of_sparse(X, sample_weight):
    low, high = _range_of_sparse(X)
    used_low, used_high = low, high
    if sample_weight is not None and not sample_weight.all():
        used_low, used_high = _range_of_sparse(X[sample_weight > 0])
    unit = power_of_two(low, high)
    finite = np.isfinite(low).all() and np.isfinite(high).all()
    mean, variance = _moments_of_sparse(X, unit, sample_weight) if finite else (low, low)
    exact = _exact_constants(used_low, used_high, unit, mean, variance)
    return Summary(low, high, used_low, used_high, unit, *exact)


def _range_of_sparse(X):
    return tuple(np.asarray(m.todense()).ravel() for m in (X.min(axis=0), X.max(axis=0)))


def _moments_of_sparse(X, unit, sample_weight):
    n_samples, n_features = X.shape
    weight = np.ones(n_samples) if sample_weight is None else sample_weight
    total = weight.sum()
    stored = np.repeat(weight, np.diff(X.indptr))
    values = np.divide(X.data, unit[X.indices], dtype=np.float64)

    def column_sums(numbers):
        return np.bincount(X.indices, weights=numbers, minlength=n_features)

    mean = column_sums(stored * values) / total
    squares = column_sums(stored * (values - mean[X.indices]) ** 2)
    n_zeros = np.maximum(total - column_sums(stored), 0.0)
    return mean, (squares + n_zeros * mean**2) / total
