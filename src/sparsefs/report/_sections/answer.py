# SPDX-License-Identifier: BSD-3-Clause
"""The selection and its score, at the top of the report."""

from __future__ import annotations

from ...utils.text import counted
from .._html import Html, bold_names, count, items, paragraph, tag
from .._pictures import chance_picture
from .._scores import Scores, in_range, in_words, with_error
from .._subject import Subject

_FIRST = 10  # names that are shown


def answer(subject: Subject, scores: Scores, notes: list, source: str | None) -> Html:
    """Write the number of features, the scores, the best names and the cautions."""
    of = tag("span", f"of {count(subject.n_features)} features selected")
    tiles = [tag("li", tag("strong", count(subject.K)), of), *_tiles(subject, scores)]
    names = bold_names([subject.names[i] for i in subject.order], _FIRST)
    warnings = tag("aside", tag("h2", "Keep in mind"), items("ul", notes), class_="notes")
    return tag(
        "section",
        tag("ul", *tiles, class_="tiles"),
        paragraph(
            tag("code", type(subject.selector).__name__),
            f" selected from {count(subject.n_samples)} rows",
            f" of {source}" if source else None,
            ": " if subject.K == 1 else ", best first: ",
            names,
            ".",
        ),
        paragraph(_basis(scores)) if _basis(scores) else None,
        None if scores.chance is None else chance_picture(scores.chance, subject.K),
        warnings if notes else None,
        id="answer",
        aria_label="The answer",
    )


def _tiles(subject, scores):
    labels = ["with the selection", f"with all {count(subject.n_features)} features"]
    if scores.held_out is not None:
        metric, interval = scores.held_out["metric"], scores.held_out.get("interval")
        values = scores.held_out["selected"], scores.held_out.get("all")
        figures = [None if value is None else in_words(metric, value) for value in values]
        if interval is not None:
            labels[0] += f", 95 % interval {in_range(metric, *interval)}"
    else:
        metric = "" if scores.curve is None else scores.curve.metric
        every = None if subject.K == subject.n_features else scores.of_all(subject.n_features)
        pairs = scores.at(subject.K), every
        figures = [None if pair is None else with_error(metric, *pair) for pair in pairs]
    tiles = [
        (figure, f"{metric} {label}")
        for figure, label in zip(figures, labels, strict=True)
        if figure is not None
    ]
    if scores.chance is not None:
        chance = scores.chance
        says = f"{chance.metric} with {counted(subject.K, 'random feature')}, "
        says += f"p\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}{chance.p_value:.2g}"
        tiles.insert(1, (in_words(chance.metric, chance.mean), says))
    return [tag("li", tag("strong", figure), tag("span", text)) for figure, text in tiles]


def _basis(scores):
    """Say how the scores were measured."""
    if scores.held_out is not None:
        n, who = scores.held_out.get("n_samples"), scores.held_out.get("estimator", "a model")
        text = f"Score of {who} on {'' if n is None else f'{count(n)} '}held-out rows"
        n_splits = scores.held_out.get("n_splits", 1)
        if n_splits > 1:
            text += f" (mean of {count(n_splits)} splits with a new selection in each)"
        return f"{text}."
    if scores.curve is None:
        return ""
    folds = f"Mean of {scores.curve.scores.shape[1]} folds, each with its own selection; ± is the "
    if scores.curve.metric == "explained variance":
        return (
            "Explained variance is the share of the variance of the other features that a model "
            f"predicts from the selected ones, on held-out rows. {folds}standard error."
        )
    return f"Score of a model on held-out rows (cross-validation). {folds}standard error."
