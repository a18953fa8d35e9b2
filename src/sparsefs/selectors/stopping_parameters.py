# SPDX-License-Identifier: BSD-3-Clause
"""Parameters of every selector that say when a fit ends before its time."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Real
from typing import ClassVar, Literal

from sklearn.utils._param_validation import Interval, StrOptions


@dataclass(eq=False, repr=False, kw_only=True)
class StoppingParameters:
    """A limit of time, and what Ctrl-C does."""

    _parameter_constraints: ClassVar[dict] = {
        "max_time": [Interval(Real, 0, None, closed="neither"), None],
        "on_interrupt": [StrOptions({"raise", "keep"})],
    }

    max_time: float | None = None
    on_interrupt: Literal["raise", "keep"] = "raise"
