# SPDX-License-Identifier: BSD-3-Clause
"""Batches from every kind of input, scaled on the way, so that X is never copied whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch
from scipy import sparse

from ..data import RowTable
from ..distributed import ALONE, Ranks
from ..networks.chunks import CHUNK
from ..networks.sparse_inputs import SparseInputs
from ..utils.device import Scratch, free_memory, is_remote, to_device
from .row_stream import RowStream


class Batch(NamedTuple):
    """Samples of one training step.

    Attributes
    ----------
    x : torch.Tensor of shape (n_features, n_samples), float32, or WideBatch, or SparseInputs
        Scaled.
    target : torch.Tensor
        What the loss compares the outputs with: `x` itself where there are no targets, else
        of shape (n_outputs, n_samples), or (n_samples,) for class numbers.
    sample_weight : torch.Tensor of shape (n_samples,), or None
    """

    x: torch.Tensor | WideBatch | SparseInputs
    target: torch.Tensor | WideBatch | SparseInputs
    sample_weight: torch.Tensor | None


_MANY = 2**24  # numbers (64 MiB) of a batch from which it comes in parts
_FEW_STORED = 0.05  # share of sparse data up to which a batch of many features stays sparse


class WideBatch:
    """Samples of so many features that they are loaded a tile of features at a time.

    See :mod:`sparsefs.networks.chunks`. What a slice gives is overwritten by the next one.
    """

    def __init__(self, batches: Batches, X, rows: np.ndarray, columns: np.ndarray | None):
        self._batches, self._X = batches, X
        self._rows, self._columns = rows, columns
        self._by_column = None
        if sparse.issparse(X):
            X = X[rows]
            self._by_column = (X if columns is None else X[:, columns]).tocsc()
        n_features = X.shape[1] if columns is None else len(columns)
        self.shape = (n_features, len(rows))
        self._moments = batches._moments_of(columns)

    def __getitem__(self, features: slice) -> torch.Tensor:
        first, last, _ = features.indices(self.shape[0])
        moments = tuple(m[first:last] for m in self._moments)
        x = self._batches._scaled(last - first, self.shape[1])
        if self._by_column is not None:
            return self._fill(x, self._by_column, first, last, moments)
        X = self._X
        if self._columns is None:
            rows = X[self._rows, first:last]
        else:
            rows = X[np.ix_(self._rows, self._columns[first:last])]
        return self._batches._scale_into(x, torch.from_numpy(np.asarray(rows)).t(), moments)

    def _fill(self, x, X, first, last, moments):
        stored = slice(X.indptr[first], X.indptr[last])
        feature = np.repeat(np.arange(last - first), np.diff(X.indptr[first : last + 1]))
        if self._batches._dtype == torch.float32:
            x.zero_().numpy()[feature, X.indices[stored]] = X.data[stored]
            return self._batches._scale_into(x, x, moments)
        values = np.zeros(x.shape)
        values[feature, X.indices[stored]] = X.data[stored]
        return self._batches._scale_into(x, torch.from_numpy(values), moments)


class Batches:
    """Batches of a data set, scaled on the way.

    Parameters
    ----------
    X : ndarray, memmap, CSR matrix or RowTable of shape (n_samples, n_features)
        Of a RowTable chunks are read one after another, and shuffled in a buffer.
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
    ranks : Ranks, default=ALONE
        The processes that train together: `batch_size` counts the rows of all. Batches of several
        processes are always `even`.

    Attributes
    ----------
    n_samples : int
        Rows of an epoch, of all processes.
    shares : list of float
        For each batch of an epoch, the share of its rows that this process has.
    weight_here : float
        Sum of the weights of the rows that this process has.
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
        ranks: Ranks = ALONE,
    ):
        self.X = X
        self._used = np.arange(X.shape[0]) if rows is None else np.asarray(rows)
        if sample_weight is not None:
            self._used = self._used[sample_weight[self._used] > 0]
        here = len(self._used) if sample_weight is None else sample_weight[self._used].sum()
        self.weight_here = float(here)
        self.n_samples = ranks.sum(len(self._used))
        self.batch_size = max(1, min(batch_size, self.n_samples))
        self.rng, self.ranks = rng, ranks
        self.device = device
        self.sample_weight = sample_weight
        self.targets = targets
        self._even = even or ranks.size > 1
        self.shares = shares_of([len(part) for part in self._split(self._used)], ranks)
        self._columns: np.ndarray | None = None
        self.scaling = scaling
        # Data that float32 cannot hold or shift precisely are scaled in float64, then cast.
        self._dtype = torch.float32 if _suits_float32(X, scaling) else torch.float64
        self.use_columns(None)
        self._moments_of_all = self._moments
        self._gathered, self._scaled, self._whole = Scratch(), Scratch(), Scratch()
        self.last_rows = np.empty(0, dtype=np.int64)  # of the latest batch
        self._latest = (X, self.last_rows)  # and where they are to be found
        self._stream = None
        if isinstance(X, RowTable):
            self._stream = RowStream(X, np.sort(self._used), self.batch_size)
            if rng is not None:
                self.rng = ranks.every_epoch(rng)

    def use_columns(self, columns: np.ndarray | None) -> None:
        """From now on load only these features, in this order; None for all."""
        self._columns = columns
        self._moments = self._moments_of(columns)
        # Of sparse batches: what a number is that is not stored, and the columns' places.
        self._unstored: tuple[np.ndarray, np.ndarray] | None = None

    def _moments_of(self, columns):
        """(mean, standard deviation) of some features, each a column."""
        chosen = slice(None) if columns is None else columns
        return tuple(
            torch.as_tensor(values[chosen], dtype=self._dtype).view(-1, 1)
            for values in (self.scaling.mean, self.scaling.scale)
        )

    def features(self, columns: np.ndarray) -> torch.Tensor:
        """Some features of the latest batch, (n_columns, n_samples), whatever else is loaded."""
        x = torch.empty(len(columns), len(self._latest[1]), dtype=torch.float32)
        self._load_into(x, *self._latest, columns, self._moments_of(columns))
        return to_device(x, self.device)

    def __len__(self):
        return -(-self.n_samples // self.batch_size)

    def __iter__(self) -> Iterator[Batch]:
        """One epoch. The tensors are overwritten by the next batch."""
        if self._stream is not None:
            sizes = [len(part) for part in self._split(self._used)]
            for rows, buffer, places in self._stream.epoch(sizes, self.rng):
                yield self._batch(rows, buffer, places)
            return
        for rows in self._rows_of_batches():
            yield self.batch(rows)

    def _rows_of_batches(self):
        """Rows of every batch of an epoch."""
        order = self._used
        if self.rng is not None:
            places = self.rng.permutation(self.n_samples)
            order = order[self.ranks.own(places, len(order))]
        # Rows in file order: the order within a batch means nothing, a memmap likes it.
        return [np.sort(rows) for rows in self._split(order)]

    def _split(self, rows):
        """The rows of an epoch, batch by batch."""
        starts = range(self.batch_size, len(rows), self.batch_size)
        return np.array_split(rows, len(self) if self._even else starts)

    def batch(self, rows: np.ndarray) -> Batch:
        """The given rows as a batch."""
        if self._stream is not None:
            return self._batch(rows, self.X[rows], np.arange(len(rows)))
        return self._batch(rows, self.X, rows)

    def _batch(self, rows, X, places):
        """The given rows, which are at some places in X."""
        self.last_rows, self._latest = rows, (X, places)
        x = self.latest()
        weight = None
        if self.sample_weight is not None:
            weight = to_device(self.sample_weight[rows].astype(np.float32), self.device)
        if self.targets is None:
            return Batch(x, x, weight)
        target = to_device(self.targets[rows].T.copy(), self.device)
        return Batch(x, target, weight)

    def latest(self) -> torch.Tensor | WideBatch | SparseInputs:
        """The features now loaded of the latest batch, (n_features, n_samples)."""
        X, places = self._latest
        n_features = len(self._moments[0])
        if n_features > 2 * CHUNK and torch.device(self.device).type == "cpu":
            is_sparse = sparse.issparse(X) and X.nnz <= _FEW_STORED * X.shape[0] * X.shape[1]
            if is_sparse and self.targets is not None:
                return self._sparse(X[places])
            if n_features * len(places) > _MANY:
                return WideBatch(self, X, places, self._columns)
        return to_device(self._load(X, places), self.device)

    def _sparse(self, X):
        """Rows of sparse data, scaled where numbers are stored."""
        mean, scale = self.scaling.mean, self.scaling.scale
        if self._unstored is None:
            columns = np.arange(X.shape[1]) if self._columns is None else self._columns
            place = np.full(X.shape[1], -1, dtype=np.int32)
            place[columns] = np.arange(len(columns))
            self._unstored = (-mean / scale)[columns].astype(np.float32), place
        constant, place = self._unstored
        inputs = place[X.indices]
        loaded = inputs >= 0
        n_before = np.append(np.int32(0), np.cumsum(loaded, dtype=np.int32))
        data = (X.data / scale[X.indices]).astype(np.float32)[loaded]
        added = (data, inputs[loaded], n_before[X.indptr])
        return SparseInputs(constant, sparse.csr_array(added, shape=(X.shape[0], len(constant))))

    def _load(self, X, places):
        x = self._scaled(len(self._moments[0]), len(places))
        self._load_into(x, X, places, self._columns, self._moments)
        return x

    def _load_into(self, x, X, rows, columns, moments):
        if columns is not None and 2 * len(columns) > X.shape[1]:
            # Rows of all features are faster to copy than numbers of most of them.
            whole = self._whole(X.shape[1], len(rows))
            self._load_into(whole, X, rows, None, self._moments_of_all)
            np.take(whole.numpy(), columns, axis=0, out=x.numpy(), mode="clip")
            return
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
            np.copyto(x.numpy(), gathered.numpy().T)  # a third faster than torch's copy_
        else:
            rows = X[rows].toarray() if sparse.issparse(X) else X[rows]
            wide = torch.from_numpy(np.asarray(rows, dtype=np.float64)).t()
            self._scale_into(x, wide, moments)
            return
        self._scale_into(x, x, moments)

    def _scale_into(self, x, values, moments):
        """Set x to the scaled values, computed in the precision that the data need."""
        shift, scale = moments
        if self._dtype == torch.float32:
            return (x if values is x else x.copy_(values)).sub_(shift).mul_(1 / scale)
        return x.copy_((values.double() - shift) / scale)


def _suits_float32(X, scaling):
    moderate = (scaling.scale > 1e-30).all() and (scaling.scale < 1e30).all()
    offset = np.abs(scaling.mean) / scaling.scale
    fits = X.dtype == np.float32 or sparse.issparse(X)
    return fits and moderate and offset.max(initial=0.0) < 1e4


def shares_of(sizes: Sequence[int], ranks: Ranks) -> list[float]:
    """Return the share of each batch's rows that this process has, of the sizes of its parts.

    Raises
    ------
    ValueError
        If a process has no row of a batch.
    """
    own = np.array(sizes)
    lacking = np.flatnonzero(ranks.counts(int(not own.all())))
    if len(lacking):
        raise ValueError(
            f"Rank {lacking[0]} has too few rows for {len(own)} batches in an epoch: every batch "
            f"needs a row of each rank, and the ranks have {ranks.counts(own.sum()).tolist()} that "
            "count. Distribute the rows evenly, or raise batch_size."
        )
    return (own / ranks.sum(own)).tolist()


_SHARE = 0.5  # of the free memory of a device that the data may take


def make_batches(X, scaling, batch_size, rng, device, *args, columns=None, **kwargs) -> Batches:
    """Return the kind of batches that suits the device and the data, see :class:`Batches`.

    They load the features `columns` at first; None takes all.
    """
    kind = Batches
    if is_remote(device) and not sparse.issparse(X) and not isinstance(X, RowTable):
        from .resident import ResidentBatches

        if 4 * X.shape[0] * X.shape[1] <= _SHARE * free_memory(device):
            kind = ResidentBatches
    batches = kind(X, scaling, batch_size, rng, device, *args, **kwargs)
    if columns is not None:
        batches.use_columns(columns)
    return batches
