# SPDX-License-Identifier: BSD-3-Clause
"""Tables of the documentation on the papers' methods, from papers, wast, coverage and ablation."""

from functools import partial

import numpy as np

from benchmarks import ablation, coverage, papers
from benchmarks.formatting import mean_error, numbers, short

PERCENT = 100
SECONDS_PER_HOUR = 3600
# The WAST paper's program on one split with three seeds, in its own settings, measured by us.
WAST_PROGRAM = {"coil20": 98.3, "isolet_1560": 78.7, "madelon": 83.3, "pcmac": 78.1}
COMMANDS = {
    "wast": ["paper", "default"],
    "papers": ["SET RigL Dense", "NeuroFS NeuroFS-global", "QuickSelection QuickSelection-global"],
}
HYPER_SPARSE = [name for name in papers.METHODS if name.startswith(("hyper", "l1", "l2"))]
SETS = [*papers.SETS, "fashion_mnist"]
BOTH = [f"{t}-{i}" for t in ("Dense", "SET", "RigL") for i in ("QS", "Attr")]
LAST = [f"{variant}-last" for variant in BOTH]


# Variants beside each other, set by set.


def attribution(results):
    """ "Ours ± error (published)" of every set and variant."""
    published, lines = papers.PUBLISHED, []
    for name in having(results, *BOTH):
        cells = [f"{shown(of(results, v, name))} ({published[v][name]:.1f})" for v in BOTH]
        lines.append([name, *cells])
    names = [n for n in having(results, *BOTH) if all(len(of(results, v, n)) for v in BOTH)]
    cells = [
        f"{np.mean([of(results, v, n).mean() for n in names]):.1f} "
        f"({np.mean([published[v][n] for n in names]):.1f})"
        for v in BOTH
    ]
    return ["Data set", *BOTH], [*lines, ["mean", *cells]]


def attribution_last(results):
    lines = [
        [name, *(shown(of(results, v, name)) for v in LAST)] for name in having(results, *LAST)
    ]
    return ["Data set", *LAST], lines


def attribution_costs(results):
    """Shares of the dense network's parameters and training FLOPs, and what it costs."""
    header, lines = ["Data set"], []
    for topology in ("SET", "RigL"):
        header += [f"{topology} parameters", f"{topology} FLOPs", f"{topology} - Dense"]
    for name in having(results, "SET-Attr"):
        line = [name]
        for topology in ("SET", "RigL"):
            line += [share(results, topology, name, "parameters")]
            line += [share(results, topology, name, "training_flops")]
            best = [
                max(of(results, f"{t}-{i}", name).mean() for i in ("QS", "Attr"))
                for t in (topology, "Dense")
                if len(of(results, f"{t}-QS", name))
            ]
            line.append(f"{best[0] - best[1]:+.1f}" if len(best) == 2 else "")
        lines.append(line)
    return header, lines


def scalings(results, method):
    lines = [
        [
            name,
            f"{papers.PUBLISHED[method][name]:.1f}",
            shown(of(results, method, name)),
            shown(of(results, f"{method}-global", name)),
        ]
        for name in having(results, method, f"{method}-global")
    ]
    return ["Data set", "Published", 'Ours, scaling="feature"', 'Ours, scaling="global"'], lines


def penalties(results):
    """ "Network / SVC" of every set, density and penalty."""
    names = {"hypersparse": "HyperSparse", "l1": "L1", "l2": "L2"}
    lines = []
    for density in ("0.1", "0.02"):
        variants = [f"{r}-{density}" for r in names]
        for name in having(results, *variants):
            cells = [
                f"{shown(PERCENT * of(results, v, name, 'network_score'))} / "
                f"{shown(of(results, v, name))}"
                for v in variants
            ]
            lines.append([name, density, *cells])
    return ["Data set", "Density", *names.values()], lines


def of(results, variant, name, column="accuracy"):
    """One figure a seed."""
    found = {
        r["seed"]: float(r[column])
        for r in _of(results.rows, variant=variant, set=name)
        if r.get(column)
    }
    return np.array(list(found.values()))


def having(results, *variants):
    return [name for name in SETS if any(len(of(results, v, name)) for v in variants)]


def share(results, topology, name, column):
    sparse = of(results, f"{topology}-Attr", name, column)
    dense = of(results, f"{topology}-Attr", name, f"dense_{column}")
    return f"{PERCENT * np.mean(sparse / dense):.1f} %" if len(sparse) else ""


def shown(values):
    if len(values) == 0:
        return ""
    if len(values) == 1:
        return f"{values[0]:.1f} (one seed)"
    few = "" if len(values) >= 5 else f" [{len(values)}]"
    return f"{values.mean():.1f} ± {values.std(ddof=1) / np.sqrt(len(values)):.1f}{few}"


# Means, times and simple baselines.


def means(results):
    """Published and ours, on average over the sets that both have."""
    lines = []
    for variant, published in papers.PUBLISHED.items():
        for ours in (variant, f"{variant}-global"):
            found = {
                name: np.mean(accuracy)
                for name in published
                if len(accuracy := numbers(_of(results.rows, variant=ours, set=name), "accuracy"))
            }
            if not found:
                continue
            differences = [found[name] - published[name] for name in found]
            lines.append(
                [
                    ours,
                    len(found),
                    f"{np.mean([published[name] for name in found]):.1f}",
                    f"{np.mean(list(found.values())):.1f}",
                    f"{min(differences):+.1f} to {max(differences):+.1f}",
                    sum(difference >= -1.5 for difference in differences),
                ]
            )
    header = ["Variant", "Sets", "Published, mean", "Ours, mean", "Differences", "Not 1.5 below"]
    return header, lines


def wast_beside_its_program(results):
    rows = results.rows
    header = ["Data set", "The paper's program", "Ours, paper's setting", "Ours, default"]
    lines = [
        [
            name,
            reference,
            *(
                mean_error(numbers(_of(rows, set=name, setting=setting, seed=range(5)), "accuracy"))
                for setting in COMMANDS["wast"]
            ),
        ]
        for name, reference in WAST_PROGRAM.items()
    ]
    return header, lines


def found_in_generated_data(results):
    rows = results.rows
    variants = ["SET-Attr", "SET-QS", "ExtraTrees", "F-test"]
    lines = []
    for n_samples in coverage.SIZES:
        line = [f"{n_samples:,}"]
        for variant in variants:
            published = coverage.PUBLISHED.get(variant, {}).get(n_samples)
            share = mean_error(numbers(_of(rows, n_samples=n_samples), variant), digits=2)
            line.append(share if published is None else f"{share} ({published:.2f})")
        lines.append(line)
    return ["Samples", *variants], lines


def times(of_papers, of_wast):
    """Of the fits, on one thread each; scoring comes on top."""
    lines = []
    for methods in [*COMMANDS["papers"], " ".join(HYPER_SPARSE)]:
        one_a_fit = {
            (row["set"], row["method"], row["seed"]): row
            for row in of_papers.rows
            if row["method"] in methods.split()
        }
        lines.append(_time(f"papers --methods {methods}", list(one_a_fit.values())))
    of_two = [row for row in of_wast.rows if row["setting"] in COMMANDS["wast"]]
    lines.append(_time(f"wast --settings {' '.join(COMMANDS['wast'])}", of_two))
    return ["``python -m benchmarks``", "Fits", "Seconds a fit, median", "longest", "Hours"], lines


def _time(command, rows):
    seconds = numbers(rows, "seconds")
    figures = [np.median(seconds), seconds.max(), seconds.sum() / SECONDS_PER_HOUR] if rows else []
    return [f"``{command}``", len(rows), *map(short, figures)]


def _of(rows, **wanted):
    """The rows that have the value, or one of the values, in each of these columns."""
    accepted = {
        name: {str(v) for v in (value if isinstance(value, range) else [value])}
        for name, value in wanted.items()
    }
    return [row for row in rows if all(row[name] in accepted[name] for name in accepted)]


def without_parts(results):
    """GradualPruningSelector without each of its parts."""
    return ablation.table(results, ablation.SETS, list(ablation.VARIANTS), range(1))


TABLES = {
    "papers_attribution": (attribution, "papers"),
    "papers_attribution_last": (attribution_last, "papers"),
    "papers_attribution_costs": (attribution_costs, "papers"),
    "papers_quickselection": (partial(scalings, method="QuickSelection"), "papers"),
    "papers_neurofs": (partial(scalings, method="NeuroFS"), "papers"),
    "papers_hyper_sparse": (penalties, "papers"),
    "reproducing_means": (means, "papers"),
    "reproducing_wast": (wast_beside_its_program, "wast"),
    "reproducing_coverage": (found_in_generated_data, "coverage"),
    "reproducing_times": (times, "papers", "wast"),
    "gradual_pruning_ablation": (without_parts, "ablation"),
}
