# SPDX-License-Identifier: BSD-3-Clause
"""Picture of selected features and the features that could stand for them, in blocks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from ..data.summary import ALIKE
from ..evaluation.interchangeable import alternatives_in, by_similarity, correlations_of
from ._features import names_of
from ._style import Display, pyplot, without_math

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray
    from typing_extensions import Self

    from ..utils.typing import Bools, Data, Estimator, Floats, Names

_MOST = 50  # names that can be read
_FEWEST_IN_NUMBERS = 12


class AlternativesDisplay(Display):
    """Correlations of selected features and their alternatives, similar ones next to each other.

    Use :meth:`from_estimator` to create it; the artists are attributes.

    Parameters
    ----------
    correlations : ndarray of shape (n, n)
        Of the features that are drawn, in their order.
    feature_names : ndarray of shape (n,)
    selected : ndarray of shape (n,), dtype bool

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    image_ : matplotlib AxesImage
    colorbar_ : matplotlib Colorbar

    See Also
    --------
    sparsefs.evaluation.alternatives : The same as a table.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sparsefs import AlternativesDisplay, GradualPruningSelector
    >>> X, y = load_breast_cancer(return_X_y=True, as_frame=True)
    >>> selector = GradualPruningSelector(K=4, random_state=0).fit(X, y)
    >>> display = AlternativesDisplay.from_estimator(selector, X)
    >>> int(display.selected.sum()), len(display.feature_names) > 4
    (4, True)
    """

    def __init__(
        self, *, correlations: Floats, feature_names: NDArray[Any], selected: Bools
    ) -> None:
        self.correlations = correlations
        self.feature_names = feature_names
        self.selected = selected

    @classmethod
    def from_estimator(
        cls,
        selector: Estimator,
        X: Data,
        *,
        threshold: float = ALIKE,
        feature_names: Names | None = None,
        ax: Axes | None = None,
        **kwargs: Any,
    ) -> Self:
        """Draw the selected features of a selector, and their alternatives.

        Parameters
        ----------
        selector : estimator
            Fitted, with ``get_support``. At least one feature is selected.
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The data of the fit.
        threshold : float in [0, 1), default=0.9
            As in :func:`sparsefs.evaluation.alternatives`. At most 50 features are drawn, the best
            selected ones and the closest alternatives.
        feature_names : array-like of str of shape (n_features,) or None, default=None
            None: the names in the fit, or x0, x1, ...
        ax, **kwargs
            Passed to :meth:`plot`.

        Returns
        -------
        AlternativesDisplay

        Raises
        ------
        NotFittedError
            If the selector is not fitted.
        ValueError
            If no feature is selected, or X is unusable.
        """
        fitted: Any = selector
        check_is_fitted(fitted)
        support = fitted.get_support()
        chosen = np.flatnonzero(support)
        if not len(chosen):
            raise ValueError("No feature is selected, so there is nothing to draw.")
        if hasattr(fitted, "ranking_"):
            chosen = chosen[np.argsort(fitted.ranking_[chosen], kind="stable")]
        chosen = chosen[:_MOST]
        others = [pair for found in alternatives_in(X, chosen, threshold) for pair in found]
        closest = [j for j, _ in sorted(others, key=lambda pair: -abs(pair[1]))]
        drawn = np.array(list(dict.fromkeys([*chosen.tolist(), *closest]))[:_MOST])
        correlations = correlations_of(X, drawn)
        order = by_similarity(correlations)
        return cls(
            correlations=correlations[order][:, order],
            feature_names=names_of(selector, len(support), feature_names)[drawn[order]],
            selected=support[drawn[order]],
        ).plot(ax, **kwargs)

    def plot(self, ax: Axes | None = None, *, cmap: Any = "Blues") -> Self:
        """Draw the picture.

        Parameters
        ----------
        ax : matplotlib Axes or None, default=None
            Axes to draw on. None makes a figure.
        cmap : str or matplotlib Colormap, default="Blues"
            For absolute correlations from 0 to 1.

        Returns
        -------
        AlternativesDisplay
            Itself, with the artists as attributes.
        """
        pyplot(self)
        n = len(self.feature_names)
        side = min(6.3, 2.2 + 0.17 * n)
        ax = self._set_axes(ax, (side, 0.8 * side))
        self.image_ = ax.imshow(np.abs(self.correlations), cmap=cmap, vmin=0, vmax=1)
        labels = [without_math(name) for name in self.feature_names]
        size = float(np.clip(200 / n, 4, 9))
        ax.set_xticks([])  # the order is that of the rows
        ax.set_yticks(np.arange(n), labels, fontsize=size)
        ax.tick_params(length=0)
        for label, is_selected in zip(ax.get_yticklabels(), self.selected, strict=True):
            label.set_fontweight("bold" if is_selected else "normal")
        if n <= _FEWEST_IN_NUMBERS:
            for (i, j), value in np.ndenumerate(self.correlations):
                color = "white" if abs(value) > 0.6 else "black"
                ax.text(j, i, f"{value:.2f}", ha="center", va="center", color=color, fontsize=6)
        ax.spines[:].set_visible(False)
        ax.set_title("selected features in bold", fontsize="small", loc="right")
        self.colorbar_ = ax.figure.colorbar(self.image_, ax=ax, shrink=0.7)
        self.colorbar_.set_label("absolute correlation")
        return self
