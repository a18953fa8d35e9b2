# SPDX-License-Identifier: BSD-3-Clause
"""Colours, and markers, of trials by an objective or a parameter."""

from __future__ import annotations

import textwrap
from numbers import Real
from typing import Any, NamedTuple

import numpy as np

from ._axes import Scale, scale_of, spans
from ._style import STYLES

_MISSING = "0.6", "X"
_COLORS = "cividis"


class Group(NamedTuple):
    """Trials with the same look.

    Attributes
    ----------
    label : str
    color : str or None
        None for a colour scale of numbers.
    marker : str
    trials : ndarray of shape (n_trials,), dtype bool
    """

    label: str
    color: str | None
    marker: str
    trials: np.ndarray


class Hue:
    """Look of trials by an objective or a parameter.

    Parameters
    ----------
    name : str
        Name of an objective, or ``param_<name>``.
    values : ndarray of shape (n_trials,)
        Masked for trials without this parameter.
    drawn : ndarray of shape (n_trials,), dtype bool
        The trials that are drawn.

    Raises
    ------
    ValueError
        If there are too many values that are not numbers.
    """

    def __init__(self, name: str, values: Any, drawn: np.ndarray):
        short = name.removeprefix("param_").rpartition("__")[2]
        missing = drawn & np.ma.getmaskarray(values)
        there = drawn & ~missing
        known = [values[i] for i in np.flatnonzero(there)]
        self.scale: Scale | None = None
        self._numbers = np.empty(0)
        if _all_numbers(known) and len(set(known)) > len(STYLES):
            self._numbers = np.ma.filled(np.ma.asarray(values, dtype=float), np.nan)
            of_parameter = name.startswith("param_")
            log = spans(np.array(known)) if of_parameter else "auto"
            self.scale = scale_of(short, np.array(known), log)
            self._ends = min(known), max(known)
            self.groups = [Group("", None, "o", there)]
        else:
            self.groups = _of_each_value(short, values, there, known)
        if missing.any():
            self.groups.append(Group(f"no {short.replace('_', ' ')}", *_MISSING, missing))

    def scatter(self, ax, at, trials, **style) -> list:
        """Draw some of the trials; return a collection per group."""
        collections = []
        for group in self.groups:
            if (of := trials & group.trials).any():
                if group.color is None:
                    colors = {"c": self._numbers[of], "cmap": _COLORS, "norm": self._norm()}
                else:
                    colors = {"facecolors": group.color}
                collections.append(ax.scatter(*at(of), marker=group.marker, **colors, **style))
        return collections

    def entries(self) -> list[tuple[Any, str]]:
        """Return artists and labels for a legend."""
        from matplotlib.lines import Line2D

        style: dict[str, Any] = {"ls": "none", "ms": 5, "mec": "black", "mew": 0.6}
        return [
            (Line2D([], [], marker=group.marker, mfc=group.color, **style), group.label)
            for group in self.groups
            if group.color is not None
        ]

    def colorbar(self, ax):
        """Add the colour bar of a hue of numbers; return None for other hues."""
        if self.scale is None:
            return None
        from matplotlib.cm import ScalarMappable

        # Next to the axes without shrinking them: the legend above uses both widths.
        beside = ax.inset_axes((1.03, 0, 0.05, 1))
        bar = ax.figure.colorbar(ScalarMappable(self._norm(), _COLORS), cax=beside)
        bar.set_label(self.scale.label)
        self.scale.set_ticks(bar.ax.yaxis, *self._ends)
        return bar

    def _norm(self):
        from matplotlib.colors import LogNorm, Normalize

        assert self.scale is not None
        return (LogNorm if self.scale.log else Normalize)(*self._ends)


def _of_each_value(short, values, there, known):
    if _all_numbers(known) or all(isinstance(value, str) for value in known):
        known = sorted(known)
    labels = dict.fromkeys(_text(short, value) for value in known)
    if len(labels) > len(STYLES):
        raise ValueError(
            f"hue supports at most {len(STYLES)} different values that are not numbers. {short!r} "
            f"has {len(labels)}: {', '.join(labels)}."
        )
    of_trial = np.array([_text(short, v) if t else "" for v, t in zip(values, there, strict=True)])
    return [
        Group(label, color, marker, there & (of_trial == label))
        for label, (color, marker) in zip(labels, STYLES, strict=False)
    ]


def _all_numbers(values):
    return all(isinstance(value, Real) and not isinstance(value, bool) for value in values)


def _text(short, value):
    if isinstance(value, str):
        return value
    if value is None or isinstance(value, Real | np.bool_):
        number = isinstance(value, Real) and not isinstance(value, bool)
        return f"{short.replace('_', ' ')} {f'{value:g}' if number else value}"
    return textwrap.shorten(repr(value), 24, placeholder="...")
