# SPDX-License-Identifier: BSD-3-Clause
"""Selected features that are similar to each other."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from ...data import RowTable
from ...data.summary import ALIKE
from ...evaluation.interchangeable import alternatives_in, with_means
from ...utils.text import counted
from .._html import Bar, Section, count, html, items, paragraph, section, table
from .._pictures import SEQUENTIAL, heat_map
from .._redundancy import Redundancy
from .._subject import Subject

MOST_IN_PICTURE = 50
_MOST_PAIRS = 15
_MOST_GROUPS = 20
_MOST_MEMBERS = 20
_MOST_FEATURES = 50_000  # searched for alternatives


def redundancy(subject: Subject, found: Redundancy) -> Section | None:
    """Write groups of nearly identical features, a picture, and the most correlated pairs."""
    compared = len(found.features)
    if compared < 2:
        return None
    n, K = min(MOST_IN_PICTURE, compared), int(np.isin(subject.order, subject.numeric).sum())
    text = []
    if K < subject.K:
        text.append("Only columns of numbers are compared. ")
    if compared < K:
        text.append(f"Only the {count(compared)} best of {count(K)} are compared. ")
    if found.n_samples < subject.n_samples:
        text.append(f"Correlations are computed on {count(found.n_samples)} random rows. ")
    above = f"(absolute correlation above {ALIKE}"
    if found.groups:
        groups = counted(len(found.groups), "group")
        text.append(f"{groups} of nearly identical features {above}), best feature first:")
    else:
        text.append(f"No selected features are nearly identical {above}).")
    rows = [
        (*subject.named([a, b]), Bar(r, abs(r), f"{r:.3f}")) for a, b, r in found.pairs(_MOST_PAIRS)
    ]
    places = found.clustered(MOST_IN_PICTURE)
    ordered = found.features[places]
    return section(
        "redundancy",
        "Redundancy",
        paragraph(*text),
        _groups(subject, found),
        heat_map(
            np.abs(found.correlations[places][:, places]),
            subject.named(ordered),
            [subject.names[i] for i in ordered],
            f"Absolute correlations of the {n} best features, similar ones next to each other; "
            "rows and columns have the same order",
            colours=SEQUENTIAL,
            ends=(0.0, 1.0),
            labels=("0", "1"),
        ),
        table(["Feature", "Other feature", "Correlation"], rows, "Most correlated pairs"),
        _alternatives(subject),
    )


def _alternatives(subject):
    """Write which features, selected or not, could stand for the best selected ones."""
    if isinstance(subject.X, RowTable) or subject.X.shape[1] > _MOST_FEATURES:
        return None
    columns = subject.numeric
    X = subject.X[:, columns] if subject.others else subject.X
    best = subject.order[:MOST_IN_PICTURE]
    best = best[np.isin(best, columns)]
    if not len(best) or not np.isfinite((X.data if sparse.issparse(X) else with_means(X)).sum()):
        return None
    places = np.searchsorted(columns, best)

    def written(found):
        names = subject.named(columns[j] for j, _ in found)
        parts = [html(name, f" ({r:.2f})") for name, (_, r) in zip(names, found, strict=True)]
        return html(*(html(", " if i else None, part) for i, part in enumerate(parts)))

    rows = [
        (*subject.named([columns[i]]), written(found[:3]))
        for i, found in zip(places, alternatives_in(with_means(X), places), strict=True)
        if found
    ]
    if not rows:
        return None
    return table(["Feature", "Or, instead (correlation)"], rows, "Alternatives in all features")


def _groups(subject, found):
    if not found.groups:
        return None
    listed: list = [
        subject.listed(members, _MOST_MEMBERS) for members in found.groups[:_MOST_GROUPS]
    ]
    rest = len(found.groups) - len(listed)
    return items("ul", [*listed, f"{count(rest)} more groups"] if rest else listed)
