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
