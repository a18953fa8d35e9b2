# SPDX-License-Identifier: BSD-3-Clause
"""Splits into training rows and held-out rows."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from sklearn.model_selection import train_test_split

from ..evaluation.groups import classes_of_groups
from ..utils.text import counted
from .errors import InputError
from .messages import Messages
from .target import Goal

_FEWEST = 10  # rows; with fewer a score is meaningless
_FEW = 200  # rows; with fewer one split says little
_MANY = 1000
_MANY_NUMBERS = 4e6  # a selection from more takes a second or more
_QUICK = ("gradual-pruning", "wast")


def split_rows(
    goal: Goal, n_rows: int, test_size: float, seed: int, messages: Messages, groups=None
):
    """Return training rows and held-out rows, both ascending; classes keep their shares.

    With groups, whole groups are split, and `test_size` is a share of the groups.

    Raises
    ------
    InputError
        If there are too few rows or groups.
    """
    units = _Units.of(goal, n_rows, groups)
    n_held_out = max(1, round(test_size * units.n))
    too_few = InputError(
        f"{n_rows} rows are too few to hold out {test_size:.0%} for a score: use --no-score"
    )
    if n_rows < _FEWEST or units.n <= n_held_out:
        if groups is None or n_rows < _FEWEST:
            raise too_few
        raise InputError(
            f"--groups: {counted(units.n, 'group')} cannot be split into training rows and "
            "held-out rows: use --no-score"
        )
    train, held_out = units.split(n_held_out, seed)
    if len(train) < 2 or len(held_out) < 2:
        raise too_few
    if goal.task == "classification" and not can_keep_shares(
        units.strata, units.n - n_held_out, n_held_out
    ):
        what = "row" if groups is None else "group"
        messages.say(f"warning: a class has too few {what}s to hold out a share of each class")
    if not goal.varies(train):
        what = "have no event" if goal.task == "survival" else "are of one class"
        raise InputError(f"all training rows {what}: use --no-score")
    return train, held_out


def number_of_splits(
    shape, method: str, level: float | None = None, has_interval: bool = True
) -> int:
    """Return how many splits score a selection: 1 for many rows; for few 10, or 3 of slow fits.

    A score whose interval is that of repeated splits needs more rows to do without.
    """
    if shape[0] >= (_FEW if has_interval else _MANY) or level is not None:  # of 100 fits
        return 1
    return 10 if method in _QUICK and shape[0] * shape[1] <= _MANY_NUMBERS else 3


def splits_after(first, goal: Goal, n_splits: int, seed: int, groups=None) -> list:
    """Return further splits into parts as large as those of the first, `n_splits` with it.

    One whose training rows are of one class is left out.
    """
    units = _Units.of(goal, sum(map(len, first)), groups)
    n_held_out = len(np.unique(units.of_row[first[1]]))
    splits = []
    for number in range(1, n_splits):
        another = int(np.random.default_rng([seed, number]).integers(2**31))
        train, held_out = units.split(n_held_out, another)
        if goal.varies(train):
            splits.append((train, held_out))
    return splits


class _Units(NamedTuple):
    """Rows, or groups of rows, that a split does not divide.

    Attributes
    ----------
    n : int
    of_row : ndarray of shape (n_rows,)
        Number of the unit of each row.
    strata : ndarray of shape (n,) or None
        Class of each unit, or whether it has an event: the most frequent one of a group.
    """

    n: int
    of_row: np.ndarray
    strata: np.ndarray | None

    @classmethod
    def of(cls, goal, n_rows, groups):
        strata = goal.strata()
        if groups is None:
            return cls(n_rows, np.arange(n_rows), strata)
        names, of_row = np.unique(groups, return_inverse=True)
        if strata is not None:
            classes, codes = np.unique(strata, return_inverse=True)
            strata = classes[classes_of_groups(codes, of_row)]
        return cls(len(names), of_row, strata)

    def split(self, n_held_out, seed):
        """Return training rows and held-out rows."""
        keeps = can_keep_shares(self.strata, self.n - n_held_out, n_held_out)
        _, held_out = train_test_split(
            np.arange(self.n),
            test_size=n_held_out,
            stratify=self.strata if keeps else None,
            random_state=seed,
        )
        mask = np.isin(self.of_row, held_out)
        return np.flatnonzero(~mask), np.flatnonzero(mask)


def can_keep_shares(strata, n_train: int, n_held_out: int) -> bool:
    """Return whether there are classes, or events, and enough rows of each for both parts."""
    if strata is None:
        return False
    counts = np.unique(strata, return_counts=True)[1]
    return bool(counts.min() >= 2 and min(n_train, n_held_out) >= len(counts))
