# SPDX-License-Identifier: BSD-3-Clause
"""What was selected and how good that is, before anything else."""

from __future__ import annotations

from .._html import Html, count, html, items, paragraph, tag
from .._scores import Scores, in_words, with_error
from .._subject import Subject

_FIRST = 10  # features that are named


def answer(subject: Subject, scores: Scores, notes: list, source: str | None) -> Html:
    """The selection in figures and a sentence, and what to mind about it."""
    of = tag("span", f"of {count(subject.n_features)} features selected")
    tiles = [tag("li", tag("strong", count(subject.K)), of), *_tiles(subject, scores)]
    names = [tag("b", subject.names[i]) for i in subject.order[:_FIRST]]
    listed = html(*(html(", " if i else "", name) for i, name in enumerate(names)))
    if subject.K == 1:
        first = html("It is ", listed, ".")
    elif subject.K <= _FIRST:
        first = html("They are, the best first: ", listed, ".")
    else:
        first = html(f"The best {_FIRST}: ", listed, f", and {count(subject.K - _FIRST)} more.")
    rows = f"{count(subject.n_samples)} rows"
    which = html(
        tag("code", type(subject.selector).__name__),
        f" chose them from {rows} of {source}. " if source else f" chose them from {rows}. ",
    )
    warnings = tag("aside", tag("h2", "Keep in mind"), items("ul", notes), class_="notes")
    return tag(
        "section",
        tag("ul", *tiles, class_="tiles"),
        paragraph(which, first),
        paragraph(_basis(scores)) if _basis(scores) else None,
        warnings if notes else None,
        id="answer",
        aria_label="The answer",
    )


def _tiles(subject, scores):
    if scores.held_out is not None:
        metric = scores.held_out["metric"]
        pairs = [("with them", scores.held_out["selected"])]
        if "all" in scores.held_out:
            pairs.append((f"with all {count(subject.n_features)}", scores.held_out["all"]))
        return [_tile(in_words(metric, value), f"{metric} {which}") for which, value in pairs]
    every = None if subject.K == subject.n_features else scores.of_all(subject.n_features)
    pairs = [("with them", scores.at(subject.K))]
    pairs.append((f"with all {count(subject.n_features)}", every))
    return [
        _tile(with_error(scores.curve.metric, *score), f"{scores.curve.metric} {which}")
        for which, score in pairs
        if score is not None
    ]


def _tile(figure, label):
    return tag("li", tag("strong", figure), tag("span", label))


def _basis(scores):
    """Where the figures are from."""
    if scores.held_out is not None:
        n, who = scores.held_out.get("n_samples"), scores.held_out.get("estimator", "a model")
        return f"Measured with {who} on {'' if n is None else f'{count(n)} '}rows held out from it."
    if scores.curve is None:
        return ""
    n_folds = scores.curve.scores.shape[1]
    if scores.curve.metric == "explained variance":
        return (
            "Explained variance is the share of the variance of the features left out that a model "
            f"predicts from those selected, on rows it has not seen: the mean of {n_folds} folds, "
            "each with a selection of its own. ± is the standard error."
        )
    return (
        f"Measured by cross-validation: in each of {n_folds} folds features were selected anew and "
        "a model was fitted to them, and both were judged on the rows left out. ± is the standard "
        "error."
    )
