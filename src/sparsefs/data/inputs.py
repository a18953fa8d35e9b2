# SPDX-License-Identifier: BSD-3-Clause
"""X and the weights of its rows: read, checked and streamed, whatever form they come in."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse
from sklearn.utils.validation import (
    _check_n_features,
    _check_sample_weight,
    check_consistent_length,
    check_is_fitted,
    validate_data,
)

from .memmap import MemmapTable
from .table import RowTable

if TYPE_CHECKING:
    from .summary import Summary
    from .target import Target


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
    """

    X: Any
    y: Any
    target: Target | None
    sample_weight: np.ndarray | None
    summary: Summary

    @cached_property
    def constant(self) -> np.ndarray:
        """Which features have one value only in the rows that count."""
        return self.summary.used_low == self.summary.used_high

    @cached_property
    def varying(self) -> np.ndarray:
        """Numbers of the features that are not constant; of all features if all are constant."""
        constant = self.constant
        return np.arange(len(constant)) if constant.all() else np.flatnonzero(~constant)

    @cached_property
    def rows(self) -> np.ndarray:
        """Numbers of the rows that count: those whose weight is not 0."""
        weight = self.sample_weight
        return np.arange(self.X.shape[0]) if weight is None else np.flatnonzero(weight)


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


def non_numeric_columns(X) -> list:
    """Names (or numbers) of the columns of `X` that are no real numbers."""
    if hasattr(X, "columns") and hasattr(X, "__getitem__"):
        columns = [(name, np.asarray(X[name])) for name in X.columns]
    else:
        X = np.asarray(X, dtype=object)
        if X.ndim != 2:
            return []
        columns = [(j, X[:, j]) for j in range(X.shape[1])]

    def is_numeric(column):
        if column.dtype.kind in "mMc":  # dates, durations, complex numbers
            return False
        try:
            column.astype(np.float64)
        except (TypeError, ValueError):
            return False
        return True

    return [name for name, column in columns if not is_numeric(column)]


def table_on_disk(X) -> RowTable | None:
    """X as a table to be read piece by piece; None where X is to be an array or sparse.

    Raises
    ------
    TypeError
        If X is a path.
    """
    if isinstance(X, (str, os.PathLike)):
        raise TypeError(
            f"X is a path, {os.fspath(X)!r}. For a directory of .npy or .parquet files pass "
            "X=sparsefs.open_shards(path), for one .npy file X=numpy.load(path, mmap_mode='r')."
        )
    if isinstance(X, RowTable):
        return X.astype(working_dtype(X.dtype))
    if not isinstance(X, np.memmap) or X.ndim != 2 or X.dtype.kind not in "biuf":
        return None
    # An array on its way to a worker of joblib's: its results must be those of the array.
    if "joblib_memmapping_folder" in str(X.filename):
        return None
    table = MemmapTable(X).astype(working_dtype(X.dtype))
    return None if table.fits_in_buffer() else table


def working_dtype(dtype) -> type:
    """The type in which data of a type are read."""
    # float32 holds small integers exactly; of wide ones it would lose the last digits.
    small = dtype.kind in "biu" and dtype.itemsize <= 2
    return np.float32 if small or dtype == np.float32 else np.float64


def check_table(estimator, X: RowTable, reset: bool) -> None:
    """Do for a table what scikit-learn's ``validate_data`` does for arrays and frames."""
    name = type(estimator).__name__
    if 0 in X.shape:
        raise ValueError(
            f"Found a table with {X.shape[0]} sample(s) and {X.shape[1]} feature(s) while at "
            f"least one of each is required by {name}."
        )
    names, fitted = X.column_names, getattr(estimator, "feature_names_in_", None)
    if reset:
        estimator.__dict__.pop("feature_names_in_", None)
        if names is not None:
            estimator.feature_names_in_ = names
    elif (names is None) != (fitted is None):
        ours, theirs = ("no ", "") if names is None else ("", "out")
        warnings.warn(
            f"X has {ours}feature names, but {name} was fitted with{theirs} feature names",
            UserWarning,
            stacklevel=3,
        )
    elif names is not None and fitted is not None and not np.array_equal(names, fitted):
        raise ValueError(
            "The feature names should match those that were passed during fit. Open the shards "
            "with columns=selector.feature_names_in_."
        )
    _check_n_features(estimator, X, reset=reset)


def transform_table(selector, X: RowTable) -> np.ndarray:
    """Read the features that a fitted selector selects; no others are read."""
    from .summary import Summary

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


def name_columns(columns, feature_names=None, most: int = 10) -> str:
    """Read like ``columns 'a', 'b' and 7 more``."""
    names = columns if feature_names is None else np.asarray(feature_names)[columns]
    shown = ", ".join(
        repr(getattr(name, "item", lambda name=name: name)()) for name in names[:most]
    )
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return f"column{'s' if len(names) > 1 else ''} {shown}{more}"


def check_length(X, y):
    """Refuse a y that does not have one entry per row of X."""
    try:
        check_consistent_length(X, y)
    except TypeError as error:
        raise TypeError(f"y must have one label or target per sample: {error}") from error


def usable_weight(sample_weight, X):
    """Weights of the rows of X as an array of float64; what they are not, an error says."""
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
