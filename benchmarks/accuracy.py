# SPDX-License-Identifier: BSD-3-Clause
"""Selectors and their rivals: accuracy on the selected features, over data sets, splits and K.

Splits are stratified 80/20 and named by their seed; official splits are merged before. A method
sees all training rows and nothing else. What it selects is scored by an SVC at every K, and at
K = 50 on a set's first split by other classifiers, and without labels by K-means on the rows of
both parts; these get at most 3000 rows of each part. Classes are encoded once, before the split.
One fit serves every K where a method ranks its features; one that trains for a K has a row for
each. A row also has the first 100 features, for the stability. Every fit runs in a process of its
own, on one thread; one over the limit of time or memory is ended, its row says so, and so do those
of the set's further splits, which are not tried. Slow methods run on the first splits of the
smaller sets only: `most_splits` and `most_values` in ``methods.py``.

Tune on seeds below 100 only. Seeds below 1000 have a file of their own, ``accuracy_tuning.csv``;
what is published comes from the default seeds, run once per release. ``--as-published`` takes sets
and splits of the papers' tables, with an SVC on all rows of the selected features as they are:
``accuracy_as_published.csv``. ``--fresh`` forgets the rows of the given sets, methods and seeds
only.
"""

import functools
import importlib

import numpy as np
from scipy import sparse

from benchmarks import data, evaluation, grid, methods
from benchmarks.formatting import mean_error, numbers, short, show
from benchmarks.isolated import Job
from benchmarks.results import Results

KS = (10, 20, 50, 100)
K_OF_OPINIONS = 50  # of the other classifiers, the clusters and the papers
MOST_ROWS = 3000  # of either part, that classifiers and clusters get
KEY = ["set", "method", "seed", "K"]
METHODS = [name for name in methods.METHODS if name not in methods.VARIANTS]
EVERY = "all"  # every K, or all features
N_BEST = 100  # features that a row keeps


def add_arguments(parser):
    parser.add_argument("--sets", nargs="+")
    parser.add_argument("--methods", nargs="+", choices=METHODS, metavar="METHOD")
    parser.add_argument("--unsupervised", action="store_true", help="methods without labels only")
    parser.add_argument(
        "--seeds", nargs="+", type=int, help="1000 to 1002, 1005 where n < 500, 1000 of large sets"
    )
    parser.add_argument("--Ks", nargs="+", type=int)
    parser.add_argument("--as-published", action="store_true", help="on the papers' splits")
    grid.add_arguments(parser)


def run(arguments):
    sets, chosen = sets_of(arguments), methods_of(arguments)
    seeds = {name: seeds_of(name, arguments) for name in sets}
    every_seed = sorted({seed for some in seeds.values() for seed in some})
    grid.say_what_is_tuning(every_seed)
    for method in filter(methods.missing, chosen):
        print(f"# {method}: {methods.missing(method)}")
    with grid.Grid(arguments) as fits:
        for seed in every_seed:
            results = Results(rows_file(seed, arguments.as_published), KEY)
            for name in sets:
                for method in chosen if seed in seeds[name] else ():
                    if wanted(name, method, seed, seeds[name]):
                        measure(fits, results, name, method, seed, arguments)
    for file in dict.fromkeys(rows_file(seed, arguments.as_published) for seed in every_seed):
        summarise(Results(file, KEY), sets, chosen, Ks_of(arguments))


def wanted(name, method, seed, seeds):
    """Whether a method that may be slow runs on this split of the set."""
    known = methods.METHODS[method]
    return (
        not methods.missing(method)
        and seed in [*seeds][: known.most_splits]
        and np.prod(data.shape(name), dtype=float) <= known.most_values
    )


def forget(arguments):
    sets, chosen = sets_of(arguments), methods_of(arguments)
    seeds = {name: {str(seed) for seed in seeds_of(name, arguments)} for name in sets}
    for file in {
        rows_file(int(s), arguments.as_published) for some in seeds.values() for s in some
    }:
        results = Results(file, KEY)
        results.drop(
            [
                row
                for row in results.rows
                if row["seed"] in seeds.get(row["set"], ()) and row["method"] in chosen
            ]
        )


def sets_of(arguments):
    return arguments.sets or (data.AS_PUBLISHED if arguments.as_published else data.SETS)


def methods_of(arguments):
    """In the registry's order."""
    return [
        name
        for name in METHODS
        if name in (arguments.methods or METHODS)
        and not (arguments.unsupervised and methods.METHODS[name].supervised)
    ]


def seeds_of(name, arguments):
    rows, columns = data.shape(name)
    n = 6 if rows < 500 and not arguments.as_published else 3
    n = 1 if rows * columns > methods.LARGE and not arguments.as_published else n
    return arguments.seeds or range(grid.PUBLISHED, grid.PUBLISHED + n)


def Ks_of(arguments):
    return tuple(arguments.Ks or ([K_OF_OPINIONS] if arguments.as_published else KS))


def rows_file(seed, as_published):
    return grid.file_of_seed("accuracy" + "_as_published" * as_published, seed)


def measure(fits, results, name, method, seed, arguments):
    """The missing rows of a method on a split."""
    Ks, known = Ks_of(arguments), methods.METHODS[method]
    if known.for_one_K:
        rows = {K: (K,) for K in Ks if K <= (known.most_K or K)}
    else:
        rows = {EVERY: Ks}
    setting = {"name": name, "method": method, "seed": seed}
    setting["as_published"] = arguments.as_published
    setting["opinions"] = seed == seeds_of(name, arguments)[0]
    status = "needs dense data" if data.is_csr(name) and not known.takes_csr else None
    for K, wanted in rows.items():
        identity = {"set": name, "method": method, "seed": seed, "K": K}
        job = ("benchmarks.accuracy:job", setting | {"Ks": wanted})
        fits.fill(results, identity, columns(Ks), *job, status)


def columns(Ks):
    """The same for every fit, so that the file's header stays."""
    every, one = [*dict.fromkeys([*KS, *Ks]), EVERY], [K_OF_OPINIONS, EVERY]
    return [
        *("status", "seconds", "cpu_seconds", "data_mb", "peak_mb", "above_data_mb"),
        *("n_train", "n_features"),
        *(f"svc{score}_{K}" for score in ("", "_balanced", "_auc") for K in every),
        *(f"{score}_{K}" for score in [*evaluation.OPINIONS, "kmeans", "nmi"] for K in one),
        *(f"raw_{K}" for K in one),
        "best",
    ]


# What the isolated process runs.


def job(name, method, seed, Ks, as_published, opinions):
    known = methods.METHODS[method]
    X, y, judged = split(name, seed, as_published)
    Ks = [K for K in Ks if K < X.shape[1]]
    if not Ks:
        raise ValueError("no K below the number of features")
    if known.needs:  # importing it is no part of the fit
        importlib.import_module(known.needs)
    kind = {"kind": data.kind_of(name)} if known.by_kind else {}

    def report(scores):
        found = {"n_train": X.shape[0], "n_features": X.shape[1]}
        if method != methods.ALL:
            found["best"] = " ".join(map(str, evaluation.ranked(scores, min(N_BEST, max(Ks)))))
        for K in [EVERY] if method == methods.ALL else Ks:
            chosen = None if K == EVERY else evaluation.best(scores, K)
            if as_published:
                figures = {"raw": evaluation.raw_svc(judged, chosen)}
            else:
                parts = evaluation.standardised(judged, chosen)
                figures = opinion(parts, seed, known, opinions and K in (K_OF_OPINIONS, EVERY))
            found |= {f"{name}_{K}": round(value, 3) for name, value in figures.items()}
        return found

    return Job(lambda: known(X, y, Ks, seed, **kind), data.n_bytes(X), report)


def opinion(parts, seed, known, others):
    """{score: value} of the SVC, and of the `others` if they are asked for."""
    figures = evaluation.scores(parts, evaluation.CLASSIFIERS[evaluation.MAIN], seed)
    figures = {f"{evaluation.MAIN}{score}": value for score, value in figures.items()}
    if others:
        figures |= evaluation.accuracies(parts, seed, evaluation.OPINIONS)
        if not known.supervised:
            figures |= evaluation.clusters(*both(parts), seed)
    return figures


@functools.lru_cache(maxsize=1)  # the next method is measured on the same split
def split(name, seed, as_published):
    """X and y to select on; (X_train, X_test, y_train, y_test) for those who score."""
    parts = data.published_split(name, seed) if as_published else data.whole_split(name, seed)
    X, X_test, y, y_test = parts
    if as_published:
        return X, y, parts
    X_train, y_train = evaluation.drawn(X, y, MOST_ROWS, seed)
    X_test, y_test = evaluation.drawn(X_test, y_test, MOST_ROWS, seed)
    return X, y, (X_train, X_test, y_train, y_test)


def both(parts):
    X_train, X_test, y_train, y_test = parts
    stack = sparse.vstack if sparse.issparse(X_train) else np.vstack
    return stack([X_train, X_test]), np.concatenate([y_train, y_test])


def summarise(results, sets, chosen, Ks):
    """SVC accuracy at one K, and the processor's seconds of a fit."""
    K = 50 if 50 in Ks else Ks[0]
    score = "raw" if results.path.stem.startswith("accuracy_as_published") else "svc"
    lines = []
    for method in chosen:
        line = [method]
        for name in sets:
            rows = results.where(set=name, method=method)
            accuracy = numbers(rows, f"{score}_{EVERY if method == methods.ALL else K}")
            if len(accuracy):
                seconds = np.median(numbers(rows, "cpu_seconds"))
                line.append(f"{mean_error(accuracy)} ({short(seconds)} s)")
            else:
                line.append(rows[0]["status"] if rows else "-")
        lines.append(line)
    show(["method", *sets], lines, f"{results.path.stem}: SVC, K = {K}")
