# SPDX-License-Identifier: BSD-3-Clause
"""Pictures of features in the order of a value: bars with names, or a curve over ranks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from ._style import BLUE, GREY, RED, Display, add_legend, pyplot, whole_ticks, without_math

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from typing_extensions import Self

    from ..utils.typing import Legend

MOST_BARS = 40
_MOST_POINTS = 2000  # of a curve; more are invisible in print
_LONGEST = 28  # letters of a name
# Two groups, which also differ without colour.
_BARS = (
    {"color": BLUE, "edgecolor": "black", "linewidth": 0.6},
    {"color": "white", "edgecolor": "0.45", "linewidth": 0.6, "hatch": "/////"},
)
_LINES: tuple[dict[str, Any], ...] = (
    {"color": BLUE, "lw": 2.2, "ls": "-"},
    {"color": "0.35", "lw": 1.2, "ls": (0, (4, 1.5))},
)
_THRESHOLD: dict[str, Any] = {"color": RED, "lw": 1.2, "ls": "-.", "zorder": 2.5}


class RankedDisplay(Display):
    """Base of pictures of features in the order of a value.

    A picture sets in ``__init__`` the `ranking`, `feature_names` and `threshold`, and implements
    :meth:`_features`, :meth:`_complete` and :meth:`_entries`.
    """

    ranking: np.ndarray
    feature_names: np.ndarray
    threshold: float | None
    bars_: Any
    lines_: Any
    errors_: Any
    threshold_: Any
    _steps = False  # whether many values are equal, so that a curve is drawn in steps

    def plot(
        self,
        ax: Axes | None = None,
        *,
        n_features: int | None = None,
        kind: Literal["auto", "bars", "curve"] = "auto",
        log_x: bool | Literal["auto"] = "auto",
        legend: Legend = True,
    ) -> Self:
        """Draw the picture.

        Parameters
        ----------
        ax : matplotlib Axes or None, default=None
            Axes to draw on. None makes a figure.
        n_features : int or None, default=None
            Number of features to show, best first. None shows all; a StabilityDisplay leaves out
            those that are never selected.
        kind : {"auto", "bars", "curve"}, default="auto"
            ``"auto"`` draws bars for up to 40 features.
        log_x : bool or "auto", default="auto"
            Whether the ranks of a curve are on a logarithmic scale. ``"auto"``: for more than 200
            features.
        legend : bool or dict, default=True
            Whether to add a legend above the axes; a dict is passed to matplotlib.

        Returns
        -------
        self : display
            With the artists as attributes.
        """
        pyplot(self)
        values, marked, errors, n_there = self._features()
        order = np.argsort(self.ranking, kind="stable")
        n_shown = n_there if n_features is None else _number_to_show(n_features, len(order))
        bars = _as_bars(kind, n_shown)
        first = order[:n_shown]
        ranked = Ranked(
            values[first],
            marked[first],
            self.feature_names[first],
            None if errors is None else errors[first],
            len(values),
        )
        size = (6.3, 1.1 + 0.19 * n_shown) if bars else (6.3, 3.4)  # as wide as the text of a page
        ax = self._set_axes(ax, size)
        self.bars_ = self.lines_ = self.threshold_ = None
        if bars:
            self.bars_, self.errors_ = draw_bars(ax, ranked)
        else:
            self.lines_, self.errors_ = draw_curve(ax, ranked, log_x, self._steps)
        if self.threshold is not None:
            line = ax.axvline if bars else ax.axhline
            self.threshold_ = line(self.threshold, **_THRESHOLD)
        self._complete(ranked, bars)
        self.legend_ = add_legend(ax, legend, *self._entries(self.bars_ or self.lines_ or []))
        return self

    def _features(self) -> tuple[np.ndarray, np.ndarray, np.ndarray | None, int]:
        """Return values, the mask of the first group, errors, and how many to show by default."""
        raise NotImplementedError

    def _complete(self, ranked: Ranked, bars: bool) -> None:
        """Label the axes, and draw what else belongs to the picture."""

    def _entries(self, groups: list) -> list:
        """Return the entries of the legend; `groups` are the artists of both groups."""
        raise NotImplementedError


class Ranked(NamedTuple):
    """The features that are drawn, best first.

    Attributes
    ----------
    values : ndarray of shape (n_shown,)
    marked : ndarray of shape (n_shown,), dtype bool
        Features of the first group, for example the selected ones.
    names : sequence of str
    errors : ndarray of shape (n_shown,) or None
    n_features : int
        Number of all features.
    """

    values: np.ndarray
    marked: np.ndarray
    names: Any
    errors: np.ndarray | None
    n_features: int

    @property
    def how_many(self) -> str:
        """Number of features that are drawn, in words."""
        n, n_shown = self.n_features, len(self.values)
        return f"{n:,} features" if n == n_shown else f"{n_shown:,} of {n:,} features"

    def groups(self):
        """Yield the number of each group, its mask, and its styles as bars and as lines."""
        for number, mask in enumerate((self.marked, ~self.marked)):
            if mask.any():
                yield number, mask, _BARS[number], _LINES[number]


def _number_to_show(n_features, n_there):
    if isinstance(n_features, bool) or n_features != int(n_features) or n_features < 1:
        raise ValueError(f"n_features must be a positive int or None. Got {n_features!r}.")
    return min(int(n_features), n_there)


def _as_bars(kind, n_shown):
    if kind not in ("auto", "bars", "curve"):
        raise ValueError(f"kind must be 'auto', 'bars' or 'curve'. Got {kind!r}.")
    return n_shown <= MOST_BARS if kind == "auto" else kind == "bars"


def draw_bars(ax: Any, ranked: Ranked) -> tuple[list, Any]:
    """Draw horizontal bars, best on top; return a container per group, and the error bars."""
    places = np.arange(1, len(ranked.values) + 1)
    containers: list = [None, None]
    for number, mask, style, _ in ranked.groups():
        containers[number] = ax.barh(places[mask], ranked.values[mask], height=0.75, **style)
    errorbar = None
    if ranked.errors is not None:
        style = {"fmt": "none", "ecolor": "black", "elinewidth": 0.8, "capsize": 2, "zorder": 3}
        errorbar = ax.errorbar(ranked.values, places, xerr=ranked.errors, **style)
    ax.set_yticks(places, [without_math(_short(name)) for name in ranked.names], fontsize="small")
    ax.set_ylim(len(places) + 0.6, 0.4)
    ax.set_ylabel(ranked.how_many)
    return containers, errorbar


def draw_curve(ax: Any, ranked: Ranked, log_x: bool | str, steps: bool) -> tuple[list, Any]:
    """Draw values over ranks; return a line per group, and the band of the errors."""
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
    """Return places among n that are dense on both scales, and those to keep."""
    if n <= _MOST_POINTS:
        return np.arange(n)
    half = _MOST_POINTS // 2
    spaced = np.concatenate([np.geomspace(1, n, half), np.linspace(1, n, half)])
    return np.unique(np.concatenate([np.round(spaced).astype(np.int64) - 1, keep]))


def _short(name):
    return name if len(name) <= _LONGEST else name[: _LONGEST - 1] + "\N{HORIZONTAL ELLIPSIS}"
