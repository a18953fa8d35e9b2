# SPDX-License-Identifier: BSD-3-Clause
"""Picture of the trials of a search in two objectives, with the Pareto front."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from sklearn.utils.validation import check_is_fitted

from ..search.choice import front_of, standard_errors
from ..search.choice import knee as knee_of
from ..search.objectives import COSTS, Objective
from ._axes import scale_of
from ._hue import Hue
from ._style import BLUE, CHOSEN, GREY, LEGEND, Display, pyplot

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from typing_extensions import Self

    from ..utils.typing import Estimator, Floats, Ints, Legend

_FAINT = {"s": 14, "alpha": 0.6, "linewidths": 0, "zorder": 1}
_STRONG = {"s": 20, "edgecolors": "black", "linewidths": 0.6, "zorder": 4}
_KNEE = {"marker": "D", "ms": 9, "mfc": "none", "mec": "black", "mew": 1.2, "zorder": 5}
_LEFT = {"loc": "lower left", "bbox_to_anchor": (-0.2, 1)}  # a bar leaves room on the right


class ParetoDisplay(Display):
    """Trials of a search in two objectives: front, dominated trials, chosen trial.

    Use :meth:`from_estimator` or :meth:`from_cv_results` to create it; the artists are
    attributes. Groups differ by colour and shape, for print in grey and for the colour-blind.

    Parameters
    ----------
    x, y : str
        Names of the objectives.
    x_values, y_values : ndarray of shape (n_trials,)
        Means of all trials; NaN for failed ones.
    directions : dict of str to {"maximize", "minimize"}
        Directions of `x` and `y`.
    front : ndarray of int
        Trials that no other trial dominates in both objectives, ascending in `x`.
    y_error : ndarray of shape (n_trials,) or None, default=None
        Standard error of `y_values`, drawn for the trials on the front.
    knee : int or None, default=None
        Trial at the knee of the front.
    chosen : int or None, default=None
        Trial that the search selected.
    hue : str or None, default=None
        Objective or parameter shown by colour.
    hue_values : ndarray of shape (n_trials,) or None, default=None
        Its values, masked for trials without this parameter.

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    line_ : matplotlib Line2D
        The front as steps, up to the worst `x` of a trial.
    errorbar_ : matplotlib ErrorbarContainer or None
        ± one standard error of the trials on the front.
    front_points_, dominated_points_ : list of matplotlib PathCollection
        Trials that did not fail; with a categorical `hue` one collection per value.
    knee_point_, chosen_point_ : matplotlib Line2D or None
    legend_ : matplotlib Legend or None
    colorbar_ : matplotlib Colorbar or None
        For a `hue` of numbers.

    See Also
    --------
    sparsefs.ParetoSearchCV : The search.

    Examples
    --------
    >>> from scipy.stats import randint
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.feature_selection import SelectKBest
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from sklearn.pipeline import Pipeline
    >>> from sparsefs import ParetoDisplay, ParetoSearchCV
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> model = Pipeline([("fs", SelectKBest()), ("clf", GaussianNB())])
    >>> search = ParetoSearchCV(model, {"fs__k": randint(1, 31)}, n_trials=9, random_state=0)
    >>> display = ParetoDisplay.from_estimator(search.fit(X, y))
    >>> display.ax_.get_xlabel(), display.ax_.get_ylabel()
    ('features', 'score')
    >>> display.figure_.savefig("front.png", dpi=200)  # doctest: +SKIP
    """

    def __init__(
        self,
        *,
        x: str,
        y: str,
        x_values: Floats,
        y_values: Floats,
        directions: Mapping[str, str],
        front: Ints,
        y_error: Floats | None = None,
        knee: int | None = None,
        chosen: int | None = None,
        hue: str | None = None,
        hue_values: Any = None,
    ) -> None:
        self.x = x
        self.y = y
        self.x_values = x_values
        self.y_values = y_values
        self.directions = directions
        self.front = front
        self.y_error = y_error
        self.knee = knee
        self.chosen = chosen
        self.hue = hue
        self.hue_values = hue_values

    @classmethod
    def from_estimator(
        cls,
        search: Estimator,
        *,
        x: str | None = None,
        y: str | None = None,
        hue: str | None = None,
        ax: Axes | None = None,
        **kwargs: Any,
    ) -> Self:
        """Draw the trials of a search.

        Parameters
        ----------
        search : ParetoSearchCV
            Fitted.
        x, y : str or None, default=None
            Objectives of the search. None takes the first cost for `x` and the first score for
            `y`, or another objective if there is none.
        hue : str or None, default=None
            A third objective, or a parameter as in ``param_<name>``, shown by colour. Text,
            estimators and up to six numbers also have different markers.
        ax, **kwargs
            Passed to :meth:`plot`.

        Returns
        -------
        ParetoDisplay

        Raises
        ------
        NotFittedError
            If the search is not fitted.
        ValueError
            If there are fewer than two objectives, or no such objective or parameter.
        """
        fitted: Any = search
        check_is_fitted(fitted, "cv_results_")
        chosen = getattr(search, "best_index_", None)
        results = fitted.cv_results_
        return cls.from_cv_results(results, x=x, y=y, hue=hue, chosen=chosen, ax=ax, **kwargs)

    @classmethod
    def from_cv_results(
        cls,
        cv_results: Mapping[str, Any],
        *,
        x: str | None = None,
        y: str | None = None,
        hue: str | None = None,
        chosen: int | None = None,
        ax: Axes | None = None,
        **kwargs: Any,
    ) -> Self:
        """Draw the trials of a results table.

        Parameters
        ----------
        cv_results : dict
            ``cv_results_`` of a search. The searches of scikit-learn have scores and
            ``"fit_time"``.
        x, y, hue, ax, **kwargs
            As in :meth:`from_estimator`.
        chosen : int or None, default=None
            Index of the trial to mark.

        Returns
        -------
        ParetoDisplay
        """
        of_x, of_y = _two(cv_results, x, y)
        x_values, y_values = (np.asarray(cv_results[f"mean_{o.column}"]) for o in (of_x, of_y))
        if not (np.isfinite(x_values) & np.isfinite(y_values)).any():
            raise ValueError(f"No trial has a value of both {of_x.name!r} and {of_y.name!r}.")
        front = front_of(cv_results, [of_x, of_y])
        # A knee needs a score, a cost, and at least three trials.
        bends = of_x.is_cost != of_y.is_cost and len(front) > 2
        hue, hue_values = (None, None) if hue is None else _hue(cv_results, hue)
        display = cls(
            x=of_x.name,
            y=of_y.name,
            x_values=x_values,
            y_values=y_values,
            directions={o.name: "minimize" if o.is_cost else "maximize" for o in (of_x, of_y)},
            front=front[np.argsort(x_values[front], kind="stable")],
            y_error=standard_errors(cv_results, of_y),
            knee=knee_of(cv_results, [of_x, of_y]) if bends else None,
            chosen=chosen,
            hue=hue,
            hue_values=hue_values,
        )
        return display.plot(ax, **kwargs)

    def plot(
        self,
        ax: Axes | None = None,
        *,
        log_x: bool | Literal["auto"] = "auto",
        log_y: bool | Literal["auto"] = "auto",
        legend: Legend = True,
    ) -> Self:
        """Draw the picture.

        Parameters
        ----------
        ax : matplotlib Axes or None, default=None
            Axes to draw on. None makes a figure.
        log_x, log_y : bool or "auto", default="auto"
            Whether the axis is logarithmic. ``"auto"``: for costs whose maximum is more than 20
            times their minimum.
        legend : bool or dict, default=True
            Whether to add a legend above the axes; a dict is passed to matplotlib.

        Returns
        -------
        ParetoDisplay
            Itself, with the artists as attributes.
        """
        pyplot(self)
        there = ~np.isnan(self.x_values) & ~np.isnan(self.y_values)
        scale_x = scale_of(self.x, self.x_values[there], log_x)
        scale_y = scale_of(self.y, self.y_values[there], log_y)
        hue = None if self.hue is None else Hue(self.hue, self.hue_values, there)
        ax = self._set_axes(ax)  # after the checks: an error leaves no empty figure
        self.line_ = self._steps(there)
        self.errorbar_ = None
        if self.y_error is not None and self.y_error[self.front].any():
            x, y = self._at(self.front)
            self.errorbar_ = ax.errorbar(
                x,
                y,
                self.y_error[self.front],
                fmt="none",
                ecolor=self.line_.get_color(),
                elinewidth=0.8,
                capsize=2,
                zorder=3,
            )
        on_front = np.isin(np.arange(len(there)), self.front)
        self.dominated_points_ = self._points(there & ~on_front, hue, GREY, _FAINT)
        self.front_points_ = self._points(on_front, hue, BLUE, _STRONG)
        self.colorbar_ = None if hue is None else hue.colorbar(ax)
        self.knee_point_ = self._mark(self.knee, _KNEE)
        self.chosen_point_ = self._mark(self.chosen, CHOSEN)
        ax.set(
            xlabel=scale_x.label,
            ylabel=scale_y.label,
            xscale="log" if scale_x.log else "linear",
            yscale="log" if scale_y.log else "linear",
        )
        scale_x.set_ticks(ax.xaxis, *ax.get_xlim())
        scale_y.set_ticks(ax.yaxis, *ax.get_ylim())
        self.legend_ = None
        if legend:
            place = _LEFT if self.colorbar_ else {}
            settings = LEGEND | place | (legend if isinstance(legend, dict) else {})
            self.legend_ = ax.legend(
                *zip(*self._entries(scale_x, scale_y, hue), strict=True), **settings
            )
        return self

    def _at(self, trials) -> Any:
        return self.x_values[trials], self.y_values[trials]

    def _steps(self, there):
        """Draw the front as steps that end at the worst trial."""
        x, y = self._at(self.front)
        if self.directions[self.x] == "minimize":
            x, y, style = np.append(x, self.x_values[there].max()), np.append(y, y[-1]), "post"
        else:
            x, y, style = np.append(self.x_values[there].min(), x), np.append(y[0], y), "pre"
        color = BLUE if self.hue is None else "0.25"
        (line,) = self.ax_.plot(x, y, drawstyle=f"steps-{style}", color=color, lw=1.2, zorder=2)
        return line

    def _points(self, trials, hue, color, style):
        if hue is not None:
            return hue.scatter(self.ax_, self._at, trials, **style)
        if not trials.any():
            return []
        return [self.ax_.scatter(*self._at(trials), facecolors=color, **style)]

    def _mark(self, trial, style):
        if trial is None:
            return None
        (mark,) = self.ax_.plot(*self._at([trial]), ls="none", **style)
        return mark

    def _entries(self, scale_x, scale_y, hue):
        """Return artists and labels of the legend for two columns, the right one wide."""
        from matplotlib.lines import Line2D

        inside = BLUE if hue is None else "white"
        line: dict[str, Any] = {"color": self.line_.get_color(), "lw": 1.2}
        points: dict[str, Any] = {"marker": "o", "ms": 4.5, "mfc": inside, "mec": "black"}
        left = [(Line2D([], [], **line, **points, mew=0.6), "front")]
        if self.dominated_points_:
            points = {"marker": "o", "ms": 4, "color": GREY}
            left.append((Line2D([], [], ls="none", **points, mew=0), "dominated"))
        right = []
        for what, i, mark in (
            ("knee", self.knee, self.knee_point_),
            ("chosen", self.chosen, self.chosen_point_),
        ):
            if mark is not None:
                at = scale_y.amount(self.y_values[i]), scale_x.amount(self.x_values[i])
                right.append((mark, f"{what}: {at[0]}, {at[1]}"))
        groups = [] if hue is None else hue.entries()
        n_rows = (len(left) + len(right) + len(groups) + 1) // 2
        n_left = max(0, n_rows - len(left))
        left += groups[:n_left]
        if right:
            left += [(Line2D([], [], ls="none"), "")] * (n_rows - len(left))
        return left + right + groups[n_left:]


def _objectives(results):
    """Return the objectives of a table: those that have ranks."""
    columns = [name.removeprefix("rank_") for name in results if name.startswith("rank_")]
    return [_objective(column.removeprefix("test_"), results) for column in columns]


def _objective(name, results):
    """Return an objective by its name; None if the table lacks it."""
    objective = Objective(name, is_cost=name in COSTS)
    return objective if f"mean_{objective.column}" in results else None


def _two(results, x, y):
    """Return the objectives of both axes."""
    objectives = _objectives(results)
    of_x, of_y = (None if name is None else _objective(name, results) for name in (x, y))
    names = [o.name for o in objectives]
    for axis, name, of in (("x", x, of_x), ("y", y, of_y)):
        if name is not None and of is None:
            raise ValueError(f"{axis}={name!r} is not an objective of the search. It has {names}.")
    if x is not None and x == y:
        raise ValueError(f"x and y must be different objectives. Got {x!r} twice.")
    of_y = of_y or _first(objectives, of_x, cost=False)
    of_x = of_x or _first(objectives, of_y, cost=True)
    if of_x is None or of_y is None:
        raise ValueError(f"A front needs two objectives. The search has {names}.")
    return of_x, of_y


def _first(objectives, taken, *, cost):
    """Return the first objective that is not taken, of the wanted kind if possible."""
    free = [o for o in objectives if o != taken]
    return next((o for o in free if o.is_cost == cost), free[0] if free else None)


def _hue(results, name):
    """Return the name and the values of an objective or a parameter."""
    objective = _objective(name, results)
    if objective is not None:
        return name, results[f"mean_{objective.column}"]
    column = name if name.startswith("param_") else f"param_{name}"
    if column not in results:
        there = [key for key in results if key.startswith("param_")]
        names = [o.name for o in _objectives(results)]
        raise ValueError(f"hue={name!r} must be one of {names + there}.")
    return column, results[column]
