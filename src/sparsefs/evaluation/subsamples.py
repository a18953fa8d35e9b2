# SPDX-License-Identifier: BSD-3-Clause
"""Complementary pairs: halves of the samples without common samples."""

from __future__ import annotations

import numpy as np

from .groups import classes_of_groups


def complementary_pair(
    classes: np.ndarray, rng: np.random.Generator, groups: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Draw two disjoint halves of the samples.

    Each has half of every class, give or take one. Of a class of odd size one sample is left over;
    such samples are dealt out in turn, those of rare classes first. If their number is odd, one of
    the largest such class is in neither half.

    Parameters
    ----------
    classes : ndarray of int of shape (n_samples,)
        Class of every sample; all the same if there are no classes.
    rng : Generator
    groups : ndarray of int of shape (n_samples,) or None, default=None
        Halves of the groups are drawn, with the same rule for their most frequent classes.

    Returns
    -------
    first, second : ndarray of int of shape (n_samples // 2,)
        Rows in ascending order. With groups of different sizes the halves differ in size.
    """
    if groups is not None:
        groups = np.unique(groups, return_inverse=True)[1]
        halves = complementary_pair(classes_of_groups(classes, groups), rng)
        first, second = (np.flatnonzero(np.isin(groups, half)) for half in halves)
        return first, second
    rows = rng.permutation(len(classes))
    rows = rows[np.argsort(classes[rows], kind="stable")]
    sizes = np.bincount(classes)
    place = np.arange(len(rows)) - np.repeat(np.cumsum(sizes) - sizes, sizes)  # in its class
    size = np.repeat(sizes, sizes)
    over = (size % 2 == 1) & (place == size - 1)
    paired, left = rows[~over], rows[over]
    # Shuffled, so that chance decides among classes of one size.
    left = left[rng.permutation(len(left))]
    left = left[np.argsort(sizes[classes[left]], kind="stable")]
    left = left[: len(left) - len(left) % 2]
    # Classes come in runs of even length, so that every second row is half of each.
    dealt = np.concatenate([paired, left])
    return np.sort(dealt[::2]), np.sort(dealt[1::2])
