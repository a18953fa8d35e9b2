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
from ._svg import Chart, apart, round_numbers

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
    metric, n = document["metric"], len(measured)
    means = np.concatenate([row["mean"] for row in measured])
    stds = np.concatenate([row["std"] for row in measured])
    every = [row for row in document["methods"] if row["method"] == "all" and not row["error"]]
    levels = np.concatenate([means - stds, means + stds, *(row["mean"] for row in every)])
    low, high = levels.min(), levels.max()
    room = 0.06 * (high - low) or 0.05
    Ks = np.unique(np.concatenate([row["Ks"] for row in measured]))
    x = np.log2(Ks)
    span = x[-1] - x[0] or 1.0
    step = min(0.008 * span, 0.7 / n * np.diff(x).min(initial=span))  # between two methods
    ends = x[0] - 0.04 * span, x[-1] + 0.04 * span
    chart = Chart(ends, (low - room, high + room))
    shown = apart(chart.places(x, 0))
    chart.ticks(0, x[shown], [f"{K:,}" for K in Ks[shown]], "number of features K")
    chart.ticks(1, *round_numbers(low - room, high + room), metric)
    for row in every:
        chart.rule(1, row["mean"][0], "dotted", f"all features: {row['mean'][0]:.3f}")
    keys = []
    for number, row in enumerate(measured):
        color, mark, dash, fill = _style(number)
        moved = np.log2(row["Ks"]) + step * (number - (n - 1) / 2)
        look = {"stroke": color, "stroke_dasharray": dash}
        chart.line(moved, row["mean"], "curve", **look)
        for at, K, mean, std in zip(moved, row["Ks"], row["mean"], row["std"], strict=True):
            px, bar = chart.places(at, 0), chart.places([mean - std, mean + std], 1)
            place = {"x1": px, "x2": px, "y1": bar[0], "y2": bar[1]}
            chart.add(tag("line", stroke=color, **{k: f"{v:.2f}%" for k, v in place.items()}))
            says = tag("title", f"{row['method']}, K = {K:,}: {mean:.3f} ± {std:.3f}")
            shape = tag("path", says, d=mark, fill=fill, stroke=color)
            py = chart.places(mean, 1)
            chart.add(tag("svg", shape, x=f"{px:.2f}%", y=f"{py:.2f}%", class_="mark"))
        sample = [
            tag("path", d="M0 7h26", **look),
            tag("path", d=mark, fill=fill, stroke=color, transform="translate(13 7)"),
        ]
        key = tag("svg", *sample, width=26, height=14, aria_hidden="true")
        keys.append(html(key, f" {row['method']}"))
    alt = (
        f"{metric} of {counted(n, 'method')} against the number of features from {Ks[0]:,} to "
        f"{Ks[-1]:,}: means between {means.min():.3f} and {means.max():.3f}."
    )
    caption = f"Mean {metric} on held-out rows ± standard deviation over the folds."
    caption += " Dotted line: all features." if every else ""
    flow = "display: flex; flex-wrap: wrap; gap: .25rem 1rem; list-style: none; padding: 0"
    legend = items("ul", keys, style=flow)
    return tag("figure", chart.drawn(alt, 340), legend, tag("figcaption", caption))


def _style(number):
    """Return colour, marker, dashes and filling of a curve."""
    turn, place = divmod(number, len(STYLES))
    color = STYLES[place][0]
    color = "currentColor" if color == "black" else color
    return color, _MARKERS[place], _DASHES[turn], "var(--page)" if turn == 1 else color


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
