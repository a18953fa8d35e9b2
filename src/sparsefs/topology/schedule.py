# SPDX-License-Identifier: BSD-3-Clause
"""When the topology changes."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class UpdateSchedule:
    """Says after which training steps the topology is rewired.

    Parameters
    ----------
    every : {"batch", "epoch"} or int, default="batch"
        After every batch, after every epoch but the last, or after every so many batches.
    until : float in [0, 1], default=1.0
        Share of training after which the topology stays as it is.
    decay : {"constant", "cosine"}, default="constant"
        Whether each update moves the same fraction, or one that falls to 0 along half a cosine
        until the topology stays (RigL).
    """

    every: str | int = "batch"
    until: float = 1.0
    decay: str = "constant"

    def due(self, step: int, steps_per_epoch: int, n_steps: int) -> bool:
        """Whether to rewire after step number `step` (counted from 1) of `n_steps`.

        Every so many batches means one step later where that is the last of an epoch: what has
        just lost its weakest connections should not be what is measured, or kept.
        """
        if step > self.until * n_steps or step == n_steps:
            return False
        if self.every == "epoch":
            return step % steps_per_epoch == 0
        interval = 1 if self.every == "batch" else int(self.every)
        if interval == 1 or steps_per_epoch == 1:
            return step % interval == 0
        if step % steps_per_epoch == 0:
            return False
        postponed = (step - 1) % steps_per_epoch == 0 and step > 1
        return step % interval == 0 or (postponed and (step - 1) % interval == 0)

    def factor(self, step: int, n_steps: int) -> float:
        """What to multiply the fraction of connections with at step number `step`."""
        if self.decay == "constant":
            return 1.0
        return (1 + math.cos(math.pi * min(1.0, step / max(1.0, self.until * n_steps)))) / 2


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
