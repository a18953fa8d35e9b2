# SPDX-License-Identifier: BSD-3-Clause
"""Tables of the documentation's page on choosing a selector, from the rows of ``accuracy``.

A method has a result on a set if all its splits there ended well; if it has none, it shares the
last ranks and wins nothing. Only sets on which every method was tried are compared.
"""

from functools import partial

import numpy as np

from benchmarks import accuracy, comparison, data, methods, papers
from benchmarks.formatting import numbers, short
from benchmarks.tables import critical_difference

K = 50  # of tables that show one
# The methods' tests are against this one, or against the best until it is measured.
FLAGSHIP = "GradualPruning"
# Without an official split in the data, so beside the published figures on random ones.
ON_RANDOM_SPLITS = ("coil20", "basehock", "prostate_ge")


class Measured:
    """Rows found by method and set."""

    def __init__(self, results):
        self.rows = results.rows
        self.found = {}
        for row in self.rows:
            self.found.setdefault((row["method"], row["set"]), []).append(row)
        names = {method for method, _ in self.found}
        self.methods = [m for m in accuracy.METHODS if m in names]
        every = dict.fromkeys([*data.SETS, *sorted({s for _, s in self.found})])
        # A run that was broken off has tried some methods on fewer sets.
        tried = {m: {s for method, s in self.found if method == m} for m in self.methods}
        common = set.intersection(*tried.values()) if tried else set()
        self.sets = [name for name in every if name in common]
        self.selecting = [m for m in self.methods if m != methods.ALL]

    def of(self, method, name, k):
        """Its rows that serve this K; none if it does not select so many."""
        wanted = {accuracy.EVERY, str(k)}
        return [row for row in self.found.get((method, name), []) if row["K"] in wanted]

    def values(self, method, name, k, score="svc"):
        """The score on every split; none unless all of them ended well."""
        rows = self.of(method, name, k)
        values = numbers(rows, f"{score}_{accuracy.EVERY if method == methods.ALL else k}")
        return values if len(values) == len(rows) else values[:0]

    def mean(self, method, name, k, score="svc"):
        values = self.values(method, name, k, score)
        return values.mean() if len(values) else np.nan

    def table(self, names, k, score="svc", on=None):
        """A row per set, a column per method."""
        on = self.sets if on is None else on
        shape = (len(on), len(names))
        means = [self.mean(m, name, k, score) for name in on for m in names]
        return np.array(means, dtype=float).reshape(shape)

    def that_select(self, k):
        """Methods that select so many features."""
        return [m for m in self.selecting if any(self.of(m, name, k) for name in self.sets)]


# What every table shows: (header, lines).


def overall(measured):
    """Mean over the sets, and the mean rank, at every K."""
    header = ["Method", *(f"K = {k}" for k in accuracy.KS)]
    cells = {m: [""] * len(accuracy.KS) for m in measured.methods}
    for i, k in enumerate(accuracy.KS):
        names = measured.that_select(k)
        for method, cell in means_and_ranks(measured, names, k).items():
            cells[method][i] = cell
    if methods.ALL in cells:
        cells[methods.ALL] = [mean_cell(measured.table([methods.ALL], K)[:, 0])] * len(accuracy.KS)
    return header, [[m, *cells[m]] for m in by_rank(measured)]


def means_and_ranks(measured, names, k, score="svc"):
    """{method: "88.1 (3.2)"}; no mean where it has no result on some set."""
    table = measured.table(names, k, score)
    if not table.size:
        return {}
    mean_ranks = comparison.ranks(table).mean(axis=0)
    return {
        m: f"{mean_cell(column)} ({rank:.1f})"
        for m, column, rank in zip(names, table.T, mean_ranks, strict=True)
    }


def mean_cell(column):
    return f"{column.mean():.1f}" if len(column) and np.isfinite(column).all() else "–"  # noqa: RUF001


def by_rank(measured):
    """All methods, the best at K first; then those that select fewer; all features last."""
    names = measured.that_select(K)
    table = measured.table(names, K)
    order = np.argsort(comparison.ranks(table).mean(axis=0), kind="stable") if table.size else []
    ranked = [names[i] for i in order]
    others = [m for m in measured.selecting if m not in ranked]
    return ranked + others + [m for m in measured.methods if m == methods.ALL]


def sets(measured, kind):
    """Mean and standard error on every set of a kind."""
    names = [name for name in data.SETS_OF[kind] if name in measured.sets]
    lines = []
    for method in by_rank(measured) if names else ():
        if any(measured.of(method, name, K) for name in names):
            column = measured.table([method], K, on=names)[:, 0]
            cells = [result(measured, method, name) for name in names]
            lines.append([method, *cells, mean_cell(column)])
    return ["Method", *(names or data.SETS_OF[kind]), "mean"], lines


def result(measured, method, name, k=K):
    """ "88.1 ± 0.4", or why there is none."""
    values = measured.values(method, name, k)
    if len(values) == 0:
        bad = [row["status"] for row in measured.of(method, name, k) if row["status"] != "ok"]
        return bad[0].partition(" on split")[0].partition(":")[0] if bad else ""
    if len(values) == 1:
        return f"{values[0]:.1f}"
    return f"{values.mean():.1f} ± {values.std(ddof=1) / np.sqrt(len(values)):.1f}"


def kinds(measured):
    """Mean over the sets of every kind."""
    lines = []
    for method in by_rank(measured):
        means = [
            mean_cell(
                measured.table([method], K, on=[s for s in names if s in measured.sets])[:, 0]
            )
            for names in data.SETS_OF.values()
        ]
        if any(measured.of(method, name, K) for name in measured.sets):
            lines.append([method, *means])
    return ["Method", *(f"{kind} ({len(n)})" for kind, n in data.SETS_OF.items())], lines


def wins(measured):
    """On how many sets a method is the best, alone or with others."""
    cells = {m: [""] * len(accuracy.KS) for m in measured.selecting}
    for i, k in enumerate(accuracy.KS):
        names = measured.that_select(k)
        if names and measured.sets:
            for m, n in zip(names, comparison.best_on(measured.table(names, k)), strict=True):
                cells[m][i] = str(n)
    lines = [[m, *cells[m]] for m in by_rank(measured) if m != methods.ALL]
    return ["Method", *(f"K = {k}" for k in accuracy.KS)], lines


def costs(measured):
    """The processor's time over ExtraTrees' on the same split, and memory; of what ended only."""
    header = ["Method", f"Time / {methods.EXTRA_TREES}", "least", "largest", "Median seconds"]
    header += ["Largest peak above the data, MB"]
    lines = []
    for method in by_rank(measured):
        ratios, seconds, peaks = [], [], []
        for name in measured.sets:
            rows = measured.of(method, name, K)
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
            lines.append([method, *cells, f"{max(peaks):.0f}"])
    return header, lines


def times_of(rows):
    """Seconds by seed; less than a millisecond, which may read as none, counts as one."""
    return {r["seed"]: max(float(r["cpu_seconds"]), 1e-3) for r in rows if r["cpu_seconds"]}


def opinions(measured):
    """Means and ranks by every classifier."""
    names = measured.that_select(K)
    scores = ["svc", "nn", "trees"]
    found = [means_and_ranks(measured, names, K, score) for score in scores]
    lines = [[m, *(cells[m] for cells in found)] for m in by_rank(measured) if m in found[0]]
    if methods.ALL in measured.methods and measured.sets:
        means = [mean_cell(measured.table([methods.ALL], K, score)[:, 0]) for score in scores]
        lines.append([methods.ALL, *means])
    return ["Method", "SVC", "1-NN", "ExtraTrees"], lines


def unsupervised(measured):
    """Means and ranks among the methods without labels."""
    free = [m for m in measured.methods if not methods.METHODS[m].supervised]
    scores = ["svc", "nn", "trees", "kmeans", "nmi"]
    names = [m for m in measured.that_select(K) if m in free]
    found = [means_and_ranks(measured, names, K, score) for score in scores]
    lines = [[m, *(cells[m] for cells in found)] for m in by_rank(measured) if m in found[0]]
    if methods.ALL in measured.methods and measured.sets:
        means = [mean_cell(measured.table([methods.ALL], K, score)[:, 0]) for score in scores]
        lines.append([methods.ALL, *means])
    return ["Method", "SVC", "1-NN", "ExtraTrees", "K-means", "NMI"], lines


def tests(measured):
    """The flagship, or the best, against every other method."""
    header = ["Rival", "Sets", "Mean difference", "Better, equal, worse", "p", "p (Holm)"]
    ranked = [m for m in by_rank(measured) if m in measured.that_select(K)]
    if len(ranked) < 2:
        return ["", *header], []
    reference = FLAGSHIP if FLAGSHIP in ranked else ranked[0]
    a = measured.table([reference], K)[:, 0]
    lines, p_values = [], []
    for rival in ranked:
        b = measured.table([rival], K)[:, 0]
        both = np.isfinite(a) & np.isfinite(b)
        if rival == reference or not both.any():
            continue
        gain = np.round(a[both] - b[both], 9)
        counts = [int(n) for n in ((gain > 0).sum(), (gain == 0).sum(), (gain < 0).sum())]
        p_values.append(comparison.wilcoxon(a, b))
        lines.append(
            [reference, rival, both.sum(), f"{gain.mean():+.1f}", "{}, {}, {}".format(*counts)]
        )
    for line, p, adjusted in zip(lines, p_values, comparison.holm(p_values), strict=True):
        line += [f"{p:.2g}", f"{adjusted:.2g}"]
    return ["", *header], lines


def published(measured, official):
    """Our figures beside the papers', which are in the first lines."""
    names = [*papers.PUBLISHED["NeuroFS"]]
    source = {name: measured if name in ON_RANDOM_SPLITS else official for name in names}
    header = ["Method", *(f"{n} (random splits)" if n in ON_RANDOM_SPLITS else n for n in names)]
    lines = []
    for method in by_rank(official):
        cells = [result(source[name], method, name) for name in names]
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
    lines = []
    for name, measured in zip(("random splits", "official splits"), files, strict=True):
        found = [sorted({row[c] for row in measured.rows}) for c in columns]
        if measured.rows:
            lines.append([name, len(measured.rows), *map(", ".join, found)])
    return [
        "",
        "Fits",
        "Seeds",
        "Processor",
        "Cores",
        "Python",
        "torch",
        "scikit-learn",
        "Commits",
    ], lines


def ranks(measured):
    """The critical-difference diagram at K."""
    names = measured.that_select(K)
    table = measured.table(names, K)
    p = comparison.friedman(table)
    title = f"Mean rank over {len(table)} data sets, SVC, K = {K} (Friedman: p = {p:.1g})"
    mean_ranks = comparison.ranks(table).mean(axis=0)
    difference = comparison.critical_difference(*table.shape[::-1])
    return critical_difference.draw(names, mean_ranks, difference, title)


def of(make, *files):
    """An entry of the registry: a function of results that is made of one of rows found."""
    return lambda *results: make(*map(Measured, results)), *(files or ("accuracy",))


TABLES = {
    "accuracy_overall": of(overall),
    "accuracy_kinds": of(kinds),
    "accuracy_wins": of(wins),
    "accuracy_tests": of(tests),
    "accuracy_costs": of(costs),
    "accuracy_opinions": of(opinions),
    "accuracy_unsupervised": of(unsupervised),
    **{f"accuracy_{k.replace(' ', '_')}": of(partial(sets, kind=k)) for k in data.SETS_OF},
    "accuracy_published": of(published, "accuracy", "accuracy_official"),
    "accuracy_origin": of(origin, "accuracy", "accuracy_official"),
}
FIGURES = {"accuracy_ranks": of(ranks)}
