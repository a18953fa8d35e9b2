# SPDX-License-Identifier: BSD-3-Clause
"""How much selections agree: over the splits of ``accuracy``, and over random states."""

from itertools import combinations

import numpy as np

from benchmarks import methods
from benchmarks.tables.accuracy import in_order
from benchmarks.tables.measured import Measured, marked
from sparsefs.evaluation import stability as nogueira

KS = (20, 50)


def stability(results, reseeded):
    """Means over the sets on which a method has several splits; marked if it runs on few."""
    measured, again = Measured(results), Measured(reseeded)
    lines = []
    for method in in_order(measured):
        figures = {k: of_sets(measured, method, k) for k in KS}
        if method == methods.ALL or not any(len(found) for found in figures.values()):
            continue
        line = [marked(method), max(map(len, figures.values()))]
        for i in (0, 1):
            line += [cell(figures[k], i) for k in KS]
        line += [cell(of_sets(again, method, k), 1) for k in KS]
        lines.append(line)
    titles = ("Nogueira", "Jaccard", "Jaccard, same split")
    return ["Method", "Sets", *(f"{title}, K = {k}" for title in titles for k in KS)], lines


def of_sets(measured, method, k):
    """(Nogueira's index, mean Jaccard) of the first k on every set."""
    found = []
    for name in measured.every_set:
        rows = [r for r in measured.found.get((method, name), []) if r["best"]]
        rows = [r for r in rows if r.get("K", "all") in ("all", str(k))]
        if len(rows) > 1:
            chosen = [[*map(int, row["best"].split())][:k] for row in rows]
            found.append(agreement(chosen, int(rows[0]["n_features"])))
    return np.array(found)


def agreement(chosen, n_features):
    masks = np.zeros((len(chosen), n_features), dtype=bool)
    for mask, features in zip(masks, chosen, strict=True):
        mask[features] = True
    pairs = combinations(map(set, chosen), 2)
    jaccard = np.mean([len(a & b) / max(len(a | b), 1) for a, b in pairs])
    return nogueira(masks).value, jaccard


def cell(figures, i):
    return f"{np.nanmean(figures[:, i]):.2f}" if len(figures) else ""


TABLES = {"accuracy_stability": (stability, "accuracy", "reseeded")}
