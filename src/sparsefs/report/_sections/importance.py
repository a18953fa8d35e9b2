# SPDX-License-Identifier: BSD-3-Clause
"""How the scores fall, and where the cut is."""

from __future__ import annotations

import numpy as np

from .._html import Html, count, html, paragraph, section, tag
from .._pictures import importance_picture
from .._subject import Subject

_NEXT = 5  # features that are named behind the cut


def importance(subject: Subject) -> Html | None:
    """The ranking of all features, with the cut at K, and the first that were left out."""
    if not subject.has_scores or subject.n_features < 2:
        return None
    left_out = subject.ranked[subject.K :][:_NEXT]
    text: list = []
    if len(left_out):
        last, first = subject.scores[subject.order[-1]], subject.scores[left_out[0]]
        names = [tag("b", subject.names[i]) for i in left_out]
        text.append(
            html(
                "The first that were left out: ",
                *(html(", " if i else "", name) for i, name in enumerate(names)),
                ". ",
            )
        )
        if np.isfinite([last, first]).all() and last > 0:
            text.append(
                f"The best of them has {100 * max(0.0, first / last):.0f} % of the score of the "
                "last that was selected."
            )
    else:
        text.append(f"All {count(subject.n_features)} features are selected.")
    return section("importance", "Ranking", importance_picture(subject), paragraph(*text))
