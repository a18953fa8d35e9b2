# SPDX-License-Identifier: BSD-3-Clause
"""Small pictures of the selected features: by class, or against a number; and the direction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from scipy import sparse

from ..utils.text import counted
from ._html import Html, html, named, number, share, tag
from ._subject import Subject

MOST_CLASSES = 6  # with a strip each; of more, the most different one and the others
MOST_ROWS = 5000
_WIDTH, _STRIP, _ALONE = 160, 14, 32  # pixels
_BINS, _BINS_OF_TREND = 20, 10
_MOST_LEVELS = 8
_CLEAR = 2.0  # standard errors


class _Bins(NamedTuple):
    """The values of a feature in bins.

    Attributes
    ----------
    of_row : ndarray of shape (n_rows,), int
        -1 where the value is missing.
    labels : list of str
    values : ndarray of shape (n_rows,), float64, or None
        None for text.
    ends : tuple of (float, float), or None
        Of the first and the last bin. None if each bin is one value.
    written : callable
        Formats a value.
    """

    of_row: np.ndarray
    labels: list[str]
    values: np.ndarray | None
    ends: tuple[float, float] | None = None
    written: Callable = number


def distributions(subject: Subject, columns: np.ndarray) -> list[tuple[Html, str]]:
    """Draw features, and say in which direction the target moves with them.

    Returns
    -------
    list of (Html, str)
        The direction is empty without a target.
    """
    rows = subject.some_rows(MOST_ROWS)
    block = subject.sample(columns, rows)
    found, target = [], subject.target
    by_class = target is None or target.task in ("classification", "multilabel")
    n_bins = _BINS if by_class else _BINS_OF_TREND
    design: Any = None if target is None else target.design(rows)
    design = design.toarray() if sparse.issparse(design) else design
    for place, column in enumerate(columns.tolist()):
        text = subject.others.get(column)
        if text is not None and text.dtype.kind != "M":
            bins = _of_text(text[rows])
        else:
            bins = _of_numbers(block[:, place], n_bins, text is not None)
        found.append(_drawn(target, bins, rows, design))
    return found


def _of_numbers(values, n_bins, dates):
    written = _day if dates else number
    there = ~np.isnan(values)
    of_row, known = np.full(len(values), -1), values[there]
    levels = np.unique(known)
    if len(levels) <= _MOST_LEVELS:
        of_row[there] = np.searchsorted(levels, known)
        return _Bins(of_row, [written(level) for level in levels], values)
    low, high = np.quantile(known, [0.01, 0.99])
    if low == high:
        low, high = levels[0], levels[-1]
    edges = np.linspace(low, high, n_bins + 1)
    of_row[there] = np.searchsorted(edges[1:-1], known, side="right")
    ends = [written(edge) for edge in edges]
    labels = [f"{a} to {b}" for a, b in pairwise(ends)]
    return _Bins(of_row, labels, values, (float(low), float(high)), written)


def _day(value):
    return str(np.datetime64(int(value), "D"))


def _of_text(values):
    counts = Counter(value for value in values.tolist() if value is not None)
    levels = [text for text, _ in counts.most_common(_MOST_LEVELS)]
    if len(counts) > _MOST_LEVELS:
        levels[-1:] = ["other texts"]
    place = {text: i for i, text in enumerate(levels)} | {None: -1}
    of_row = np.array([place.get(value, len(levels) - 1) for value in values.tolist()])
    return _Bins(of_row, levels, None)


def _drawn(target, bins, rows, design):
    every = np.ones(len(rows), dtype=bool)
    if target is None or not bins.labels:
        return _strips(bins, {"": every}), ""
    says, best = _direction(bins, target, design)
    name = target.outputs[best]
    if target.task in ("regression", "survival"):
        return _trend(bins, target.values[rows, best], name), says
    masks = dict(zip(target.outputs, design.T > 0, strict=True))
    if target.task == "multilabel" or len(masks) > MOST_CLASSES:
        masks = {name: masks[name], "others": ~masks[name]}
    return _strips(bins, masks), says


def _direction(bins, target, design):
    """Say how a feature and the target move together, and by which output it is told best.

    That has the largest correlation with the values, or with one of the texts.
    """
    by_class, text = target.task in ("classification", "multilabel"), bins.values is None
    there = bins.of_row >= 0
    values = bins.of_row[:, None] == np.arange(len(bins.labels)) if text else bins.values[:, None]
    r = _correlations(values[there].astype(np.float64), design[there])
    # Named are the class with more of a text, and of two classes that with the higher values.
    size = r if by_class and (text or len(target.outputs) == 2) else np.abs(r)
    level, best = np.unravel_index(size.argmax(), r.shape)
    up, name = r[level, best] > 0, named(target.outputs[best], target.short[best])
    quoted = html("“", named(bins.labels[level]), "”")
    if len(bins.labels) < 2 or size[level, best] * np.sqrt(there.sum()) <= _CLEAR:
        return "no clear difference" if by_class else "no clear trend", best
    if text and by_class:
        return html(quoted, " more often in ", name), best
    if text:
        return html("higher " if up else "lower ", name, " with ", quoted), best
    arrow = "\N{UPWARDS ARROW}" if up else "\N{DOWNWARDS ARROW}"
    if by_class:
        return html(arrow, " higher in " if up else " lower in ", name), best
    if target.task == "survival":
        return html(arrow, " higher " if up else " lower ", name), best
    return html(arrow, " rises with " if up else " falls with ", name), best


def _correlations(a, b):
    a, b = a - a.mean(axis=0), b - b.mean(axis=0)
    scale = np.sqrt((a**2).sum(axis=0)[:, None] * (b**2).sum(axis=0))
    return np.divide(a.T @ b, scale, out=np.zeros(scale.shape), where=scale > 0)


def _strips(bins, classes):
    """Draw a histogram per class, one above the other, with a line at the median."""
    height = _ALONE if len(classes) == 1 else max(_STRIP, _ALONE // len(classes))
    shares = [
        _counts(bins, inside) / max(1, np.count_nonzero(inside)) for inside in classes.values()
    ]
    highest = max(some.max(initial=0) for some in shares) or 1.0
    parts, texts = [], []
    for i, ((name, inside), some) in enumerate(zip(classes.items(), shares, strict=True)):
        base = height * (i + 1)
        start = f"{name}: " if name else ""
        texts.append(f"{start}{_in_words(bins, inside)}, {counted(int(inside.sum()), 'row')}")
        title = tag("title", texts[-1])
        parts.append(tag("path", title, d=_steps(some / highest, base, height), class_=f"c{i}"))
        if bins.ends and (known := inside & (bins.of_row >= 0)).any():
            x = _WIDTH * np.interp(np.median(bins.values[known]), bins.ends, (0, 1))
            parts.append(tag("path", d=f"M{x:.0f} {base}v-{height - 2}", class_="median"))
    return _small(parts, "; ".join(texts), height * len(classes))


def _trend(bins, y, name):
    """Draw a histogram, and above it the mean of y in each bin that has enough rows."""
    there = bins.of_row >= 0
    n = _counts(bins, there)
    means = np.bincount(bins.of_row[there], y[there], len(n)) / np.maximum(n, 1)
    spread = 1.5 * (y.std() or 1.0)  # the same in all pictures, to compare slopes
    enough = np.flatnonzero(n >= max(3, 0.01 * n.sum()))
    x = _WIDTH / len(n) * (enough + 0.5)
    level = 2 + (_ALONE - 4) * np.clip((y.mean() + spread - means[enough]) / (2 * spread), 0, 1)
    parts = [tag("path", d=_steps(n / n.max(), _ALONE, _ALONE), class_="counts")]
    if bins.values is not None and len(enough):
        line = "L".join(f"{a:.0f} {b:.0f}" for a, b in zip(x, level, strict=True))
        parts.append(tag("path", d=f"M{line}", class_="trend"))
    for j, a, b in zip(enough, x, level, strict=True):
        says = f"{bins.labels[j]}: mean {name} {number(means[j])}, {counted(int(n[j]), 'row')}"
        parts.append(tag("circle", tag("title", says), cx=f"{a:.0f}", cy=f"{b:.0f}", r=2.5))
    said = (
        [f"{number(means[j])} at {bins.labels[j]}" for j in enough[[0, -1]]] if len(enough) else []
    )
    text = f"{_in_words(bins, np.ones(len(y), dtype=bool))}; mean {name}: {', '.join(said)}"
    return _small(parts, text, _ALONE)


def _counts(bins, inside):
    return np.bincount(bins.of_row[inside & (bins.of_row >= 0)], minlength=len(bins.labels))


def _steps(heights, base, height):
    """Return the path of a histogram above a base; the heights are at most 1."""
    width = _WIDTH / max(1, len(heights))
    tops = base - (height - 2) * heights
    path = "".join(f"V{top:.0f}H{width * (j + 1):.0f}" for j, top in enumerate(tops))
    return f"M0 {base}{path}V{base}Z"


def _in_words(bins, inside):
    known, n = inside & (bins.of_row >= 0), max(1, int(np.count_nonzero(inside)))
    missing = 1 - np.count_nonzero(known) / n
    if not known.any():
        return "no values"
    if not bins.ends:
        counts = _counts(bins, inside)
        most = np.argsort(-counts, kind="stable")[:3]
        said = ", ".join(f"{bins.labels[j]} ({share(counts[j] / n)})" for j in most if counts[j])
    elif bins.written is number:
        low, median, high = map(number, np.quantile(bins.values[known], [0.25, 0.5, 0.75]))
        said = f"median {median}, middle half {low} to {high}"
    else:
        said = " to ".join(bins.written(end(bins.values[known])) for end in (np.min, np.max))
    return f"{said}, missing in {share(missing)}" if missing else said


def _small(parts: list[Any], text: str, height: int) -> Html:
    look = {"class_": "small", "width": _WIDTH, "height": height}
    return tag("svg", tag("title", text), *parts, role="img", aria_label=text, **look)
