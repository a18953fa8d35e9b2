# SPDX-License-Identifier: BSD-3-Clause
"""Axes of objectives: label, unit and scale.

Artists stay in the unit of ``cv_results_``, so that users can add to a picture; only the numbers at
the ticks are scaled.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ._style import whole_ticks

SPAN = 20  # ratio of values above which the scale is logarithmic
_COSTS = {  # label and unit
    "n_features": ("features", ""),
    "parameters": ("parameters", ""),
    "bytes": ("network", "B"),
    "inference_flops": ("one prediction", "FLOPs"),
    "training_flops": ("training", "FLOPs"),
    "fit_time": ("fit", "s"),
}
_PREFIXES = {-2: "µ", -1: "m", 0: "", 1: "k", 2: "M", 3: "G", 4: "T", 5: "P"}
_WORDS = {1: "thousands", 2: "millions", 3: "billions"}


class Scale(NamedTuple):
    """Scale of the axis of an objective or a parameter.

    Attributes
    ----------
    name : str
    log : bool
    power : int
        Tick labels are divided by ``1000**power``.
    """

    name: str
    log: bool = False
    power: int = 0

    @property
    def label(self) -> str:
        """Label of the axis."""
        text, unit = _COSTS.get(self.name, (self.name.replace("_", " "), ""))
        unit = _PREFIXES[self.power] + unit if unit else _WORDS.get(self.power, "")
        return f"{text} ({unit})" if unit else text

    def amount(self, value: float) -> str:
        """Format a value with its unit."""
        if self.name not in _COSTS:
            return f"{value:.3f}" if abs(value) < 1 else f"{value:.3g}"
        text, unit = _COSTS[self.name]
        if not unit:
            return f"{_short(value)} {text}"
        return f"{_short(value / 1000**self.power)} {_PREFIXES[self.power]}{unit}"

    def set_ticks(self, axis, low: float, high: float) -> None:
        """Set the ticks of a matplotlib axis from `low` to `high`."""
        from matplotlib import ticker

        if self.log:
            few = high < 1000 * low
            axis.set_major_locator(ticker.LogLocator(subs=(1, 2, 5) if few else (1,)))
            axis.set_minor_formatter(ticker.NullFormatter())
        elif self.name == "n_features":
            whole_ticks(axis)
        if self.log or self.name in _COSTS:
            divisor = 1000**self.power
            axis.set_major_formatter(ticker.FuncFormatter(lambda v, _: f"{v / divisor:,g}"))


def scale_of(name: str, values: np.ndarray, log: bool | str) -> Scale:
    """Choose the scale for the values of an objective, which must not be NaN.

    Raises
    ------
    ValueError
        If a logarithmic scale is requested for values that are not positive.
    """
    low, high = float(values.min()), float(values.max())
    if log == "auto":
        log = name in _COSTS and spans(values)
    elif log and low <= 0:
        raise ValueError(f"A logarithmic scale cannot show {name!r}: it has the value {low:g}.")
    if name not in _COSTS or name == "n_features" or high <= 0:
        return Scale(name, bool(log))
    middle = np.sqrt(low * high) if log else high
    lowest, highest = min(_PREFIXES) if name == "fit_time" else 0, max(_PREFIXES)
    if name == "parameters":
        highest = max(_WORDS)
    return Scale(name, bool(log), int(np.clip(np.log10(middle) // 3, lowest, highest)))


def spans(values: np.ndarray) -> bool:
    """Return whether the values are positive and differ by a large factor."""
    return bool(values.min() > 0 and values.max() > SPAN * values.min())


def _short(value):
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
