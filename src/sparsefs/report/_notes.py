# SPDX-License-Identifier: BSD-3-Clause
"""What a reader should mind, found in the selection itself."""

from __future__ import annotations

import numpy as np

from ._html import Html, count, html, share, tag
from ._redundancy import Redundancy
from ._scores import Scores, in_words
from ._statistics import ColumnFacts
from ._subject import Subject


def notes(
    subject: Subject, scores: Scores, columns: ColumnFacts, redundancy: Redundancy
) -> list[Html]:
    """Sentences, the gravest first."""
    found = [
        *_of_scores(subject, scores),
        *_of_columns(subject, columns),
        *_of_selector(subject),
        *_of_groups(redundancy),
    ]
    return [html(note) for note in found]


def _of_scores(subject, scores):
    metric, value = _selected(subject, scores)
    target = subject.target
    if metric == "accuracy" and target is not None and target.task == "classification":
        counts = target.counts
        most = int(counts.argmax())
        guess = counts[most] / counts.sum()
        guessing = f"Always guessing “{target.outputs[most]}” would be right in {share(guess)}"
        if value <= guess + 0.01:
            yield f"The selection tells nothing: {guessing[0].lower()}{guessing[1:]}."
        else:
            yield f"{guessing}."
    elif metric == "R2" and value <= 0.01:
        yield "The selection tells nothing: always guessing the mean would be as good."
    if scores.held_out is None and subject.K < subject.n_features:
        ours, all_ = scores.at(subject.K), scores.of_all(subject.n_features)
        if ours and all_ and all_[0] - ours[0] > 2 * np.hypot(ours[1], all_[1]):
            yield (
                f"All features together are better, {in_words(metric, all_[0])} against "
                f"{in_words(metric, ours[0])}: a larger K may be worth it."
            )
    if scores.curve is None and scores.held_out is None:
        yield "Nothing here says how good the selection is: no score on held-out rows was measured."
    if scores.origin == "path":
        yield (
            f"K = {count(subject.K)} was chosen by the scores of the curve below, so its score "
            "there is too high: the best of several noisy figures."
        )
        if subject.K == scores.curve.Ks[-1] < subject.n_features:
            yield "K is the largest number that was tried: more features may be better."


def _selected(subject, scores):
    if scores.held_out is not None:
        return scores.held_out["metric"], scores.held_out["selected"]
    at = scores.at(subject.K)
    return (None, np.nan) if at is None else (scores.curve.metric, at[0])


def _of_columns(subject, columns):
    constant = int(columns.constant[subject.order].sum())
    if constant:
        yield (
            f"{count(constant)} of the selected features {_are(constant)} constant, and cannot "
            "tell anything: fewer features would do."
        )
    missing = int((columns.n_missing[subject.order] > 0).sum())
    if missing:
        yield f"{count(missing)} of the selected features {_have(missing)} missing values."


def _of_selector(subject):
    selector, target = subject.selector, subject.target
    if target is not None and not subject.uses_y:
        yield (
            f"The selector has not seen {target.called}. It is in this report to describe the "
            "features and to judge the selection."
        )
    if "random_state" in selector.get_params() and selector.random_state is None:
        yield html(
            "No seed was set: another run may select other features. Pass ",
            tag("code", "random_state"),
            " to get the same ones.",
        )
    if hasattr(selector, "pfer_"):
        yield (
            f"Features were taken that at least {share(selector.threshold_)} of the fits to halves "
            f"of the rows take. At most {selector.pfer_:.2g} of them are then expected to be "
            "false, if noise is not more like some features than like others."
        )


def _of_groups(redundancy):
    if redundancy.groups:
        n, members = len(redundancy.groups), sum(map(len, redundancy.groups))
        groups = "a group" if n == 1 else f"{count(n)} groups"
        yield html(
            f"{count(members)} of the selected features form {groups} of near-copies, of which one "
            "each may do: see ",
            tag("a", "redundancy", href="#redundancy"),
            ".",
        )


def _are(n):
    return "is" if n == 1 else "are"


def _have(n):
    return "has" if n == 1 else "have"
