# SPDX-License-Identifier: BSD-3-Clause
"""The selected features in the samples."""

from __future__ import annotations

import numpy as np

from ...utils.text import counted
from .._html import Section, count, section, tag
from .._pictures import DIVERGING, heat_map
from .._redundancy import Redundancy
from .._subject import Subject
from .redundancy import MOST_IN_PICTURE

_MOST_SAMPLES = 200
_FARTHEST = 2.0  # standard deviations


def samples(subject: Subject, found: Redundancy) -> Section | None:
    """Draw the best features in samples, which are in the order of the target."""
    features, n = found.features[found.clustered(MOST_IN_PICTURE)], subject.n_samples
    if not len(features) or n < 2:
        return None
    keys = np.zeros(n) if subject.target is None else subject.target.order
    every = np.argsort(keys, kind="stable")
    # Equal steps through the order keep the shares of the classes.
    rows = every[np.linspace(0, n - 1, min(n, _MOST_SAMPLES)).round().astype(int)]
    rows = np.sort(rows)
    block = subject.sample(features, rows)
    n_known = np.maximum((~np.isnan(block)).sum(axis=0), 1)
    away = block - np.nansum(block, axis=0) / n_known
    scale = np.sqrt(np.nansum(away**2, axis=0) / n_known)
    away = away / np.where(scale > 0, scale, 1.0)
    filled = np.nan_to_num(away).clip(-3, 3)
    first = np.linalg.svd(filled, full_matrices=False)[0][:, 0]
    order = np.lexsort((first, keys[rows]))
    kind = " (columns of numbers)" if subject.others else ""
    caption = f"{counted(len(features), 'selected feature')}{kind} in {count(len(rows))} samples"
    if len(rows) < n:
        caption += f" (of {count(n)}, at equal steps of this order)"
    target = subject.target
    by = (
        "similar ones next to each other"
        if target is None
        else f"in the order of {target.ordered_by}"
    )
    caption += f", {by}"
    names = [f"sample {row + 1}" for row in rows[order]]
    if target is not None:
        names = [
            f"{name} ({target.of_sample(row)})"
            for name, row in zip(names, rows[order], strict=True)
        ]
    return section(
        "samples",
        "Samples",
        heat_map(
            away[order].T,
            subject.named(features),
            names,
            caption,
            colours=DIVERGING,
            ends=(-_FARTHEST, _FARTHEST),
            labels=("2 SD below the mean", "2 SD above"),
            above=_strip(target, rows[order]),
        ),
    )


def _strip(target, rows):
    """Write the classes above their samples, or the ends of a number."""
    if target is None:
        return None
    if target.task != "classification":
        ends = [tag("span", target.of_sample(row)) for row in (rows[0], rows[-1])]
        return tag("div", ends[0], tag("span", target.ordered_by), ends[1], class_="strip ends")
    classes, sizes = np.unique(target.values[rows], return_counts=True)
    parts = [
        tag("span", target.outputs[c], style=f"flex:{n}", title=f"{target.outputs[c]}: {n}")
        for c, n in zip(classes, sizes, strict=True)
    ]
    return tag("div", *parts, class_="strip")
