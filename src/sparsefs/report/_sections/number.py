# SPDX-License-Identifier: BSD-3-Clause
"""How the score depends on the number of features."""

from __future__ import annotations

from .._html import Html, count, folded, html, paragraph, section, table, tag
from .._pictures import k_curve_picture
from .._scores import Scores, in_words
from .._subject import Subject


def number_of_features(subject: Subject, scores: Scores) -> Html | None:
    """The curve, the table behind it, and what it must not be used for."""
    curve = scores.curve
    if curve is None:
        return None
    metric, n_folds = curve.metric, curve.scores.shape[1]
    every = None if subject.K == subject.n_features else scores.of_all(subject.n_features)
    best = int(curve.mean.argmax())
    K = int(curve.Ks[best])
    text = (
        f"The highest mean {metric} is {in_words(metric, curve.mean[best])}, with "
        f"{count(K)} feature{'' if K == 1 else 's'}."
    )
    optimistic = tag(
        "strong",
        "The best point of the curve is optimistic: it is the best of several noisy ones. ",
    )
    advice = (
        "Who takes K from this curve should measure the score again, on rows that are not in it."
    )
    rows = [
        (int(k), *(float(v) for v in values), *map(float, folds))
        for k, *values, folds in zip(
            curve.Ks, curve.mean, curve.std, curve.se, curve.scores, strict=True
        )
    ]
    head = ["Features", "Mean", "SD over folds", "Standard error"]
    head += [f"Fold {i + 1}" for i in range(n_folds)]
    return section(
        "curve",
        "How many features",
        k_curve_picture(curve, subject.K, None if every is None else every[0]),
        paragraph(text, " ", optimistic, advice),
        folded(
            "The figures behind the picture",
            table(head, rows, html(f"{metric} on held-out rows")),
        ),
    )
