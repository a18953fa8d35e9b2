# SPDX-License-Identifier: BSD-3-Clause
"""Parameters of every selector that say when a fit ends early, and where it goes on later."""

from __future__ import annotations

import os
from dataclasses import dataclass
from numbers import Real
from typing import ClassVar, Literal

from sklearn.utils._param_validation import Interval, StrOptions


@dataclass(eq=False, repr=False, kw_only=True)
class StoppingParameters:
    """A limit of time, what Ctrl-C does, and a folder of checkpoints."""

    _parameter_constraints: ClassVar[dict] = {
        "max_time": [Interval(Real, 0, None, closed="neither"), None],
        "on_interrupt": [StrOptions({"raise", "keep"})],
        "checkpoint": [str, os.PathLike, None],
    }

    max_time: float | None = None
    on_interrupt: Literal["raise", "keep"] = "raise"
    checkpoint: str | os.PathLike[str] | None = None
