# SPDX-License-Identifier: BSD-3-Clause
"""Full fits of ours and of other tools, side by side: seconds, accuracy, memory.

Every fit runs in a process of its own on one thread and sees the training part of the same split;
one that takes longer than --limit is ended, and its row says so. ``over ExtraTrees`` is its time
divided by that of ExtraTrees, ``LassoNet over`` LassoNet's time divided by its own. The last
column names the other tools, and the dense network, that are both faster and at least as accurate.
On 60,000 rows of mnist there is QuickSelection in its paper's setting only: its 100 epochs are to
be compared with LassoNet's path on isolet_1560.
"""

import numpy as np

from benchmarks import data, methods
from benchmarks.evaluation import best, svc_accuracy
from benchmarks.formatting import mean_error, numbers, short, show, spread
from benchmarks.isolated import Job, measure
from benchmarks.results import Results

SETS = ["isolet_1560", "madelon", "mnist", "arcene"]
COMMON = [
    *methods.OURS,
    *(methods.DENSE, methods.LASSO_NET, methods.EXTRA_TREES, "mutual information"),
    *("RFE (LinearSVC)", "L1 logistic regression", "F-test"),
]
METHODS = [*COMMON, methods.QUICK_SELECTION_PAPER]


def job(name, method, seed):
    X_train, X_test, y_train, y_test = data.split(name, seed)
    K = data.n_selected(name)

    def accuracy(scores):
        chosen = best(scores, K)
        return {
            "K": K,
            "accuracy": round(svc_accuracy((X_train, X_test, y_train, y_test), chosen), 2),
        }

    fit = methods.METHODS[method]
    held = data.n_bytes(X_train) + data.n_bytes(X_test)
    return Job(lambda: fit(X_train, y_train, K, seed), held, accuracy)


def add_arguments(parser):
    parser.add_argument("--sets", nargs="+", default=[*SETS, data.WHOLE_MNIST])
    parser.add_argument("--methods", nargs="+", default=METHODS)
    parser.add_argument("--repeats", type=int, default=3, help="splits and seeds")
    parser.add_argument("--limit", type=float, default=600, help="seconds for one fit")


def run(arguments):
    results = Results("fits", ["set", "method", "repeat"])
    for repeat in range(arguments.repeats):
        for name in arguments.sets:
            for method in wanted(name, arguments.methods):
                if not methods.missing(method) and not done(results, name, method, repeat):
                    figures = measure(
                        "benchmarks.fits:job",
                        arguments.limit,
                        name=name,
                        method=method,
                        seed=repeat,
                    )
                    results.add(set=name, method=method, repeat=repeat, **columns(figures))
                    print(f"{name}, {method}: {figures}", flush=True)
    summarise(results, arguments)


def wanted(name, chosen):
    known = [methods.QUICK_SELECTION_PAPER] if name == data.WHOLE_MNIST else COMMON
    return [method for method in chosen if method in known]


def done(results, name, method, repeat):
    """Whether it is measured, or was over the limit before and would be again."""
    earlier = results.where(set=name, method=method)
    return results.has(set=name, method=method, repeat=repeat) or any(
        row["status"].startswith("over ") for row in earlier
    )


def columns(figures):
    """The same columns for a fit that was ended as for one that was not."""
    names = ("status", "seconds", "K", "accuracy", "data_mb", "peak_mb", "above_data_mb")
    return {name: figures.get(name, "") for name in names}


def summarise(results, arguments):
    header = ["method", "seconds", "accuracy", "over ExtraTrees", "LassoNet over", "peak MB"]
    for name in arguments.sets:
        found = {m: results.where(set=name, method=m) for m in wanted(name, arguments.methods)}
        lines = [line(name, method, found, results) for method in found]
        show([*header, "faster and at least as accurate"], lines, title=name)


def line(name, method, found, results):
    rows = found[method]
    seconds, peaks = numbers(rows, "seconds"), numbers(rows, "peak_mb")
    if len(seconds) == 0:
        status = rows[0]["status"] if rows else methods.missing(method) or "not measured"
        return [method, status, *[""] * 5]
    # There is no path of LassoNet on all of mnist: there it is the one on isolet_1560.
    peer = "isolet_1560" if name == data.WHOLE_MNIST else name
    return [
        method,
        spread(seconds),
        mean_error(numbers(rows, "accuracy")),
        ratio(seconds, numbers(results.where(set=name, method=methods.EXTRA_TREES), "seconds")),
        lasso_net_over(seconds, results.where(set=peer, method=methods.LASSO_NET)),
        spread(peaks),
        "; ".join(better(method, found)),
    ]


def ratio(seconds, others):
    return short(np.median(seconds) / np.median(others)) if len(others) else ""


def lasso_net_over(seconds, rows):
    times = numbers(rows, "seconds")
    if len(times):
        return ratio(times, seconds)
    ended = [row["status"] for row in rows if row["status"].startswith("over ")]
    limit = float(ended[0].split()[1]) if ended else None
    return f"> {short(limit / np.median(seconds))}" if limit else ""


def better(method, found):
    """Tools of others, and the dense network, that win in both respects."""
    if method not in (*methods.OURS, methods.QUICK_SELECTION_PAPER):
        return []
    figures = {m: (numbers(r, "seconds"), numbers(r, "accuracy")) for m, r in found.items()}
    seconds, accuracy = figures[method]
    return [
        other
        for other, (times, accuracies) in figures.items()
        if other not in methods.OURS
        and len(times)
        and np.median(times) < np.median(seconds)
        and np.mean(accuracies) >= np.mean(accuracy)
    ]
