# SPDX-License-Identifier: BSD-3-Clause
"""The table of the selected features."""

from __future__ import annotations

import json

import numpy as np
from scipy import sparse

from .._html import Bar, Html, Section, count, folded, html, number, section, table, tag
from .._scores import Scores
from .._statistics import FeatureFacts, values_in_words
from .._subject import Subject

MOST_ROWS = 5000
PRINTED = 100  # as in the style sheet
_MOST_CLASSES = 6  # with a column of means each
_MOST_OUTPUTS = 6
_MANY_ZEROS = 0.75  # show the share of non-zero values if one is below this
_EXPLAINED = {
    "Score": "importance for the selector; higher is better",
    "Frequency": "share of the fits on random halves of the rows that selected the feature",
    "In folds": "number of cross-validation folds in which it is also among the K best",
    "SD": "standard deviation",
    "Values": "most frequent values of a text, and their shares; first and last date",
    "Non-zero": "share of the rows in which it is not zero",
    "Between classes": "share of its variance between the class means; 1 separates the classes",
    "Correlation": "linear correlation with the target, from -1 to 1",
}


def features(subject: Subject, scores: Scores) -> Section:
    """Write a table that can be sorted and filtered, and the names to copy."""
    columns = subject.order[:MOST_ROWS]
    facts = FeatureFacts.of(subject, columns)
    head, cells = ["Rank", "Feature"], [range(1, len(columns) + 1), _names(subject, columns)]
    notes = []
    for label, values, note in [
        *_of_selection(subject, scores, columns),
        *_of_values(subject, facts, columns),
        *_of_target(subject, facts),
    ]:
        head.append(label)
        cells.append(values)
        if note:
            notes.append((label, _EXPLAINED[note]))
    rows = zip(*cells, strict=True)
    caption = "Selected features, best first"
    if len(columns) < subject.K:
        caption += f" (first {count(len(columns))} of {count(subject.K)})"
    body = table(head, rows, caption, header=1, class_="sortable", id="selected")
    search = tag(
        "p",
        tag("label", "Filter by name ", Html('<input type="search" id="filter">')),
        tag("span", "", id="shown", role="status"),
        class_="tools",
        id="tools",
        hidden="hidden",
    )
    plain = json.dumps([subject.names[i] for i in subject.order], ensure_ascii=False)
    listed = tag("pre", tag("code", plain), class_="copied")
    names = folded("Copy all names", listed, printed=False)
    terms = [html(tag("dt", label), tag("dd", text, ".")) for label, text in notes]
    return section(
        "features",
        "Selected features",
        search,
        body,
        tag("p", f"Only the first {PRINTED} rows are printed.", class_="printed")
        if len(columns) > PRINTED
        else None,
        tag("dl", *terms, class_="terms"),
        names,
    )


def _names(subject, columns):
    return [subject.names[i] for i in columns]


def _of_selection(subject, scores, columns):
    if subject.has_scores:
        label = "Frequency" if hasattr(subject.selector, "selection_frequencies_") else "Score"
        values = subject.scores[columns].astype(np.float64)
        known = values[np.isfinite(values)]
        low = min(0.0, known.min()) if len(known) else 0.0
        span = (known.max() - low if len(known) else 0.0) or 1.0
        lengths = np.nan_to_num((values - low) / span, nan=0.0, posinf=1.0, neginf=0.0)
        spread = None if subject.spread is None else subject.spread[columns]
        bars = []
        for i, (value, length) in enumerate(zip(values, lengths, strict=True)):
            text = None if spread is None else f"{number(value)} ± {spread[i]:.2g}"
            bars.append(Bar(float(value), float(length), text))
        yield label, bars, label
    again = scores.times_again(subject, columns)
    if again is not None:
        yield f"In folds (of {len(scores.curve.rankings)})", again.tolist(), "In folds"


def _of_values(subject, facts, columns):
    other = np.isin(columns, list(subject.others))
    yield "Mean", np.where(other, np.nan, facts.mean).tolist(), None
    yield "SD", np.where(other, np.nan, facts.std).tolist(), "SD"
    if other.any():
        of = subject.others
        values = [values_in_words(of[i]) if i in of else "" for i in columns.tolist()]
        yield "Values", values, "Values"
    if sparse.issparse(subject.X) or np.nanmin(facts.nonzero, initial=1) < _MANY_ZEROS:
        yield "Non-zero", _rounded(facts.nonzero), "Non-zero"


def _of_target(subject, facts):
    target = subject.target
    if target is None:
        return
    if target.task == "classification":
        yield "Between classes", _rounded(facts.between), "Between classes"
        if len(target.outputs) <= _MOST_CLASSES:
            for i, name in enumerate(target.outputs):
                yield f"Mean of {name}", facts.class_means[:, i].tolist(), None
        return
    if len(target.outputs) == 1:
        yield (
            f"Correlation with {target.outputs[0]}",
            _rounded(facts.correlations[:, 0]),
            "Correlation",
        )
        return
    if len(target.outputs) <= _MOST_OUTPUTS:
        for i, name in enumerate(target.outputs):
            note = None if i else "Correlation"
            yield f"Correlation with {name}", _rounded(facts.correlations[:, i]), note
        return
    strongest = np.nan_to_num(np.abs(facts.correlations)).argmax(axis=1)
    values = np.take_along_axis(facts.correlations, strongest[:, None], axis=1)[:, 0]
    yield "Correlation", _rounded(values), "Correlation"
    yield "with", [target.outputs[i] for i in strongest], None


def _rounded(values):
    return [
        Bar(value, 0, number(value) if np.isnan(value) else f"{value:.3f}")
        for value in values.tolist()
    ]
