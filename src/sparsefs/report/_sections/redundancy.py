# SPDX-License-Identifier: BSD-3-Clause
"""Selected features that are similar to each other."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from ...data import RowTable
from ...data.summary import ALIKE
from ...evaluation.interchangeable import alternatives_in, with_means
from ...utils.text import counted
from .._html import Bar, Section, bold_names, count, items, paragraph, section, table
from .._pictures import heat_map
from .._redundancy import Redundancy
from .._subject import Subject

_MOST_IN_PICTURE = 50
_MOST_PAIRS = 15
_MOST_GROUPS = 20
_MOST_MEMBERS = 20
_MOST_FEATURES = 50_000  # searched for alternatives


def redundancy(subject: Subject, found: Redundancy) -> Section | None:
    """Write groups of nearly identical features, a picture, and the most correlated pairs."""
    compared = len(found.features)
    if compared < 2:
        return None
    n, K = min(_MOST_IN_PICTURE, compared), int(np.isin(subject.order, subject.numeric).sum())
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
        (subject.names[a], subject.names[b], Bar(r, abs(r), f"{r:.3f}"))
        for a, b, r in found.pairs(_MOST_PAIRS)
    ]
    places = found.clustered(_MOST_IN_PICTURE)
    return section(
        "redundancy",
        "Redundancy",
        paragraph(*text),
        _groups(subject, found),
        heat_map(
            found.correlations[places][:, places],
            [subject.names[found.features[place]] for place in places],
            f"Absolute correlations of the {n} best features, similar ones next to each other",
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
    best = subject.order[:_MOST_IN_PICTURE]
    best = best[np.isin(best, columns)]
    if not len(best) or not np.isfinite((X.data if sparse.issparse(X) else with_means(X)).sum()):
        return None
    places = np.searchsorted(columns, best)
    names = [subject.names[j] for j in columns]
    rows = [
        (names[i], ", ".join(f"{names[j]} ({r:.2f})" for j, r in found[:3]))
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
        bold_names([subject.names[i] for i in members], _MOST_MEMBERS)
        for members in found.groups[:_MOST_GROUPS]
    ]
    rest = len(found.groups) - len(listed)
    return items("ul", [*listed, f"{count(rest)} more groups"] if rest else listed)
