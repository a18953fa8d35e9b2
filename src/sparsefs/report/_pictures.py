# SPDX-License-Identifier: BSD-3-Clause
"""Pictures of the report: scores, the ranking, heat maps, the training."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from ..plots._features import score_label
from ..utils.text import counted
from ._html import Html, count, html, number, tag
from ._scores import Scores, in_range, in_words
from ._subject import Subject
from ._svg import Chart, apart, figure, png, round_numbers

_MOST_POINTS = 60  # of a curve that say what they are
_MOST_ON_LINE = 1000
_LINE = 20  # pixels, as in the style sheet
# Light to dark, and dark to light through blue, grey and yellow (cividis); both last in grey.
SEQUENTIAL = "#f7fbff #c6dbef #6baed6 #2171b5 #08306b"
DIVERGING = "#00224e #35456c #666970 #948e77 #c8b866 #fee838"


def k_curve_picture(scores: Scores, units: str) -> Html:
    """Draw the score against the number of features."""
    curve = scores.curve
    assert curve is not None
    metric, x, se = curve.metric, np.log2(curve.Ks), np.nan_to_num(curve.se)
    low, high = (curve.mean - se).min(), (curve.mean + se).max()
    room = 0.06 * (high - low) or 0.05
    span = x[-1] - x[0]
    chart = Chart((x[0] - 0.03 * span - 0.1, x[-1] + 0.03 * span + 0.1), (low - room, high + room))
    shown = apart(chart.places(x, 0))
    chart.ticks(0, x[shown], [count(K) for K in curve.Ks[shown]], f"number of {units}")
    chart.ticks(1, *round_numbers(low - room, high + room, percent=metric == "accuracy"), metric)
    chart.band(x, curve.mean - se, curve.mean + se)
    # The scores at the top may be those of other rows: then no line stands for them.
    every = scores.every if scores.held_out is None else None
    legend = f"Mean {metric} on held-out rows; the band is ± one standard error."
    if every is not None:
        text = f"all {count(scores.n_units)} {units}: {in_words(metric, every.value)}"
        chart.rule(1, every.value, "dotted", text)
        legend += f" Dotted line: {text}."
    chart.line(x, curve.mean, "line")
    titles = [
        f"{count(K)} {units}: {in_words(metric, mean)} ({in_range(metric, mean - e, mean + e)})"
        for K, mean, e in zip(curve.Ks, curve.mean, se, strict=True)
    ]
    chart.points(x, curve.mean, titles)
    if scores.n_selected in curve.Ks:
        at = int(np.flatnonzero(curve.Ks == scores.n_selected)[0])
        chart.chosen(x[at], curve.mean[at], f"selection, {titles[at]}")
        legend += f" Diamond: the selection, K = {count(scores.n_selected)}."
    return figure(chart.drawn(legend, 280), legend)


def chance_picture(chance: Any, subset: str) -> Html:
    """Draw a histogram of the scores of random features, and mark that of the selection."""
    edges = _bins(chance.scores)
    counts = np.histogram(chance.scores, edges)[0]
    low, high = min(edges[0], chance.score), max(edges[-1], chance.score)
    room = 0.03 * (high - low)
    chart = Chart((low - room, high + room), (0, 1.08 * counts.max()))
    ticks = round_numbers(low - room, high + room, 8, percent=chance.metric == "accuracy")
    chart.ticks(0, *ticks, chance.metric)
    chart.ticks(1, *round_numbers(0, counts.max(), min(4, int(counts.max()))), "")
    for n, left, right in zip(counts, edges[:-1], edges[1:], strict=True):
        (x0, x1), top = chart.places([left, right], 0), chart.places(n, 1)
        says = f"{in_range(chance.metric, left, right)}: {counted(int(n), 'random subset')}"
        size = {"width": f"{x1 - x0:.2f}%", "height": f"{100 - top:.2f}%"}
        chart.add(
            tag("rect", tag("title", says), x=f"{x0:.2f}%", y=f"{top:.2f}%", class_="bar", **size)
        )
    says = f"selection {in_words(chance.metric, chance.score)}"
    chart.rule(0, chance.score, "cut", says)
    chart.chosen(chance.score, 0, says)
    place = chart.places(chance.score, 0)
    look = "end" if place > 70 else "start" if place < 30 else "mid"
    chart.add(tag("text", says, x=f"{place:.2f}%", y=0, dy="-.5em", class_=f"{look} strong"))
    caption = (
        f"Chance: {count(len(chance.scores))} random subsets of {subset} on the same held-out "
        f"rows, and the {says} (diamond). p is the share of scores at least as high as that of the "
        "selection, which is one of them; equal scores are ordered at random."
    )
    return figure(chart.drawn(caption, 130), caption)


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
    n, K, label = subject.n_features, subject.K, score_label(subject.selector)
    y = subject.scores[subject.ranked].astype(np.float64)
    y = np.where(np.isfinite(y), y, 0.0)
    error = np.zeros(n) if subject.spread is None else subject.spread[subject.ranked]
    threshold = getattr(subject.selector, "threshold_", None)
    legend = f"Scores of all {count(n)} features ({label}), best first; "
    legend += f"{count(K)} {'is' if K == 1 else 'are'} selected: the thick line, left of the cut."
    if error.any():
        legend += " The band is ± one standard deviation."
    if threshold is not None:
        legend += f" Dotted line: the threshold, {number(threshold)}."
    low, high = min(0.0, (y - error).min()), (y + error).max() or 1.0
    x = np.log10(1 + np.arange(n)) if n > 200 else 1.0 + np.arange(n)
    chart = Chart((x[0], x[-1]), (low, 1.05 * high))
    ranks = np.array([1, 2, 5]) * 10 ** np.arange(12)[:, None]
    ranks = ranks[ranks <= n] if n > 200 else np.unique(round_numbers(1, n, 8)[0].astype(int))
    shown = ranks[apart(chart.places(x[ranks - 1], 0))]
    chart.ticks(0, x[shown - 1], [count(rank) for rank in shown], "rank")
    chart.ticks(1, *round_numbers(low, 1.05 * high), label)
    last, most = min(K, n - 1), _MOST_ON_LINE // 2
    spaced = np.concatenate([np.geomspace(1, n, most), np.linspace(1, n, most)]).round() - 1
    drawn = np.unique(np.append(spaced, [K - 1, last])).astype(int)
    if error.any():
        chart.band(x[drawn], (y - error)[drawn], (y + error)[drawn])
    if threshold is not None:
        chart.rule(1, threshold, "dotted", f"threshold {number(threshold)}")
    for part, look in ((drawn[drawn < K], "line thick"), (drawn[drawn >= K], "line dashed")):
        if len(part):
            chart.line(x[part], y[part], look)
    if K < n:
        chart.rule(0, (x[K - 1] + x[K]) / 2, "cut", f"cut at K = {count(K)}")
    points = np.arange(n)
    if n > _MOST_POINTS:
        points = np.unique(np.geomspace(1, n, _MOST_POINTS).round().astype(int)) - 1
    spread = [f" ± {e:.2g}" if e else "" for e in error[points]]
    titles = [
        f"{i + 1}. {subject.names[subject.ranked[i]]}: {number(float(y[i]))}{more}"
        for i, more in zip(points, spread, strict=True)
    ]
    chart.points(x[points], y[points], titles)
    return figure(chart.drawn(legend, 260), legend)


def heat_map(
    values: np.ndarray,
    names: Sequence[Html],
    columns: Iterable[str],
    caption: str,
    *,
    colours: str,
    ends: tuple[float, float],
    labels: tuple[str, str],
    above: Html | None = None,
) -> Html:
    """Draw a table of numbers; the script of the page shows the value at the pointer.

    The `colours` are at equal distances between the `ends`, which have `labels`; NaN is white.
    `above` stands above the columns.
    """
    stops = np.array([[int(c[i : i + 2], 16) for i in (1, 3, 5)] for c in colours.split()])
    missing, (low, high) = np.isnan(values), ends
    share = np.clip((np.nan_to_num(values) - low) / (high - low), 0, 1)
    scale = np.linspace(0, 1, len(stops))
    pixels = np.stack([np.interp(share, scale, stop) for stop in stops.T], axis=-1)
    pixels[missing] = 255
    coded = np.where(missing, 255, np.rint(254 * share)).astype(np.uint8)
    image = Html(
        f'<img src="data:image/png;base64,{_base64(png(pixels.astype(np.uint8)))}" '
        f'width="{values.shape[1]}" height="{_LINE * len(values)}" alt="{html(caption)}." '
        f'class="map" style="max-width:{3 * _LINE * values.shape[1]}px" '
        f'data-values="{_base64(coded.tobytes())}" data-ends="{low} {high}" '
        f'data-columns="{html(json.dumps(list(columns), ensure_ascii=False))}">'
    )
    strip = f"background:linear-gradient(90deg,{','.join(colours.split())})"
    key = tag("span", labels[0], tag("i", "", style=strip), labels[1], class_="key")
    white = " Missing values are white." if missing.any() else ""
    output = tag("output", "", class_="value", aria_live="polite")
    rows = tag("div", *(tag("div", name) for name in names), class_="labels")
    shown = tag("div", rows, tag("div", above, image), class_="rows")
    return figure(shown, html(f"{caption}.{white} ", key, output))


def _base64(data):
    return b64encode(data).decode()


def history_picture(history: dict) -> Html:
    """Draw the loss over the training, and the number of features or the density."""
    losses = {name: history[name] for name in ("loss", "validation_loss") if name in history}
    step = "round" if "n_inputs" in history else "epoch"
    first, last = (float(history["loss"][place]) for place in (0, -1))
    caption = f"Loss over the training, from {first:.3g} to {last:.3g}"
    caption += " (dashed: on validation rows)" if len(losses) > 1 else ""
    charts = [_course(losses, step, f"{caption}.")]
    for name, what in (("n_inputs", "features left"), ("density", "density")):
        if len(charts) == 1 and np.ptp(history.get(name, [0])) > 0:
            charts.append(_course({what: history[name]}, step, f"{what} over the training."))
            caption += f", and {what}"
    caption += ". The loss rises again as features are removed" if step == "round" else ""
    return figure(tag("div", *charts, class_="pair"), f"{caption}.")


def _course(series, step, alt):
    curves = [np.asarray(values, dtype=np.float64) for values in series.values()]
    high, n = max(map(np.max, curves)), max(2, *map(len, curves))
    low = min(0.0, *map(np.min, curves))
    chart = Chart((1, n), (low, high + (0.05 * (high - low) or 1.0)))
    ticks = np.unique(round_numbers(1, n)[0].round())
    chart.ticks(0, ticks, [count(tick) for tick in ticks], step)
    chart.ticks(1, *round_numbers(*chart.y, 4), next(iter(series)))
    for values, look in zip(curves, ("line", "line dashed"), strict=False):
        chart.line(1 + np.arange(len(values)), values, look)
    return chart.drawn(alt, 180)
