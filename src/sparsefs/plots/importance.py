# SPDX-License-Identifier: BSD-3-Clause
"""The ranking of the features by score, with the cut at K."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._features import names_of, scored
from ._ranked import Ranked, as_bars, draw_bars, draw_curve, figsize, number_to_show
from ._style import RED, add_legend, new_axes, pyplot

_CUT: dict[str, Any] = {"color": "black", "lw": 1, "ls": (0, (1, 1)), "zorder": 2}
_THRESHOLD: dict[str, Any] = {"color": RED, "lw": 1.2, "ls": "-.", "zorder": 2.5}


class ImportanceDisplay:
    """The scores of the features from the best to the worst, and which are selected.

    Made by :meth:`from_estimator`; all that is drawn is kept in attributes. Up to 40 features are
    bars with names, more of them a curve over the ranks. Selected features differ from the others
    by colour and by hatch or line style, for print in grey and for the colour-blind.

    Parameters
    ----------
    scores : ndarray of shape (n_features,)
        Higher is better.
    ranking : ndarray of shape (n_features,)
        Rank of every feature, 1 is the best.
    support : ndarray of shape (n_features,), dtype bool
        The selected features.
    feature_names : ndarray of shape (n_features,)
    score_label : str, default="score"
        What the scores are, and in which unit.
    scores_std : ndarray of shape (n_features,) or None, default=None
        Standard deviation of the scores.
    threshold : float or None, default=None
        Score from which on features are selected, where that is the rule.

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    bars_ : list of matplotlib BarContainer or None
        Selected features and others, None for a group of which none is drawn; None for a curve.
    lines_ : list of matplotlib Line2D or None
        The same of a curve; None for bars.
    errors_ : matplotlib ErrorbarContainer or PolyCollection, or None
        One standard deviation to both sides, where the selector has a spread.
    cut_ : matplotlib Line2D or None
        Between the selected features and the others; None where it is not in the picture, or where
        the selected are not those that rank first.
    threshold_ : matplotlib Line2D or None
    legend_ : matplotlib Legend or None

    See Also
    --------
    ImportanceImageDisplay : Scores of pixels as an image.
    StabilityDisplay : How often features are selected.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sparsefs import GradualPruningSelector, ImportanceDisplay
    >>> X, y = load_breast_cancer(return_X_y=True, as_frame=True)
    >>> selector = GradualPruningSelector(K=8, random_state=0).fit(X, y)
    >>> display = ImportanceDisplay.from_estimator(selector)
    >>> display.ax_.get_xlabel()
    'share of the training survived'
    >>> [len(bars) for bars in display.bars_]
    [8, 22]
    >>> display.figure_.savefig("importance.pdf")  # doctest: +SKIP
    """

    def __init__(
        self,
        *,
        scores,
        ranking,
        support,
        feature_names,
        score_label="score",
        scores_std=None,
        threshold=None,
    ):
        self.scores = scores
        self.ranking = ranking
        self.support = support
        self.feature_names = feature_names
        self.score_label = score_label
        self.scores_std = scores_std
        self.threshold = threshold

    @classmethod
    def from_estimator(cls, selector, *, feature_names=None, n_features=None, ax=None, **kwargs):
        """Draw the scores of a selector.

        Parameters
        ----------
        selector : estimator
            Fitted: a selector of this library, :class:`StabilitySelector`, or another one that has
            ``scores_`` and ``get_support``.
        feature_names : array-like of str of shape (n_features,) or None, default=None
            None takes those of the data that the selector was fitted to, or x0, x1, ...
        n_features : int or None, default=None
            How many to show, the best ones; None is all.
        ax : matplotlib Axes or None, default=None
            Where to draw; None makes a figure.
        **kwargs : dict
            Passed to :meth:`plot`.

        Returns
        -------
        ImportanceDisplay

        Raises
        ------
        NotFittedError
            If the selector is not fitted.
        TypeError
            If it is no selector with scores.
        ValueError
            If `feature_names` or `n_features` is unusable.
        """
        of = scored(selector)
        display = cls(
            scores=of.scores,
            ranking=of.ranking,
            support=of.support,
            feature_names=names_of(selector, len(of.scores), feature_names),
            score_label=of.label,
            scores_std=getattr(selector, "scores_std_", None),
            threshold=getattr(selector, "threshold_", None),
        )
        return display.plot(ax, n_features=n_features, **kwargs)

    def plot(self, ax=None, *, n_features=None, kind="auto", log_x="auto", legend=True):
        """Draw it.

        Parameters
        ----------
        ax : matplotlib Axes or None, default=None
            Where to draw; None makes a figure.
        n_features : int or None, default=None
            How many to show, the best ones; None is all.
        kind : {"auto", "bars", "curve"}, default="auto"
            ``"auto"`` is bars for up to 40 features.
        log_x : bool or "auto", default="auto"
            Whether the ranks of a curve are on a logarithmic scale; ``"auto"`` is for more than
            200 of them.
        legend : bool or dict, default=True
            Whether to add a legend, above the axes; a dict is passed to matplotlib.

        Returns
        -------
        ImportanceDisplay
            The display, with the artists.
        """
        pyplot(self)
        order = np.argsort(self.ranking, kind="stable")
        n_shown = number_to_show(n_features, len(order))
        bars = as_bars(kind, n_shown)
        ranked = Ranked.best(
            self.scores, order, self.support, self.feature_names, self.scores_std, n_shown
        )
        if ax is None:
            ax = new_axes(self, figsize(bars, n_shown))
        self.ax_, self.figure_ = ax, ax.figure
        self.bars_ = self.lines_ = self.cut_ = self.threshold_ = None
        if bars:
            self.bars_, self.errors_ = draw_bars(ax, ranked)
        else:
            self.lines_, self.errors_ = draw_curve(ax, ranked, log_x)
        (ax.set_xlabel if bars else ax.set_ylabel)(self.score_label)
        if not (ranked.values < 0).any():
            (ax.set_xlim if bars else ax.set_ylim)(0)

        n_selected = int(self.support.sum())
        if self.threshold is not None:
            line = ax.axvline if bars else ax.axhline
            self.threshold_ = line(self.threshold, **_THRESHOLD)
        elif 0 < n_selected < n_shown and self.support[order[:n_selected]].all():
            self.cut_ = (ax.axhline if bars else ax.axvline)(n_selected + 0.5, **_CUT)
        self.legend_ = add_legend(ax, legend, *self._entries(n_selected))
        return self

    def _entries(self, n_selected):
        """What the legend says, the groups to the left."""
        drawn = self.bars_ or self.lines_ or []
        counts = (n_selected, len(self.support) - n_selected)
        names = ("selected", "not selected")
        groups = [
            None if artist is None else (artist, f"{name}: {n:,}")
            for artist, name, n in zip(drawn, names, counts, strict=True)
        ]
        return [
            *groups,
            None if self.cut_ is None else (self.cut_, f"cut at K = {n_selected:,}"),
            None
            if self.threshold_ is None
            else (self.threshold_, f"threshold: {self.threshold:.3g}"),
            None if self.errors_ is None else (self.errors_, "± 1 standard deviation of networks"),
        ]
