# SPDX-License-Identifier: BSD-3-Clause
"""Scaling of the features, with or without clipping of outliers, and the rule that chooses it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from ..data import RowTable
from ..data.summary import Summary, column_blocks, read_blocks
from ..distributed import ALONE, Ranks

if TYPE_CHECKING:
    from .normal_scores import NormalScores


class Scaling:
    """Shift and scale of the features.

    Parameters
    ----------
    X : ndarray, memmap, CSR matrix or RowTable of shape (n_samples, n_features)
        Finite.
    how : {"global", "feature", "minmax", "none"}
        ``"global"``: one mean and one standard deviation for the whole table, which keeps
        the features' relative variances; ``"feature"``: one each; ``"minmax"``: every feature
        from 0 to 1.
    sample_weight : ndarray of shape (n_samples,) or None, default=None
        Rows of weight 0 do not count.
    summary : Summary or None, default=None
        Of X and `sample_weight`, where it is known already; else X is read for it.
    share : ndarray of shape (n_features,) or None, default=None
        Share of each column in the variance of its unit. Not used by ``"none"``.

    Attributes
    ----------
    mean, scale : ndarray of shape (n_features,), dtype float64
        The scaled data are ``(x - mean) / scale``. Data without spread have scale 1.
    """

    def __init__(
        self,
        X,
        how: str,
        sample_weight: np.ndarray | None = None,
        summary: Summary | None = None,
        share: np.ndarray | None = None,
    ):
        n_features = X.shape[1]
        if how == "none":
            self.mean, self.scale = np.zeros(n_features), np.ones(n_features)
            return
        if summary is None:
            summary = Summary.of(X, sample_weight)
        if how == "minmax":
            low, high = (
                bound.astype(np.float64) for bound in (summary.used_low, summary.used_high)
            )
            self.mean, self.scale = low, np.where(high > low, high - low, 1.0)
            self._divide(share)
            return
        unit, mean, variance = summary.unit, summary.mean, summary.variance
        if how == "global":
            ratio = unit / unit.max()
            unit, mean, variance = unit.max(), mean * ratio, variance * ratio**2
            overall = mean.mean()
            variance = np.full(n_features, np.mean(variance + (mean - overall) ** 2))
            mean = np.full(n_features, overall)
        self.mean = mean * unit
        scale = np.sqrt(variance) * unit
        self.scale = np.where(scale > 0, scale, 1.0)  # that of the smallest numbers underflows
        self._divide(share)

    def _divide(self, share):
        if share is not None:
            self.scale = self.scale / np.sqrt(np.maximum(share, 1e-12))


_MOST_ROWS = 256  # of sparse data, that are made dense at a time


_LITTLE = 0.5  # of the variance: where clipping leaves less, a column is outliers and a dense rest


class Clipping:
    """Standardisation, clipping at three standard deviations, and standardisation again.

    What clipping leaves of the spread of a rare feature is small, hence the second time; it brings
    no value far beyond six. Of a column with heavy tails it would leave the outliers: the normal
    scores of the ranks take the place of such values, see :class:`NormalScores`.

    Parameters
    ----------
    X : ndarray, memmap, CSR matrix or RowTable of shape (n_samples, n_features)
    scaling : Scaling
        Standardises each feature.
    sample_weight : ndarray of shape (n_samples,) or None
    constant : ndarray of shape (n_features,), bool
    keep_spread : bool, default=False
        Scale each feature by the root of its standard deviation in the end, relative to the others.
    share : ndarray of shape (n_features,) or None, default=None
        Variance that each column has in the end, of that of its unit.
    ranks : Ranks, default=ALONE
        The processes whose rows are scaled together.

    Attributes
    ----------
    mean, scale : ndarray of shape (n_features,), dtype float64
        Of X.
    clipped_mean, clipped_scale : ndarray of shape (n_features,), dtype float64
        What is subtracted from, and divides, the standardised features once they are clipped.
    scores : NormalScores or None
        Of the columns with heavy tails, of which `mean` and `scale` are median and quartile range.
    """

    limit = 3.0  # standard deviations; what is farther out is brought there

    def __init__(
        self,
        X,
        scaling,
        sample_weight,
        constant,
        keep_spread=False,
        share=None,
        ranks: Ranks = ALONE,
    ):
        self.mean, self.scale = scaling.mean, scaling.scale
        self.scores: NormalScores | None = None
        weight = np.ones(X.shape[0]) if sample_weight is None else sample_weight
        sums, squares = (_sums_of_sparse if sparse.issparse(X) else _sums)(self, X, weight)
        sums, squares, total = map(ranks.sum, (sums, squares, weight.sum()))
        self.clipped_mean = sums / total
        variance = squares / total - self.clipped_mean**2
        spread = self.scale
        heavy = np.flatnonzero(~constant & (variance < _LITTLE))
        if len(heavy):
            from .normal_scores import NormalScores  # which needs torch; Scaling does not

            self.scores = scores = NormalScores(X, heavy, weight, ranks)
            heavy = scores.columns
            self.mean, self.scale = self.mean.copy(), self.scale.copy()
            self.mean[heavy], self.scale[heavy] = scores.middle, scores.unit
            self.clipped_mean[heavy], variance[heavy] = scores.mean, scores.variance
        # At least a half: a feature of very few rows must not go beyond twice the limit.
        self.clipped_scale = np.where(constant, 1.0, np.sqrt(np.maximum(variance, 0.25)))
        # Of a column that differs by rounding only, the scale says nothing.
        flat = constant | (variance < 1e-12)
        if keep_spread and not flat.all():
            spread = np.where(flat, 0.0, spread / spread[~flat].max())
            self.clipped_scale /= np.sqrt(spread / spread[~flat].mean()).clip(min=1e-15)
        if share is not None:
            self.clipped_scale = self.clipped_scale / np.sqrt(np.maximum(share, 1e-12))

    def clipped(self, block, columns=slice(None)) -> np.ndarray:
        """Standardised and clipped values of a dense block, float64."""
        z = (block - self.mean[columns]) / self.scale[columns]
        if self.scores is not None:
            every = np.arange(len(self.mean))[columns]
            z = self.scores.applied_to_rows(z, every)
        return np.clip(z, -self.limit, self.limit, out=z)

    def blocks(self, X, rows, columns) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Pairs of (row numbers, these rows of some columns, scaled), from first to last.

        Parameters
        ----------
        X : ndarray, memmap, CSR matrix or RowTable of shape (n_samples, n_features)
        rows, columns : ndarray of int
            What to take of X, ascending.
        """
        if isinstance(X, RowTable):
            for part, block in X.blocks(columns=columns):
                used = rows[slice(*np.searchsorted(rows, [part.start, part.stop]))]
                if len(used):
                    yield used, self._scaled(block[used - part.start], columns)
            return
        n_rows = max(1, min(_MOST_ROWS, 2**20 // len(columns)))
        for start in range(0, len(rows), n_rows):
            used = rows[start : start + n_rows]
            if sparse.issparse(X):
                yield used, self._scaled(X[used][:, columns].toarray(), columns)
            else:
                yield used, self._scaled(X[np.ix_(used, columns)], columns)

    def loaded(self, X, rows, columns) -> np.ndarray:
        """Return all of that at once, of shape (n_rows, n_columns), float32."""
        scaled = np.empty((len(rows), len(columns)), dtype=np.float32)
        for some in column_blocks(X, len(columns)):
            start = 0
            for used, block in self.blocks(X, rows, columns[some]):
                scaled[start : start + len(used), some] = block
                start += len(used)
        return scaled

    def scaled_sparse(self, X, columns) -> tuple[np.ndarray, sparse.csr_array]:
        """Return some columns of a CSR matrix, scaled, as constants and what is added to them.

        The constants are what all numbers of a column become that are not stored.
        """
        constant = self._scaled(np.zeros((1, X.shape[1])), slice(None))[0]
        changes = np.empty(X.nnz, dtype=np.float32)
        for start in range(0, X.nnz, 2**20):
            some = slice(start, start + 2**20)
            of = X.indices[some]
            changes[some] = self._scaled(X.data[None, some], of)[0] - constant[of]
        changed = sparse.csr_array((changes, X.indices, X.indptr), shape=X.shape)
        return constant[columns], changed[:, columns]

    def _scaled(self, block, columns):
        z = self.clipped(block, columns)
        z -= self.clipped_mean[columns]
        z /= self.clipped_scale[columns]
        return z.astype(np.float32)


def _sums(clipping, X, weight):
    """Weighted sums of the clipped features and of their squares."""
    sums, squares = np.zeros((2, X.shape[1]))
    for some in column_blocks(X):
        for rows, block in read_blocks(X if isinstance(X, RowTable) else X[:, some], 2**18):
            z = clipping.clipped(block, some)
            sums[some] += weight[rows] @ z
            squares[some] += weight[rows] @ np.square(z, out=z)
    return sums, squares


def _sums_of_sparse(clipping, X, weight):
    """The same, from what is stored."""
    n_features = X.shape[1]
    of_zero = clipping.clipped(np.zeros(n_features))
    sums, squares = weight.sum() * of_zero, weight.sum() * of_zero**2
    n_rows = max(1, 2**20 * X.shape[0] // max(1, X.nnz))
    for start in range(0, X.shape[0], n_rows):
        block = X[start : start + n_rows]
        columns = block.indices
        stored = clipping.clipped(block.data, columns)
        weights = np.repeat(weight[start : start + n_rows], np.diff(block.indptr))
        for total, change in (
            (sums, stored - of_zero[columns]),
            (squares, stored**2 - of_zero[columns] ** 2),
        ):
            total += np.bincount(columns, weights * change, n_features)
    return sums, squares
