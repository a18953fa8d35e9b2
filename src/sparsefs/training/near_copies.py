# SPDX-License-Identifier: BSD-3-Clause
"""Features that could stand for each other."""

from __future__ import annotations

import numpy as np
import torch

from ..data.summary import ALIKE
from ..distributed import ALONE, Ranks
from .scaling import Clipping

_MOST_ROWS = 1000  # enough for an error of a correlation below 0.02
_MOST_NUMBERS = 2**24  # of scaled data at a time


def near_copies(
    X,
    scaling: Clipping,
    rows: np.ndarray,
    columns: np.ndarray,
    of: np.ndarray,
    ranks: Ranks = ALONE,
) -> dict[int, np.ndarray]:
    """Find, for some features, all that correlate with them.

    Parameters
    ----------
    X : ndarray, memmap, CSR matrix or RowTable of shape (n_samples, n_features)
    scaling : Clipping
    rows, columns : ndarray of int
        What to use of X, ascending. No column may be constant.
    of : ndarray of int
        The features in question, some of `columns`.
    ranks : Ranks, default=ALONE
        The processes that have further rows.

    Returns
    -------
    dict of int to ndarray of int64
        For each of `of` that has any, the others of an absolute correlation above `ALIKE`,
        ascending.
    """
    n_rows = ranks.sum(len(rows))
    if n_rows > _MOST_ROWS:
        places = np.linspace(0, n_rows - 1, _MOST_ROWS).astype(np.int64)
        rows, n_rows = rows[ranks.own(places, len(rows))], _MOST_ROWS

    def scaled(some):
        z = torch.from_numpy(ranks.gather(scaling.loaded(X, rows, some)))
        z -= z.mean(0)
        return z / z.square().sum(0).sqrt().clamp(min=1e-12)

    chosen = scaled(np.sort(of))
    found: dict[int, list[np.ndarray]] = {int(feature): [] for feature in np.sort(of)}
    n_parts = -(-len(columns) * n_rows // _MOST_NUMBERS)
    for some in np.array_split(columns, n_parts):
        # In torch, which a fit runs on one thread.
        alike = ((chosen.t() @ scaled(some)).abs() > ALIKE).numpy()
        for feature, mask in zip(found, alike, strict=True):
            others = some[mask]
            found[feature].append(others[others != feature])
    joined = {feature: np.concatenate(parts) for feature, parts in found.items()}
    return {feature: others for feature, others in joined.items() if len(others)}
