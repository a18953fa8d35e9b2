# SPDX-License-Identifier: BSD-3-Clause
"""Peak memory of a fit above the imported libraries, each in a process of its own.

Real data: WAST with its defaults at some density, beside the literal loop (two steps on 256 dense
rows: it takes no more after that). Generated data: a million features as 200 dense rows of
float32 and as 20,000 CSR rows of 100 non-zeros, for all selectors, with 5 connections per feature
(``benchmarks/wide_settings.py``). Less wide data for GradualPruning, whose closed form is for it: a
second fit in a process. The target is a peak of at most 1.5 GB above the data. The peak is that of
the fit: what loading the data took for a moment does not count (on Linux).
"""

from benchmarks import data, literal, wide_settings
from benchmarks.formatting import numbers, show, spread
from benchmarks.isolated import Job, measure
from benchmarks.methods import SELECTORS
from benchmarks.results import Results
from sparsefs import GradualPruningSelector, WASTSelector

LITERAL = "literal"
REAL = {"dorothea": 0.01, "arcene": 0.02, "mnist": 0.2}  # densities
EPOCHS = {"wide": 4, "wide_csr": 1}
CLOSED_FORM, FEW = "GradualPruning", ("few_60", "few_200")
TARGET_MB = 1500


def job(name, method, max_iter):
    X, y = data.dataset(name)
    size = data.n_bytes(X)
    if name in REAL and method == LITERAL:
        dense = X[:256].toarray() if hasattr(X, "toarray") else X[:256]
        return Job(lambda: literal.train(dense, REAL[name], epochs=1), size)
    if name in FEW:
        few = GradualPruningSelector(random_state=0, device="cpu").fit(X[:, :200], y)
        return Job(lambda: few.fit(X, y), size)
    if name in REAL:
        selector = WASTSelector(density=REAL[name], random_state=0, device="cpu")
    else:
        selector = wide_settings.selector(method, SELECTORS, max_iter)
    return Job(lambda: selector.fit(X, y), size, connections)


def connections(selector):
    return {"n_connections": selector.costs_["parameters"]["sparse"]}


def add_arguments(parser):
    parser.add_argument("--sets", nargs="+", default=[*REAL, *EPOCHS, *FEW])
    parser.add_argument("--methods", nargs="+", default=[*SELECTORS, LITERAL, CLOSED_FORM])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--limit", type=float, default=3600, help="seconds for one fit")


def run(arguments):
    results = Results("memory", ["set", "method", "repeat"])
    cases = [(s, m) for s in arguments.sets for m in arguments.methods if m in measured_on(s)]
    for repeat in range(arguments.repeats):
        for name, method in cases:
            ended = any(
                r["status"].startswith("over ") for r in results.where(set=name, method=method)
            )
            if ended or results.has(set=name, method=method, repeat=repeat):
                continue
            figures = measure(
                "benchmarks.memory:job",
                arguments.limit,
                name=name,
                method=method,
                max_iter=EPOCHS.get(name, 1),
            )
            columns = ("status", "seconds", "data_mb", "peak_mb", "above_data_mb", "n_connections")
            figures = {column: figures.get(column, "") for column in columns}
            results.add(set=name, method=method, repeat=repeat, **figures)
            print(f"{name}, {method}: {figures}", flush=True)
    summarise(results, cases)


def measured_on(name):
    if name in FEW:
        return (CLOSED_FORM,)
    return ("WAST", LITERAL) if name in REAL else tuple(SELECTORS)


def summarise(results, cases):
    lines = []
    for name, method in cases:
        rows = results.where(set=name, method=method)
        above = numbers(rows, "above_data_mb")
        columns = ("data_mb", "peak_mb", "above_data_mb", "seconds")
        cells = [spread(numbers(rows, column)) for column in columns]
        verdict = "" if len(above) == 0 else "yes" if max(above) <= TARGET_MB else "NO"
        lines.append([name, method, *cells, verdict if len(above) else rows[0]["status"]])
    header = ["set", "method", "data", "peak", "peak - data", "seconds", f"within {TARGET_MB} MB"]
    show(header, lines, "MB above the imported libraries")
