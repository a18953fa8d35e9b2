# SPDX-License-Identifier: BSD-3-Clause
"""Wide sparse data: seconds of an epoch and of a whole fit, compared with ExtraTrees.

``wide_csr`` are 20,000 generated rows of a million features, 100 values each; of a network that is
not GradualPruning there is one epoch (``benchmarks/wide_settings.py``). Of the real sets there are
whole fits, with the accuracy of an SVC on the 50 best features. Every fit runs in a process of its
own on one thread. ``processor`` are its seconds on the processor, which a busy machine changes
least. An epoch of GradualPruning is one with all features, of which it does not have many.
"""

import numpy as np

from benchmarks import data, methods, wide_settings
from benchmarks.evaluation import MOST_ROWS, best, svc_accuracy
from benchmarks.formatting import numbers, show, spread
from benchmarks.isolated import Job, measure
from benchmarks.results import Results
from sparsefs import GradualPruningSelector

SETS = ["dorothea", "news20", "wide_csr"]
OURS = "GradualPruning"
NETWORKS = ["NeuronAttribution", "NeuroFS", "HyperSparse"]
K = 50


def job(name, method, seed):
    X_test = y_test = None
    if name == "wide_csr":
        X, y = data.dataset(name)
    else:
        X, X_test, y, y_test = data.split(name, seed)
    if method == methods.EXTRA_TREES:
        fit = methods.METHODS[method]
        return Job(lambda: fit(X, y, K, seed), data.n_bytes(X), report_of(X, X_test, y, y_test))
    selector = GradualPruningSelector(K=K, random_state=seed, device="cpu")
    if method != OURS:
        selector = wide_settings.selector(method, methods.SELECTORS, 1)

    def report(fitted):
        seconds = fitted.history_["seconds"]
        epoch = seconds[0] if method != OURS else seconds[0] / n_steps(X) * -(-X.shape[0] // 256)
        accuracy = report_of(X, X_test, y, y_test)
        return {"epoch_s": round(float(epoch), 2)} | accuracy(fitted.scores_)

    return Job(lambda: selector.fit(X, y), data.n_bytes(X), report)


def n_steps(X):
    """Steps of GradualPruning in a round, as its documentation has them."""
    return round(5 * min(5.0, max(1.0, (X.shape[0] / 1000) ** 0.5)))


def report_of(X, X_test, y, y_test):
    """How to measure the accuracy of scores on real data."""

    def accuracy(scores):
        if X_test is None:
            return {}
        chosen = best(scores, K)
        dense = (X[:MOST_ROWS, chosen].toarray(), X_test[:, chosen].toarray())
        scored = svc_accuracy((*dense, y[:MOST_ROWS], y_test), np.arange(K))
        return {"accuracy": round(scored, 2)}

    return accuracy


def add_arguments(parser):
    parser.add_argument("--sets", nargs="+", choices=SETS, default=SETS)
    parser.add_argument("--methods", nargs="+", default=[OURS, *NETWORKS, methods.EXTRA_TREES])
    parser.add_argument("--repeats", type=int, default=3, help="splits and seeds")
    parser.add_argument("--limit", type=float, default=600, help="seconds for one fit")


def run(arguments):
    results = Results("wide_sparse", ["set", "method", "repeat"])
    cases = [
        (name, method)
        for name in arguments.sets
        for method in arguments.methods
        if name == "wide_csr" or method not in NETWORKS
    ]
    for repeat in range(arguments.repeats):
        for name, method in cases:
            key = {"set": name, "method": method}
            earlier = [row["status"] for row in results.where(**key)]
            if results.has(**key, repeat=repeat) or any(s.startswith("over ") for s in earlier):
                continue
            figures = measure(
                "benchmarks.wide_sparse:job",
                arguments.limit,
                name=name,
                method=method,
                seed=repeat,
            )
            columns = ("status", "seconds", "cpu_seconds", "epoch_s", "accuracy", "above_data_mb")
            results.add(**key, repeat=repeat, **{c: figures.get(c, "") for c in columns})
            print(f"{name}, {method}: {figures}", flush=True)
    summarise(results, cases)


def summarise(results, cases):
    lines = []
    for name, method in cases:
        rows = results.where(set=name, method=method)
        columns = ("epoch_s", "seconds", "cpu_seconds", "accuracy", "above_data_mb")
        failed = "; ".join({row["status"] for row in rows if row["status"] != "ok"})
        lines.append([name, method, *(spread(numbers(rows, c)) for c in columns), failed])
    header = ["set", "method", "s an epoch", "s a fit", "processor", "accuracy", "MB", "failed"]
    show(header, lines)
