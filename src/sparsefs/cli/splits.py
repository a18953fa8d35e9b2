# SPDX-License-Identifier: BSD-3-Clause
"""Split into training rows and held-out rows."""

from __future__ import annotations

import numpy as np
from sklearn.model_selection import train_test_split

from .errors import InputError
from .messages import Messages
from .target import Goal

_FEWEST = 10  # rows; with fewer a score is meaningless


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
    train, held_out = train_test_split(
        np.arange(n_rows), test_size=n_held_out, stratify=classes, random_state=seed
    )
    if goal.y is not None and len(np.unique(goal.y[train])) < 2:
        raise InputError("all training rows are of one class: use --no-score")
    return np.sort(train), np.sort(held_out)


def can_keep_shares(goal: Goal, n_train: int, n_held_out: int) -> bool:
    """Return whether each class has enough rows for both parts."""
    if goal.y is None or goal.task != "classification":
        return False
    counts = np.unique(goal.y, return_counts=True)[1]
    return bool(counts.min() >= 2 and min(n_train, n_held_out) >= len(counts))
