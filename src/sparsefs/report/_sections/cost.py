# SPDX-License-Identifier: BSD-3-Clause
"""What the selection took."""

from __future__ import annotations

import numpy as np

from .._html import Bar, Html, count, paragraph, section, table
from .._pictures import history_picture
from .._scores import Scores
from .._subject import Subject

_COSTS = {
    "parameters": "Parameters",
    "bytes": "Bytes",
    "inference_flops": "FLOPs, one sample",
    "training_flops": "FLOPs, training",
}
_UNITS = ((1e12, "trillion"), (1e9, "billion"), (1e6, "million"))


def cost(subject: Subject, scores: Scores) -> Html | None:
    """Seconds, the sparse network beside the dense one, and how the training went."""
    selector = subject.selector
    history, costs = getattr(selector, "history_", None), getattr(selector, "costs_", None)
    parts = [*_seconds(selector, history, scores)]
    if costs:
        parts.append(_table(costs))
        parts.append(
            paragraph(
                "FLOPs are additions and multiplications of the products of the network, a count "
                "and not a time. Dense is the same network with all connections and all features."
            )
        )
    if history and len(history.get("loss", ())) > 1:
        parts.append(history_picture(history))
    return section("cost", "Cost", *parts) if parts else None


def _seconds(selector, history, scores):
    text = []
    if history and "seconds" in history:
        n, seconds = len(history["loss"]), float(np.sum(history["seconds"]))
        unit = "round" if "n_inputs" in history else "epoch"
        text.append(
            f"The training took {count(n)} {unit}{'' if n == 1 else 's'}, {_time(seconds)}. "
        )
    n_replicas = getattr(selector, "n_replicas", 1)
    if n_replicas > 1:
        text.append(f"Figures are those of one of {count(n_replicas)} networks. ")
    if scores.curve is not None and scores.curve.fit_seconds is not None:
        of_fold = float(np.mean(scores.curve.fit_seconds))
        text.append(
            f"A selection in the cross-validation took {_time(of_fold)}, the mean of "
            f"{len(scores.curve.fit_seconds)}."
        )
    return [paragraph(*text)] if text else []


def _time(seconds):
    if seconds < 120:
        return f"{f'{seconds:.2g}' if seconds < 10 else f'{seconds:.0f}'} seconds"
    return f"{seconds / 60:.0f} minutes"


def _table(costs):
    rows = []
    for name, label in _COSTS.items():
        if name in costs:
            ours, dense = costs[name]["sparse"], costs[name]["dense"]
            rows.append(
                (label, *(Bar(v, 0, _large(v)) for v in (ours, dense)), _ratio(ours, dense))
            )
    return table(["", "Sparse, as it was", "Dense", "Sparse of dense"], rows, "Cost of the network")


def _large(value):
    for unit, name in _UNITS:
        if value >= unit:
            return f"{value / unit:.4g} {name}"
    return count(value)


def _ratio(ours, dense):
    if not dense:
        return None
    return Bar(ours / dense, min(1, ours / dense), f"{100 * ours / dense:.3g} %")
