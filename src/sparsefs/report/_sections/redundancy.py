# SPDX-License-Identifier: BSD-3-Clause
"""Which of the selected features say the same."""

from __future__ import annotations

from .._html import Bar, Html, count, html, items, paragraph, section, table, tag
from .._pictures import heat_map
from .._redundancy import ALIKE, Redundancy
from .._subject import Subject

_MOST_IN_PICTURE = 50
_MOST_PAIRS = 15
_MOST_GROUPS = 20
_MOST_MEMBERS = 20


def redundancy(subject: Subject, found: Redundancy) -> Html | None:
    """Groups of near-copies, the most correlated pairs, and a picture of all correlations."""
    if subject.K < 2:
        return None
    n, compared = min(_MOST_IN_PICTURE, subject.K), len(found.features)
    parts = []
    if compared < subject.K:
        parts.append(f"Compared are the {count(compared)} best of {count(subject.K)} features. ")
    if found.n_samples < subject.n_samples:
        parts.append(f"Correlations are those in {count(found.n_samples)} rows drawn at random. ")
    rows = [
        (subject.names[a], subject.names[b], Bar(r, abs(r), f"{r:.3f}"))
        for a, b, r in found.pairs(_MOST_PAIRS)
    ]
    places = found.clustered(_MOST_IN_PICTURE)
    names = [subject.names[found.features[place]] for place in places]
    return section(
        "redundancy",
        "Redundancy",
        paragraph(*parts, *_groups_in_words(found)),
        _groups(subject, found),
        heat_map(
            found.correlations[places][:, places],
            names,
            f"Absolute correlations of the {n} best features, alike ones side by side",
        ),
        table(["Feature", "and", "Correlation"], rows, "The most correlated pairs"),
    )


def _groups_in_words(found):
    if not found.groups:
        yield f"No two of them are near-copies (absolute correlation above {ALIKE})."
        return
    n = len(found.groups)
    yield (
        f"{count(n)} group{'' if n == 1 else 's'} of near-copies, joined by absolute correlations "
        f"above {ALIKE}; each with its best feature first:"
    )


def _groups(subject, found):
    if not found.groups:
        return None
    listed = []
    for members in found.groups[:_MOST_GROUPS]:
        names = [tag("b", subject.names[i]) for i in members[:_MOST_MEMBERS]]
        rest = len(members) - len(names)
        listed.append(
            html(
                *(html(", " if i else "", name) for i, name in enumerate(names)),
                f" and {count(rest)} more" if rest else "",
            )
        )
    rest = len(found.groups) - len(listed)
    if rest:
        listed.append(html(f"{count(rest)} more groups"))
    return items("ul", listed)
