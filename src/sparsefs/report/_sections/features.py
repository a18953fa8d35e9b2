# SPDX-License-Identifier: BSD-3-Clause
"""The table of the selected features."""

from __future__ import annotations

import json

import numpy as np
from scipy import sparse

from .._distributions import MOST_CLASSES, distributions
from .._html import Bar, Html, Section, count, folded, html, number, section, share, table, tag
from .._scores import Scores
from .._statistics import ColumnFacts, FeatureFacts
from .._subject import Subject

MOST_ROWS = 5000
PRINTED = 100  # as in the style sheet
_MOST_OUTPUTS = 6
_MANY_ZEROS = 0.75  # show the share of non-zero values if one is below this
_EXPLAINED = {
    "Score": "importance for the selector; higher is better",
    "Frequency": "share of the fits on random halves of the rows that selected the feature",
    "Folds": "number of cross-validation folds in which it is also among the K best",
    "SD": "standard deviation",
    "Non-zero": "share of the rows in which it is not zero",
    "Between classes": "share of its variance between the class means; 1 separates the classes",
    "Hazard": "linear correlation with events beyond those expected, from -1 to 1",
    "Correlation": "linear correlation with the target, from -1 to 1",
}


def features(subject: Subject, scores: Scores, known: ColumnFacts) -> Section:
    """Write a table that can be sorted and filtered, and the names to copy."""
    columns = subject.order[:MOST_ROWS]
    facts = FeatureFacts.of(subject, columns)
    head, cells = ["Rank", "Feature"], [range(1, len(columns) + 1), subject.named(columns)]
    notes = []
    for label, values, note in [
        *_pictures(subject, columns),
        *_of_selection(subject, scores, columns),
        *_of_values(subject, facts, columns, known),
        *_of_target(subject, facts),
    ]:
        head.append(label)
        cells.append(values)
        if note:
            notes.append((label, _EXPLAINED.get(note, note)))
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
        yield f"Folds of\N{NO-BREAK SPACE}{len(scores.curve.rankings)}", again.tolist(), "Folds"


def _pictures(subject, columns):
    """Yield the small pictures of the first features, and their directions."""
    target, rest = subject.target, [""] * len(columns[PRINTED:])
    pictures, directions = zip(*distributions(subject, columns[:PRINTED]), strict=True)
    if target is None:
        yield "Distribution", [*pictures, *rest], "a histogram; the line is the median"
        return
    if target.task in ("regression", "survival"):
        name = target.outputs[0] if len(target.outputs) == 1 else target.called
        what, says = f"Against {name}", f"the mean of {name} (line) over the feature (histogram)"
        if target.task == "survival":
            says += "; a mean above 0 is more events than expected from the times"
    else:
        what = "By class" if target.task == "classification" else "By label"
        order = ", ".join(target.short)
        if target.task == "multilabel":
            order = "rows with the label that differs most, rows without it"
        elif len(target.outputs) > MOST_CLASSES:
            order = "the class that differs most, the other rows"
        says = f"a histogram of each class; from top to bottom: {order}. A line is the median"
    yield what, [*pictures, *rest], says
    note = "shown where the correlation is larger than 2 standard errors"
    yield "Direction", [*directions, *rest], note


def _of_values(subject, facts, columns, known):
    other = np.isin(columns, list(subject.others))
    missing = known.n_missing[columns] / subject.n_samples
    if missing.any():
        yield "Missing", [Bar(value, value, share(value)) for value in missing.tolist()], None
    yield "Mean", np.where(other, np.nan, facts.mean).tolist(), None
    yield "SD", np.where(other, np.nan, facts.std).tolist(), "SD"
    if sparse.issparse(subject.X) or np.nanmin(facts.nonzero, initial=1) < _MANY_ZEROS:
        yield "Non-zero", _rounded(facts.nonzero), "Non-zero"


def _of_target(subject, facts):
    target = subject.target
    if target is None:
        return
    if target.task == "classification":
        yield "Between classes", _rounded(facts.between), "Between classes"
        return
    if len(target.outputs) == 1:
        yield (
            f"Correlation with {target.outputs[0]}",
            _rounded(facts.correlations[:, 0]),
            "Hazard" if target.task == "survival" else "Correlation",
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
        Bar(value, abs(np.nan_to_num(value)), number(value) if np.isnan(value) else f"{value:.3f}")
        for value in values.tolist()
    ]
