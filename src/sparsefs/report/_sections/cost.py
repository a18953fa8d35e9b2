# SPDX-License-Identifier: BSD-3-Clause
"""Time, memory and computation of the selection."""

from __future__ import annotations

import numpy as np

from ...utils.costs import COST_NAMES
from ...utils.text import counted
from .._html import Bar, Section, count, paragraph, section, table
from .._pictures import history_picture
from .._scores import Scores
from .._subject import Subject

_LABELS = ("Parameters", "Bytes", "FLOPs of one prediction", "FLOPs of training")  # of COST_NAMES
_UNITS = ((1e12, "trillion"), (1e9, "billion"), (1e6, "million"))


def cost(subject: Subject, scores: Scores) -> Section | None:
    """Write the seconds, the costs compared with a dense network, and draw the loss."""
    selector = subject.selector
    history, costs = getattr(selector, "history_", None), getattr(selector, "costs_", None)
    parts = [*_seconds(history, scores)]
    if costs:
        parts.append(_table(costs))
        parts.append(
            paragraph(
                "FLOPs count the additions and multiplications of the network's products. Dense is "
                "the same network with all connections and all features."
            )
        )
    if history and len(history.get("loss", ())) > 1:
        parts.append(history_picture(history))
    return section("cost", "Cost", *parts) if parts else None


def _seconds(history, scores):
    text = []
    if history and "seconds" in history:
        n, seconds = len(history["loss"]), float(np.sum(history["seconds"]))
        unit = "round" if "n_inputs" in history else "epoch"
        text.append(f"Training took {counted(n, unit)}, {_time(seconds)}. ")
    if scores.curve is not None and scores.curve.fit_seconds is not None:
        of_fold = float(np.mean(scores.curve.fit_seconds))
        text.append(
            f"Selecting in one fold of the cross-validation took {_time(of_fold)} (mean of "
            f"{len(scores.curve.fit_seconds)} folds)."
        )
    return [paragraph(*text)] if text else []


def _time(seconds):
    if seconds < 120:
        return f"{f'{seconds:.2g}' if seconds < 10 else f'{seconds:.0f}'} seconds"
    return f"{seconds / 60:.0f} minutes"


def _table(costs):
    rows = []
    for name, label in zip(COST_NAMES, _LABELS, strict=True):
        if name in costs:
            ours, dense = costs[name]["sparse"], costs[name]["dense"]
            rows.append(
                (label, *(Bar(v, 0, _large(v)) for v in (ours, dense)), _ratio(ours, dense))
            )
    return table(["", "Sparse", "Dense", "Sparse / dense"], rows, "Cost of the network")


def _large(value):
    for unit, name in _UNITS:
        if value >= unit:
            return f"{value / unit:.4g} {name}"
    return count(value)


def _ratio(ours, dense):
    if not dense:
        return None
    return Bar(ours / dense, min(1, ours / dense), f"{100 * ours / dense:.3g} %")
