# SPDX-License-Identifier: BSD-3-Clause
"""Tables of the documentation's page on choosing a selector, from the rows of ``accuracy``."""

from functools import partial

import numpy as np
from matplotlib.figure import Figure

from benchmarks import accuracy, comparison, data, methods, papers
from benchmarks.formatting import numbers, short
from benchmarks.tables import critical_difference
from benchmarks.tables.measured import K, Measured, marked

# The methods' tests are against this one, or against the best until it is measured.
FLAGSHIP = "GradualPruning"
STRONG = ("L1 logistic regression", "RFE (LinearSVC)", methods.EXTRA_TREES, "LightGBM gain")
KS_OF_TESTS = (10, 20, 50)
N_LOSSES = 10
OPINIONS = {
    **{"svc": "SVC", "svc_balanced": "SVC, balanced", "svc_auc": "SVC, AUC", "nn": "1-NN"},
    **{"trees": "ExtraTrees", "linear": "logistic regression", "mlp": "MLP"},
}
CLUSTERS = {"kmeans": "K-means", "nmi": "NMI"}


# What every table shows: (header, lines).


def overall(measured):
    """Mean over the sets, and the mean rank, at every K."""
    found = [means_and_ranks(measured, measured.full, k) for k in accuracy.KS]
    lines = [[m, *(cells.get(m, "") for cells in found)] for m in by_rank(measured)]
    if lines and methods.ALL in measured.methods:
        mean = mean_cell(measured.table([methods.ALL], K, on=measured.sets))
        lines.append([methods.ALL, *[mean] * len(accuracy.KS)])
    header = f"Method ({len(measured.sets)} sets)"
    return [header, *(f"K = {k}" for k in accuracy.KS)], lines


def means_and_ranks(measured, names, k, score="svc"):
    """{method: "88.1 (3.2)"} over the sets that all of these have."""
    table = measured.table(names, k, score)
    if not table.size:
        return {}
    mean_ranks = comparison.ranks(table).mean(axis=0)
    return {
        m: f"{mean_cell(column)} ({rank:.1f})"
        for m, column, rank in zip(names, table.T, mean_ranks, strict=True)
    }


def mean_cell(values):
    return f"{np.mean(values):.1f}" if np.size(values) else ""


def by_rank(measured):
    """The methods that run on every split, the best at K first."""
    table = measured.table(measured.full, K)
    if not table.size:
        return []
    order = np.argsort(comparison.ranks(table).mean(axis=0), kind="stable")
    return [measured.full[i] for i in order]


def in_order(measured):
    """All methods: those by rank, the thinned ones, all features."""
    first = by_rank(measured)
    others = [m for m in measured.selecting if m not in first]
    return [*first, *others, *(m for m in measured.methods if m == methods.ALL)]


def sets(measured, kind):
    """Mean and standard error on every set of a kind; the mean is over compared sets."""
    names = [s for s in data.SETS_OF[kind] if any(s == name for _, name in measured.found)]
    compared = [s for s in names if s in measured.sets]
    lines = []
    for method in in_order(measured):
        cells = [result(measured, method, name) for name in names]
        if any(cells):
            full = not methods.METHODS[method].thinned
            mean = mean_cell(measured.table([method], K, on=compared)) if full else ""
            lines.append([marked(method), *cells, mean])
    return ["Method", *names, f"mean of {len(compared)}"], lines


def result(measured, method, name, k=K, score="svc"):
    """ "88.1 ± 0.4", or why there is none."""
    values = [*measured.values(method, name, k, score).values()]
    if len(values) == 0:
        bad = [row["status"] for row in measured.of(method, name, k) if row["status"] != "ok"]
        return bad[0].partition(" on split")[0].partition(":")[0] if bad else ""
    if len(values) == 1:
        return f"{values[0]:.1f}"
    return f"{np.mean(values):.1f} ± {np.std(values, ddof=1) / np.sqrt(len(values)):.1f}"


def kinds(measured):
    """Mean over the compared sets of every kind."""
    found = {
        kind: [name for name in names if name in measured.sets]
        for kind, names in data.SETS_OF.items()
    }
    found = {kind: names for kind, names in found.items() if names}
    lines = [
        [m, *(mean_cell(measured.table([m], K, on=names)) for names in found.values())]
        for m in in_order(measured)
        if not methods.METHODS[m].thinned
    ]
    return ["Method", *(f"{kind} ({len(names)})" for kind, names in found.items())], lines


def left_out(measured):
    """Sets that are not among the compared ones, and the methods without a result there."""
    lines = []
    for name in measured.every_set:
        tried = any((m, name) in measured.found for m in measured.full)
        if name in measured.sets or not tried:
            continue
        reasons = {}
        for m in measured.full:
            if not measured.values(m, name, K):
                why = result(measured, m, name) or "not run"
                reasons.setdefault(why, []).append(m)
        cell = "; ".join(f"{why}: {', '.join(names)}" for why, names in reasons.items())
        lines.append([name, cell or "no split that all have"])
    return ["Set", "Methods without a result"], lines


def wins(measured):
    """On how many sets a method is the best, alone or with others."""
    counts = [
        dict(zip(measured.full, comparison.best_on(table), strict=True)) if table.size else {}
        for table in (measured.table(measured.full, k) for k in accuracy.KS)
    ]
    lines = [[m, *(str(of_K.get(m, "")) for of_K in counts)] for m in by_rank(measured)]
    return ["Method", *(f"K = {k}" for k in accuracy.KS)], lines


def costs(measured):
    """The processor's time over ExtraTrees' on the same split, and memory; of what ended only."""
    header = ["Method", "Sets", f"Time / {methods.EXTRA_TREES}", "least", "largest"]
    header += ["Median seconds", "Largest peak above the data, MB"]
    lines = []
    for method in in_order(measured):
        ratios, seconds, peaks = [], [], []
        for name in measured.every_set:
            rows = measured.of(method, name, K) or measured.of(method, name, accuracy.KS[0])
            times = times_of(rows)
            seconds += [np.median([*times.values()])] if times else []
            peaks += [*numbers(rows, "above_data_mb")]
            trees = times_of(measured.of(methods.EXTRA_TREES, name, K))
            both = [seed for seed in times if seed in trees]
            if both:
                ratios.append(np.median([times[seed] / trees[seed] for seed in both]))
        if ratios and method not in (methods.ALL, "random"):
            middle = np.exp(np.mean(np.log(ratios)))
            cells = [short(x) for x in (middle, min(ratios), max(ratios), np.median(seconds))]
            lines.append([marked(method), len(ratios), *cells, f"{max(peaks):.0f}"])
    return header, lines


def times_of(rows):
    """Seconds by seed; less than a millisecond, which may read as none, counts as one."""
    return {r["seed"]: max(float(r["cpu_seconds"]), 1e-3) for r in rows if r["cpu_seconds"]}


def opinions(measured):
    """Means and ranks by other metrics and classifiers."""
    return scored_by(measured, measured.full, OPINIONS)


def unsupervised(measured):
    """Means and ranks among the methods without labels."""
    names = [m for m in measured.selecting if not methods.METHODS[m].supervised]
    return scored_by(measured, names, OPINIONS | CLUSTERS)


def scored_by(measured, names, titles):
    found = [means_and_ranks(measured, names, K, score) for score in titles]
    lines = [[marked(m), *(cells.get(m, "") for cells in found)] for m in in_order(measured)]
    lines = [line for line in lines if any(line[1:])]
    if methods.ALL in measured.methods and lines:
        on = measured.common(names, K)
        tables = [measured.table([methods.ALL], K, score, on) for score in titles]
        lines.append([methods.ALL, *map(mean_cell, tables)])
    return ["Method", *titles.values()], lines


def tests(measured):
    """The flagship, or the best, against every other method, on what both have."""
    header = ["", "Rival", "Sets"]
    for k in KS_OF_TESTS:
        header += [f"K = {k}", "p (Holm)"]
    ranked = in_order(measured)
    if len(ranked) < 2:
        return header, []
    reference = FLAGSHIP if FLAGSHIP in ranked else ranked[0]
    lines = {m: [reference, marked(m), 0] for m in ranked if m != reference}
    for k in KS_OF_TESTS:
        tables = {rival: measured.table([reference, rival], k) for rival in lines}
        tables = {rival: table for rival, table in tables.items() if table.size}
        p_values = comparison.holm([comparison.wilcoxon(*t.T) for t in tables.values()])
        adjusted = dict(zip(tables, p_values, strict=True))
        for rival, line in lines.items():
            if rival not in tables:
                line += ["", ""]
                continue
            gain = np.round(tables[rival][:, 0] - tables[rival][:, 1], 9)
            counts = [int(n) for n in ((gain > 0).sum(), (gain == 0).sum(), (gain < 0).sum())]
            line[2] = max(line[2], len(gain))
            line += ["{:+.1f} ({}, {}, {})".format(gain.mean(), *counts)]
            line += [f"{adjusted[rival]:.2g}"]
    return header, [line for line in lines.values() if line[2]]


def losses(measured):
    """Where the flagship is furthest below the best of some strong rivals."""
    rivals = [m for m in STRONG if m in measured.methods]
    lines = []
    for k in KS_OF_TESTS if FLAGSHIP in measured.methods else ():
        for name in measured.every_set:
            ours, *others = measured.means([FLAGSHIP, *rivals], name, k) or [0]
            if others and max(others) > ours:
                best = int(np.argmax(others))
                lines.append((ours - others[best], name, k, ours, rivals[best], others[best]))
    lines = [
        [name, k, f"{ours:.1f}", rival, f"{theirs:.1f}", f"{gain:+.1f}"]
        for gain, name, k, ours, rival, theirs in sorted(lines)[:N_LOSSES]
    ]
    return ["Set", "K", FLAGSHIP, "Best rival", "Accuracy", "Difference"], lines


def published(measured):
    """Our figures beside the papers', which are in the first lines."""
    names = [*papers.PUBLISHED["NeuroFS"]]
    header = ["Method", *(n if n in data.OFFICIAL else f"{n} (random splits)" for n in names)]
    lines = []
    for method in measured.methods:
        cells = [result(measured, method, name, score="raw") for name in names]
        if any(cells):
            lines.append([method, *cells])
    if lines:
        lines = [
            [f"{paper}, published", *(papers.PUBLISHED[paper].get(n, "") for n in names)]
            for paper in ("NeuroFS", "QuickSelection")
        ] + lines
    return header, lines


def origin(*files):
    """What the rows were measured with."""
    columns = ("seed", "cpu", "n_cores", "python", "torch", "scikit_learn", "commit")
    names = ("random splits", "the papers' splits")
    lines = []
    for name, measured in zip(names, files, strict=True):
        found = [sorted({row[c] for row in measured.rows}) for c in columns]
        if measured.rows:
            lines.append([name, len(measured.rows), *map(", ".join, found)])
    titles = ["Seeds", "Processor", "Cores", "Python", "torch", "scikit-learn", "Commits"]
    return ["", "Fits", *titles], lines


def ranks(measured):
    """The critical-difference diagram at K."""
    table = measured.table(measured.full, K)
    if not table.size:
        return Figure(figsize=(1, 0.1))  # not measured yet
    p = comparison.friedman(table)
    title = f"Mean rank over {len(table)} data sets, SVC, K = {K} (Friedman: p = {p:.1g})"
    mean_ranks = comparison.ranks(table).mean(axis=0)
    difference = comparison.critical_difference(*table.shape[::-1])
    return critical_difference.draw(measured.full, mean_ranks, difference, title)


def of(make, *files):
    """An entry of the registry: a function of results that is made of one of rows found."""
    return lambda *results: make(*map(Measured, results)), *(files or ("accuracy",))


TABLES = {
    "accuracy_overall": of(overall),
    "accuracy_left_out": of(left_out),
    "accuracy_kinds": of(kinds),
    "accuracy_wins": of(wins),
    "accuracy_tests": of(tests),
    "accuracy_losses": of(losses),
    "accuracy_costs": of(costs),
    "accuracy_opinions": of(opinions),
    "accuracy_unsupervised": of(unsupervised),
    **{f"accuracy_{k.replace(' ', '_')}": of(partial(sets, kind=k)) for k in data.SETS_OF},
    "accuracy_published": of(published, "accuracy_as_published"),
    "accuracy_origin": of(origin, "accuracy", "accuracy_as_published"),
}
FIGURES = {"accuracy_ranks": of(ranks)}
