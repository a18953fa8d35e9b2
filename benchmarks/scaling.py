# SPDX-License-Identifier: BSD-3-Clause
"""How time and memory grow with samples, features, neurons, density, classes, connections.

One of them at a time varies, on generated data, around a network of 1000 features, 200 neurons
and density 0.05 that sees 2000 samples in batches of 100. Every point is a fit in a process of
its own: time a step (and an epoch) is the median over its epochs without the first, then over the
repetitions. Exponents are slopes of least squares in log-log over all points, with their
standard errors; ``last`` is the slope between the last two points, where what does not grow
matters least. ``connections`` grows with the features, 5 for each, up to a million features; the
target is an exponent of time between 0.9 and 1.1.
"""

from itertools import pairwise

import numpy as np

from benchmarks import wide_settings
from benchmarks.formatting import numbers, short, show, spread
from benchmarks.isolated import Job, measure
from benchmarks.methods import SELECTORS
from benchmarks.results import Results

METHODS = ["WAST", "QuickSelection", "NeuronAttribution"]
BASE = {"n": 2000, "d": 1000, "h": 200, "density": 0.05, "C": 10}
AXES = {
    "n": [500, 1000, 2000, 4000, 8000],
    "d": [500, 1000, 2000, 4000, 8000],
    "h": [50, 100, 200, 400, 800],
    "density": [0.01, 0.02, 0.05, 0.1, 0.2],
    "C": [2, 4, 8, 16, 32, 64],
    "connections": [10_000, 30_000, 100_000, 300_000, 1_000_000],
}
BATCH, EPOCHS = 100, 4
ROWS_OF_WIDE = 200


def job(method, axis, value):
    if axis == "connections":
        size = BASE | {"n": ROWS_OF_WIDE, "d": value}
        selector = wide_settings.selector(method, SELECTORS, EPOCHS, batch_size=BATCH)
    else:
        size = BASE | {axis: value}
        selector = narrow(method, size)
    rng = np.random.default_rng(0)
    X = rng.standard_normal((size["n"], size["d"]), dtype=np.float32)
    y = np.arange(size["n"]) % size["C"]
    n_steps = -(-size["n"] // BATCH)

    def report(fitted):
        epoch = float(np.median(fitted.history_["seconds"][1:]))
        return {
            "n_connections": fitted.costs_["parameters"]["sparse"],
            "epoch_s": round(epoch, 6),
            "step_ms": round(1e3 * epoch / n_steps, 4),
        }

    return Job(lambda: selector.fit(X, y), X.nbytes, report)


def narrow(method, size):
    params = {"max_iter": EPOCHS, "batch_size": BATCH, "density": size["density"]}
    params |= {"hidden_layer_sizes": size["h"], "random_state": 0, "device": "cpu"}
    if method == "NeuronAttribution":
        params |= {"early_stopping": False, "init": "uniform"}
    return SELECTORS[method](**params)


def add_arguments(parser):
    parser.add_argument("--methods", nargs="+", default=METHODS)
    parser.add_argument("--axes", nargs="+", choices=AXES, default=list(AXES))
    parser.add_argument("--points", type=int, help="only the first so many of every axis")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--limit", type=float, default=3600, help="seconds for one fit")


def run(arguments):
    results = Results("scaling", ["method", "axis", "value", "repeat"])
    lines = [
        (method, axis, AXES[axis][: arguments.points])
        for axis in arguments.axes
        for method in arguments.methods
        if axis != "C" or method == "NeuronAttribution"  # the others have no classes
    ]
    for repeat in range(arguments.repeats):
        for method, axis, values in lines:
            for value in values:
                key = {"method": method, "axis": axis, "value": value}
                if not results.has(**key, repeat=repeat):
                    figures = measure("benchmarks.scaling:job", arguments.limit, **key)
                    add(results, key, repeat, figures)
    summarise(results, lines)


def add(results, key, repeat, figures):
    names = ("status", "n_connections", "step_ms", "epoch_s", "data_mb", "peak_mb", "above_data_mb")
    results.add(**key, repeat=repeat, **{name: figures.get(name, "") for name in names})
    print(f"{key}: {figures}", flush=True)


def summarise(results, lines):
    points, exponents = [], []
    for method, axis, values in lines:
        rows = {value: results.where(method=method, axis=axis, value=value) for value in values}
        for value, found in rows.items():
            cells = [spread(numbers(found, c)) for c in ("step_ms", "epoch_s", "peak_mb")]
            failed = "; ".join({r["status"] for r in found if r["status"] != "ok"})
            points.append([method, axis, value, *cells, failed])
        x_column = "n_connections" if axis == "connections" else "value"
        for column in ("step_ms", "epoch_s", "peak_mb"):
            exponents.append([method, axis, column, *exponent(rows.values(), x_column, column)])
    show(["method", "axis", "value", "ms a step", "s an epoch", "peak MB", "failed"], points)
    show(["method", "axis", "figure", "exponent", "last"], exponents, "exponents")


def exponent(rows, x_column, y_column):
    """Cells: the slope with its standard error, and the slope of the last two points."""
    points = [(numbers(r, x_column), numbers(r, y_column)) for r in rows]
    points = [(np.median(x), np.median(y)) for x, y in points if len(y) and np.median(y) > 0]
    if len(points) < 2:
        return ["-", "-"]
    x, y = np.log(points).T
    slope, error = slope_with_error(x, y)
    last = next(
        (b[1] - a[1]) / (b[0] - a[0]) for a, b in reversed([*pairwise(zip(x, y, strict=True))])
    )
    return [f"{slope:.2f} +-{error:.2f}" if len(x) > 2 else short(slope), f"{last:.2f}"]


def slope_with_error(x, y):
    """Least squares: the slope and its standard error (nan for two points)."""
    x = x - x.mean()
    slope = (x @ (y - y.mean())) / (x @ x)
    residual = y - y.mean() - slope * x
    freedom = len(x) - 2
    variance = residual @ residual / freedom if freedom else np.nan
    return slope, np.sqrt(variance / (x @ x))
