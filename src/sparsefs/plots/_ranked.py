# SPDX-License-Identifier: BSD-3-Clause
"""Features in the order of a value: bars with names where they are few, else a curve over ranks."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ._style import BLUE, GREY, whole_ticks

MOST_BARS = 40
_MOST_POINTS = 2000  # of a curve: more are no finer in print
_LONGEST = 28  # letters of a name
# Two groups, told apart without colour, too.
_BARS = (
    {"color": BLUE, "edgecolor": "black", "linewidth": 0.6},
    {"color": "white", "edgecolor": "0.45", "linewidth": 0.6, "hatch": "/////"},
)
_LINES: tuple[dict[str, Any], ...] = (
    {"color": BLUE, "lw": 2.2, "ls": "-"},
    {"color": "0.35", "lw": 1.2, "ls": (0, (4, 1.5))},
)


class Ranked(NamedTuple):
    """Features of which the best are drawn.

    Attributes
    ----------
    values : ndarray of shape (n_shown,)
        The best first.
    marked : ndarray of shape (n_shown,), dtype bool
        Which of them belong to the first group, for example the selected ones.
    names : sequence of str
    errors : ndarray of shape (n_shown,) or None
    n_features : int
        How many there are.
    """

    values: np.ndarray
    marked: np.ndarray
    names: Any
    errors: np.ndarray | None
    n_features: int

    @classmethod
    def best(cls, values, order, marked, names, errors=None, n_shown=None) -> Ranked:
        """The `n_shown` first in `order`; None is all."""
        first = order[:n_shown]
        some = None if errors is None else errors[first]
        return cls(values[first], marked[first], names[first], some, len(values))

    @property
    def how_many(self) -> str:
        """How many are drawn, in words."""
        n, n_shown = self.n_features, len(self.values)
        return f"{n:,} features" if n == n_shown else f"{n_shown:,} of {n:,} features"

    def groups(self):
        """Number of each group, its mask, and its styles as bars and as lines."""
        for number, mask in enumerate((self.marked, ~self.marked)):
            if mask.any():
                yield number, mask, _BARS[number], _LINES[number]


def number_to_show(n_features: int | None, n_there: int) -> int:
    """A valid number of features to show."""
    if n_features is None:
        return n_there
    if isinstance(n_features, bool) or n_features != int(n_features) or n_features < 1:
        raise ValueError(f"n_features must be a positive int or None. Got {n_features!r}.")
    return min(int(n_features), n_there)


def as_bars(kind: str, n_shown: int) -> bool:
    """Whether to draw bars."""
    if kind not in ("auto", "bars", "curve"):
        raise ValueError(f"kind must be 'auto', 'bars' or 'curve'. Got {kind!r}.")
    return n_shown <= MOST_BARS if kind == "auto" else kind == "bars"


def figsize(bars: bool, n_shown: int) -> tuple[float, float]:
    """Inches of a figure of its own: as wide as a page's text."""
    return (6.3, 1.1 + 0.19 * n_shown) if bars else (6.3, 3.4)


def draw_bars(ax: Any, ranked: Ranked) -> tuple[list, Any]:
    """Horizontal bars, the best on top; a container for each of both groups, and errors."""
    places = np.arange(1, len(ranked.values) + 1)
    containers: list = [None, None]
    for number, mask, style, _ in ranked.groups():
        containers[number] = ax.barh(places[mask], ranked.values[mask], height=0.75, **style)
    errorbar = None
    if ranked.errors is not None:
        style = {"fmt": "none", "ecolor": "black", "elinewidth": 0.8, "capsize": 2, "zorder": 3}
        errorbar = ax.errorbar(ranked.values, places, xerr=ranked.errors, **style)
    ax.set_yticks(places, [_short(name) for name in ranked.names], fontsize="small")
    ax.set_ylim(len(places) + 0.6, 0.4)
    ax.set_ylabel(ranked.how_many)
    return containers, errorbar


def draw_curve(ax: Any, ranked: Ranked, log_x: bool | str, steps: bool = False) -> tuple[list, Any]:
    """Values over ranks; a line for each of both groups, and a band of the errors.

    `steps` are for values of which many are equal.
    """
    from matplotlib import ticker

    n = len(ranked.values)
    ends = np.flatnonzero(np.diff(ranked.marked)) if n > 1 else np.empty(0, dtype=int)
    points = _thinned(n, np.concatenate([ends, ends + 1]))
    band = None
    if ranked.errors is not None:
        low, high = ranked.values - ranked.errors, ranked.values + ranked.errors
        style = {"color": GREY, "alpha": 0.35, "lw": 0}
        band = ax.fill_between(points + 1, low[points], high[points], **style)
    lines: list = [None, None]
    for number, mask, _, style in ranked.groups():
        of = points[mask[points]]
        look = {"drawstyle": "steps-mid"} if steps else {}
        if len(of) <= MOST_BARS:
            look["marker"] = "."
        (lines[number],) = ax.plot(of + 1, ranked.values[of], **style, **look)
    if log_x is True or (log_x == "auto" and n > 200):
        ax.set_xscale("log")
        ax.set_xlim(0.9, n * 1.1)
        ax.xaxis.set_major_formatter(ticker.FuncFormatter(lambda v, _: f"{v:,g}"))
        ax.xaxis.set_minor_formatter(ticker.NullFormatter())
    else:
        whole_ticks(ax.xaxis)
    ax.set_xlabel("rank" if n == ranked.n_features else f"rank ({ranked.how_many})")
    return lines, band


def _thinned(n, keep):
    """Places to draw of n, evenly spaced on both scales, with those to keep."""
    if n <= _MOST_POINTS:
        return np.arange(n)
    half = _MOST_POINTS // 2
    spaced = np.concatenate([np.geomspace(1, n, half), np.linspace(1, n, half)])
    return np.unique(np.concatenate([np.round(spaced).astype(np.int64) - 1, keep]))


def _short(name):
    return name if len(name) <= _LONGEST else name[: _LONGEST - 1] + "\N{HORIZONTAL ELLIPSIS}"
