# SPDX-License-Identifier: BSD-3-Clause
"""Figures of the trade-off experiments.

Colours are those of Okabe and Ito, which colour-blind readers tell apart; in print, markers and
dashes do.
"""

import numpy as np
from matplotlib.figure import Figure

from benchmarks.results import Results
from benchmarks.tradeoff import curves, optimization, progress, random_search, searches

# Colour, marker and line of everything that has a name in a legend.
STYLES = {
    "dense": ("#000000", "*", "-"),
    "set": ("#D55E00", "o", "--"),
    "rigl": ("#0072B2", "s", "-"),
    "nsga2": ("#0072B2", "s", "-"),
    "tpe": ("#D55E00", "o", "--"),
    "latin-hypercube": ("#009E73", "^", "-."),
    "random": ("#555555", "v", ":"),
}
TICKS = (0, 0.5, 0.75, 0.9, 0.95, 0.975, 0.99)  # sparsities with a label
LOWEST = 4  # points below the dense network that a picture shows


def reproduction():
    """Accuracy over sparsities beside the dense network."""
    groups = curves.groups()
    figure, panels = panels_for(groups)
    for axes, group in zip(panels, groups, strict=True):
        found = curves.of(group)
        band(axes, found["dense"].accuracies[0])
        for topology in ("set", "rigl"):
            if topology in found:
                curve = found[topology]
                points_with_range(axes, 1 - curve.sparsities, curve.accuracies, topology)
        axes.set_xscale("log")
        axes.set_xticks([1 - t for t in TICKS], [f"{100 * t:g}" for t in TICKS])
        axes.minorticks_off()
        axes.invert_xaxis()
        axes.set(title=title(group), xlabel="Sparsity (%)", ylabel="Test accuracy (%)")
        show_the_top(axes, found)
        axes.legend(loc="lower left", frameon=False)
    return figure


def training_flops():
    """Accuracy over the operations that the training took."""
    groups = curves.groups()
    figure, panels = panels_for(groups)
    for axes, group in zip(panels, groups, strict=True):
        found = curves.of(group)
        band(axes, found["dense"].accuracies[0], label=None)
        for topology, curve in found.items():
            points_with_range(axes, curve.flops, curve.accuracies, topology)
        axes.set_xscale("log")
        axes.set(title=title(group), xlabel="Training operations (FLOPs)")
        axes.set_ylabel("Test accuracy (%)")
        show_the_top(axes, found)
        axes.legend(loc="lower right", frameon=False)
    return figure


def hypervolume():
    """Hypervolume over trials: the median of the seeds, and their range."""
    found = progress.by_data()
    figure, panels = panels_for(found)
    for axes, (name, by_sampler) in zip(panels, found.items(), strict=True):
        for sampler, values in by_sampler.items():
            color, marker, line = STYLES[sampler]
            trials = np.arange(1, values.shape[1] + 1)
            middle = np.median(values, 0)
            axes.fill_between(trials, values.min(0), values.max(0), color=color, alpha=0.15, lw=0)
            style = {"color": color, "linestyle": line, "marker": marker, "markersize": 5}
            axes.plot(trials, middle, label=sampler, markevery=(24, 25), **style)
        n = max(len(values) for values in by_sampler.values())
        axes.set(
            title=f"{name}, {n} seeds", xlabel="Trials", ylabel="Hypervolume (share of the box)"
        )
        axes.set_ylim(0, 1)
        axes.legend(loc="upper left", ncols=2, frameon=False)
    return figure


def searched():
    """Every trial of the searches, and their first layers."""
    found = {}
    for module in (optimization, random_search):
        for row in Results(module.FILE, searches.KEY).rows:
            if row["status"] == searches.COMPLETE:
                found.setdefault(row["data"], {}).setdefault(row["sampler"], []).append(row)
    figure, panels = panels_for(found)
    for axes, (name, by_sampler) in zip(panels, found.items(), strict=True):
        for sampler, rows in by_sampler.items():
            color, marker, _ = STYLES.get(sampler, STYLES["random"])
            for first, alpha in ((False, 0.35), (True, 1)):
                shown = [row for row in rows if (row["layer"] == "0") == first]
                axes.scatter(
                    [float(row["training_flops"]) for row in shown],
                    [float(row["accuracy"]) for row in shown],
                    color=color,
                    marker=marker,
                    facecolor=color if first else "none",
                    alpha=alpha,
                    s=22,
                    label=f"{sampler}, {'first layer' if first else 'other trials'}",
                )
        axes.set_xscale("log")
        axes.set(title=name, xlabel="Training operations (FLOPs)")
        axes.set_ylabel("Cross-validated accuracy (%)")
    handles = dict(zip(*axes.get_legend_handles_labels()[::-1], strict=True))
    # Below: there are points everywhere.
    figure.legend(handles.values(), handles, loc="outside lower center", ncols=2)
    return figure


def panels_for(found):
    """A figure with a panel for each, at most two beside each other."""
    n = len(found)
    n_columns = min(n, 2)
    n_rows = -(-n // n_columns)
    figure = Figure(figsize=(4.6 * n_columns, 3.4 * n_rows), layout="constrained")
    grid = figure.subplots(n_rows, n_columns, squeeze=False).ravel()
    for axes in grid:
        axes.grid(color="0.9")
        axes.set_axisbelow(True)
        axes.spines[["top", "right"]].set_visible(False)
    for axes in grid[n:]:
        axes.set_visible(False)
    return figure, grid[:n]


def band(axes, accuracies, label="dense"):
    """A line for the dense network, and the range of its seeds."""
    color = STYLES["dense"][0]
    axes.axhspan(accuracies.min(), accuracies.max(), color=color, alpha=0.12, linewidth=0)
    axes.axhline(accuracies.mean(), color=color, linewidth=1, label=label)


def points_with_range(axes, x, accuracies, topology):
    color, marker, line = STYLES[topology]
    mean = accuracies.mean(1)
    spread = [mean - accuracies.min(1), accuracies.max(1) - mean]
    style = {"color": color, "marker": marker, "linestyle": line, "markersize": 4}
    axes.errorbar(x, mean, spread, label=curves.LABELS[topology], capsize=2, lw=1.2, **style)


def title(group):
    name, _, setting, epochs = group
    return f"{name}, {setting}, {epochs} epochs"


def show_the_top(axes, found):
    """The lowest points would press all others into one line; they are in the tables."""
    accuracies = [curve.accuracies for curve in found.values()]
    dense = found["dense"].accuracies.mean()
    lowest = max(min(a.min() for a in accuracies), dense - LOWEST)
    highest = max(a.max() for a in accuracies)
    room = 0.06 * (highest - lowest)
    axes.set_ylim(lowest - room, highest + room)


FIGURES = {
    "tradeoff_reproduction": (reproduction,),
    "tradeoff_training_flops": (training_flops,),
    "tradeoff_hypervolume": (hypervolume,),
    "tradeoff_searches": (searched,),
}
