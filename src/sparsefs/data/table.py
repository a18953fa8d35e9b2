# SPDX-License-Identifier: BSD-3-Clause
"""Base of tables on disk."""

from __future__ import annotations

import copy
import warnings
from abc import ABC, abstractmethod
from collections.abc import Iterator
from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils import _safe_indexing
from sklearn.utils.validation import _check_n_features

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Read at once: efficient for a disk, and small compared with the buffer.
CHUNK_BYTES = 2**20
# Memory of a fit for shuffled rows of a table. A smaller table is read whole.
BUFFER_BYTES = 2**27


class RowTable(ABC):
    """Read-only table of numbers on disk, read in chunks.

    Selectors accept it as X in `fit`, `transform` and `score`. Indexing reads into an array:
    ``table[100:200]``, ``table[rows]``, ``table[:, columns]``, ``table[np.ix_(rows, columns)]``.

    A format implements :meth:`chunks` and :meth:`_read`.

    Parameters
    ----------
    shape : tuple of (n_rows, n_columns)
    dtype : dtype
        Type of the arrays that are read.
    column_names : ndarray of shape (n_columns,), dtype object, or None, default=None
        Names that become ``feature_names_in_`` of a selector.
    """

    ndim = 2

    def __init__(self, shape: tuple[int, int], dtype: Any, column_names: np.ndarray | None = None):
        self.shape = shape
        self.dtype = np.dtype(dtype)
        self.column_names = column_names

    @abstractmethod
    def chunks(self) -> list[slice]:
        """Return slices of rows, in order, each best read from start to end."""

    @abstractmethod
    def _read(self, chunk: slice, n_rows: int, columns: np.ndarray | None) -> Iterator[np.ndarray]:
        """Yield the rows of a chunk in order, at most `n_rows` at a time, of any type."""

    @property
    def nbytes(self) -> int:
        """Bytes of the whole table as an array."""
        return self.shape[0] * self.shape[1] * self.dtype.itemsize

    @property
    def n_chunk_rows(self) -> int:
        """Number of rows in about a megabyte, at least one."""
        return max(1, CHUNK_BYTES // max(1, self.shape[1] * self.dtype.itemsize))

    def fits_in_buffer(self) -> bool:
        """Return whether the table is so small that a fit reads it whole."""
        return self.nbytes <= BUFFER_BYTES

    def astype(self, dtype: Any) -> RowTable:
        """Return the table read as another type."""
        other = copy.copy(self)
        other.dtype = np.dtype(dtype)
        return other

    def read(
        self, chunk: slice, n_rows: int | None = None, columns: np.ndarray | None = None
    ) -> Iterator[tuple[slice, np.ndarray]]:
        """Yield the rows of a chunk.

        Parameters
        ----------
        chunk : slice
            One of :meth:`chunks`.
        n_rows : int or None, default=None
            Maximum number of rows per block. None takes about a megabyte.
        columns : ndarray of int or None, default=None
            Columns to read, in this order. None reads all.

        Yields
        ------
        rows : slice
        block : ndarray of shape (n, n_columns)
        """
        start, width = chunk.start, self.shape[1] if columns is None else len(columns)
        for block in self._read(chunk, n_rows or self.n_chunk_rows, columns):
            rows = slice(start, start + len(block))
            start = rows.stop
            if start > chunk.stop or block.shape[1:] != (width,):
                break
            yield rows, np.asarray(block, dtype=self.dtype)
        else:
            if start == chunk.stop:
                return
        raise ValueError(
            f"{type(self).__name__}: the chunk of rows {chunk.start} to {chunk.stop} should have "
            f"{chunk.stop - chunk.start} rows of {width} columns. '_read' gave other blocks."
        )

    def blocks(
        self, n_rows: int | None = None, columns: np.ndarray | None = None
    ) -> Iterator[tuple[slice, np.ndarray]]:
        """Yield all rows, reading each file once; see :meth:`read`."""
        for chunk in self.chunks():
            yield from self.read(chunk, n_rows, columns)

    def __len__(self) -> int:
        return self.shape[0]

    def __repr__(self) -> str:
        return f"{type(self).__name__}(shape={self.shape}, dtype={self.dtype})"

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        if copy is False:
            raise ValueError("Converting a table on disk to an array needs a copy.")
        return self[:].astype(dtype or self.dtype, copy=False)

    def __getitem__(self, key: Any) -> NDArray[Any]:
        rows, columns = self._places(key)
        taken = self._take(np.atleast_1d(rows), np.atleast_1d(columns))
        return taken.reshape(rows.shape + columns.shape)

    def _places(self, key):
        """Return row and column numbers of an index, each of 0 or 1 dimensions."""
        key = tuple(k for k in key if k is not Ellipsis) if isinstance(key, tuple) else (key,)
        if len(key) > 2:
            raise IndexError(f"A table has 2 dimensions. Got {len(key)} indices.")
        key += (slice(None),) * (2 - len(key))
        if all(np.ndim(k) == 2 for k in key):  # from numpy.ix_
            key = tuple(np.ravel(k) for k in key)
        elif all(np.ndim(k) == 1 for k in key):
            raise IndexError(
                "Use table[numpy.ix_(rows, columns)] to read some columns of some rows."
            )
        places = [np.asarray(np.arange(n)[k]) for n, k in zip(self.shape, key, strict=True)]
        if any(place.ndim > 1 for place in places):
            raise IndexError("Rows and columns must be slices, numbers or 1-d arrays of them.")
        return places

    def _take(self, rows, columns):
        everything = len(columns) == self.shape[1] and (np.diff(columns) == 1).all()
        chosen = None if everything else columns
        taken = np.empty((len(rows), len(columns)), dtype=self.dtype)
        order = np.argsort(rows, kind="stable")
        ordered = rows[order]

        def within(part):
            return slice(*np.searchsorted(ordered, [part.start, part.stop]))

        for chunk in self.chunks():
            if len(ordered[within(chunk)]) == 0:
                continue
            for part, block in self.read(chunk, columns=chosen):
                here = within(part)
                taken[order[here]] = block[ordered[here] - part.start]
        return taken


class RowsOfTable(RowTable):
    """Some rows of a table, which are read from it in its order.

    Parameters
    ----------
    table : RowTable
    rows : ndarray of int
        In ascending order, each once.
    """

    def __init__(self, table: RowTable, rows: np.ndarray):
        super().__init__((len(rows), table.shape[1]), table.dtype, table.column_names)
        self._table, self._rows = table, rows
        parts = [(self._own(part), part) for part in table.chunks()]
        self._parts = {own.start: (own, part) for own, part in parts if own.start < own.stop}

    def astype(self, dtype: Any) -> RowTable:
        """Return the rows read as another type."""
        return RowsOfTable(self._table.astype(dtype), self._rows)

    def chunks(self) -> list[slice]:
        """Return the rows that are in each chunk of the table."""
        return [own for own, _ in self._parts.values()]

    def _own(self, part: slice) -> slice:
        return slice(*np.searchsorted(self._rows, [part.start, part.stop]).tolist())

    def _read(self, chunk: slice, n_rows: int, columns: np.ndarray | None) -> Iterator[np.ndarray]:
        for part, block in self._table.read(self._parts[chunk.start][1], n_rows, columns):
            rows = self._rows[self._own(part)]
            if len(rows):
                yield block[rows - part.start]


def rows_of(X, rows):
    """Return rows of X in any container; those of a table stay on disk."""
    return RowsOfTable(X, rows) if isinstance(X, RowTable) else _safe_indexing(X, rows)


def check_unchanged(file, before, now) -> None:
    """Refuse a file that is no longer what it was when its table was opened."""
    if now != before:
        raise ValueError(
            f"{file} has changed since the table was opened: {before} then, {now} now. Open the "
            "table again."
        )


def split_rows(start: int, stop: int, n_rows: int) -> list[slice]:
    """Split a range into slices of at most `n_rows` rows."""
    return [slice(i, min(i + n_rows, stop)) for i in range(start, stop, n_rows)]


def working_dtype(dtype) -> type:
    """The type in which data of a type are read."""
    # float32 holds small integers exactly; of wide ones it would lose the last digits.
    small = dtype.kind in "biu" and dtype.itemsize <= 2
    return np.float32 if small or dtype == np.float32 else np.float64


def choose(known, columns, exclude, file):
    """Return the columns to take; None for all."""
    if columns is None and exclude is None:
        return None
    name, wanted = ("columns", columns) if exclude is None else ("exclude", exclude)
    wanted = [wanted] if isinstance(wanted, (str, Integral)) else list(wanted)
    known_set, wanted_set = set(known), set(wanted)  # there may be a million
    unknown = [column for column in wanted if column not in known_set]
    if unknown:
        raise ValueError(
            f"The {name!r} parameter contains unknown columns: {unknown[:10]}. {file} has "
            f"{len(known)} columns, from {known[0]!r} to {known[-1]!r}."
        )
    if len(wanted_set) < len(wanted):
        raise ValueError(f"The {name!r} parameter contains a column twice: {wanted[:10]}.")
    chosen = wanted if exclude is None else [column for column in known if column not in wanted_set]
    if not chosen:
        raise ValueError(f"The {name!r} parameter leaves no columns.")
    return chosen


def places(known, columns) -> np.ndarray:
    """Return where columns are among the known ones."""
    place = {column: j for j, column in enumerate(known)}
    return np.array([place[column] for column in columns])


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
