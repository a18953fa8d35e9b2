# SPDX-License-Identifier: BSD-3-Clause
"""The selection and its score, at the top of the report."""

from __future__ import annotations

from ...utils.text import counted
from .._html import Html, count, items, paragraph, tag
from .._pictures import chance_picture
from .._scores import Scores, in_range, in_words
from .._subject import Subject

_FIRST = 10  # names that are shown


def answer(subject: Subject, scores: Scores, notes: list, source: str | None) -> Html:
    """Write the number of features, the scores, the best names and the cautions."""
    subset = counted(scores.n_selected, subject.unit)
    tiles = [_tile(*entry) for entry in _tiles(subject, scores)]
    warnings = tag("aside", tag("h2", "Keep in mind"), items("ul", notes), class_="notes")
    return tag(
        "section",
        tag("ul", *tiles, class_="tiles"),
        paragraph(
            tag("code", type(subject.selector).__name__),
            f" selected from {count(subject.n_samples)} rows",
            f" of {source}" if source else None,
            ": " if subject.K == 1 else ", best first: ",
            subject.listed(subject.order, _FIRST),
            ".",
        ),
        paragraph(_basis(scores)) if _basis(scores) else None,
        None if scores.chance is None else chance_picture(scores.chance, subset),
        warnings if notes else None,
        id="answer",
        aria_label="The answer",
    )


def _tiles(subject, scores):
    """Yield figure, its uncertainty or None, and what it is."""
    of, features = f"of {count(subject.n_features)} features selected", None
    if subject.unit_of is not None:
        of = f"of {count(scores.n_units)} groups selected"
        features = f"{count(subject.K)} of {count(subject.n_features)} features"
    elif scores.n_units < subject.n_features:  # exclude, adjust_for
        features = f"{count(scores.n_units)} could be selected"
    yield count(scores.n_selected), features, of
    metric, chance = scores.metric, scores.chance
    if scores.selected is not None:
        yield *_with_interval(metric, scores.selected), f"{metric} with the selection"
    if chance is not None:
        says = f"{chance.metric} with {counted(scores.n_selected, f'random {subject.unit}')}, "
        says += f"p\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}{chance.p_value:.2g}"
        middle = f"95 % of them: {in_range(chance.metric, chance.low, chance.high)}"
        yield in_words(chance.metric, chance.mean), middle, says
    if scores.every is not None:
        says = f"{metric} with all {counted(scores.n_units, subject.unit)}"
        yield *_with_interval(metric, scores.every), says


def _with_interval(metric, figure):
    interval = figure.interval
    shown = None if interval is None else f"95 % interval {in_range(metric, *interval)}"
    return in_words(metric, figure.value), shown


def _tile(figure, uncertainty, text):
    small = None if uncertainty is None else tag("small", uncertainty)
    return tag("li", tag("strong", figure), small, tag("span", text))


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
    what = "Score of a model on held-out rows (cross-validation)"
    if scores.curve.metric == "explained variance":
        what = (
            "Explained variance is the share of the variance of the other features that a model "
            "predicts from the selected ones, on held-out rows"
        )
    return f"{what}. Mean of {scores.curve.scores.shape[1]} folds, each with its own selection."
