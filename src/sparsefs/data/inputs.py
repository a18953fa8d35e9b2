# SPDX-License-Identifier: BSD-3-Clause
"""X and the weights of its rows, in any form: checked, streamed and summarised."""

from __future__ import annotations

import os
import re
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse
from sklearn.utils.validation import (
    _check_sample_weight,
    check_consistent_length,
    check_is_fitted,
    validate_data,
)

from ..distributed import ALONE, Ranks
from .arrays import ArrayTable, check_file
from .cells import is_plain
from .kinds import name_columns, non_numeric_columns, on_host, refuse_masked, refuse_other_kinds
from .summary import Summary, read_blocks
from .table import RowTable, check_table, working_dtype

if TYPE_CHECKING:
    from .layout import Layout, Parts
    from .target import Target

_LARGEST = 8e307  # a little less than half of what float64 can hold


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
    with errors_about_X(X):
        matrix = validate_data(
            estimator,
            X,
            reset=reset,
            accept_sparse="csr",
            dtype=[np.float32, np.float64] if in_float32 else [np.float64, np.float32],
            ensure_all_finite=False,  # checked later, where the columns are named
        )
    if sparse.issparse(matrix) and not matrix.has_canonical_format:
        matrix = matrix.copy()  # the user's matrix is not ours to tidy
        matrix.sum_duplicates()
    return matrix


def validated_table(estimator, X, reset: bool = True):
    """Return X as :func:`validated` does, or as it is if it has columns of texts or dates."""
    if table_on_disk(X) is not None:
        return validated(estimator, X, reset)
    X = on_host(X)
    if isinstance(X, (list, tuple)):
        refuse_other_kinds(X, "X")  # masked rows
        with suppress(ValueError):  # rows of several lengths: scikit-learn says so
            array = np.asarray(X)
            # An array of texts has no missing values: NaN is the text "nan" in it.
            X = np.array(X, dtype=object) if array.dtype.kind == "U" else array
    if is_plain(X):
        return validated(estimator, X, reset)
    if X.shape[0] == 0 or X.shape[1] == 0:
        raise ValueError(f"X has the shape {X.shape}: at least a row and a column are needed.")
    validate_data(estimator, X, reset=reset, skip_check_array=True)
    return X


@contextmanager
def errors_about_X(X):
    """Let the errors of scikit-learn and of X itself name X, or its columns without numbers."""
    try:
        yield
    except (ValueError, TypeError) as error:
        kind = TypeError if isinstance(error, TypeError) else ValueError
        culprits = [] if sparse.issparse(X) else non_numeric_columns(X)
        if culprits:
            reason = str(error).split("\n")[0][:200].rstrip(". ")
            raise kind(
                f"Not numeric: {name_columns(culprits)}. Encode or drop them first, for example "
                f"with sklearn.preprocessing.OrdinalEncoder. ({reason})"
            ) from error
        # A message may print the whole of X.
        reason = str(error) if len(str(error)) < 600 else f"{str(error)[:200]} ..."
        if reason != str(error) or not re.search(r"\bX\b", reason):
            raise kind(f"X is unusable: {reason}") from error
        raise


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
    table = ArrayTable(X).astype(working_dtype(X.dtype))
    return None if table.fits_in_buffer() else table


def refuse_lazy(value, name: str) -> None:
    """Refuse a frame that is still to be computed, such as polars' LazyFrame."""
    if hasattr(value, "collect") and not hasattr(value, "__array__"):
        raise TypeError(
            f"{name} is a {type(value).__name__}, which contains no data yet. Pass "
            f"{name}.collect()" + (", or sparsefs.open_table(X)." if name == "X" else ".")
        )


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
        If there are NaN or infinite values, or so large ones that differences overflow; says in
        which columns.
    """
    finite = np.isfinite(summary.low) & np.isfinite(summary.high)
    if not finite.all():
        raise ValueError(describe_non_finite(X, np.flatnonzero(~finite), feature_names))
    refuse_beyond(_LARGEST, "whose differences overflow", summary, feature_names)


def refuse_beyond(limit: float, why: str, summary: Summary, feature_names=None) -> None:
    """Refuse magnitudes beyond a limit; the message names the columns."""
    largest = np.maximum(np.abs(summary.low), np.abs(summary.high))
    culprits = np.flatnonzero(largest > np.float64(limit))
    if len(culprits):
        raise ValueError(
            f"Input X contains values beyond {limit:.2g}, {why}, in "
            f"{name_columns(culprits, feature_names)}. Divide the columns by a constant first."
        )


def describe_non_finite(X, columns, feature_names) -> str:
    """Say how many values are NaN and infinite, and that they are in these columns."""
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


def mean_one(weight: np.ndarray, ranks: Ranks = ALONE) -> np.ndarray:
    """Scale weights to mean 1 over those that are not 0, however large or small they are."""
    weight = weight / ranks.max(weight.max())
    used = weight[weight > 0]
    return weight / ranks.mean(used.mean(), len(used))


def check_length(X, y):
    """Refuse a y that does not have one entry per row of X."""
    refuse_lazy(y, "y")
    refuse_masked(y, "y")
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
        weight = _check_sample_weight(sample_weight, X, dtype=np.float64)
    except (ValueError, TypeError) as error:
        raise type(error)(f"sample_weight is unusable: {error}") from error
    if not np.isfinite(weight).all():  # scikit-learn's assume_finite lets them pass
        raise ValueError("sample_weight contains NaN or inf values.")
    return weight


def checked_weight(sample_weight, X, ranks: Ranks = ALONE):
    """Weights of the rows of X, scaled to mean 1 over those that are not 0; None stays None."""
    if sample_weight is None:
        return None
    weight = usable_weight(sample_weight, X)
    if (weight < 0).any():
        raise ValueError("sample_weight must not be negative.")
    if not weight.any():
        raise ValueError("sample_weight is zero for all samples.")
    return mean_one(weight, ranks)


@dataclass(frozen=True)
class TrainingData:
    """What a method trains on.

    Attributes
    ----------
    X : ndarray, memmap, CSR matrix or RowTable of shape (n_samples, n_inputs)
        float32 or float64, finite. An input is a column, where `layout` has no encoding.
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
    constant : ndarray of shape (n_inputs,), bool
        Which inputs have one value only in these rows, or are excluded.
    varying : ndarray of int
        The other inputs; all inputs if all are constant.
    shared_unit : bool
        Whether the inputs seem to share a unit of measurement.
    parts : Parts or None
        How inputs make up what is selected; None where each is selected alone.
    layout : Layout or None
        None for a part of a training.
    table : object or None
        X as it was passed, checked; a frame where it has columns of other kinds.
    ranks : Ranks
        The processes that fit together. `X`, `y`, `target`, `sample_weight` and `rows` are those of
        this one, everything else is of the rows of all.
    n_rows : int
        Number of rows that count.
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
    parts: Parts | None = None
    layout: Layout | None = None
    table: Any = None
    ranks: Ranks = ALONE
    n_rows: int = 0

    @classmethod
    def of(
        cls,
        X,
        y,
        target,
        sample_weight,
        feature_names=None,
        *,
        summary: Summary | None = None,
        layout: Layout | None = None,
        table: Any = None,
        ranks: Ranks = ALONE,
    ) -> TrainingData:
        """Summarise X, and refuse values that are not finite."""
        if summary is None:
            summary = Summary.of(X, sample_weight)
        if feature_names is not None and layout is not None and layout.encoding is not None:
            feature_names = feature_names[layout.encoding.column_of]
        check_finite(X, summary, feature_names)
        summary = summary.joined(
            ranks, X.shape[0] if sample_weight is None else sample_weight.sum()
        )
        rows = np.arange(X.shape[0]) if sample_weight is None else np.flatnonzero(sample_weight)
        constant = summary.used_low == summary.used_high
        if layout is not None:
            constant |= layout.of_inputs(layout.excluded)
        varying = np.arange(len(constant)) if constant.all() else np.flatnonzero(~constant)
        return cls(
            X,
            y,
            target,
            sample_weight,
            summary,
            rows,
            constant,
            varying,
            summary.share_unit,
            None if layout is None else layout.parts,
            layout,
            X if table is None else table,
            ranks,
            ranks.sum(len(rows)),
        )

    def with_inputs(self, X, parts: Parts | None) -> TrainingData:
        """Return data with other inputs, such as shadows, for a part of a training."""
        data = TrainingData.of(X, self.y, self.target, self.sample_weight, ranks=self.ranks)
        constant = data.constant.copy()
        constant[: len(self.constant)] |= self.constant  # those left out stay so
        varying = np.arange(len(constant)) if constant.all() else np.flatnonzero(~constant)
        return replace(data, parts=parts, constant=constant, varying=varying)

    @property
    def share(self) -> np.ndarray | None:
        """Share of each input in the variance of its unit, (n_inputs,); None where all are 1."""
        return None if self.parts is None else self.parts.share

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
