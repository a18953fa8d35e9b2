# SPDX-License-Identifier: BSD-3-Clause
"""Distinct random integers in memory that follows their number, not their range."""

from __future__ import annotations

import numpy as np


def distinct_integers(n_possible: int, n: int, rng: np.random.Generator) -> np.ndarray:
    """Draw `n` distinct integers from range(n_possible) uniformly, ascending, int64.

    ``Generator.choice(replace=False)`` would allocate the whole range.
    """
    if 2 * n > n_possible:
        taken = np.ones(n_possible, dtype=bool)
        taken[distinct_integers(n_possible, n_possible - n, rng)] = False
        return np.flatnonzero(taken)
    drawn = np.empty(0, dtype=np.int64)
    while len(drawn) < n:
        more = rng.integers(n_possible, size=int(1.2 * (n - len(drawn))) + 8)
        drawn = np.sort(np.concatenate([drawn, more]))
        drawn = drawn[np.diff(drawn, prepend=-1) > 0]
    surplus = rng.choice(len(drawn), size=len(drawn) - n, replace=False, shuffle=False)
    return np.delete(drawn, surplus)
