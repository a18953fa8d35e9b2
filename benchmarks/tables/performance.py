# SPDX-License-Identifier: BSD-3-Clause
"""Tables of the documentation's page on performance, from the rows of the other commands."""

from functools import partial

import numpy as np

from benchmarks import (
    data,
    fits,
    kernels,
    long,
    memory,
    methods,
    scaling,
    sizes,
    speed,
    startup,
    time_to_accuracy,
)
from benchmarks.formatting import mean_error, numbers, short

COMMANDS = (
    *("scaling", "memory", "kernels", "speed", "fits", "time_to_accuracy"),
    *("startup", "long", "sizes"),
)


def distinct(results, *columns):
    """Different values of some columns, in the order of the rows."""
    return [*dict.fromkeys(tuple(row[c] for c in columns) for row in results.rows)]


def median(rows, column, unit):
    values = numbers(rows, column)
    return f"{short(np.median(values))} {unit}" if len(values) else ""


def machines(*of_commands):
    """What the rows of every command were measured with."""
    columns = ("cpu", "n_cores", "gpu", "python", "torch", "commit")
    lines = []
    for command, results in zip(COMMANDS, of_commands, strict=True):
        found = [sorted({row.get(c) or "not recorded" for row in results.rows}) for c in columns]
        lines.append([f"``{command}``", *(", ".join(some) for some in found)])
    return ["Command", "Processor", "Cores", "GPU", "Python", "torch", "Commits"], lines


# What every table shows: (header, lines) of the results of its command.


def exponents(results):
    header = ["Grows", "From, to", "Selector", "Time an epoch", "at the end", "Peak memory"]
    lines = []
    for axis, method in distinct(results, "axis", "method"):
        values = [v for v in scaling.AXES[axis] if results.where(axis=axis, method=method, value=v)]
        rows = [results.where(axis=axis, method=method, value=v) for v in values]
        x = "n_connections" if axis == "connections" else "value"
        time, last = scaling.exponent(rows, x, "epoch_s")
        peak, _ = scaling.exponent(rows, x, "peak_mb")
        name = GROWS[axis]
        lines.append([name, f"{values[0]:,} to {values[-1]:,}", method, time, last, peak])
    return header, sorted(lines, key=lambda line: [*GROWS.values()].index(line[0]))


GROWS = {
    "n": "samples",
    "d": "features",
    "h": "hidden neurons",
    "density": "density",
    "C": "classes",
    "connections": "features, 5 connections each",
}


def wide(results):
    """A million features with all selectors: seconds of a fit and megabytes above the data."""
    header = ["Selector"]
    header += [f"{WIDE[name]}, {n} epoch{'s'[: n > 1]}" for name, n in memory.EPOCHS.items()]
    lines = []
    for method in methods.SELECTORS:
        found = [results.where(set=name, method=method) for name in memory.EPOCHS]
        if any(found):
            lines.append([method, *map(time_and_memory, found)])
    return header, lines


WIDE = {
    "wide": "200 x 1,000,000, dense",
    "wide_csr": "20,000 x 1,000,000, 100 non-zeros a row",
}


def time_and_memory(rows, seconds="seconds"):
    cells = [median(rows, seconds, "s"), median(rows, "above_data_mb", "MB")]
    return ", ".join(filter(None, cells)) or (rows[0]["status"] if rows else "")


def few(results):
    """Seconds, and megabytes above the data, of the closed form."""
    lines = [
        ["{} x {:,}".format(*data.shape(name)), *(median(rows, c, u) for c, u in FEW)]
        for name in memory.FEW
        if (rows := results.where(set=name))
    ]
    return ["Samples x features", "A fit", "Data", "Peak above the data"], lines


FEW = (("seconds", "s"), ("data_mb", "MB"), ("above_data_mb", "MB"))


def real(results):
    """Memory on data sets, beside the literal loop."""
    lines = [
        [
            name,
            memory.REAL[name],
            "literal loop" if method == memory.LITERAL else "ours",
            *(median(results.where(set=name, method=method), c, "MB") for c in MEGABYTES),
        ]
        for name, method in distinct(results, "set", "method")
        if name in memory.REAL
    ]
    return ["Data set", "Density", "Program", "Data", "Peak above the data"], lines


MEGABYTES = ("data_mb", "above_data_mb")


def crossovers(results):
    header = ["Device", "Outputs x inputs", "Connections", "CSR until", "Block until"]
    header += ['``kernel="auto"`` takes', "at worst slower than the best by"]
    lines = []
    for device, n_out, n_in, connections in distinct(results, *kernels.KEY[:4]):
        shape = (int(n_out), int(n_in))
        rows = results.where(**kernels.identity(device, shape, connections))
        if len(rows) == len(kernels.DENSITIES) * len(kernels.KERNELS[connections]):
            lines.append(kernels.crossovers(results, device, shape, connections))
    return header, lines


def steps(results):
    header = ["Data set", "Density", "Ours", "Ours, dense", "Literal", "Products"]
    header += ["Literal / ours", "Ours / products", "Update's share", "Dense is faster"]
    return header, speed.step_lines(results, distinct(results, "set", "density"))


def whole_fits(results):
    """Seconds and accuracy of every method and set."""
    sets = [name for (name,) in distinct(results, "set") if name != data.WHOLE_MNIST]
    lines = []
    for method in fits.COMMON:
        found = [results.where(set=name, method=method) for name in sets]
        if any(found):
            lines.append([method, *map(time_and_accuracy, found)])
    return ["Method", *sets], lines


def time_and_accuracy(rows):
    seconds, accuracy = median(rows, "seconds", "s"), numbers(rows, "accuracy")
    if len(accuracy) == 0:
        return rows[0]["status"] if rows else ""
    shown = mean_error(accuracy) if len(accuracy) > 1 else f"{accuracy[0]:.1f}"
    return f"{seconds}, {shown} %"


def beside(results):
    """Our fits as multiples of others', and who is better."""
    header = ["Data set", "Selector", "Seconds", "Time / ExtraTrees", "LassoNet / time"]
    header += ["Faster and at least as accurate"]
    ours = [*methods.OURS, methods.QUICK_SELECTION_PAPER]
    lines = []
    for (name,) in distinct(results, "set"):
        found = {m: results.where(set=name, method=m) for m in fits.METHODS}
        for method in ours:
            if found[method]:
                _, seconds, _, trees, lasso, _, better = fits.line(name, method, found, results)
                lines.append([name, method, seconds, trees, lasso, better])
    return header, lines


def to_accuracy(results):
    header = ["Data set", "Literal, s", "its accuracy", "Ours, s", "our accuracy"]
    header += ["Our setting", "Times faster"]
    lines = []
    for (name,) in distinct(results, "set"):
        seconds, accuracy = time_to_accuracy.figures(results, name)
        if all(map(len, seconds.values())):
            lines.append([name, *time_to_accuracy.fastest(seconds, accuracy)])
    return header, lines


def first_fit(results):
    return ["Program", "Seconds", "Over torch and scikit-learn"], startup.lines(results)


def streamed(results):
    """An epoch over that on the array in the same repetition, and peak memory."""
    header = ["Selector", "Source", "Epoch / array's", "Fit / array's"]
    header += ["Peak, 10⁵ rows", "10⁶ rows", "10⁷ rows", "s per 10⁶ rows"]
    lines = []
    for selector in long.SELECTORS:
        for source in long.SOURCES:
            timed, array = (
                {r["repeat"]: r for r in results.where(kind="time", selector=selector, source=s)}
                for s in (source, "array")
            )
            both = [repeat for repeat in timed if repeat in array]
            if not both:
                continue
            ratios = [
                short(np.median([float(timed[r][c]) / float(array[r][c]) for r in both]))
                for c in ("epoch_us", "fit_us")
            ]
            held = {"kind": "memory", "selector": selector, "source": source}
            peaks = [median(results.where(**held, rows=n), "peak_mb", "MB") for n in PEAK_ROWS]
            seconds = median(results.where(**held, rows=PEAK_ROWS[-1]), "fit_us", "s")
            lines.append([selector, source, *ratios, *peaks, seconds])
    return header, lines


PEAK_ROWS = (10**5, 10**6, 10**7)


def by_size(results, kind):
    """Seconds and megabytes above the data of every method; a limit where it was over one."""
    cells = [(n, p) for k, n, p in sizes.CELLS if k == kind]
    header = ["Method", *(f"{power(n)} x {power(p)}" for n, p in cells)]
    return header, [
        [method, *(of_size(results, kind, n, p, method) for n, p in cells)]
        for method in sizes.METHODS
        if results.where(kind=kind, method=method)
    ]


def of_size(results, kind, n, p, method):
    found = time_and_memory(
        results.where(kind=kind, n=n, p=p, method=method), seconds="cpu_seconds"
    )
    cell = found or sizes.over_before(results, kind, n, p, method) or ""
    return cell.replace("over ", "> ")


def power(size):
    return {100: "100", 10**4: "10⁴", 10**6: "10⁶"}[size]


TABLES = {
    "performance_exponents": (exponents, "scaling"),
    "performance_wide": (wide, "memory"),
    "performance_few": (few, "memory"),
    "performance_memory": (real, "memory"),
    "performance_kernels": (crossovers, "kernels"),
    "performance_steps": (steps, "speed"),
    "performance_fits": (whole_fits, "fits"),
    "performance_beside": (beside, "fits"),
    "performance_time_to_accuracy": (to_accuracy, "time_to_accuracy"),
    "performance_startup": (first_fit, "startup"),
    "performance_long": (streamed, "long"),
    "sizes_dense": (partial(by_size, kind="dense"), "sizes"),
    "sizes_csr": (partial(by_size, kind="csr"), "sizes"),
    "performance_machine": (machines, *COMMANDS),
}
