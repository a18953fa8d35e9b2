# SPDX-License-Identifier: BSD-3-Clause
"""The score by number of features."""

from __future__ import annotations

from ...utils.text import counted
from .._html import Section, folded, paragraph, section, table, tag
from .._pictures import k_curve_picture
from .._scores import Scores, in_words
from .._subject import Subject


def number_of_features(subject: Subject, scores: Scores) -> Section | None:
    """Write the curve, a caution, and the table of the scores."""
    curve = scores.curve
    if curve is None:
        return None
    metric, n_folds = curve.metric, curve.scores.shape[1]
    best = int(curve.mean.argmax())
    rows = [
        (int(k), *(float(v) for v in values), *map(float, folds))
        for k, *values, folds in zip(
            curve.Ks, curve.mean, curve.std, curve.se, curve.scores, strict=True
        )
    ]
    head = [f"{subject.unit.capitalize()}s", "Mean", "SD over folds", "Standard error"]
    head += [f"Fold {i + 1}" for i in range(n_folds)]
    return section(
        "curve",
        "Number of features",
        k_curve_picture(scores, f"{subject.unit}s"),
        None
        if scores.held_out is None
        else paragraph(
            "These scores come from cross-validation on the rows of the selection. The scores at "
            "the top come from other rows, so they differ."
        ),
        paragraph(
            f"The highest mean {metric} is {in_words(metric, curve.mean[best])}, with "
            f"{counted(int(curve.Ks[best]), subject.unit)}. ",
            tag("strong", "The best point is optimistic: it is the maximum of noisy scores. "),
            "If you choose K from this curve, measure the score again on new rows.",
        ),
        folded("Table of the scores", table(head, rows, f"{metric} on held-out rows")),
    )
