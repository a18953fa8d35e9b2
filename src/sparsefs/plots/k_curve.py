# SPDX-License-Identifier: BSD-3-Clause
"""Plot of scores against the number of features, for one or several selectors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from ._style import CHOSEN, STYLES, Display, add_legend, pyplot, without_math

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from typing_extensions import Self

    from ..evaluation import KCurve
    from ..utils.typing import Estimator, Legend

_DASHES: tuple[Any, ...] = ("-", (0, (5, 1.5)), "-.", (0, (1, 1)), (0, (3, 1, 1, 1)), (0, (8, 3)))
_ALL: dict[str, Any] = {"color": "black", "lw": 1, "ls": (0, (1, 2)), "zorder": 1.5}


class KCurveDisplay(Display):
    r"""Scores of the K best features against K.

    Made by :meth:`from_estimator` or :meth:`from_curve`; all drawn data are kept in attributes.
    Several curves differ in colour, marker and line style.

    Parameters
    ----------
    curves : dict of str to KCurve
        Curves by name; the name of a single curve may be ``""``.
    chosen : dict of str to int, default=None
        K to mark on curves.
    all_features : float or None, default=None
        Score with all features.

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    lines_ : list of matplotlib Line2D
        Means over the folds, a line for each curve.
    bands_ : list of matplotlib PolyCollection
        Means plus and minus one standard error.
    chosen_points_ : list of matplotlib Line2D
    all_features_line_ : matplotlib Line2D or None
    legend_ : matplotlib Legend or None

    See Also
    --------
    sparsefs.evaluation.k_curve : Makes curves.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sparsefs import GradualPruningSelector, KCurveDisplay
    >>> X, y = load_digits(return_X_y=True)
    >>> selector = GradualPruningSelector(K="auto", random_state=0).fit(X, y)
    >>> display = KCurveDisplay.from_estimator(selector)  # the path is there already
    >>> display.ax_.get_ylabel()
    'accuracy\n(mean of 5 folds ± standard error)'
    >>> display.chosen[""] == selector.K_
    True

    The curves of several:

    >>> from sklearn.ensemble import ExtraTreesClassifier
    >>> from sparsefs.evaluation import k_curve
    >>> settings = {"Ks": [4, 8, 16, 32], "cv": 3, "random_state": 0}
    >>> rankers = {"gradual pruning": selector, "trees": ExtraTreesClassifier()}
    >>> curves = {name: k_curve(ranker, X, y, **settings) for name, ranker in rankers.items()}
    >>> display = KCurveDisplay.from_curve(curves)
    >>> [line.get_label() for line in display.lines_]
    ['gradual pruning', 'trees']
    """

    def __init__(
        self,
        *,
        curves: Mapping[str, KCurve],
        chosen: Mapping[str, int] | None = None,
        all_features: float | None = None,
    ) -> None:
        self.curves = curves
        self.chosen = chosen
        self.all_features = all_features

    @classmethod
    def from_estimator(
        cls,
        selector: Estimator,
        *,
        all_features: float | None = None,
        name: str = "",
        ax: Axes | None = None,
        **kwargs: Any,
    ) -> Self:
        """Draw the ``path_`` of a selector, with a mark at the chosen K.

        Parameters
        ----------
        selector : estimator
            Fitted with ``K="auto"``.
        all_features : float or None, default=None
            Score with all features, drawn as a horizontal line.
        name : str, default=""
            Name of the curve in the legend.
        ax : matplotlib Axes or None, default=None
            Where to draw; None makes a new figure.
        **kwargs : dict
            Passed to :meth:`plot`.

        Returns
        -------
        KCurveDisplay

        Raises
        ------
        NotFittedError
            If the selector is not fitted.
        ValueError
            If K was not chosen in the fit.
        """
        fitted: Any = selector
        check_is_fitted(fitted)
        if getattr(selector, "path_", None) is None:
            raise ValueError(
                f"This {type(selector).__name__} was fitted with a given K, so there is no path to "
                "draw. Fit it with K='auto', or draw a k_curve with KCurveDisplay.from_curve."
            )
        curve = fitted.path_
        # K may have been set to another number since.
        chosen = {name: fitted.K_} if fitted.K_ in curve.Ks else None
        return cls.from_curve(
            {name: curve}, chosen=chosen, all_features=all_features, ax=ax, **kwargs
        )

    @classmethod
    def from_curve(
        cls,
        curve: KCurve | Mapping[str, KCurve],
        *,
        chosen: int | Mapping[str, int] | None = None,
        all_features: float | None = None,
        ax: Axes | None = None,
        **kwargs: Any,
    ) -> Self:
        """Draw given curves.

        Parameters
        ----------
        curve : KCurve or dict of str to KCurve
            One or several, up to six, of the same metric.
        chosen : int or dict of str to int, default=None
            K to mark; of several curves by their names.
        all_features : float or None, default=None
            Score with all features, drawn as a horizontal line.
        ax : matplotlib Axes or None, default=None
            Where to draw; None makes a new figure.
        **kwargs : dict
            Passed to :meth:`plot`.

        Returns
        -------
        KCurveDisplay

        Raises
        ------
        ValueError
            If there is no curve, there are more than six, or their metrics differ.
        """
        given = dict(curve) if isinstance(curve, Mapping) else {"": curve}
        if not 0 < len(given) <= len(STYLES):
            raise ValueError(f"A picture can show 1 to {len(STYLES)} curves. Got {len(given)}.")
        metrics = sorted({c.metric for c in given.values()})
        if len(metrics) > 1:
            raise ValueError(f"Curves in one picture must have one metric. Got {metrics}.")
        if chosen is not None and not isinstance(chosen, Mapping):
            if len(given) > 1:
                raise ValueError("chosen must be a dict, as there are several curves.")
            chosen = dict.fromkeys(given, chosen)
        display = cls(curves=given, chosen=chosen, all_features=all_features)
        return display.plot(ax, **kwargs)

    def plot(self, ax: Axes | None = None, *, log_x: bool = True, legend: Legend = True) -> Self:
        """Draw it.

        Parameters
        ----------
        ax : matplotlib Axes or None, default=None
            Where to draw; None makes a new figure.
        log_x : bool, default=True
            Whether K is on a logarithmic scale, with ticks at powers of two.
        legend : bool or dict, default=True
            Whether to add a legend, above the axes; a dict is passed to matplotlib.

        Returns
        -------
        KCurveDisplay
            The display, with the artists.
        """
        pyplot(self)
        marks = {name: (K, _place(self.curves, name, K)) for name, K in (self.chosen or {}).items()}
        ax = self._set_axes(ax, (6.3, 3.8))
        self.lines_, self.bands_, self.chosen_points_ = [], [], []
        groups, remarks = [], []
        for (name, curve), (color, marker), dashes in zip(
            self.curves.items(), STYLES, _DASHES, strict=False
        ):
            low, high = curve.mean - curve.se, curve.mean + curve.se
            band = ax.fill_between(curve.Ks, low, high, color=color, alpha=0.2, lw=0)
            style = {"color": color, "ls": dashes, "lw": 1.4, "marker": marker, "ms": 4.5}
            (line,) = ax.plot(curve.Ks, curve.mean, mec="black", mew=0.5, label=name, **style)
            self.lines_.append(line)
            self.bands_.append(band)
            groups.append((line, without_math(name)) if name else None)
            if name in marks:
                K, place = marks[name]
                (point,) = ax.plot(curve.Ks[place], curve.mean[place], ls="none", **CHOSEN)
                self.chosen_points_.append(point)
                of = f" ({name})" if len(self.curves) > 1 else ""
                remarks.append((point, f"chosen{of}: K = {K:,}"))
        self.all_features_line_ = None
        if self.all_features is not None:
            self.all_features_line_ = ax.axhline(self.all_features, **_ALL)
            remarks.append((self.all_features_line_, f"all features: {self.all_features:.3f}"))
        if log_x:
            self._log_axis(ax)
        first = next(iter(self.curves.values()))
        numbers = sorted({curve.scores.shape[1] for curve in self.curves.values()})
        folds = " or ".join(f"{n}" for n in numbers)
        ax.set_xlabel("number of features K")
        ax.set_ylabel(f"{first.metric}\n(mean of {folds} folds ± standard error)")
        self.legend_ = add_legend(ax, legend, *groups, *remarks)
        return self

    def _log_axis(self, ax):
        from matplotlib import ticker

        lowest = min(curve.Ks.min() for curve in self.curves.values())
        highest = max(curve.Ks.max() for curve in self.curves.values())
        ax.set_xscale("log", base=2)
        low, high = np.ceil(np.log2(lowest)), np.floor(np.log2(highest))
        step = max(1, int(np.ceil((high - low + 1) / 12)))
        powers = 2.0 ** np.arange(low, high + 1, step)
        # Of few numbers close together no power of two may be among them.
        ticks = powers if len(powers) > 1 else np.unique([lowest, highest])
        ax.xaxis.set_major_locator(ticker.FixedLocator(ticks.tolist()))
        ax.xaxis.set_minor_locator(ticker.NullLocator())
        ax.xaxis.set_major_formatter(ticker.FuncFormatter(lambda v, _: f"{v:,g}"))


def _place(curves, name, K):
    """Place of a chosen K on its curve."""
    if name not in curves:
        raise ValueError(f"chosen contains {name!r}, which is no curve. Curves: {list(curves)}.")
    found = np.flatnonzero(curves[name].Ks == K)
    if not len(found):
        raise ValueError(f"chosen: K={K} is not among those tried, {curves[name].Ks.tolist()}.")
    return int(found[0])
