# SPDX-License-Identifier: BSD-3-Clause
"""X and the weights of its rows, in any form: checked, streamed and summarised."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse
from sklearn.utils.validation import (
    _check_sample_weight,
    check_consistent_length,
    check_is_fitted,
    validate_data,
)

from ..utils.arithmetic import default_errors
from .kinds import name_columns, non_numeric_columns, on_host, refuse_masked, refuse_other_kinds
from .memmap import MemmapTable, check_file
from .table import RowTable, check_table

if TYPE_CHECKING:
    from .target import Target


def validated(estimator, X, reset: bool = True):
    """Return X as training reads it: an array, a CSR matrix, or a table too large for memory.

    Sets, or with ``reset=False`` compares, the estimator's number and names of features.
    NaN and infinite values pass; :func:`check_finite` refuses them.

    Raises
    ------
    ValueError, TypeError
        If X is not a table of numbers; names the columns that are not numeric.
    """
    table = table_on_disk(X)
    if table is not None:
        check_table(estimator, table, reset)
        return table[:] if table.fits_in_buffer() else table
    X = on_host(X)
    refuse_other_kinds(X, "X")
    dtype = getattr(X, "dtype", None)
    in_float32 = isinstance(dtype, np.dtype) and working_dtype(dtype) == np.float32
    try:
        matrix = validate_data(
            estimator,
            X,
            reset=reset,
            accept_sparse="csr",
            dtype=[np.float32, np.float64] if in_float32 else [np.float64, np.float32],
            ensure_all_finite=False,  # checked later, where the columns are named
        )
    except (ValueError, TypeError) as error:
        culprits = [] if sparse.issparse(X) else non_numeric_columns(X)
        if not culprits:
            raise
        # A library's own message can be a page long; the first line says what it is.
        reason = str(error).split("\n")[0][:200].rstrip(". ")
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise kind(
            f"Not numeric: {name_columns(culprits)}. Encode or drop them first, for example "
            f"with sklearn.preprocessing.OrdinalEncoder. ({reason})"
        ) from error
    if sparse.issparse(matrix) and not matrix.has_canonical_format:
        matrix = matrix.copy()  # the user's matrix is not ours to tidy
        matrix.sum_duplicates()
    return matrix


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


def table_on_disk(X) -> RowTable | None:
    """X as a table to be read piece by piece; None where X is to be an array or sparse.

    Raises
    ------
    TypeError
        If X is a path, or a frame that is still to be computed.
    """
    refuse_lazy(X, "X")
    if isinstance(X, (str, os.PathLike)):
        raise TypeError(
            f"X is a path, {os.fspath(X)!r}. For a directory of .npy or .parquet files pass "
            "X=sparsefs.open_shards(path), for one .npy file X=numpy.load(path, mmap_mode='r')."
        )
    if isinstance(X, RowTable):
        return X.astype(working_dtype(X.dtype))
    if isinstance(X, np.ndarray):
        check_file(X)
        refuse_masked(X, "X")
    if not isinstance(X, np.memmap) or X.ndim != 2 or X.dtype.kind not in "biuf":
        return None
    # An array on its way to a worker of joblib's: its results must be those of the array.
    if "joblib_memmapping_folder" in str(X.filename):
        return None
    table = MemmapTable(X).astype(working_dtype(X.dtype))
    return None if table.fits_in_buffer() else table


def refuse_lazy(value, name: str) -> None:
    """Refuse a frame that is still to be computed, such as polars' LazyFrame."""
    if hasattr(value, "collect") and not hasattr(value, "__array__"):
        raise TypeError(
            f"{name} is a {type(value).__name__}, which contains no data yet. Pass "
            f"{name}.collect()."
        )


def working_dtype(dtype) -> type:
    """The type in which data of a type are read."""
    # float32 holds small integers exactly; of wide ones it would lose the last digits.
    small = dtype.kind in "biu" and dtype.itemsize <= 2
    return np.float32 if small or dtype == np.float32 else np.float64


def transform_table(selector, X: RowTable) -> np.ndarray:
    """Read the features that a fitted selector selects; no others are read."""
    check_is_fitted(selector)
    check_table(selector, X, reset=False)
    columns = selector.get_support(indices=True)
    selected = np.empty((len(X), len(columns)), dtype=X.dtype)
    for rows, block in X.blocks(columns=columns):
        selected[rows] = block
    names = columns if X.column_names is None else X.column_names[columns]
    check_finite(selected, Summary.of(selected), names)
    return selected


def check_finite(X, summary: Summary, feature_names=None) -> None:
    """Refuse NaN and infinite values.

    Parameters
    ----------
    X : ndarray, memmap, CSR matrix or RowTable of shape (n_samples, n_features)
    summary : Summary
        Of X.
    feature_names : ndarray of str or None

    Raises
    ------
    ValueError
        If there are NaN or infinite values; says how many, and in which columns.
    """
    finite = np.isfinite(summary.low) & np.isfinite(summary.high)
    if not finite.all():
        raise ValueError(_describe_non_finite(X, np.flatnonzero(~finite), feature_names))


def _describe_non_finite(X, columns, feature_names):
    if sparse.issparse(X):
        n_nan, n_inf = int(np.isnan(X.data).sum()), int(np.isinf(X.data).sum())
    else:
        n_nan = n_inf = 0
        for _, block in read_blocks(X):
            n_nan += int(np.isnan(block[:, columns]).sum())
            n_inf += int(np.isinf(block[:, columns]).sum())
    return (
        f"Input X contains {n_nan} NaN and {n_inf} inf values, in "
        f"{name_columns(columns, feature_names)}. Impute or remove them first, for "
        "example with sklearn.impute.SimpleImputer."
    )


def mean_one(weight: np.ndarray) -> np.ndarray:
    """Scale weights to mean 1 over those that are not 0, however large or small they are."""
    weight = weight / weight.max()
    return weight / weight[weight > 0].mean()


def check_length(X, y):
    """Refuse a y that does not have one entry per row of X."""
    refuse_lazy(y, "y")
    try:
        check_consistent_length(X, y)
    except TypeError as error:
        raise TypeError(f"y must have one label or target per sample: {error}") from error


def usable_weight(sample_weight, X):
    """Weights of the rows of X as an array of float64; what they are not, an error says."""
    refuse_lazy(sample_weight, "sample_weight")
    sample_weight = on_host(sample_weight)
    refuse_other_kinds(sample_weight, "sample_weight")
    try:
        return _check_sample_weight(sample_weight, X, dtype=np.float64)
    except (ValueError, TypeError) as error:
        raise type(error)(f"sample_weight is unusable: {error}") from error


def checked_weight(sample_weight, X):
    """Weights of the rows of X, scaled to mean 1 over those that are not 0; None stays None."""
    if sample_weight is None:
        return None
    weight = usable_weight(sample_weight, X)
    if (weight < 0).any():
        raise ValueError("sample_weight must not be negative.")
    if not weight.any():
        raise ValueError("sample_weight is zero for all samples.")
    return mean_one(weight)


_UNLIKE = 100  # ratio of spreads from which columns are taken to have different units
_BLOCK = 2**17  # numbers: a megabyte of float64 stays in the cache


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
                moments.add(block, weight, _unit(block_low, block_high))
        variance = moments.squares / max(moments.total, 1e-300)
        exact = _exact_constants(used_low, used_high, moments.unit, moments.mean, variance)
        return cls(low, high, used_low, used_high, moments.unit, *exact)

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
        return bool(high <= _UNLIKE * low and spread.max() <= _UNLIKE * high)


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
    mean = np.where(high > low, mean, low / unit)
    return mean, np.where((high > low) & (variance > 1e-28), variance, 0.0)


def _unit(low, high):
    """A power of two near the largest magnitude, such that neither it nor 1 / it overflows."""
    largest = np.maximum(np.abs(low), np.abs(high)).astype(np.float64)
    # Of a column of zeros the smallest: numbers may follow.
    exponent = np.where(largest > 0, np.frexp(largest)[1], -1000)
    return np.ldexp(1.0, np.clip(exponent, -1000, 1000))


def _of_sparse(X, sample_weight):
    low, high = _range_of_sparse(X)
    used_low, used_high = low, high
    if sample_weight is not None and not sample_weight.all():
        used_low, used_high = _range_of_sparse(X[sample_weight > 0])
    unit = _unit(low, high)
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
    values = X.data / unit[X.indices]

    def column_sums(numbers):
        return np.bincount(X.indices, weights=numbers, minlength=n_features)

    mean = column_sums(stored * values) / total
    squares = column_sums(stored * (values - mean[X.indices]) ** 2)
    n_zeros = np.maximum(total - column_sums(stored), 0.0)
    return mean, (squares + n_zeros * mean**2) / total


@dataclass(frozen=True)
class TrainingData:
    """What a method trains on.

    Attributes
    ----------
    X : ndarray, memmap, CSR matrix or RowTable of shape (n_samples, n_features)
        float32 or float64, finite.
    y : object or None
        As passed by the user.
    target : Target or None
        `y` as a network learns it; None for unsupervised methods.
    sample_weight : ndarray of shape (n_samples,), float64, or None
        Not negative; mean 1 over the samples whose weight is not 0.
    summary : Summary
        Of X and `sample_weight`.
    rows : ndarray of int
        The rows that count: those whose weight is not 0.
    constant : ndarray of shape (n_features,), bool
        Which features have one value only in these rows.
    varying : ndarray of int
        The other features; all features if all are constant.
    shared_unit : bool
        Whether the features seem to share a unit.
    """

    X: Any
    y: Any
    target: Target | None
    sample_weight: np.ndarray | None
    summary: Summary
    rows: np.ndarray
    constant: np.ndarray
    varying: np.ndarray
    shared_unit: bool

    @classmethod
    def of(cls, X, y, target, sample_weight, feature_names=None) -> TrainingData:
        """Summarise X, and refuse values that are not finite."""
        summary = Summary.of(X, sample_weight)
        check_finite(X, summary, feature_names)
        rows = np.arange(X.shape[0]) if sample_weight is None else np.flatnonzero(sample_weight)
        constant = summary.used_low == summary.used_high
        varying = np.arange(len(constant)) if constant.all() else np.flatnonzero(~constant)
        unit = summary.share_unit
        return cls(X, y, target, sample_weight, summary, rows, constant, varying, unit)

    @property
    def columns(self) -> np.ndarray | None:
        """The features that a network sees: those that vary; None for all."""
        return None if len(self.varying) == len(self.constant) else self.varying

    def of_all(self, values: np.ndarray) -> np.ndarray:
        """Return numbers of the features that a network sees as numbers of all; others get 0."""
        if self.columns is None:
            return values
        everywhere = np.zeros(len(self.constant), dtype=values.dtype)
        everywhere[self.columns] = values
        return everywhere
