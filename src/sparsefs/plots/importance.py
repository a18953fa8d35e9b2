# SPDX-License-Identifier: BSD-3-Clause
"""Picture of the features ranked by score, with the cut at K."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ._features import names_of, scored
from ._ranked import RankedDisplay

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray
    from typing_extensions import Self

    from ..utils.typing import Bools, Estimator, Floats, Ints, Names

_CUT: dict[str, Any] = {"color": "black", "lw": 1, "ls": (0, (1, 1)), "zorder": 2}


class ImportanceDisplay(RankedDisplay):
    """Scores of the features, best first, and which of them are selected.

    Use :meth:`from_estimator` or :meth:`from_frame` to create it; the artists are attributes. Up
    to 40 features are drawn as bars with names, more as a curve over the ranks. Selected features
    differ from the others by colour and by hatch or line style, for print in grey and for the
    colour-blind.

    Parameters
    ----------
    scores : ndarray of shape (n_features,)
        Higher is better.
    ranking : ndarray of shape (n_features,)
        Rank of each feature, 1 is the best.
    support : ndarray of shape (n_features,), dtype bool
        The selected features.
    feature_names : ndarray of shape (n_features,)
    score_label : str, default="score"
        Meaning and unit of the scores.
    scores_std : ndarray of shape (n_features,) or None, default=None
        Standard deviation or standard error of the scores.
    threshold : float or None, default=None
        Lowest score of a selected feature, for selectors with a threshold.

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    bars_ : list of matplotlib BarContainer or None
        Bars of the selected features and of the others, None for an empty group; None for a curve.
    lines_ : list of matplotlib Line2D or None
        Lines of both groups of a curve; None for bars.
    errors_ : matplotlib ErrorbarContainer or PolyCollection, or None
        Score ± ``scores_std_``, if the selector has it.
    cut_ : matplotlib Line2D or None
        Line between the selected features and the others; None if it is outside the picture, or if
        the selected features do not rank first.
    threshold_ : matplotlib Line2D or None
    legend_ : matplotlib Legend or None

    See Also
    --------
    ImportanceImageDisplay : Scores of pixels as an image.
    StabilityDisplay : Selection frequencies.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sparsefs import GradualPruningSelector, ImportanceDisplay
    >>> X, y = load_breast_cancer(return_X_y=True, as_frame=True)
    >>> selector = GradualPruningSelector(K=8, random_state=0).fit(X, y)
    >>> display = ImportanceDisplay.from_estimator(selector)
    >>> display.ax_.get_xlabel()
    'loss without the feature (share)'
    >>> [len(bars) for bars in display.bars_]
    [8, 22]
    >>> display.figure_.savefig("importance.pdf")  # doctest: +SKIP
    """

    def __init__(
        self,
        *,
        scores: Floats,
        ranking: Ints,
        support: Bools,
        feature_names: NDArray[Any],
        score_label: str = "score",
        scores_std: Floats | None = None,
        threshold: float | None = None,
    ) -> None:
        self.scores = scores
        self.ranking = ranking
        self.support = support
        self.feature_names = feature_names
        self.score_label = score_label
        self.scores_std = scores_std
        self.threshold = threshold

    @classmethod
    def from_estimator(
        cls,
        selector: Estimator,
        *,
        feature_names: Names | None = None,
        n_features: int | None = None,
        ax: Axes | None = None,
        **kwargs: Any,
    ) -> Self:
        """Draw the scores of a selector.

        Parameters
        ----------
        selector : estimator
            Fitted selector with ``scores_`` and ``get_support``, of this library or another.
        feature_names : array-like of str of shape (n_features,) or None, default=None
            None takes the names of the fit, or x0, x1, ...
        n_features, ax, **kwargs
            Passed to :meth:`plot`.

        Returns
        -------
        ImportanceDisplay

        Raises
        ------
        NotFittedError
            If the selector is not fitted.
        TypeError
            If the selector has no scores.
        ValueError
            If `feature_names` has the wrong length, or an argument of `plot` is unusable.
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

    @classmethod
    def from_frame(
        cls,
        frame: Any,
        *,
        score_label: str = "score",
        n_features: int | None = None,
        ax: Axes | None = None,
        **kwargs: Any,
    ) -> Self:
        """Draw a table of features, such as ``to_frame()`` of a selector returns.

        Parameters
        ----------
        frame : DataFrame of pandas or polars
            One row per feature, in any order, with the columns ``"feature"``, ``"rank"``,
            ``"score"``, ``"selected"`` and, for error bars, ``"spread"``. It may come from a file.
        score_label : str, default="score"
            Meaning and unit of the scores.
        n_features, ax, **kwargs
            Passed to :meth:`plot`.

        Returns
        -------
        ImportanceDisplay

        Raises
        ------
        ValueError
            If a column is missing or contains other values, or an argument of `plot` is unusable.

        Examples
        --------
        >>> import pandas as pd
        >>> from sparsefs import ImportanceDisplay
        >>> frame = pd.DataFrame(
        ...     {"feature": ["age", "dose"], "rank": [2, 1], "score": [0.1, 0.4]}
        ... )
        >>> display = ImportanceDisplay.from_frame(frame.assign(selected=[False, True]))
        >>> [text.get_text() for text in display.ax_.get_yticklabels()]
        ['dose', 'age']
        """
        columns = {str(name): np.asarray(frame[name]) for name in frame.columns}
        missing = [n for n in ("feature", "rank", "score", "selected") if n not in columns]
        if missing:
            raise ValueError(f"frame must have the columns of to_frame(). Missing: {missing}.")
        if not np.isin(columns["selected"], (True, False)).all():
            raise ValueError("Column 'selected' of frame must contain booleans.")
        names, spread = columns["feature"], columns.get("spread")
        number = "x" if names.dtype.kind in "iu" else ""  # of a fit to columns without names
        display = cls(
            scores=columns["score"].astype(np.float64),
            ranking=columns["rank"],
            support=columns["selected"].astype(bool),
            feature_names=np.array([f"{number}{name}" for name in names], dtype=object),
            score_label=score_label,
            scores_std=None if spread is None else spread.astype(np.float64),
        )
        return display.plot(ax, n_features=n_features, **kwargs)

    def _features(self):
        return self.scores, self.support, self.scores_std, len(self.scores)

    def _complete(self, ranked, bars):
        ax = self.ax_
        (ax.set_xlabel if bars else ax.set_ylabel)(self.score_label)
        if not (ranked.values < 0).any():
            (ax.set_xlim if bars else ax.set_ylim)(0)
        self.cut_ = None
        n_selected = int(self.support.sum())
        in_picture = 0 < n_selected < len(ranked.values)
        if self.threshold is None and in_picture and ranked.marked[:n_selected].all():
            self.cut_ = (ax.axhline if bars else ax.axvline)(n_selected + 0.5, **_CUT)

    def _entries(self, groups):
        n_selected = int(self.support.sum())
        counts = {"selected": n_selected, "not selected": len(self.support) - n_selected}
        entries = [
            (artist, f"{name}: {n:,}")
            for artist, (name, n) in zip(groups, counts.items(), strict=True)
        ]
        entries.append((self.cut_, f"cut at K = {n_selected:,}"))
        if self.threshold is not None:
            entries.append((self.threshold_, f"threshold: {self.threshold:.3g}"))
        entries.append((self.errors_, "± 1 standard deviation"))
        return [entry for entry in entries if entry[0] is not None]
