# SPDX-License-Identifier: BSD-3-Clause
"""Tables whose rows come in batches, from the first to the last, as often as they are needed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

from .cells import is_frame
from .kinds import on_host
from .table import RowTable, choose, places, split_rows, working_dtype

if TYPE_CHECKING:
    from numpy.typing import NDArray


class BatchTable(RowTable):
    """Rows of batches of any kind, such as those of a data loader or a database.

    Every pass reads the batches from the first to the last. Single rows need a whole pass, too.
    A training shuffles the rows within a buffer of 128 MiB.

    Parameters
    ----------
    batches : callable or iterable
        A function without arguments that returns a new iterator of batches in every call, or an
        iterable that can be read several times. A batch is an ndarray, a scipy sparse matrix, a
        torch tensor, a DataFrame of pandas or polars, or a RecordBatch or Table of Arrow, with
        any number of rows. Every pass must give the same rows in the same order.
    n_rows : int or None, default=None
        Number of rows of all batches. None counts them in a first pass.
    column_names : sequence of str or None, default=None
        Names of the columns of arrays. Data frames have their own.
    columns : sequence of str or int, or None, default=None
        Columns to take, in this order: names if the columns have names, else numbers. None takes
        all.
    exclude : str, int or sequence of them, or None, default=None
        Columns to leave out instead, such as the label.

    Raises
    ------
    ValueError
        If the batches have different columns, contain text, or cannot be read again.

    Examples
    --------
    >>> import numpy as np
    >>> from sparsefs import WASTSelector
    >>> from sparsefs.data import BatchTable
    >>> def batches():
    ...     rng = np.random.default_rng(0)
    ...     for _ in range(4):
    ...         yield rng.standard_normal((50, 30))
    >>> table = BatchTable(batches)
    >>> table
    BatchTable(shape=(200, 30), dtype=float64)
    >>> WASTSelector(K=5, max_iter=2, random_state=0).fit_transform(table).shape
    (200, 5)
    """

    def __init__(
        self,
        batches: Callable[..., Iterable[Any]] | Iterable[Any],
        n_rows: int | None = None,
        column_names: Sequence[str] | None = None,
        *,
        columns: Sequence[str] | Sequence[int] | None = None,
        exclude: str | int | Sequence[str] | Sequence[int] | None = None,
    ):
        if not callable(batches) and iter(batches) is batches:
            raise ValueError(
                "The batches are an iterator, which can be read only once. Pass a function that "
                "returns a new iterator in every call."
            )
        self._batches = batches
        first, n_found = None, 0
        for batch in self._open(None):
            n_found += batch.shape[0]
            if first is None or first.shape[0] == 0:
                first = batch
            if n_rows is not None and n_found > 0:
                break
        if first is None:
            raise ValueError("There are no batches.")
        names = _names(first) or column_names
        self._known: list[Any] = list(range(first.shape[1]) if names is None else names)
        if len(self._known) != first.shape[1]:
            raise ValueError(
                f"'column_names' has {len(self._known)} names for {first.shape[1]} columns."
            )
        chosen = choose(self._known, columns, exclude, "The table")
        self._columns = places(self._known, chosen or self._known)
        if names is not None:
            names = np.array(self._known, dtype=object)[self._columns]
        shape = (n_found if n_rows is None else n_rows, len(self._columns))
        super().__init__(shape, working_dtype(self._numbers(first, self._columns).dtype), names)
        self._first_dtype = self.dtype
        self._bounds = [0, self.shape[0]]  # of parts that can be read alone

    def chunks(self) -> list[slice]:
        """Return the parts that can be read alone: one of all rows, but for some queries."""
        return [slice(*pair) for pair in pairwise(self._bounds) if pair[0] < pair[1]]

    def column(self, name: Any) -> NDArray[Any]:
        """Read a whole column, also one that the table leaves out or that contains text."""
        j = self._known.index(name)
        return np.concatenate([self._column(b, j) for b in self._open([j])])

    def _open(self, columns: Any, part: int | None = None) -> Iterator[Any]:
        """Return an iterator of the batches of a part, or of all, with at least some columns."""
        batches = self._batches() if callable(self._batches) else self._batches
        for batch in batches:
            if not hasattr(batch, "shape"):
                raise TypeError(
                    f"A batch is a {type(batch).__name__}. It must be an array, a sparse matrix or "
                    "a data frame, without the labels."
                )
            yield on_host(batch)

    def _read(self, chunk: slice, n_rows: int, columns: np.ndarray | None) -> Iterator[np.ndarray]:
        columns = self._columns if columns is None else self._columns[columns]
        n_rows_here, n_read = chunk.stop - chunk.start, 0
        part = int(np.searchsorted(self._bounds, chunk.start, side="right")) - 1
        for batch in self._open(columns, part):
            self._check_columns(batch)
            block = self._without_loss(self._numbers(batch, columns))
            n_read += len(block)
            if n_read > n_rows_here:
                break
            for rows in split_rows(0, len(block), n_rows):
                yield block[rows]
        if n_read != n_rows_here:
            more = " or more" if n_read > n_rows_here else ""
            raise ValueError(
                f"{type(self).__name__}: this pass has {n_read}{more} rows instead of "
                f"{n_rows_here}. Every pass must give the same rows: a function must return a "
                "new iterator in every call."
            )

    def _check_columns(self, batch):
        names = _names(batch)
        if names is None:
            if batch.shape[1] != len(self._known):
                raise ValueError(
                    f"A batch has {batch.shape[1]} columns, but the first has {len(self._known)}."
                )
        elif set(names) != set(self._known):
            missing = sorted(map(str, set(self._known) - set(names)))
            added = sorted(map(str, set(names) - set(self._known)))
            raise ValueError(
                f"A batch has other columns than the first: missing {missing[:5]}, unknown "
                f"{added[:5]}."
            )

    def _numbers(self, batch, columns) -> np.ndarray:
        """Return some columns of a batch as an array of numbers."""
        if _names(batch) is None:
            block = batch.toarray() if sparse.issparse(batch) else np.asarray(batch)
            if block.dtype.kind not in "biuf":
                raise ValueError(f"Batches must contain real numbers. The dtype is {block.dtype}.")
            return block[:, columns]
        arrays = [self._column(batch, j) for j in columns]
        for j, values in zip(columns, arrays, strict=True):
            if values.dtype.kind not in "biuf":
                name = self._known[j]
                raise ValueError(
                    f"Column {name!r} must contain numbers. Got {values.dtype}. Pass "
                    f"exclude=[{name!r}], or encode it first."
                )
        block = np.empty((batch.shape[0], len(arrays)), np.result_type(*arrays))
        for j, values in enumerate(arrays):
            block[:, j] = values
        return block

    def _column(self, batch, j) -> np.ndarray:
        if _names(batch) is None:
            column = batch[:, [j]]
            return np.ravel(column.toarray() if sparse.issparse(column) else column)
        name = self._known[j]
        if _is_arrow(batch):
            return batch.column(name).to_numpy(zero_copy_only=False)
        values = batch[name]
        if hasattr(values.dtype, "numpy_dtype") and values.dtype.kind in "biuf":  # with pandas.NA
            gaps = values.isna().any()
            return values.to_numpy(float, na_value=np.nan) if gaps else values.to_numpy()
        return np.asarray(values)

    def _without_loss(self, block):
        if np.can_cast(block.dtype, self._first_dtype):
            return block
        narrow = block.astype(self._first_dtype)
        if not np.array_equal(narrow, block, equal_nan=True):
            raise ValueError(
                f"A batch has the dtype {block.dtype}, but the numbers of the first are read as "
                f"{self._first_dtype}, which loses digits. Convert all batches to one type."
            )
        return narrow


class ScanTable(BatchTable):
    """Rows of a query, which reads only some columns if only they are needed.

    Parameters
    ----------
    scans : list of callable
        One for each part of the rows. Returns an iterator of the batches with the columns of the
        names that it is given, or with all for None.
    sizes : list of int or None, default=None
        Number of rows of each part. None counts those of a single part.
    **chosen
        `columns` and `exclude` of :class:`BatchTable`.
    """

    def __init__(
        self, scans: Sequence[Callable[..., Any]], sizes: list[int] | None = None, **chosen
    ):
        super().__init__(scans, None if sizes is None else sum(sizes), **chosen)
        if sizes is not None:
            self._bounds = [0, *np.cumsum(sizes).tolist()]

    def _open(self, columns, part=None):
        names = None if columns is None else [self._known[j] for j in columns]
        scans: Any = self._batches
        scans = scans if part is None else scans[part : part + 1]
        return chain.from_iterable(scan(names) for scan in scans)

    def _check_columns(self, batch):
        """Pass, as the query has chosen the columns."""


def _names(batch):
    """Return the names of the columns of a data frame; None for arrays."""
    if _is_arrow(batch):
        return batch.schema.names
    if is_frame(batch):
        return list(batch.columns)
    if np.ndim(batch) != 2 and not sparse.issparse(batch):
        raise ValueError(f"A batch must have rows and columns. Its shape is {np.shape(batch)}.")
    return None


def _is_arrow(batch):
    return hasattr(batch, "schema") and hasattr(batch, "num_rows")
