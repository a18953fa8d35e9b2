# SPDX-License-Identifier: BSD-3-Clause
"""Tables of the trade-off experiments, from their rows."""

import itertools
from functools import partial

import numpy as np

from benchmarks.formatting import numbers
from benchmarks.results import Results
from benchmarks.tradeoff import (
    curves,
    evaluation,
    optimization,
    optimization_evaluation,
    progress,
    random_search,
    reproduction,
    samplers,
    searches,
)

FALLS = (0.5, 1.0, 2.0)  # points of accuracy below the dense network


# Reproduction


def falls():
    header = ["Data", "Topology", "Seeds", "Dense accuracy, %", "Points below"]
    header += ["At sparsity", "Training FLOPs saved there", "Last measured sparsity before"]
    lines = []
    for group in curves.groups():
        found = curves.of(group)
        dense = found["dense"].accuracies.mean()
        for topology, points in itertools.product(curves.LABELS, FALLS):
            if topology == "dense" or topology not in found:
                continue
            curve = found[topology]
            place = curves.place_of_fall(curve, dense, points)
            if place is None:
                cells = [
                    f"beyond {max(curve.sparsities):g}",
                    f"over {100 * max(curve.saved):.1f} %",
                ]
                before = max(curve.sparsities)
            else:
                cells = [f"{place[0]:.3f}", f"{100 * place[1]:.1f} %"]
                before = max([0, *curve.sparsities[curve.sparsities < place[0]]])
            first = [group[0], curves.LABELS[topology], curve.accuracies.shape[1], f"{dense:.2f}"]
            lines.append([*first, f"{points:g}", *cells, f"{before:g}"])
    return header, lines


def curve_table(data):
    """Accuracy and training operations over sparsities, of one data set."""
    (group,) = (group for group in curves.groups() if group[0] == data)
    found = curves.of(group)
    header = ["Sparsity"]
    for topology in ("set", "rigl"):
        label = curves.LABELS[topology]
        header += [f"{label}: accuracy, %", f"{label}: training FLOPs, of the dense"]
    lines = [["0 (dense)", *[mean_deviation(found["dense"].accuracies[0]), "100 %"] * 2]]
    sparsities = sorted({s for t in found if t != "dense" for s in found[t].sparsities})
    for sparsity in sparsities:
        line = [f"{sparsity:g}"]
        for topology in ("set", "rigl"):
            at = np.flatnonzero(found[topology].sparsities == sparsity) if topology in found else ()
            if len(at):
                curve = found[topology]
                share = 100 * (1 - curve.saved[at[0]])
                line += [mean_deviation(curve.accuracies[at[0]]), f"{share:.1f} %"]
            else:
                line += ["", ""]
        lines.append(line)
    return header, lines


def mean_deviation(values):
    if len(values) == 1:
        return f"{values[0]:.2f}"
    return f"{np.mean(values):.2f} ± {np.std(values, ddof=1):.2f}"


# What was measured, and how long it took


def runs_made():
    header = ["Experiment", "Data", "Training rows", "Setting or sampler", "Epochs", "Seeds"]
    header += ["Rows", "Seconds a row, median", "Commits"]
    lines = []
    for module in (reproduction, optimization, optimization_evaluation, evaluation, random_search,
                   samplers):  # fmt: skip
        by = {}
        for row in Results(module.FILE, ()).rows:
            setting = row.get("setting") or f"{row['sampler']}, {_folds(row['folds'])}"
            group = row["data"], row.get("n_rows") or row["n_train"], setting
            by.setdefault(group, []).append(row)
        for (data, n, setting), rows in by.items():
            epochs = sorted({int(row["epochs"]) for row in rows})
            shown = f"{epochs[0]}" + (f" to {epochs[-1]}" if len(epochs) > 1 else "")
            cells = [len({row["seed"] for row in rows}), len(rows)]
            cells += [f"{np.median(numbers(rows, 'seconds')):.2f}"]
            commits = ", ".join(sorted({row["commit"] for row in rows}))
            name = module.FILE.removeprefix("tradeoff_").replace("_", " ")
            lines.append([name, data, n, setting, shown, *cells, commits])
    return header, lines


def _folds(n):
    return "hold-out" if n == "1" else f"{n} folds"


# Samplers


def hypervolumes():
    """Of every sampler after all trials, and after a quarter of them."""
    header = ["Data", "Sampler", "Seeds", "Trials", "After a quarter", "After all", "least", "most"]
    header += ["Trials to Latin hypercube's end"]
    lines = []
    for name, runs in progress.by_data().items():
        at_end = {s: np.median([c[-1] for c in found]) for s, found in runs.items()}
        for sampler, found in runs.items():
            ends = [curve[-1] for curve in found]
            n = len(found[0])
            quarter = np.median([curve[n // 4 - 1] for curve in found])
            as_good = np.flatnonzero(np.median(found, 0) >= at_end.get("latin-hypercube", np.inf))
            cells = [f"{x:.3f}" for x in (quarter, at_end[sampler], min(ends), max(ends))]
            reached = as_good[0] + 1 if len(as_good) else "not"
            lines.append([name, sampler, len(found), n, *cells, reached])
    return header, lines


# Searches, and what they found


def fronts():
    """The searches' first layers, and the accuracy of what they found on the test rows."""
    header = ["Data", "Search", "Seed", "Trials", "ended well", "First layer", "Second layer"]
    header += ["Best in the search, %", "Best on the test rows, %"]
    tested = Results(optimization_evaluation.FILE, optimization_evaluation.KEY)
    lines = []
    for module in (optimization, random_search):
        by = {}
        for row in Results(module.FILE, searches.KEY).rows:
            by.setdefault(tuple(row[name] for name in searches.SEARCH), []).append(row)
        for search, rows in by.items():
            identity = dict(zip(searches.SEARCH, search, strict=True))
            ok = [row for row in rows if row["status"] == searches.COMPLETE]
            layers = [sum(row["layer"] == layer for row in rows) for layer in ("0", "1")]
            again = numbers(tested.where(**identity), "accuracy")
            name = f"{identity['sampler']}, {_folds(identity['folds'])}"
            cells = [identity["data"], name, identity["seed"], len(rows), len(ok), *layers]
            cells += [f"{max(numbers(ok, 'accuracy')):.2f}"]
            lines.append([*cells, f"{max(again):.2f}" if len(again) else ""])
    return header, lines


def evaluated():
    """Mean change of accuracy and of training operations against the same setting dense."""
    header = ["Data", "Settings", "Sparsity"]
    header += [f"{curves.LABELS[t]}: {what}" for t in ("set", "rigl")
               for what in ("points against dense", "training FLOPs, of the dense")]  # fmt: skip
    by = {}
    for row in Results(evaluation.FILE, evaluation.KEY).rows:
        setting = tuple(row[name] for name in (*searches.KEY, "n_rows", "epochs"))
        kinds = by.setdefault(row["data"], {}).setdefault(setting, {})
        kinds[row["topology"], float(row["sparsity"])] = row
    lines = []
    for data, settings in by.items():
        settings = [kinds for kinds in settings.values() if ("dense", 0.0) in kinds]
        for sparsity in sorted({s for kinds in settings for _, s in kinds} - {0.0}):
            line = [data, len(settings), f"{sparsity:g}"]
            for topology in ("set", "rigl"):
                pairs = [
                    (kinds[topology, sparsity], kinds["dense", 0.0])
                    for kinds in settings
                    if (topology, sparsity) in kinds
                ]
                change = [float(a["accuracy"]) - float(b["accuracy"]) for a, b in pairs]
                shares = [
                    float(row["training_flops_sparse"]) / float(row["training_flops_dense"])
                    for row, _ in pairs
                ]
                if pairs:
                    line += [f"{np.median(change):+.2f}", f"{100 * np.mean(shares):.1f} %"]
                else:
                    line += ["", ""]
            lines.append(line)
    return header, lines


TABLES = {  # they read several files each
    "tradeoff_falls": (falls,),
    "tradeoff_curve_mnist": (partial(curve_table, "mnist"),),
    "tradeoff_curve_fashion_mnist": (partial(curve_table, "fashion_mnist"),),
    "tradeoff_runs": (runs_made,),
    "tradeoff_samplers": (hypervolumes,),
    "tradeoff_searches": (fronts,),
    "tradeoff_evaluation": (evaluated,),
}
