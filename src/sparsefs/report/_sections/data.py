# SPDX-License-Identifier: BSD-3-Clause
"""The data of the selection: table, preparation, target."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy import sparse

from .._html import (
    Bar,
    Section,
    count,
    html,
    items,
    number,
    paragraph,
    section,
    share,
    table,
)
from .._statistics import ColumnFacts
from .._subject import Subject

_MOST_CLASSES = 20
_MOST_NAMES = 10
_BINS = 10
SIZES = ("n_rows", "n_columns", "n_missing")


def data(
    subject: Subject, columns: ColumnFacts, source: str | None, preparation, size: Mapping | None
) -> Section:
    """Write the size and types of the table, the preparation, and the target."""
    steps = [paragraph("Preparation:"), items("ol", preparation)] if preparation else []
    head, rows = ["", ""], list(_facts(subject, columns, source, preparation))
    ours = (subject.n_samples, subject.n_features, int(columns.n_missing.sum()))
    whole = () if size is None else tuple(size[name] for name in SIZES)
    if whole and whole != ours:
        head = ["", "Rows of the selection", "Whole table"]
        of = dict(zip(("Rows", "Columns", "Missing values"), map(count, whole), strict=True))
        rows = [(name, value, of.get(name, "")) for name, value in rows]
    return section(
        "data",
        "Data",
        table(head, rows, "Table", class_="facts"),
        *steps,
        *_target(subject),
    )


def _facts(subject, columns, source, preparation):
    X = subject.X
    if source:
        yield "Source", source
    yield "Rows", count(subject.n_samples)
    yield "Columns", count(subject.n_features)
    others, n = subject.others, subject.n_features
    dates = np.array([j in others and others[j].dtype.kind == "M" for j in range(n)])
    text = np.array([j in others for j in range(n)]) & ~dates
    numbers = ~text & ~dates & ~columns.constant
    kinds = {
        "binary": columns.binary & numbers,
        "integer": columns.whole & ~columns.binary & numbers,
        "decimal": ~columns.whole & numbers,
        "text": text & ~columns.constant,
        "dates": dates & ~columns.constant,
        "constant": columns.constant,
    }
    listed = [f"{count(which.sum())} {name}" for name, which in kinds.items() if which.any()]
    yield "Types", ", ".join(listed)
    if columns.constant.any():
        yield "Constant columns", _named(subject, columns.constant)
    n_missing = columns.n_missing.sum()
    missing = columns.n_missing > 0
    if n_missing:
        of = f" ({share(n_missing / (X.shape[0] * X.shape[1]))}), in "
        yield "Missing values", html(count(n_missing), of, _named(subject, missing))
    else:
        yield "Missing values", "none after the preparation" if preparation else "none"
    if sparse.issparse(X):
        density = X.nnz / (X.shape[0] * X.shape[1])
        yield "Stored as", f"sparse, {count(X.nnz)} values ({share(density)} of the table)"
    else:
        yield "Stored as", "data frame" if others else f"{X.dtype}"
    scaling = getattr(subject.selector, "scaling_", None)
    if scaling is not None:
        chosen = " (chosen automatically)" if subject.selector.scaling == "auto" else ""
        yield "Scaling", f"{scaling}{chosen}"


def _named(subject, which):
    return subject.listed(np.flatnonzero(which), _MOST_NAMES)


def _target(subject):
    target = subject.target
    if target is None:
        return [paragraph("No target was given.")]
    if target.task == "regression":
        of_each = _moments(target)
        distribution = _histogram(target) if len(target.outputs) == 1 else None
        return [of_each, distribution] if distribution else [of_each]
    if target.survival is not None:
        return [_survival(target)]
    counts = target.counts
    order = np.argsort(-counts, kind="stable")
    what, several = ("Class", "classes") if target.task == "classification" else ("Label", "labels")
    rows = [
        (
            target.outputs[i],
            _counted(counts[i], counts.max()),
            _percent(subject, counts[i]),
        )
        for i in order[:_MOST_CLASSES]
    ]
    rest = order[_MOST_CLASSES:]
    if len(rest):
        n = counts[rest].sum()
        rows.append((f"{count(len(rest))} more", _counted(n, np.inf), _percent(subject, n)))
    caption = f"{count(len(counts))} {several} of {target.called}"
    return [table([what, "Rows", "Share of rows"], rows, caption)]


def _counted(n, most):
    return Bar(int(n), n / most, count(n))


def _percent(subject, n):
    return Bar(0, 0, share(n / subject.n_samples))


def _survival(target):
    event, time = target.survival["event"], target.survival["time"]
    rows = [
        (name, int(which.sum()), *(float(end(time[which])) for end in (np.min, np.median, np.max)))
        for name, which in (("Event", event), ("Censored", ~event))
        if which.any()
    ]
    head = ["Sample", "Rows", "Shortest time", "Median time", "Longest time"]
    return table(head, rows, f"Events and times of {target.called}")


def _moments(target):
    values = target.values
    figures = [
        values.mean(axis=0),
        values.std(axis=0),
        *np.quantile(values, [0, 0.25, 0.5, 0.75, 1], axis=0),
    ]
    head = ["Target", "Mean", "SD", "Minimum", "1st quartile", "Median", "3rd quartile", "Maximum"]
    rows = [
        (name, *(float(figure[i]) for figure in figures)) for i, name in enumerate(target.outputs)
    ]
    several = f" ({count(len(rows))} outputs)" if len(rows) > 1 else ""
    return table(head, rows[:_MOST_CLASSES], f"Summary of {target.called}{several}")


def _histogram(target):
    values = target.values.ravel()
    if values.min() == values.max():
        return None
    counts, edges = np.histogram(values, _BINS)
    rows = [
        (f"{number(float(low))} to {number(float(high))}", _counted(n, counts.max()))
        for n, low, high in zip(counts, edges[:-1], edges[1:], strict=True)
    ]
    return table([target.called, "Rows"], rows, f"Distribution of {target.called}")
