# SPDX-License-Identifier: BSD-3-Clause
"""Layers of points that do not dominate each other, and the volume that points dominate.

Points are rows, objectives are columns, and less is better in each of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from ..utils.typing import Data, Ints


def non_dominated_layers(points: Data) -> list[Ints]:
    """Sort points into layers: the front, the front of what is left, and so on.

    A point dominates another if it is nowhere worse and somewhere better; equal points share a
    layer.

    Parameters
    ----------
    points : array-like of shape (n_points, n_objectives)
        Less is better. Points with a NaN are in no layer.

    Returns
    -------
    list of ndarray of int
        Indices of the points of each layer, ascending.

    Examples
    --------
    >>> from sparsefs.search import non_dominated_layers
    >>> [layer.tolist() for layer in non_dominated_layers([[1, 4], [2, 2], [3, 3], [4, 1]])]
    [[0, 1, 3], [2]]
    """
    table = _table(points)
    known = np.flatnonzero(~np.isnan(table).any(axis=1))
    dominates = _dominance(table[known])
    n_better, layers = dominates.sum(axis=0), []  # of those that are in no layer yet
    left = np.ones(len(known), dtype=bool)
    while left.any():
        layer = left & (n_better == 0)
        n_better -= dominates[layer].sum(axis=0)
        left &= ~layer
        layers.append(known[layer])
    return layers


def hypervolume(points: Data, reference: Data) -> float:
    """Return the volume of the space up to a reference that at least one point dominates.

    Parameters
    ----------
    points : array-like of shape (n_points, n_objectives)
        Less is better. Points that are not below the reference in every objective, or contain
        NaN, do not count.
    reference : array-like of shape (n_objectives,)

    Returns
    -------
    float

    Notes
    -----
    The volume is exact. It is fast for fronts of some hundred points in two or three objectives;
    time grows steeply with the number of objectives.

    References
    ----------
    While, L., Bradstreet, L. and Barone, L. "A fast way of calculating exact hypervolumes." IEEE
    Transactions on Evolutionary Computation 16, 2012.

    Examples
    --------
    >>> from sparsefs.search import hypervolume
    >>> hypervolume([[1, 4], [2, 2], [4, 1]], reference=[5, 5])
    11.0
    """
    table, corner = _table(points), np.asarray(reference, dtype=np.float64)
    if corner.shape != table.shape[1:]:
        raise ValueError(
            f"reference must contain a number per objective, {table.shape[1]}. Got shape "
            f"{corner.shape}."
        )
    return _volume(table[(table < corner).all(axis=1)], corner)


def hypervolumes(points: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Return the hypervolume of the first point, of the first two, and so on."""
    front, total, totals = np.empty((0, points.shape[1])), 0.0, []
    for point in points:
        if (point < reference).all() and not (front <= point).all(axis=1).any():
            total += _alone(point, front, reference)
            front = np.vstack([front[~(point <= front).all(axis=1)], point])
        totals.append(total)
    return np.array(totals)


def _table(points):
    points = np.asarray(points, dtype=np.float64)
    if points.ndim != 2 or points.shape[1] == 0:
        raise ValueError(
            f"points must have shape (n_points, n_objectives), got shape {points.shape}."
        )
    return points


def _dominance(points):
    """Whether the point of the row dominates that of the column, (n_points, n_points)."""
    table = np.zeros((len(points), len(points)), dtype=bool)
    for row, point in zip(table, points, strict=True):
        row[:] = (point <= points).all(axis=1) & (point < points).any(axis=1)
    return table


def _volume(points, reference):
    if len(points) == 0:
        return 0.0
    points = np.unique(
        points[~_dominance(points).any(axis=0)], axis=0
    )  # ascending in the first objective
    if points.shape[1] == 1:
        return float(reference[0] - points[0, 0])
    if points.shape[1] == 2:
        heights = np.append(reference[1], points[:-1, 1]) - points[:, 1]
        return float(((reference[0] - points[:, 0]) * heights).sum())
    return sum(_alone(point, points[i + 1 :], reference) for i, point in enumerate(points))


def _alone(point, others, reference):
    """Volume that `point` dominates and none of the others does."""
    return float(np.prod(reference - point)) - _volume(np.maximum(others, point), reference)
