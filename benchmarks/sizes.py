# SPDX-License-Identifier: BSD-3-Clause
"""Seconds and peak memory of a fit with default settings, by size: ours and other tools.

100 to 10^6 rows and columns of float32, two classes that ten columns tell apart; dense, and CSR
with 100 values a row (of 100 columns: 10). Dense tables of 40 GB and more are left out. Every fit
is the second one in a fork, on one thread. A method that is over the limit of seconds or memory is
not tried on more rows or columns of the same kind. All methods rank, or select K = 50.
"""

import itertools

import numpy as np

from benchmarks import data, grid, methods
from benchmarks.formatting import numbers, show, spread
from benchmarks.isolated import Job
from benchmarks.results import Results

SIZES = (100, 10_000, 1_000_000)
CELLS = [
    (kind, n, p)
    for kind in ("dense", "csr")
    for n, p in itertools.product(SIZES, SIZES)
    if kind == "csr" or n * p <= 10**8
]
PAPERS = ("WAST", "QuickSelection", "NeuronAttribution", "NeuroFS", "HyperSparse", "DeepLasso")
OTHERS = ("F-test", "L1 logistic regression", methods.EXTRA_TREES, "RFE (LinearSVC)")
METHODS = ("GradualPruning", *PAPERS, *OTHERS, "LightGBM gain")
K = 50
COLUMNS = ("status", "seconds", "cpu_seconds", "data_mb", "above_data_mb", "found")


def job(method, kind, n, p):
    X, y = made(kind, n, p)
    scores_of = methods.METHODS[method]
    scores_of(*made(kind, 60, 60), K, 0)  # its imports

    def found(scores):
        chosen = np.argsort(-np.asarray(scores), kind="stable")[:10]
        return {"found": int((chosen < 10).sum())}

    return Job(lambda: scores_of(X, y, K, 0), data.n_bytes(X), found)


def made(kind, n, p):
    return data.wide(n, p) if kind == "dense" else data.wide_csr(n, p, min(100, p // 10))


def add_arguments(parser):
    parser.add_argument("--kinds", nargs="+", choices=["dense", "csr"], default=["dense", "csr"])
    parser.add_argument("--largest", type=int, default=max(SIZES), help="rows and columns")
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=METHODS)
    parser.add_argument("--repeats", type=int, default=1)
    grid.add_arguments(parser)
    parser.set_defaults(memory=10)


def run(arguments):
    results = Results("sizes", ["kind", "n", "p", "method", "repeat"])
    with grid.Grid(arguments) as fits:
        for repeat, cell in itertools.product(range(arguments.repeats), CELLS):
            if cell[0] not in arguments.kinds or max(cell[1:]) > arguments.largest:
                continue
            for method in arguments.methods:
                key = dict(zip(("kind", "n", "p", "method"), (*cell, method), strict=True))
                if not (methods.missing(method) or over_before(results, **key)):
                    row = key | {"repeat": repeat}
                    fits.fill(results, row, COLUMNS, "benchmarks.sizes:job", key)
    summarise(results)


def over_before(results, kind, n, p, method):
    """The status of a table that is no larger in rows or columns and was over a limit, or None."""
    for row in results.where(kind=kind, method=method):
        if int(row["n"]) <= n and int(row["p"]) <= p and row["status"].startswith("over "):
            return row["status"]
    return None


def summarise(results):
    for kind, n, p in CELLS:
        lines = []
        for method in METHODS:
            rows = results.where(kind=kind, n=n, p=p, method=method)
            columns = ("seconds", "cpu_seconds", "above_data_mb", "found")
            cells = [spread(numbers(rows, column)) for column in columns]
            failed = {row["status"] for row in rows} - {"ok"}
            skipped = "" if rows else over_before(results, kind, n, p, method) or ""
            lines.append([method, *cells, "; ".join(failed) or skipped])
        header = ["method", "seconds", "processor", "MB above the data", "of 10 found", "failed"]
        show(header, lines, f"{kind}, {n:,} x {p:,}")
