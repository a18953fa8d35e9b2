# SPDX-License-Identifier: BSD-3-Clause
"""Plot of selection frequencies over halves of the samples, or over seeds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from sklearn.utils.validation import check_is_fitted

from ._features import names_of
from ._ranked import RankedDisplay

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray
    from typing_extensions import Self

    from ..evaluation import Stability
    from ..utils.typing import Data, Estimator, Floats, Ints, Names, RandomState

_VARIED = {"seed": "fits with other seeds", "half": "fits to random halves"}


class StabilityDisplay(RankedDisplay):
    r"""Sorted selection frequencies.

    Made by :meth:`from_estimator` or :meth:`from_selections`; all drawn data are kept in
    attributes. Up to 40 features are bars with names, more features a curve over the ranks.

    Parameters
    ----------
    frequencies : ndarray of shape (n_features,)
        Share of the fits that select a feature.
    ranking : ndarray of shape (n_features,)
        Rank of every feature, 1 is the most frequent.
    feature_names : ndarray of shape (n_features,)
    fits : str, default="fits"
        Number of fits, and the difference between them.
    threshold : float or None, default=None
        Lowest frequency of selected features.
    pfer : float or None, default=None
        Bound on the expected number of false selections at the threshold.
    stability : Stability or None, default=None
        Of the selections, see :func:`sparsefs.evaluation.stability`.

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    bars_ : list of matplotlib BarContainer or None
        Features at or above the threshold (without a threshold: selected in every fit), and the
        others; None for a group without a drawn feature. None for a curve.
    lines_ : list of matplotlib Line2D or None
        The two parts of a curve; None for bars.
    threshold_ : matplotlib Line2D or None
    legend_ : matplotlib Legend or None

    See Also
    --------
    sparsefs.StabilitySelector : Frequencies over halves, with a bound on false selections.
    sparsefs.evaluation.repeated_selections : Selections with other seeds, or of other halves.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sparsefs import GradualPruningSelector, StabilityDisplay
    >>> X, y = load_breast_cancer(return_X_y=True, as_frame=True)
    >>> display = StabilityDisplay.from_estimator(
    ...     GradualPruningSelector(K=8), X, y, n_repeats=4, random_state=0
    ... )
    >>> display.ax_.get_xlabel()
    'share of 4 fits with other seeds\nthat select the feature'
    >>> 0.4 < display.stability.value <= 1
    True
    """

    def __init__(
        self,
        *,
        frequencies: Floats,
        ranking: Ints,
        feature_names: NDArray[Any],
        fits: str = "fits",
        threshold: float | None = None,
        pfer: float | None = None,
        stability: Stability | None = None,
    ) -> None:
        self.frequencies = frequencies
        self.ranking = ranking
        self.feature_names = feature_names
        self.fits = fits
        self.threshold = threshold
        self.pfer = pfer
        self.stability = stability

    @classmethod
    def from_estimator(
        cls,
        selector: Estimator,
        X: Data | None = None,
        y: Data | None = None,
        *,
        K: int | None = None,
        n_repeats: int = 10,
        vary: Literal["seed", "half"] = "seed",
        n_jobs: int | None = None,
        random_state: RandomState = None,
        feature_names: Names | None = None,
        n_features: int | None = None,
        ax: Axes | None = None,
        **kwargs: Any,
    ) -> Self:
        """Draw the frequencies of a fitted selector, or fit any selector several times.

        Parameters
        ----------
        selector : estimator
            Without X a fitted :class:`StabilitySelector`, drawn with its threshold and bound, or
            :class:`EnsembleSelector`. With X any selector; it is cloned and stays as it is.
        X : {array-like, sparse matrix} of shape (n_samples, n_features) or None, default=None
            Data to fit clones of the selector to.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs), default=None
        K, n_repeats, vary, n_jobs, random_state
            As in :func:`sparsefs.evaluation.repeated_selections`; only with X.
        feature_names : array-like of str of shape (n_features,) or None, default=None
            None means the names in the data, or x0, x1, ...
        n_features : int or None, default=None
            Number of features to show, the most frequent; None means all that are ever selected.
        ax : matplotlib Axes or None, default=None
            Where to draw; None makes a new figure.
        **kwargs : dict
            Passed to :meth:`plot`.

        Returns
        -------
        StabilityDisplay

        Raises
        ------
        NotFittedError
            If there is no X, and the selector is not fitted.
        ValueError
            If there is no X, and the selector has no frequencies; or a parameter is unusable.
        """
        if X is not None:
            from ..evaluation import repeated_selections

            selections = repeated_selections(
                selector,
                X,
                y,
                K=K,
                n_repeats=n_repeats,
                vary=vary,
                n_jobs=n_jobs,
                random_state=random_state,
            )
            names = feature_names if feature_names is not None else _columns_of(X)
            return cls.from_selections(
                selections,
                fits=f"{len(selections)} {_VARIED[vary]}",
                feature_names=names,
                n_features=n_features,
                ax=ax,
                **kwargs,
            )
        fitted: Any = selector
        check_is_fitted(fitted)
        frequencies = getattr(selector, "selection_frequencies_", None)
        if frequencies is None:
            raise ValueError(
                f"{type(selector).__name__} has no selection frequencies. Pass X and y to fit it "
                "several times, or a fitted StabilitySelector or EnsembleSelector."
            )
        ranking = _ranking_of(frequencies, fitted.ranking_)
        if hasattr(selector, "n_pairs"):  # a StabilitySelector
            fits = f"{2 * fitted.n_pairs} fits to halves"
        else:
            fits = f"{fitted.n_fits} {_VARIED['seed']}"
        display = cls(
            frequencies=frequencies,
            ranking=ranking,
            feature_names=names_of(selector, len(frequencies), feature_names),
            fits=fits,
            threshold=getattr(selector, "threshold_", None),
            pfer=getattr(selector, "pfer_", None),
        )
        return display.plot(ax, n_features=n_features, **kwargs)

    @classmethod
    def from_selections(
        cls,
        selections: Data,
        *,
        fits: str | None = None,
        feature_names: Names | None = None,
        n_features: int | None = None,
        ax: Axes | None = None,
        **kwargs: Any,
    ) -> Self:
        """Draw given selections.

        Parameters
        ----------
        selections : array-like of shape (n_selections, n_features)
            Which features each selection has, booleans or zeros and ones; two selections at least.
        fits : str or None, default=None
            Number of selections, and the difference between them; None means their number.
        feature_names, n_features, ax, **kwargs
            As in :meth:`from_estimator`.

        Returns
        -------
        StabilityDisplay
        """
        from ..evaluation import stability

        found = stability(selections)
        table = np.asarray(selections)
        frequencies = table.mean(axis=0)
        display = cls(
            frequencies=frequencies,
            ranking=_ranking_of(frequencies, np.arange(len(frequencies))),
            feature_names=names_of(None, len(frequencies), feature_names),
            fits=f"{len(table)} fits" if fits is None else fits,
            stability=found,
        )
        return display.plot(ax, n_features=n_features, **kwargs)

    _steps = True

    def _features(self):
        often = self.frequencies >= (1.0 if self.threshold is None else self.threshold)
        ever = int((self.frequencies > 0).sum())
        return self.frequencies, often, None, max(1, ever)

    def _complete(self, ranked, bars):
        label = f"share of {self.fits}\nthat select the feature"
        if bars:
            self.ax_.set(xlabel=label, xlim=(0, 1.02))
        else:
            self.ax_.set(ylabel=label, ylim=(0, 1.04))

    def _entries(self, groups):
        often = self._features()[1]
        names, n_all = ("in every fit", "in some fits"), int((self.frequencies > 0).sum())
        if self.threshold is not None:
            names, n_all = ("selected", "not selected"), len(self.frequencies)
        counts = int(often.sum()), n_all - int(often.sum())
        entries: list = [
            (artist, f"{name}: {n:,}")
            for artist, name, n in zip(groups, names, counts, strict=True)
            if artist is not None
        ]
        entries += [(None, "")] * (2 - len(entries))  # the column of the groups
        if self.threshold is not None:
            entries.append((self.threshold_, f"threshold: {self.threshold:.3g}"))
        if self.pfer is not None:
            entries.append((None, f"false, expected: ≤ {self.pfer:.2g}"))
        if self.stability is not None:
            value, low, high = self.stability
            entries.append((None, f"stability: {value:.2f}"))
            entries.append((None, f"95 %: {low:.2f} to {high:.2f}"))
        return entries


def _ranking_of(frequencies, otherwise):
    """Return ranks by frequency; equal frequencies by another order."""
    ranking = np.empty(len(frequencies), dtype=np.int64)
    ranking[np.lexsort((otherwise, -frequencies))] = np.arange(1, len(frequencies) + 1)
    return ranking


def _columns_of(X):
    """Names of the columns of a data frame; None of other data."""
    columns = getattr(X, "columns", None)
    return None if columns is None else [str(name) for name in columns]
