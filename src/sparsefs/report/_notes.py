# SPDX-License-Identifier: BSD-3-Clause
"""Cautions about a selection, found in its scores, columns and settings."""

from __future__ import annotations

import numpy as np

from ..utils.text import counted
from ._html import Html, count, html, share, tag
from ._redundancy import Redundancy
from ._scores import Scores
from ._statistics import ColumnFacts
from ._subject import Subject


def notes(
    subject: Subject, scores: Scores, columns: ColumnFacts, redundancy: Redundancy, doubts=()
) -> list[Html]:
    """Write the cautions, the most serious first; `doubts` are those about the data."""
    found = [
        *doubts,
        *_of_scores(subject, scores),
        *_of_columns(subject, columns),
        *_of_selector(subject),
        *_of_groups(redundancy),
    ]
    return [html(note) for note in found]


def _of_scores(subject, scores):
    metric, selected = scores.metric, scores.selected
    value = np.nan if selected is None else selected.value
    target = subject.target
    if metric == "accuracy" and target is not None and target.task == "classification":
        counts = target.counts
        most = int(counts.argmax())
        guess = counts[most] / counts.sum()
        if value <= guess + 0.01:
            yield "The selection scores no better than guessing."
        yield f"Always guessing “{target.outputs[most]}” is right in {share(guess)} of cases."
    elif metric == "R2" and value <= 0.01:
        yield "The selection scores no better than always predicting the mean."
    if scores.chance is not None and not scores.chance.is_beaten:
        random = counted(subject.n_selected, f"random {subject.unit}")
        p = f"p = {scores.chance.p_value:.2g}"
        yield f"The selection is not clearly better than {random} ({p})."
    if scores.held_out is None and scores.every is not None:
        ours, all_ = scores.at(scores.n_selected), scores.at(scores.n_units)
        if ours and all_ and all_[0] - ours[0] > 2 * np.hypot(ours[1], all_[1]):
            yield "All features together score clearly more. A larger K may help."
    if scores.curve is None and scores.held_out is None:
        yield "The quality of the selection is unknown: no held-out rows were scored."
    if scores.origin == "path":
        yield (
            f"K = {count(scores.n_selected)} was chosen as the best point of the curve below, so "
            "its score there is optimistic."
        )
        if scores.n_selected == scores.curve.Ks[-1] < scores.n_units:
            yield "K is the largest number that was tried. More features may score higher."


def _of_columns(subject, columns):
    constant = int(columns.constant[subject.order].sum())
    if constant:
        yield (
            f"{counted(constant, 'selected feature is', 'selected features are')} constant and "
            "useless: choose a smaller K."
        )
    missing = int((columns.n_missing[subject.order] > 0).sum())
    if missing:
        having = counted(missing, "selected feature has", "selected features have")
        yield f"{having} missing values."


def _of_selector(subject):
    selector, target = subject.selector, subject.target
    if target is not None and not subject.uses_y:
        yield (
            f"The selector did not use {target.called}. This report uses it to describe the "
            "features and to score the selection."
        )
    if "random_state" in selector.get_params() and selector.random_state is None:
        yield html(
            "No seed was set, so another run may select other features. Set ",
            tag("code", "random_state"),
            " to select the same features again.",
        )
    if hasattr(selector, "pfer_"):
        yield (
            f"Each selected feature was selected in at least {share(selector.threshold_)} of the "
            f"fits on random halves of the rows. At most {selector.pfer_:.2g} false selections are "
            "expected, if noise features are equally likely to be selected."
        )
    elif hasattr(selector, "q_values_"):
        yield (
            f"About {share(selector.level)} of the selected features are expected to be false, or "
            "fewer. The documentation of the selector says what this assumes."
        )


def _of_groups(redundancy):
    if redundancy.groups:
        n, members = len(redundancy.groups), sum(map(len, redundancy.groups))
        yield html(
            f"{count(members)} selected features form {counted(n, 'group')} of nearly identical "
            "features; one of each group may be enough: see ",
            tag("a", "redundancy", href="#redundancy"),
            ".",
        )
