# SPDX-License-Identifier: BSD-3-Clause
"""Rules that choose one point of a curve of scores.

Each takes `x`, positive and ascending, the scores there and their standard errors, and returns the
place of the point it chooses.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

_TIE = 1e-9  # sums in another order differ by less, scores that differ by more


def best(x: np.ndarray, score: np.ndarray, se: np.ndarray | None = None) -> int:
    """Return the place of the highest score."""
    return _first_from(score, score.max())


def one_standard_error(x: np.ndarray, score: np.ndarray, se: np.ndarray) -> int:
    """Return the first place whose score is within one standard error of the highest."""
    highest = best(x, score)
    return _first_from(score, score[highest] - se[highest])


def knee(x: np.ndarray, score: np.ndarray, se: np.ndarray | None = None) -> int:
    """Return the place farthest above the chord over log x; see Kneedle (Satopaa, 2011)."""
    if len(x) < 3:
        return best(x, score)
    log_x = np.log(x)
    above = score - np.interp(log_x, log_x[[0, -1]], score[[0, -1]])
    if above.max() <= _TIE:
        return best(x, score)
    return _first_from(above, above.max())


def _first_from(values, bound):
    return int(np.flatnonzero(values >= bound - _TIE)[0])


RULES: dict[str, Callable[..., int]] = {
    "best": best,
    "one_standard_error": one_standard_error,
    "knee": knee,
}
