# SPDX-License-Identifier: BSD-3-Clause
"""Pictures as SVG in the page. Importing this does not import matplotlib."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any

import numpy as np

from ..plots import ImportanceDisplay, KCurveDisplay
from ..plots._features import score_label
from ..plots._style import BLUE, CHOSEN, GREY, LEGEND, RED, whole_ticks, without_math
from ..utils.text import counted
from ._html import Html, count, html, tag
from ._subject import Subject

_SIZE = (6.3, 3.4)  # inches, as in print
_NARROW = (3.3, 1.7)  # fits a phone
_LEAST = 480  # pixels; a narrower screen scrolls
_MOST_BARS = 40
_LONGEST = 24  # letters of a name
_NO_METADATA = dict.fromkeys(("Creator", "Date", "Format", "Type"))


def check_matplotlib() -> None:
    """Raise an error that names the extra if matplotlib is missing."""
    try:
        import matplotlib  # noqa: F401
    except ImportError as error:
        raise ImportError(
            'A report needs matplotlib for its pictures: pip install "sparsefs[plot]".'
        ) from error


def k_curve_picture(curve: Any, K: int, all_features: float | None) -> Html:
    """Draw the score against the number of features."""

    def draw(figure):
        chosen = K if K in curve.Ks else None
        ax = figure.subplots()
        KCurveDisplay.from_curve(curve, chosen=chosen, all_features=all_features, ax=ax)

    low, high = curve.mean.min(), curve.mean.max()
    return _picture(
        draw,
        _SIZE,
        f"Mean {curve.metric} on held-out rows against the number of features from "
        f"{count(curve.Ks[0])} to {count(curve.Ks[-1])}: between {low:.3f} and {high:.3f}.",
        f"Mean {curve.metric} on held-out rows ± one standard error",
    )


def chance_picture(chance: Any, K: int) -> Html:
    """Draw a histogram of the scores of random features, and mark that of the selection."""

    def draw(figure):
        ax = figure.subplots()
        ax.hist(chance.scores, bins=_bins(chance.scores), color=GREY)
        ax.axvline(chance.score, color=RED, lw=1.2)
        ax.plot(chance.score, 0, clip_on=False, ls="none", label="selection", **CHOSEN)
        ax.set(xlabel=chance.metric, ylabel="random subsets")
        whole_ticks(ax.yaxis)
        ax.legend(**LEGEND)

    n = len(chance.scores)
    return _picture(
        draw,
        _NARROW,
        f"Histogram of the {chance.metric} of {count(n)} random subsets of {count(K)} features, "
        f"mostly from {chance.low:.3f} to {chance.high:.3f}; the selection has {chance.score:.3f}.",
        f"{count(n)} random subsets of {counted(K, 'feature')}, on the same held-out rows. p is "
        "the share of scores at least as high as that of the selection, which is one of them; "
        "equal scores are ordered at random.",
    )


def _bins(scores):
    """Return the edges of at most 20 bins, which are no narrower than the steps of the scores."""
    values = np.unique(np.round(scores, 9))
    if len(values) == 1:
        return values[0] + np.array([-0.005, 0.005])
    step = np.diff(values).min()
    n_steps = np.ptp(values) / step
    width = step * max(1, np.ceil(n_steps / 20))
    return np.arange(values[0] - step / 2, values[-1] + width, width)


def importance_picture(subject: Subject) -> Html:
    """Draw the scores of all features, best first, with the cut at K."""
    n = subject.n_features
    ranking = np.empty(n, dtype=np.int64)
    ranking[subject.ranked] = np.arange(1, n + 1)
    display = ImportanceDisplay(
        scores=np.where(np.isfinite(subject.scores), subject.scores, np.nan),
        ranking=ranking,
        support=ranking <= subject.K,
        feature_names=np.array(subject.names, dtype=object),
        score_label=score_label(subject.selector),
        scores_std=subject.spread,
        threshold=getattr(subject.selector, "threshold_", None),
    )

    def draw(figure):
        display.plot(figure.subplots())

    text = f"Scores of all {count(n)} features, best first; {count(subject.K)} are selected"
    size = (_SIZE[0], 0.9 + 0.2 * n) if n <= _MOST_BARS else _SIZE
    return _picture(draw, size, f"{text}.", text)


def heat_map(correlations: np.ndarray, names: list[str], title: str) -> Html:
    """Draw absolute correlations, dark for similar features."""
    n = len(names)

    def draw(figure):
        ax = figure.subplots()
        image = ax.imshow(np.abs(correlations), cmap="Blues", vmin=0, vmax=1)
        size = min(8.0, 270 / n)
        labels = [without_math(_short(name)) for name in names]
        ax.set_xticks(np.arange(n), labels, rotation=90, fontsize=size)
        ax.set_yticks(np.arange(n), labels, fontsize=size)
        ax.tick_params(length=0)
        ax.spines[:].set_visible(False)
        figure.colorbar(image, shrink=0.6, label="absolute correlation")

    height = min(5.3, 1.6 + 0.2 * n)
    return _picture(draw, (height + 1, height), f"Heat map: {title}.", title, kind="map")


def history_picture(history: dict) -> Html:
    """Draw the loss over the training, and the number of features or the density."""
    losses = {name: history[name] for name in ("loss", "validation_loss") if name in history}
    other = next(
        (name for name in ("n_inputs", "density") if np.ptp(history.get(name, [0])) > 0), None
    )
    step = "round" if "n_inputs" in history else "epoch"
    styles = [{"color": BLUE, "lw": 1.5}, {"color": RED, "lw": 1.2, "ls": "--"}]

    def draw(figure):
        axes = np.atleast_1d(figure.subplots(1, 1 if other is None else 2))
        for (name, values), style in zip(losses.items(), styles, strict=False):
            axes[0].plot(1 + np.arange(len(values)), values, label=_spoken(name), **style)
        axes[0].set(xlabel=step, ylabel="loss")
        if len(losses) > 1:
            axes[0].legend(frameon=False)
        if other is not None:
            axes[1].plot(1 + np.arange(len(history[other])), history[other], **styles[0])
            axes[1].set(xlabel=step, ylabel=_spoken(other), ylim=(0, None))

    first, last = (float(history["loss"][place]) for place in (0, -1))
    return _picture(
        draw,
        (_SIZE[0], 2.5),
        f"Loss over the training from {first:.3g} to {last:.3g}.",
        "Loss over the training"
        + (". It rises again as features are removed" if other == "n_inputs" else ""),
    )


def _short(name):
    return name if len(name) <= _LONGEST else name[: _LONGEST - 1] + "…"


def _spoken(name):
    return {"n_inputs": "features left"}.get(name, name.replace("_", " "))


def _picture(
    draw: Callable,
    size: tuple[float, float],
    alt: str,
    caption: Any,
    kind: str = "lines",
) -> Html:
    """Draw on a figure of a size in inches, and put it above a caption.

    `kind` is ``"lines"``, which a dark page inverts, or ``"map"``.
    """
    with _style():
        from matplotlib.figure import Figure

        figure = Figure(figsize=size, layout="constrained")
        draw(figure)
        file = BytesIO()
        figure.savefig(file, format="svg", transparent=kind == "lines", metadata=_NO_METADATA)
    width, height = (round(96 * length) for length in size)
    image = Html(
        f'<img src="data:image/svg+xml;base64,{b64encode(file.getvalue()).decode()}" '
        f'width="{width}" height="{height}" style="--least:{min(width, _LEAST)}px" '
        f'alt="{html(alt)}">'
    )
    box = tag("div", image, class_="box", tabindex="0")
    return tag("figure", box, tag("figcaption", caption), class_=kind)


@contextmanager
def _style() -> Iterator[None]:
    """Use matplotlib's default style, not the user's, and keep text as text."""
    from matplotlib import style

    own = {"svg.fonttype": "none", "svg.hashsalt": "sparsefs", "font.size": 8}
    with style.context(["default", own]):
        yield
