# SPDX-License-Identifier: BSD-3-Clause
"""Accuracy over sparsities, from the rows of the reproduction, and where it falls."""

from typing import NamedTuple

import numpy as np

from benchmarks.results import Results
from benchmarks.tradeoff import reproduction

GROUP = ("data", "n_train", "setting", "epochs")
LABELS = {"set": "SET", "rigl": "RigL", "dense": "dense"}


class Curve(NamedTuple):
    """One topology over sparsities; accuracies (sparsities, seeds) in percent, `saved` a share."""

    sparsities: np.ndarray
    accuracies: np.ndarray
    saved: np.ndarray
    flops: np.ndarray


def groups():
    """What was measured most on every data set: (data, n_train, setting, epochs)."""
    found = {}
    for row in Results(reproduction.FILE, reproduction.KEY).rows:
        found.setdefault(tuple(row[name] for name in GROUP), []).append(row)
    most = {}
    for group, rows in found.items():
        complete = [row for row in rows if row["topology"] == "dense"]
        if complete and len(rows) > len(most.get(group[0], (None, ()))[1]):
            most[group[0]] = group, rows
    return [group for group, _ in most.values()]


def of(group):
    """{topology: curve} of the seeds that a topology has at every sparsity."""
    rows = Results(reproduction.FILE, reproduction.KEY).where(
        **dict(zip(GROUP, group, strict=True))
    )
    found = {}
    for topology in LABELS:
        own = [row for row in rows if row["topology"] == topology]
        by = {(float(row["sparsity"]), row["seed"]): row for row in own}
        sparsities = sorted({sparsity for sparsity, _ in by})
        seeds = [
            seed
            for seed in sorted({seed for _, seed in by})
            if all((sparsity, seed) in by for sparsity in sparsities)
        ]
        if seeds:
            table = [[by[sparsity, seed] for seed in seeds] for sparsity in sparsities]
            flops, dense = (
                np.array([[float(row[f"training_flops_{k}"]) for row in line] for line in table])
                for k in ("sparse", "dense")
            )
            found[topology] = Curve(
                np.array(sparsities),
                np.array([[float(row["accuracy"]) for row in line] for line in table]),
                (1 - flops / dense).mean(1),
                flops.mean(1),
            )
    return found


def place_of_fall(curve, dense, points):
    """Sparsity and share of training operations saved where the mean accuracy is `points` lower.

    The first such place on straight lines between the sparsities, which begin at the dense
    network; None if there is none.
    """
    sparsities = np.r_[0, curve.sparsities]
    lost = np.r_[0, dense - curve.accuracies.mean(1)]
    saved = np.r_[0, curve.saved]
    below = np.flatnonzero(lost >= points)
    if not len(below):
        return None
    i = below[0]
    part = (points - lost[i - 1]) / (lost[i] - lost[i - 1])
    return tuple(a[i - 1] + part * (a[i] - a[i - 1]) for a in (sparsities, saved))
