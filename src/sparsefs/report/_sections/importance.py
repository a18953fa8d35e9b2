# SPDX-License-Identifier: BSD-3-Clause
"""The ranking of all features, and the cut at K."""

from __future__ import annotations

import numpy as np

from .._html import Section, count, paragraph, section
from .._pictures import importance_picture
from .._subject import Subject

_NEXT = 10  # names that are shown after the cut


def importance(subject: Subject) -> Section | None:
    """Draw the scores, and name the best features that were left out."""
    if not subject.has_scores or subject.n_features < 2:
        return None
    left_out = subject.ranked[subject.K :][:_NEXT]
    text: list = []
    if len(left_out):
        last, first = subject.scores[subject.order[-1]], subject.scores[left_out[0]]
        names = subject.listed(left_out, _NEXT)
        text += ["Best features that were left out: ", names, ". "]
        if np.isfinite([last, first]).all() and last > 0:
            text.append(
                f"The first of them has {100 * max(0.0, first / last):.0f} % of the score of the "
                "last selected feature."
            )
    else:
        text.append(f"All {count(subject.n_features)} features are selected.")
    return section("importance", "Ranking", importance_picture(subject), paragraph(*text))
