# SPDX-License-Identifier: BSD-3-Clause
"""Picture of the scores of pixels as an image, the selected ones outlined."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..utils.text import counted
from ._features import image_of, scored
from ._outline import outline
from ._style import Display, add_legend, pyplot

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from typing_extensions import Self

    from ..utils.typing import Bools, Data, Estimator, Floats, Legend


class ImportanceImageDisplay(Display):
    """Scores of pixels as an image, the selected ones outlined.

    Use :meth:`from_estimator` to create it; the artists are attributes.

    Parameters
    ----------
    image : ndarray of shape (height, width)
        Scores of the pixels, maximum over the channels.
    selected : ndarray of shape (height, width), dtype bool
        Pixels with a selected feature.
    n_channels : int, default=1
    n_selected : int or None, default=None
        Number of selected features. None takes the number of selected pixels.
    score_label : str, default="score"
        Meaning and unit of the scores.
    background : ndarray of shape (height, width) or None, default=None
        Grey image under the scores, for example the mean image.

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    image_, background_ : matplotlib AxesImage; the latter may be None
    outline_ : matplotlib LineCollection or None
        Outline of the selected pixels, without the sides between two of them.
    colorbar_ : matplotlib Colorbar or None
    legend_ : matplotlib Legend or None

    See Also
    --------
    ImportanceDisplay : The scores as a ranking.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sparsefs import GradualPruningSelector, ImportanceImageDisplay
    >>> X, y = load_digits(return_X_y=True)
    >>> selector = GradualPruningSelector(K=20, random_state=0).fit(X, y)
    >>> display = ImportanceImageDisplay.from_estimator(selector, (8, 8))
    >>> display.image.shape, int(display.selected.sum())
    ((8, 8), 20)
    """

    def __init__(
        self,
        *,
        image: Floats,
        selected: Bools,
        n_channels: int = 1,
        n_selected: int | None = None,
        score_label: str = "score",
        background: Floats | None = None,
    ) -> None:
        self.image = image
        self.selected = selected
        self.n_channels = n_channels
        self.n_selected = n_selected
        self.score_label = score_label
        self.background = background

    @classmethod
    def from_estimator(
        cls,
        selector: Estimator,
        image_shape: tuple[int, ...],
        *,
        background: Data | None = None,
        ax: Axes | None = None,
        **kwargs: Any,
    ) -> Self:
        """Draw the scores of a selector.

        Parameters
        ----------
        selector : estimator
            Fitted, with ``scores_`` and ``get_support``.
        image_shape : tuple of int
            (height, width) or (height, width, channels), in the order of the features.
        background : array-like of shape (n_features,) or of `image_shape`, default=None
            Grey image under the scores, for example ``X.mean(axis=0)``; channels are averaged.
            Higher scores are more opaque.
        ax, **kwargs
            Passed to :meth:`plot`.

        Returns
        -------
        ImportanceImageDisplay

        Raises
        ------
        NotFittedError
            If the selector is not fitted.
        TypeError
            If the selector has no scores.
        ValueError
            If the features or the background do not fit `image_shape`.
        """
        of = scored(selector)
        scores, support = (
            np.atleast_3d(image_of(values, image_shape)) for values in (of.scores, of.support)
        )
        if background is not None:
            flat = np.ravel(np.asarray(background, dtype=np.float64))
            grey = np.atleast_3d(image_of(flat, image_shape, "background")).mean(axis=2)
        return cls(
            image=scores.max(axis=2),
            selected=np.any(support, axis=2),
            n_channels=scores.shape[2],
            n_selected=int(of.support.sum()),
            score_label=of.label,
            background=None if background is None else grey,
        ).plot(ax, **kwargs)

    def plot(
        self,
        ax: Axes | None = None,
        *,
        cmap: Any = "cividis",
        norm: Any = None,
        colorbar: bool = True,
        legend: Legend = True,
    ) -> Self:
        """Draw the picture.

        Parameters
        ----------
        ax : matplotlib Axes or None, default=None
            Axes to draw on. None makes a figure.
        cmap : str or matplotlib Colormap, default="cividis"
            The default also works in grey: its lightness rises with the scores.
        norm : str or matplotlib Normalize or None, default=None
            Scale of the colours, for example ``"log"``. None is linear.
        colorbar : bool, default=True
            Whether to add a colour bar.
        legend : bool or dict, default=True
            Whether to write the number of selected pixels above the axes; a dict is passed to
            matplotlib.

        Returns
        -------
        ImportanceImageDisplay
            Itself, with the artists as attributes.
        """
        pyplot(self)
        height, width = self.image.shape
        ax = self._set_axes(ax, (4.6, 3.6) if height <= 1.5 * width else (3.6, 4.6))
        self.background_, alpha = None, None
        if self.background is not None:
            self.background_ = ax.imshow(self.background, cmap="Greys", interpolation="nearest")
            alpha = _share(self.image)
        self.image_ = ax.imshow(
            self.image, cmap=cmap, norm=norm, alpha=alpha, interpolation="nearest"
        )
        ax.set(xticks=[], yticks=[])
        self.outline_ = None
        if self.selected.any():
            self.outline_ = outline(ax, self.selected)
        self.colorbar_ = None
        if colorbar:
            self.colorbar_ = ax.figure.colorbar(self.image_, ax=ax)
            several = f", maximum of {self.n_channels} channels" if self.n_channels > 1 else ""
            self.colorbar_.set_label(self.score_label + several)
        self.legend_ = add_legend(ax, legend, self._entry())
        return self

    def _entry(self):
        n_pixels = int(self.selected.sum())
        n_selected = n_pixels if self.n_selected is None else self.n_selected
        if self.outline_ is None:
            return None, f"selected: 0 of {self.selected.size:,} pixels"
        of = f"{n_selected:,} of {self.selected.size * self.n_channels:,}"
        where = f" features in {counted(n_pixels, 'pixel')}" if self.n_channels > 1 else " pixels"
        return self.outline_, f"selected: {of}{where}"


def _share(image) -> Any:
    """Scale values to the range from 0 to 1."""
    low, high = np.nanmin(image), np.nanmax(image)
    return np.nan_to_num((image - low) / (high - low)) if high > low else np.ones_like(image)
