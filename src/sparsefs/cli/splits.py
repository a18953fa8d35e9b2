# SPDX-License-Identifier: BSD-3-Clause
"""Splits into training rows and held-out rows."""

from __future__ import annotations

import numpy as np
from sklearn.model_selection import train_test_split

from .errors import InputError
from .messages import Messages
from .target import Goal

_FEWEST = 10  # rows; with fewer a score is meaningless
_FEW = 200  # rows; with fewer one split says little
_MANY_NUMBERS = 4e6  # a selection from more takes a second or more
_QUICK = ("gradual-pruning", "wast")


def split_rows(goal: Goal, n_rows: int, test_size: float, seed: int, messages: Messages):
    """Return training rows and held-out rows, both ascending; classes keep their shares.

    Raises
    ------
    InputError
        If there are too few rows.
    """
    n_held_out = max(1, round(test_size * n_rows))
    if n_rows < _FEWEST or n_rows - n_held_out < 2 or n_held_out < 2:
        raise InputError(
            f"{n_rows} rows are too few to hold out {test_size:.0%} for a score: use --no-score"
        )
    classes = goal.y if can_keep_shares(goal, n_rows - n_held_out, n_held_out) else None
    if classes is None and goal.task == "classification":
        messages.say("warning: a class has too few rows to hold out a share of each class")
    train, held_out = _split(n_rows, n_held_out, classes, seed)
    if goal.y is not None and len(np.unique(goal.y[train])) < 2:
        raise InputError("all training rows are of one class: use --no-score")
    return train, held_out


def number_of_splits(shape, method: str) -> int:
    """Return how many splits score a selection: 1 for many rows; for few 10, or 3 of slow fits."""
    if shape[0] >= _FEW:
        return 1
    return 10 if method in _QUICK and shape[0] * shape[1] <= _MANY_NUMBERS else 3


def splits_after(first, goal: Goal, n_splits: int, seed: int) -> list:
    """Return further splits into parts as large as those of the first, `n_splits` with it.

    One whose training rows are of one class is left out.
    """
    n_train, n_held_out = map(len, first)
    classes = goal.y if can_keep_shares(goal, n_train, n_held_out) else None
    splits = []
    for number in range(1, n_splits):
        another = int(np.random.default_rng([seed, number]).integers(2**31))
        train, held_out = _split(n_train + n_held_out, n_held_out, classes, another)
        if goal.y is None or len(np.unique(goal.y[train])) > 1:
            splits.append((train, held_out))
    return splits


def _split(n_rows, n_held_out, classes, seed):
    train, held_out = train_test_split(
        np.arange(n_rows), test_size=n_held_out, stratify=classes, random_state=seed
    )
    return np.sort(train), np.sort(held_out)


def can_keep_shares(goal: Goal, n_train: int, n_held_out: int) -> bool:
    """Return whether each class has enough rows for both parts."""
    if goal.y is None or goal.task != "classification":
        return False
    counts = np.unique(goal.y, return_counts=True)[1]
    return bool(counts.min() >= 2 and min(n_train, n_held_out) >= len(counts))
