# SPDX-License-Identifier: BSD-3-Clause
"""Report of a comparison of methods."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..plots._style import STYLES
from ..utils.files import replacing
from ..utils.text import counted, listed
from ._html import Html, Section, html, items, paragraph, printable, section, table, tag
from ._page import page

_WIDTH, _HEIGHT = 640, 340
_LEFT, _RIGHT, _TOP, _BOTTOM = 60, 14, 10, 44
_MOST_APART = 5.0  # pixels between error bars of two methods
_MARKERS = (  # circle, square, triangles, cross, diamond
    "M-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0z",
    "M-3.5-3.5h7v7h-7z",
    "M0-4.5L4.2 3.5h-8.4z",
    "M0 4.5L4.2-3.5h-8.4z",
    "M-1.3-4.2h2.6v2.9h2.9v2.6h-2.9v2.9h-2.6v-2.9h-2.9v-2.6h2.9z",
    "M0-5L5 0L0 5L-5 0z",
)
_DASHES = ("none", "6 3", "1.5 2.5")  # with filled, empty and filled markers


def write_comparison(
    path: Path,
    document: dict[str, Any],
    head: Sequence[str],
    rows: Sequence[Sequence[str]],
    marked: set[tuple[int, int]],
    test: str,
) -> None:
    """Write the page.

    Parameters
    ----------
    path : Path
    document : dict
        The JSON document of ``sparsefs compare``.
    head, rows : sequence of str, and sequence of sequences of str
        Table of the scores.
    marked : set of pairs of int
        Row and column of the scores that are not different from the best, by this test.
    test : str
    """
    measured = [row for row in document["methods"] if "tied_with_best" in row]
    n_methods = sum(row["method"] != "all" for row in document["methods"])
    source = printable(document["data"]["source"])
    cells = [
        [
            tag("b", cell) if (i, j) in marked else tag("span", cell, style="white-space: nowrap")
            for j, cell in enumerate(row)
        ]
        for i, row in enumerate(rows)
    ]
    caption = "Mean ± standard deviation over the folds. "
    caption += f"Bold: not different from the best ({test})." if marked else ""
    answer = tag(
        "section",
        items("ul", _leaders(document, measured)) if len(measured) > 1 else None,
        table(head, cells, caption),
        _curves(document, measured) if measured else None,
        _notes(document),
        id="answer",
        aria_label="The answer",
    )
    title = f"{counted(n_methods, 'method')} on {os.path.basename(source) or source}"
    sections = [_measurement(document, test), _data(document, source), _reproduce(document)]
    text = page(title, answer, sections)
    with replacing(path) as file:
        file.write_bytes(text.encode(errors="replace"))


def _leaders(document, measured):
    """Yield a line per K: the best method, and those that are not different."""
    for j, K in enumerate(document["Ks"]):
        at = [min(j, len(row["Ks"]) - 1) for row in measured]
        means = [row["mean"][i] for row, i in zip(measured, at, strict=True)]
        best = int(np.argmax(means))
        ties = [
            row["method"]
            for number, (row, i) in enumerate(zip(measured, at, strict=True))
            if row["tied_with_best"][i] and number != best
        ]
        name = tag("b", measured[best]["method"])
        others = f"; not different: {listed(ties)}" if ties else "; all others are lower"
        yield html(f"K = {K:,}: ", name, f", {document['metric']} {means[best]:.3f}{others}.")


def _notes(document):
    """Write the warnings, and the reasons of methods that failed."""
    tried = [*document["methods"], *filter(None, [document["guess"]])]
    failed = [f"{row['method']}: {row['error']}" for row in tried if row["error"]]
    said = [printable(text) for text in (*failed, *document["warnings"])]
    if said:
        return tag("aside", tag("h2", "Keep in mind"), items("ul", said), class_="notes")
    return None


def _curves(document, measured) -> Html:
    """Draw the scores of all methods against K, with error bars."""
    means = np.concatenate([row["mean"] for row in measured])
    stds = np.concatenate([row["std"] for row in measured])
    every = [row for row in document["methods"] if row["method"] == "all" and not row["error"]]
    levels = np.concatenate([means - stds, means + stds, *(row["mean"] for row in every)])
    ticks = _round_numbers(levels.min(), levels.max())
    low, high = min(levels.min(), ticks[0]), max(levels.max(), ticks[-1])
    Ks = np.unique(np.concatenate([row["Ks"] for row in measured]))
    first, last = np.log2([Ks[0], Ks[-1]])
    span, n = last - first, len(measured)
    gaps = np.diff(np.log2(Ks)) / span * (_WIDTH - _LEFT - _RIGHT) if span else [_WIDTH / 2]
    apart = min(_MOST_APART, 0.7 * float(np.min(gaps)) / n)
    room = apart * n / 2 + 8

    def across(K):
        share = (np.log2(K) - first) / span if span else 0.5
        return _LEFT + room + share * (_WIDTH - _LEFT - _RIGHT - 2 * room)

    def down(score):
        return _TOP + (high - score) / (high - low) * (_HEIGHT - _TOP - _BOTTOM)

    end, bottom = _WIDTH - _RIGHT, _HEIGHT - _BOTTOM
    digits = max(0, -int(np.floor(np.log10(ticks[1] - ticks[0]) + 1e-9)))
    parts = []
    for tick in ticks:
        parts.append(_line(_LEFT, down(tick), end, down(tick), stroke="var(--line)"))
        parts.append(_text(f"{tick:.{digits}f}", _LEFT - 8, down(tick) + 4, "end"))
    place = -np.inf
    for K in Ks:
        if across(K) - place > 8 * len(f"{K:,}") + 6:  # the numbers do not touch
            place = across(K)
            parts.append(_text(f"{K:,}", place, bottom + 18, "middle"))
    middle = (_LEFT + end) / 2
    parts.append(_text("number of features K", middle, _HEIGHT - 6, "middle"))
    for row in every:
        y = down(row["mean"][0])
        parts.append(_line(_LEFT, y, end, y, stroke="currentColor", stroke_dasharray="1 4"))
    keys = []
    for number, row in enumerate(measured):
        color, mark, dash, fill = _style(number)
        moved = (number - (n - 1) / 2) * apart
        xs, ys = [across(K) + moved for K in row["Ks"]], [down(mean) for mean in row["mean"]]
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in zip(xs, ys, strict=True))
        line = {"fill": "none", "stroke": color, "stroke_width": 1.4}
        parts.append(tag("polyline", points=points, stroke_dasharray=dash, **line))
        for x, y, K, mean, std in zip(xs, ys, row["Ks"], row["mean"], row["std"], strict=True):
            parts.append(_line(x, down(mean - std), x, down(mean + std), stroke=color))
            says = tag("title", f"{row['method']}, K = {K:,}: {mean:.3f} ± {std:.3f}")
            at = f"translate({x:.1f} {y:.1f})"
            parts.append(tag("path", says, d=mark, fill=fill, stroke=color, transform=at))
        sample = [
            _line(0, 7, 26, 7, stroke=color, stroke_dasharray=dash, stroke_width=1.4),
            tag("path", d=mark, fill=fill, stroke=color, transform="translate(13 7)"),
        ]
        key = tag("svg", *sample, width=26, height=14, aria_hidden="true")
        keys.append(html(key, f" {row['method']}"))
    alt = (
        f"{document['metric']} of {counted(n, 'method')} against the number of features from "
        f"{Ks[0]:,} to {Ks[-1]:,}: means between {means.min():.3f} and {means.max():.3f}."
    )
    size = f"width: {_WIDTH}px; max-width: 100%; min-width: 30rem; display: block"
    svg = tag(
        "svg", *parts, viewBox=f"0 0 {_WIDTH} {_HEIGHT}", role="img", aria_label=alt, style=size
    )
    caption = f"Mean {document['metric']} on held-out rows ± standard deviation over the folds."
    caption += " Dotted line: all features." if every else ""
    flow = "display: flex; flex-wrap: wrap; gap: .25rem 1rem; list-style: none; padding: 0"
    legend = items("ul", keys, style=flow)
    box = tag("div", svg, class_="box", tabindex="0")
    return tag("figure", box, legend, tag("figcaption", caption))


def _style(number):
    """Return colour, marker, dashes and filling of a curve."""
    turn, place = divmod(number, len(STYLES))
    color = STYLES[place][0]
    color = "currentColor" if color == "black" else color
    return color, _MARKERS[place], _DASHES[turn], "var(--page)" if turn == 1 else color


def _round_numbers(low, high):
    """Return three to seven round numbers from below `low` to below `high`."""
    if high <= low:
        low, high = low - 0.05, high + 0.05
    step = 10.0 ** np.floor(np.log10(high - low))
    step *= next(s for s in (0.1, 0.2, 0.5, 1.0, 2.0) if (high - low) / (s * step) <= 6)
    return step * np.arange(np.floor(low / step), np.floor(high / step) + 1)


def _line(x1, y1, x2, y2, **attributes):
    ends = {"x1": x1, "y1": y1, "x2": x2, "y2": y2}
    return tag("line", **{name: f"{at:.1f}" for name, at in ends.items()}, **attributes)


def _text(text, x, y, anchor):
    place = {"x": f"{x:.1f}", "y": f"{y:.1f}", "text_anchor": anchor}
    return tag("text", text, fill="var(--soft)", font_size=12, **place)


def _measurement(document, test) -> Section:
    metric, n_folds = document["metric"], document["n_folds"]
    facts = [
        ("Folds", f"{n_folds}, the same for all methods"),
        ("Ranking", "each method ranks the features on the training rows of each fold"),
        ("Estimator", f"{document['estimator']}, trained on the K best features of these rows"),
        ("Score", f"{metric} of the estimator on the held-out rows of each fold"),
        ("Rows", "the estimator is trained and scored on at most 2,000 rows each"),
        ("Seconds", "time to rank the features, median of the folds"),
    ]
    if len(document["methods"]) > 1:
        facts.append(("Not different", f"{test}: differences from the best method, fold by fold"))
    if document["guess"] is not None:
        says = "the most frequent class, or the mean, of the training rows"
        facts.append(("Always guessing", says))
    advice = paragraph(
        "The best score of several methods is too high on average. Measure the method that you "
        "choose again on new rows."
    )
    body = table(["", ""], facts, "Measurement", class_="facts")
    return section("measurement", "How it was measured", body, advice)


def _data(document, source) -> Section:
    data, target = document["data"], document["target"]
    facts = [
        ("Source", source),
        ("Rows", f"{data['n_rows']:,}"),
        ("Columns", f"{data['n_columns']:,}"),
    ]
    if target is not None:
        classes = f", {target['n_classes']} classes" if target["n_classes"] else ""
        facts.append(("Target", f"{printable(target['name'])} ({target['task']}{classes})"))
    steps = [printable(step) for step in document["preparation"]]
    preparation = [paragraph("Preparation:"), items("ol", steps)] if steps else []
    body = table(["", ""], facts, "Table", class_="facts")
    return section("data", "Data", body, *preparation)


def _reproduce(document) -> Section:
    command = tag("pre", tag("code", document["command"], id="command"), class_="copied")
    versions = table(["", "Version"], document["versions"].items(), "Versions", class_="facts")
    return section("reproduce", "Reproduce", command, versions)
