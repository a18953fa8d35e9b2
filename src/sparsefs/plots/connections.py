# SPDX-License-Identifier: BSD-3-Clause
"""Picture of the connections of each input neuron during training."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from sklearn.utils.validation import check_is_fitted

from ._features import image_of
from ._outline import outline
from ._style import BLUE, Display, add_legend, pyplot, whole_ticks

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray
    from typing_extensions import Self

    from ..utils.typing import Bools, Estimator, Ints, Legend, Numbers

_MOST_BINS = 200  # of features in a heat map
_N_PANELS = 4
_BAND = (5, 95)  # percentiles
_COLORS = "cividis"
# Selected features and others, which also differ by lightness, line style and hatch.
_GROUPS: tuple[tuple[str, dict[str, Any], dict[str, Any]], ...] = (
    ("selected", {"color": BLUE, "lw": 2}, {"facecolor": BLUE, "alpha": 0.3}),
    (
        "not selected",
        {"color": "0.25", "lw": 1.4, "ls": (0, (4, 1.5))},
        {"facecolor": "none", "edgecolor": "0.6", "hatch": "////"},
    ),
)


class ConnectionsDisplay(Display):
    r"""Connections of each input neuron during training.

    Use :meth:`from_estimator` to create it from the record of a selector with
    ``connections_every``, or from the rounds of a :class:`GradualPruningSelector`.

    Parameters
    ----------
    counts : ndarray of shape (n_counts, n_features)
        Connections of the input neurons; or bool, whether the input is not yet pruned.
    epochs : ndarray of shape (n_counts,)
        Number of epochs or rounds before each count.
    ranking : ndarray of shape (n_features,)
        Rank of each feature, 1 is the best.
    support : ndarray of shape (n_features,), dtype bool
        The selected features.
    step : {"epoch", "round"}, default="epoch"
        Unit of `epochs`.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes, or those of the first panel.
    axes_ : ndarray of matplotlib Axes
    figure_ : matplotlib Figure
    lines_ : list of matplotlib Line2D
        Medians of the selected features and of the others, or shares that are left.
    bands_ : list of matplotlib PolyCollection
        From the 5th to the 95th percentile of both groups.
    images_ : list of matplotlib AxesImage or QuadMesh
        The panels or the heat map. For pruned inputs, the share of the channels that is left.
    outline_ : matplotlib LineCollection or None
        Outline of the selected pixels in the last panel.
    cut_ : matplotlib Line2D or None
        Line of a heat map between the selected features and the others.
    colorbar_ : matplotlib Colorbar or None
    legend_ : matplotlib Legend or None

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sparsefs import ConnectionsDisplay, WASTSelector
    >>> X, y = load_digits(return_X_y=True)
    >>> selector = WASTSelector(K=20, connections_every=1, random_state=0).fit(X)
    >>> display = ConnectionsDisplay.from_estimator(selector)
    >>> display.ax_.get_ylabel()
    'connections per input neuron\n(median, 5 to 95 %)'
    >>> panels = ConnectionsDisplay.from_estimator(
    ...     selector, image_shape=(8, 8), epochs=[0, 1, 10]
    ... )
    >>> [ax.get_title() for ax in panels.axes_]
    ['epoch 0', 'epoch 1', 'epoch 10']
    """

    axes_: Any
    lines_: list[Any]
    bands_: list[Any]
    images_: list[Any]
    outline_: Any
    cut_: Any
    colorbar_: Any

    def __init__(
        self,
        *,
        counts: NDArray[Any],
        epochs: Ints,
        ranking: Ints,
        support: Bools,
        step: str = "epoch",
    ) -> None:
        self.counts = counts
        self.epochs = epochs
        self.ranking = ranking
        self.support = support
        self.step = step

    @classmethod
    def from_estimator(
        cls,
        selector: Estimator,
        *,
        image_shape: tuple[int, ...] | None = None,
        epochs: Numbers | None = None,
        ax: Axes | Sequence[Axes] | None = None,
        **kwargs: Any,
    ) -> Self:
        """Draw the record of a selector.

        Parameters
        ----------
        selector : estimator
            Fitted with ``connections_every``, or a fitted GradualPruningSelector.
        image_shape : tuple of int or None, default=None
            (height, width) or (height, width, channels) if the features are pixels. Draws panels,
            images of the connections at a few epochs, summed over channels.
        epochs : sequence of int or None, default=None
            Recorded epochs or rounds to draw as panels; 0 is before the training. None takes four.
        ax, **kwargs
            Passed to :meth:`plot`.

        Returns
        -------
        ConnectionsDisplay

        Raises
        ------
        NotFittedError
            If the selector is not fitted.
        TypeError
            If the selector has no input neurons.
        ValueError
            If it was fitted without `connections_every`, `image_shape` does not fit the features,
            or an epoch was not recorded.
        """
        fitted: Any = selector
        check_is_fitted(fitted)
        epoch, counts, step = _record_of(fitted)
        display = cls(
            counts=counts,
            epochs=epoch,
            ranking=fitted.ranking_,
            support=fitted.get_support(),
            step=step,
        )
        return display.plot(ax, image_shape=image_shape, epochs=epochs, **kwargs)

    def plot(
        self,
        ax: Axes | Sequence[Axes] | None = None,
        *,
        image_shape: tuple[int, ...] | None = None,
        epochs: Numbers | None = None,
        kind: Literal["bands", "heatmap"] = "bands",
        legend: Legend = True,
    ) -> Self:
        """Draw the picture.

        Parameters
        ----------
        ax : matplotlib Axes or sequence of them, default=None
            Axes to draw on, one per panel. None makes a figure.
        image_shape : tuple of int or None, default=None
            Shape of the image if the features are pixels: draws panels, and `kind` is ignored.
        epochs : sequence of int or None, default=None
            Epochs or rounds of the panels.
        kind : {"bands", "heatmap"}, default="bands"
            ``"bands"``: median and percentiles of the selected features and of the others;
            ``"heatmap"``: connections by rank (in at most 200 groups) and epoch.
        legend : bool or dict, default=True
            Whether to add a legend above the axes of bands; a dict is passed to matplotlib.

        Returns
        -------
        ConnectionsDisplay
            Itself, with the artists as attributes.
        """
        pyplot(self)
        if kind not in ("bands", "heatmap"):
            raise ValueError(f"kind must be 'bands' or 'heatmap'. Got {kind!r}.")
        self.lines_, self.bands_, self.images_ = [], [], []
        self.outline_ = self.cut_ = self.colorbar_ = self.legend_ = None
        if image_shape is not None:
            self._panels(ax, image_shape, epochs)
            return self
        if epochs is not None:
            raise ValueError("epochs is for panels: pass image_shape, too.")
        axes = self._set_axes(ax, (6.3, 3.4))
        self.axes_ = np.array([axes], dtype=object)
        if kind == "heatmap":
            self._heatmap(axes)
        else:
            self._bands(axes, legend)
        axes.set_xlabel(self.step)
        whole_ticks(axes.xaxis)
        return self

    @property
    def _pruned(self):
        """Whether the record tells which inputs are pruned, not their connections."""
        return self.counts.dtype == bool

    def _bands(self, ax, legend):
        entries = []
        for (name, line, band), of in zip(_GROUPS, (self.support, ~self.support), strict=True):
            if not of.any():
                continue
            artists: list = []
            if self._pruned:
                middle = 100 * self.counts[:, of].mean(axis=1)
            else:  # row by row, as np.percentile copies its argument
                low, middle, high = np.array(
                    [np.percentile(row[of], (_BAND[0], 50, _BAND[1])) for row in self.counts]
                ).T
                self.bands_.append(ax.fill_between(self.epochs, low, high, lw=0, **band))
                artists.append(self.bands_[-1])
            artists += ax.plot(self.epochs, middle, **line)
            self.lines_.append(artists[-1])
            entries.append((tuple(artists), f"{of.sum():,} {name}"))
        ax.set_ylabel(
            "inputs left (%)"
            if self._pruned
            else f"connections per input neuron\n(median, {_BAND[0]} to {_BAND[1]} %)"
        )
        ax.set_ylim(0)
        ax.margins(x=0.01)
        self.legend_ = add_legend(ax, legend, *entries)

    def _heatmap(self, ax):
        order = np.argsort(self.ranking, kind="stable")
        n = len(order)
        starts = np.unique(np.linspace(0, n, min(n, _MOST_BINS) + 1).astype(np.int64)[:-1])
        sizes = np.diff(np.append(starts, n))
        means = np.array([np.add.reduceat(row[order].astype(float), starts) for row in self.counts])
        mesh = ax.pcolormesh(
            _edges(self.epochs),
            np.append(starts, n) + 0.5,
            (means / sizes).T,
            cmap=_COLORS,
            vmin=0,
            rasterized=True,
        )
        self.images_.append(mesh)
        ax.set_ylim(n + 0.5, 0.5)
        several = f"\n(means of {len(starts)} groups)" if len(starts) < n else ""
        ax.set_ylabel(f"rank of the feature{several}")
        n_selected = int(self.support.sum())
        if 0 < n_selected < n and self.support[order[:n_selected]].all():
            self.cut_ = ax.axhline(n_selected + 0.5, color="white", lw=1.4)
            ax.annotate(
                f"K = {n_selected:,}",
                (1, n_selected + 0.5),
                xycoords=("axes fraction", "data"),
                xytext=(-4, -3),
                textcoords="offset points",
                ha="right",
                va="top",
                color="white",
                fontsize="small",
            )
        self._colorbar(mesh, ax, 0.03)

    def _panels(self, axes, image_shape, epochs):
        rows = self._rows_of(epochs)
        images = [np.atleast_3d(image_of(row, image_shape)) for row in self.counts[rows]]
        images = [image.mean(axis=2) if self._pruned else image.sum(axis=2) for image in images]
        selected: Any = np.atleast_3d(image_of(self.support, image_shape)).any(axis=2)
        if axes is None:
            height = 0.5 + 5.1 / len(rows) * images[0].shape[0] / images[0].shape[1]
            figure = pyplot(self).figure(figsize=(6.3, min(height, 4.5)), layout="constrained")
            axes = figure.subplots(1, len(rows), squeeze=False)
        axes = np.ravel(axes)
        if len(axes) != len(rows):
            raise ValueError(f"ax must contain {len(rows)} axes, one per panel. Got {len(axes)}.")
        self.axes_ = axes
        self._set_axes(axes[0])
        highest = max(1, *(image.max() for image in images))
        for ax, image, row in zip(axes, images, rows, strict=True):
            self.images_.append(ax.imshow(image, cmap=_COLORS, vmin=0, vmax=highest))
            ax.set(xticks=[], yticks=[])
            ax.set_title(f"{self.step} {self.epochs[row]}", fontsize="medium")
        if selected.any():
            self.outline_ = outline(axes[-1], selected, linewidth=1.1)
        self._colorbar(self.images_[-1], axes[-1], 0.08)

    def _rows_of(self, epochs):
        """Return the rows of the counts to draw as panels."""
        if epochs is None:
            return np.unique(np.linspace(0, len(self.epochs) - 1, _N_PANELS).round().astype(int))
        epochs = np.atleast_1d(epochs)
        missing = np.setdiff1d(epochs, self.epochs)
        if len(missing) or not len(epochs):
            raise ValueError(
                f"epochs must be among the recorded ones: {_in_words(self.epochs)}. Got "
                f"{epochs.tolist()}."
            )
        return np.searchsorted(self.epochs, epochs)

    def _colorbar(self, image, ax, width):
        self.colorbar_ = self.figure_.colorbar(image, cax=ax.inset_axes((1 + width, 0, width, 1)))
        if self._pruned:
            self.colorbar_.set_ticks([0, 1], labels=["pruned", "left"])
        else:
            self.colorbar_.set_label("connections per\ninput neuron")


def _record_of(selector):
    """Return epochs, counts, and the unit of the epochs."""
    record = getattr(selector, "connections_", None)
    if record is not None:
        return record["epoch"], record["counts"], "epoch"
    name = type(selector).__name__
    n_inputs = getattr(selector, "history_", {}).get("n_inputs")
    if n_inputs is not None:
        # Features that are pruned later rank better; constant features never were inputs.
        left = selector.ranking_ <= n_inputs[:, None]
        counts = np.concatenate([selector.scores_[None] > 0, left])
        return np.arange(len(counts)), counts, "round"
    if hasattr(selector, "connections_every"):
        raise ValueError(
            f"This {name} did not record its connections: set connections_every=1 and fit again."
        )
    raise TypeError(
        f"{name} has no input neurons to draw. Pass a GradualPruningSelector, or another selector "
        "of sparsefs fitted with connections_every."
    )


def _edges(epochs):
    """Return the edges of the columns of a heat map, half-way between epochs."""
    if len(epochs) == 1:
        return np.array([epochs[0] - 0.5, epochs[0] + 0.5])
    middle = [(a + b) / 2 for a, b in pairwise(epochs)]
    first, last = 2 * epochs[0] - middle[0], 2 * epochs[-1] - middle[-1]
    return np.array([first, *middle, last], dtype=float)


def _in_words(epochs):
    texts = [str(epoch) for epoch in epochs]
    return ", ".join(texts if len(texts) <= 12 else [*texts[:5], "...", *texts[-3:]])
