# SPDX-License-Identifier: BSD-3-Clause
"""Normal scores of the ranks, for columns of which standardisation shows the outliers only."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from scipy import sparse
from scipy.special import ndtri

from ..data import RowTable
from ..distributed import ALONE, Ranks
from ..utils.device import to_device

_MOST_ROWS = 2000  # that the ranks are found on
_MOST_NUMBERS = 2**20  # at a time
_N_KNOTS = 33  # of a curve, with straight lines between


class NormalScores:
    """Curves that turn the values of some columns into normal scores of their ranks.

    A column takes part if no single value is in half of the rows: the ranks of a rare feature say
    no more than the feature.

    Parameters
    ----------
    X : ndarray, memmap, CSR matrix or RowTable of shape (n_samples, n_features)
    candidates : ndarray of int
        The columns in question, ascending.
    sample_weight : ndarray of shape (n_samples,)
        Rows of weight 0 do not count.
    ranks : Ranks, default=ALONE
        The processes whose rows are ranked together.

    Attributes
    ----------
    columns : ndarray of int
        Those that take part.
    middle, unit : ndarray of shape (n_columns,)
        Median and range from the first to the third quartile, the units of the curves: in those of
        the whole range float32 could not tell most values apart.
    mean, variance : ndarray of shape (n_columns,)
        Of the scores.
    """

    def __init__(self, X, candidates, sample_weight, ranks: Ranks = ALONE):
        rows = np.flatnonzero(sample_weight)
        n_rows = ranks.sum(len(rows))
        if n_rows > _MOST_ROWS:
            places = np.linspace(0, n_rows - 1, _MOST_ROWS).astype(np.int64)
            rows, n_rows = rows[ranks.own(places, len(rows))], _MOST_ROWS
        weight = ranks.gather(sample_weight[rows])
        if sparse.issparse(X):  # most columns of sparse data need not be looked at: most are zeros
            stored = ranks.sum(np.bincount(X[rows].indices, minlength=X.shape[1]))
            candidates = candidates[2 * stored[candidates] >= n_rows]
        found: list[tuple[Any, ...]] = [
            _curves(np.empty((0, n_rows)), np.empty(0, np.int64), weight)
        ]
        n_parts = -(-n_rows * len(candidates) // _MOST_NUMBERS)
        for some in np.array_split(candidates, n_parts) if n_parts else []:
            found.append(_curves(ranks.gather(_read(X, rows, some).T).T, some, weight))
        self.columns, self.middle, self.unit, self.mean, self.variance, *curves = (
            np.concatenate(each) for each in zip(*found, strict=True)
        )
        self._knots, self._heights = (torch.from_numpy(each) for each in curves)

    def applied(self, z: torch.Tensor, columns: np.ndarray) -> torch.Tensor:
        """`z` with scores for the values of the columns that take part.

        Parameters
        ----------
        z : Tensor of shape (n_columns, n_samples)
            ``(x - middle) / unit`` where a column takes part.
        columns : ndarray of int of shape (n_columns,)
        """
        places = np.flatnonzero(np.isin(columns, self.columns))
        if len(places) == 0:
            return z
        of = np.searchsorted(self.columns, columns[places])
        knots, heights = (
            to_device(each[of].numpy(), z.device) for each in (self._knots, self._heights)
        )
        index = to_device(places, z.device)
        x = z.index_select(0, index).float()
        right = torch.searchsorted(knots, x).clamp_(1, _N_KNOTS - 1)
        left = right - 1
        begin, low = knots.gather(1, left), heights.gather(1, left)
        width, rise = knots.gather(1, right) - begin, heights.gather(1, right) - low
        # Knots may be equal: there the width is 0, and the share 0 or 1.
        share = ((x - begin) / width.clamp_(min=1e-30)).clamp_(0, 1)
        return z.index_copy(0, index, low.addcmul_(share, rise).to(z.dtype))

    def applied_to_rows(self, z: np.ndarray, columns: np.ndarray) -> np.ndarray:
        """The same for an array of shape (n_samples, n_columns)."""
        return self.applied(torch.from_numpy(z.T), columns).numpy().T


def _read(X, rows, columns):
    """Some rows of some columns, (n_columns, n_rows)."""
    if isinstance(X, RowTable):
        blocks = [
            block[rows[slice(*np.searchsorted(rows, [part.start, part.stop]))] - part.start]
            for part, block in X.blocks(columns=columns)
        ]
        return np.concatenate(blocks).T
    if sparse.issparse(X):
        return X[rows][:, columns].toarray().T
    return X[np.ix_(rows, columns)].T


def _curves(x, columns, weight):
    """What `NormalScores` keeps of each column, and the knots and heights of its curve."""
    order = np.argsort(x, axis=1, kind="stable")
    x = np.take_along_axis(x, order, axis=1).astype(np.float64)
    begins = np.diff(x, axis=1, prepend=-np.inf) > 0  # a run of equal values
    run = np.cumsum(begins.ravel()) - 1
    share = weight[order] / weight.sum()
    of_run = np.bincount(run, share.ravel())
    before = np.cumsum(of_run) - of_run  # 0 at the beginning of every column, but for whole numbers
    heights = ndtri(before - np.rint(before[run[:: x.shape[1]]]).repeat(begins.sum(1)) + of_run / 2)
    heights = heights[run].reshape(x.shape).clip(-3, 3)
    most = of_run[run].reshape(x.shape).max(axis=1, initial=0)
    places = np.cumsum(share, axis=1)
    low, middle, high = (
        x[np.arange(len(x)), (places < level).sum(axis=1)] for level in (0.25, 0.5, 0.75)
    )
    kept = (most < 0.5) & (high > low)
    mean = (share * heights).sum(axis=1)
    variance = (share * (heights - mean[:, None]) ** 2).sum(axis=1)
    at = np.linspace(0, x.shape[1] - 1, _N_KNOTS).round().astype(np.int64)
    unit = np.where(kept, high - low, 1.0)
    with np.errstate(over="ignore"):
        knots = ((x[:, at] - middle[:, None]) / unit[:, None]).clip(-1e30, 1e30)
    each = columns, middle, unit, mean, variance, knots.astype("f4"), heights[:, at].astype("f4")
    return tuple(values[kept] for values in each)
