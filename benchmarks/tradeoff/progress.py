# SPDX-License-Identifier: BSD-3-Clause
"""Hypervolume over the trials of a search, between the worst and the best trial of all searches.

Minimised are the error and the logarithms of both counts of operations, which span orders of
magnitude, each scaled so that all trials of all samplers and seeds on a data set lie between 0 and
1. The reference is the worst corner, so that 1 would be a trial that is best in everything.
"""

import numpy as np

from benchmarks.results import Results
from benchmarks.tradeoff import samplers, searches


def by_data():
    """{data: {sampler: hypervolumes (seeds, trials)}} of the searches that are complete."""
    found = {}
    for row in Results(samplers.FILE, searches.KEY).rows:
        found.setdefault(row["data"], {}).setdefault(_identity(row), []).append(row)
    return {data: _progress([*runs.items()]) for data, runs in found.items()}


def _identity(row):
    return tuple(row[name] for name in searches.SEARCH)


def _progress(runs):
    most = max(len(rows) for _, rows in runs)
    runs = [(identity, rows) for identity, rows in runs if len(rows) == most]
    points = [np.array([_point(row) for row in rows]) for _, rows in runs]
    every = np.concatenate(points)
    low, high = np.nanmin(every, 0), np.nanmax(every, 0)
    curves = {}
    for (identity, _), own in zip(runs, points, strict=True):
        scaled = (own - low) / np.where(high > low, high - low, 1)
        curves.setdefault(identity[searches.SEARCH.index("sampler")], []).append(growth(scaled))
    order = [name for name in samplers.SAMPLERS if name in curves]
    return {name: np.array(curves[name]) for name in order}


def growth(points):
    """The hypervolume of the first 1, 2, ... points from the corner (1, 1, 1); nan fails."""
    from sparsefs.search import hypervolume

    front, volumes = np.empty((0, points.shape[1])), []
    volume = 0.0
    for point in points:
        if np.isfinite(point).all() and not (front <= point).all(1).any():
            front = np.vstack([front[~(point <= front).all(1)], point])
            volume = float(hypervolume(front, np.ones(len(point))))
        volumes.append(volume)
    return np.array(volumes)


def _point(row):
    if row["status"] != searches.COMPLETE:
        return [np.nan] * 3
    flops = [np.log10(float(row[name])) for name in ("inference_flops", "training_flops")]
    return [100 - float(row["accuracy"]), *flops]
