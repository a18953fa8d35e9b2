# SPDX-License-Identifier: BSD-3-Clause
"""Selectors and their rivals: accuracy on the selected features, over data sets, splits and K.

Splits are stratified 80/20 and named by their seed; official splits are merged before. A method
sees all training rows and nothing else. What it selects is scored by an SVC, by 1-NN and
ExtraTrees, and without labels by K-means on the rows of both parts; these get at most 5000 rows
of each part. Classes are encoded once, before the split. One fit serves every K where a method
ranks its features; one that trains for a K has a row for each. Every fit runs in a process of its
own, on one thread; one over the limit of time or memory is ended, its row says so, and so do those
of the set's further splits, which are not tried.

Tune on seeds below 100 only. Seeds below 1000 have a file of their own, ``accuracy_tuning.csv``;
what is published comes from the default seeds, run once per release. ``--official`` takes the sets
with an official split, on that split, with an SVC on all rows: ``accuracy_official.csv``.
``--fresh`` forgets the rows of the given sets, methods and seeds only.
"""

import functools
import importlib

import numpy as np
from scipy import sparse

from benchmarks import data, evaluation, methods
from benchmarks.formatting import mean_error, numbers, short, show
from benchmarks.isolated import Forks, Job
from benchmarks.results import Results

KS = (10, 20, 50, 100, 200)
OFFICIAL_KS = (50,)
PUBLISHED = 1000  # the first seed of published tables
MOST_ROWS = 5000  # of either part, that classifiers and clusters get
KEY = ["set", "method", "seed", "K"]
METHODS = [name for name in methods.METHODS if name not in methods.VARIANTS]
EVERY = "all"  # every K, or all features


def add_arguments(parser):
    parser.add_argument("--sets", nargs="+")
    parser.add_argument("--methods", nargs="+", choices=METHODS, metavar="METHOD")
    parser.add_argument("--unsupervised", action="store_true", help="methods without labels only")
    parser.add_argument("--seeds", nargs="+", type=int, help="1000 to 1004, 1009 where n < 500")
    parser.add_argument("--Ks", nargs="+", type=int)
    parser.add_argument("--limit", type=float, default=300, help="CPU seconds for one fit")
    parser.add_argument("--memory", type=float, default=6, help="GB for one fit, above the data")
    parser.add_argument("--official", action="store_true", help="on official splits")


def run(arguments):
    sets, chosen = sets_of(arguments), methods_of(arguments)
    seeds = {name: seeds_of(name, arguments) for name in sets}
    every_seed = sorted({seed for some in seeds.values() for seed in some})
    if any(seed < PUBLISHED for seed in every_seed):
        print(f"# seeds below {PUBLISHED} are for tuning: their rows are never published")
    for method in filter(methods.missing, chosen):
        print(f"# {method}: {methods.missing(method)}")
    with Forks() as forks:
        for seed in every_seed:
            results = Results(rows_file(seed, arguments.official), KEY)
            for name in sets:
                for method in chosen if seed in seeds[name] else ():
                    if not methods.missing(method):
                        measure(forks, results, name, method, seed, arguments)
    for file in dict.fromkeys(rows_file(seed, arguments.official) for seed in every_seed):
        summarise(Results(file, KEY), sets, chosen, Ks_of(arguments))


def forget(arguments):
    sets, chosen = sets_of(arguments), methods_of(arguments)
    seeds = {name: {str(seed) for seed in seeds_of(name, arguments)} for name in sets}
    for file in {rows_file(int(s), arguments.official) for some in seeds.values() for s in some}:
        results = Results(file, KEY)
        results.drop(
            [
                row
                for row in results.rows
                if row["seed"] in seeds.get(row["set"], ()) and row["method"] in chosen
            ]
        )


def sets_of(arguments):
    return arguments.sets or (data.OFFICIAL if arguments.official else data.SETS)


def methods_of(arguments):
    """In the registry's order."""
    return [
        name
        for name in METHODS
        if name in (arguments.methods or METHODS)
        and not (arguments.unsupervised and methods.METHODS[name].supervised)
    ]


def seeds_of(name, arguments):
    many = data.n_rows(name) < 500 and not arguments.official
    return arguments.seeds or range(PUBLISHED, PUBLISHED + (10 if many else 5))


def Ks_of(arguments):
    return tuple(arguments.Ks or (OFFICIAL_KS if arguments.official else KS))


def rows_file(seed, official):
    return "accuracy" + "_official" * official + "_tuning" * (seed < PUBLISHED)


def measure(forks, results, name, method, seed, arguments):
    """The missing rows of a method on a split."""
    Ks, known = Ks_of(arguments), methods.METHODS[method]
    if known.for_one_K:
        fits = {K: (K,) for K in Ks if K <= (known.most_K or K)}
    else:
        fits = {EVERY: Ks}
    for K, wanted in fits.items():
        if results.has(set=name, method=method, seed=seed, K=K):
            continue
        status = over_before(results, name, method, K)
        if data.is_csr(name) and not known.takes_csr:
            status = "needs dense data"
        figures = {"status": status} if status else forks.measure(
            "benchmarks.accuracy:job",
            arguments.limit,
            arguments.memory * 1e9,
            name=name,
            method=method,
            seed=seed,
            Ks=wanted,
            official=arguments.official,
        )  # fmt: skip
        figures = {column: figures.get(column, "") for column in columns(Ks)}
        results.add(set=name, method=method, seed=seed, K=K, **figures)
        shown = {k: v for k, v in figures.items() if v != ""}
        print(f"{name}, {method}, {seed}, K={K}: {shown}", flush=True)


def over_before(results, name, method, K):
    """The status of a further split where an earlier one was over a limit."""
    for row in results.where(set=name, method=method, K=K):
        if row["status"].startswith("over "):
            return row["status"].partition(" on split")[0] + f" on split {row['seed']}"
    return None


def columns(Ks):
    """The same for every fit, so that the file's header stays."""
    scores = [*evaluation.CLASSIFIERS, "kmeans", "nmi"]
    numbers_of_features = [*dict.fromkeys([*KS, *Ks]), EVERY]
    return [
        *("status", "seconds", "cpu_seconds", "data_mb", "peak_mb", "above_data_mb"),
        *("n_train", "n_features"),
        *(f"{score}_{K}" for score in scores for K in numbers_of_features),
    ]


# What the isolated process runs.


def job(name, method, seed, Ks, official):
    known = methods.METHODS[method]
    X, y, judged = split(name, seed, official)
    Ks = [K for K in Ks if K < X.shape[1]]
    if not Ks:
        raise ValueError("no K below the number of features")
    if known.needs:  # importing it is no part of the fit
        importlib.import_module(known.needs)
    kind = {"kind": data.kind_of(name)} if known.by_kind else {}

    def report(scores):
        found = {"n_train": X.shape[0], "n_features": X.shape[1]}
        for K in [EVERY] if method == methods.ALL else Ks:
            chosen = None if K == EVERY else evaluation.best(scores, K)
            parts = evaluation.standardised(judged, chosen)
            names = ["svc"] if official else [*evaluation.CLASSIFIERS]
            opinions = evaluation.accuracies(parts, seed, names)
            if not known.supervised and not official:
                opinions |= evaluation.clusters(*both(parts), seed)
            found |= {f"{name}_{K}": round(value, 3) for name, value in opinions.items()}
        return found

    return Job(lambda: known(X, y, Ks, seed, **kind), data.n_bytes(X), report)


@functools.lru_cache(maxsize=1)  # the next method is measured on the same split
def split(name, seed, official):
    """X and y to select on; (X_train, X_test, y_train, y_test) for those who score."""
    parts = data.official_split(name) if official else data.whole_split(name, seed)
    X, X_test, y, y_test = parts
    if official:
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
    lines = []
    for method in chosen:
        line = [method]
        for name in sets:
            rows = results.where(set=name, method=method)
            accuracy = numbers(rows, f"svc_{EVERY if method == methods.ALL else K}")
            if len(accuracy):
                seconds = np.median(numbers(rows, "cpu_seconds"))
                line.append(f"{mean_error(accuracy)} ({short(seconds)} s)")
            else:
                line.append(rows[0]["status"] if rows else "-")
        lines.append(line)
    show(["method", *sets], lines, f"{results.path.stem}: SVC, K = {K}")
