# SPDX-License-Identifier: BSD-3-Clause
"""Axes of objectives: what they are called, in which unit, and on which scale.

What is drawn stays in the unit of ``cv_results_``, so that users can add to a picture; only the
numbers at the ticks are scaled.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ._style import whole_ticks

SPAN = 20  # from which on values are on a logarithmic scale
_COSTS = {  # what is counted, and its unit
    "n_features": ("features", ""),
    "parameters": ("parameters", ""),
    "bytes": ("network", "B"),
    "inference_flops": ("inference of a sample", "FLOPs"),
    "training_flops": ("training", "FLOPs"),
    "fit_time": ("fit", "s"),
}
_PREFIXES = {-2: "µ", -1: "m", 0: "", 1: "k", 2: "M", 3: "G", 4: "T", 5: "P"}
_WORDS = {1: "thousands", 2: "millions", 3: "billions"}


class Scale(NamedTuple):
    """How an axis shows an objective, or a parameter.

    Attributes
    ----------
    name : str
    log : bool
    power : int
        Numbers are shown divided by ``1000**power``.
    """

    name: str
    log: bool = False
    power: int = 0

    @property
    def label(self) -> str:
        """Of the axis."""
        text, unit = _COSTS.get(self.name, (self.name.replace("_", " "), ""))
        unit = _PREFIXES[self.power] + unit if unit else _WORDS.get(self.power, "")
        return f"{text} ({unit})" if unit else text

    def amount(self, value: float) -> str:
        """A value in words."""
        if self.name not in _COSTS:
            return f"{value:.3f}" if abs(value) < 1 else f"{value:.3g}"
        text, unit = _COSTS[self.name]
        if not unit:
            return f"{_short(value)} {text}"
        return f"{_short(value / 1000**self.power)} {_PREFIXES[self.power]}{unit}"

    def set_ticks(self, axis, low: float, high: float) -> None:
        """Tick an axis of matplotlib that goes from `low` to `high`."""
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
    """A scale that suits the values of an objective, of which none is NaN.

    Raises
    ------
    ValueError
        If a logarithmic scale is asked for and there are values that it does not have.
    """
    low, high = float(values.min()), float(values.max())
    if log == "auto":
        log = name in _COSTS and spans(values)
    elif log and low <= 0:
        raise ValueError(f"{name!r} has the value {low:g}, which no logarithmic scale shows.")
    if name not in _COSTS or name == "n_features" or high <= 0:
        return Scale(name, bool(log))
    middle = np.sqrt(low * high) if log else high
    lowest, highest = min(_PREFIXES) if name == "fit_time" else 0, max(_PREFIXES)
    if name == "parameters":
        highest = max(_WORDS)
    return Scale(name, bool(log), int(np.clip(np.log10(middle) // 3, lowest, highest)))


def spans(values: np.ndarray) -> bool:
    """Whether the values are positive and far from each other."""
    return bool(values.min() > 0 and values.max() > SPAN * values.min())


def _short(value):
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
