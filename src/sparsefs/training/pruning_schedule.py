# SPDX-License-Identifier: BSD-3-Clause
"""The number of inputs that are left at each moment of a gradual pruning."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PruningSchedule:
    """How many inputs are left as a training goes on.

    Most are removed early, when they cost most, and ever fewer at a time: among the last, what one
    feature is worth depends on which others are there, and the networks must adapt in between.

    Parameters
    ----------
    begin, slow, end : float in [0, 1]
        Shares of the training at which pruning begins, at which `n_slow` inputs are left, and at
        which `n_last` are.
    n_slow, n_last : int
    """

    begin: float = 0.03
    slow: float = 0.8
    end: float = 0.97
    n_slow: int = 20
    n_last: int = 5

    def n_inputs(self, n_at_first: int, progress: float) -> int:
        """Inputs to be left after this share of the training."""
        n_slow, n_last = min(self.n_slow, n_at_first), min(self.n_last, n_at_first)
        if progress <= self.begin:
            return n_at_first
        if progress < self.slow:
            share = (progress - self.begin) / (self.slow - self.begin)
            return round(n_slow * (n_at_first / n_slow) ** ((1 - share) ** 2))
        share = min(1.0, (progress - self.slow) / (self.end - self.slow))
        return round(n_slow * (n_last / n_slow) ** share)
