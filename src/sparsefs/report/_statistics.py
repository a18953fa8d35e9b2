# SPDX-License-Identifier: BSD-3-Clause
"""Statistics of all columns (missing, constant, types) and of selected ones (means, targets)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from ..data.summary import read_blocks
from ._subject import BLOCK, Subject
from ._target import TargetFacts


@dataclass
class ColumnFacts:
    """Missing values and types of all columns.

    Attributes
    ----------
    n_missing : ndarray of shape (n_features,), dtype int64
        Number of NaN, or of texts that are missing.
    constant, whole, binary : ndarray of shape (n_features,), dtype bool
        Whether the other values are all equal; whole numbers; zeros and ones.
    """

    n_missing: np.ndarray
    constant: np.ndarray
    whole: np.ndarray
    binary: np.ndarray

    @classmethod
    def of(cls, X, others: dict[int, np.ndarray] | None = None) -> ColumnFacts:
        """Read a table once, from the first row to the last; `others` are no numbers."""
        n = X.shape[1]
        n_missing, fractions = np.zeros((2, n), dtype=np.int64)
        low, high = np.full(n, np.inf), np.full(n, -np.inf)
        for block in [X] if sparse.issparse(X) else (block for _, block in read_blocks(X, BLOCK)):
            facts = _of_sparse(block) if sparse.issparse(block) else _of_dense(block)
            n_missing += facts[0]
            fractions += facts[1]
            low, high = np.fmin(low, facts[2]), np.fmax(high, facts[3])
        whole, constant = fractions == 0, low >= high
        for j, values in (others or {}).items():
            there = values[values == values]
            there = there[there != np.array(None)] if there.dtype == object else there
            n_missing[j], constant[j] = len(values) - len(there), len(set(there.tolist())) < 2
            whole[j] = False
        return cls(n_missing, constant, whole, whole & (low >= 0) & (high <= 1))


def _of_dense(block):
    if block.dtype.kind in "biu":
        nothing = np.zeros(block.shape[1], dtype=np.int64)
        return nothing, nothing, block.min(axis=0), block.max(axis=0)
    missing = np.isnan(block)
    return (
        missing.sum(axis=0),
        (~missing & (np.rint(block) != block)).sum(axis=0),
        np.fmin.reduce(block, axis=0),
        np.fmax.reduce(block, axis=0),
    )


def _of_sparse(X):
    data = X.data.astype(np.float64)
    missing = np.isnan(data)

    def counted(which):
        return np.bincount(X.indices[which], minlength=X.shape[1])

    def instead(value):  # of missing values
        filled = np.where(missing, value, data)
        return sparse.csr_matrix((filled, X.indices, X.indptr), shape=X.shape)

    low, high = instead(np.inf).min(axis=0), instead(-np.inf).max(axis=0)
    return (
        counted(missing),
        counted(~missing & (np.rint(data) != data)),
        low.toarray().ravel(),
        high.toarray().ravel(),
    )


@dataclass
class FeatureFacts:
    """Statistics of some columns without NaN.

    Attributes
    ----------
    mean, std, nonzero : ndarray of shape (n_columns,)
        `nonzero` is a share of the rows.
    between : ndarray of shape (n_columns,), or None
        Share of the variance between the class means.
    correlations : ndarray of shape (n_columns, n_outputs), or None
        Correlations with the outputs of a target of labels or numbers.
    """

    mean: np.ndarray
    std: np.ndarray
    nonzero: np.ndarray
    between: np.ndarray | None = None
    correlations: np.ndarray | None = None

    @classmethod
    def of(cls, subject: Subject, columns: np.ndarray) -> FeatureFacts:
        """Read some columns twice: for the means, and for the deviations from them."""
        n, sums, nonzero = np.zeros((3, len(columns)))
        for _, block in subject.blocks(columns):
            present = ~np.isnan(block)
            n += present.sum(axis=0)
            sums += np.where(present, block, 0).sum(axis=0)
            nonzero += ((block != 0) & present).sum(axis=0)
        mean = _ratio(sums, n)
        target = subject.target
        squares = np.zeros(len(columns))
        n_outputs = 0 if target is None else len(target.outputs)
        products, weights = np.zeros((2, len(columns), n_outputs))
        for rows, block in subject.blocks(columns):
            present = ~np.isnan(block)
            block = np.where(present, block - mean, 0)
            squares += (block**2).sum(axis=0)
            if target is not None:
                design = target.design(rows)
                products += (design.T @ block).T
                weights += ((design**2).T @ present).T
        squares[squares <= 1e-24 * n * mean**2] = 0  # rounding errors of a constant
        std = np.sqrt(_ratio(squares, n))
        facts = cls(_exact(mean, std), std, _ratio(nonzero, n))
        if target is not None:
            facts._compare(target, squares, products, weights)
        return facts

    def _compare(self, target: TargetFacts, squares, products, weights):
        if target.task == "classification":
            away = _ratio(products, weights)
            self.between = _ratio(np.nansum(weights * away**2, axis=1), squares)
        else:
            self.correlations = _ratio(products, np.sqrt(squares[:, None] * weights))


def _exact(mean, std):
    """Return the means, 0 where they are rounding errors."""
    return np.where(np.abs(mean) < 1e-12 * std, 0.0, mean)


def _ratio(a, b):
    """Return a / b, NaN where b is 0."""
    return np.divide(a, b, out=np.full(np.shape(a), np.nan), where=b > 0)
