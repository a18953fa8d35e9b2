# SPDX-License-Identifier: BSD-3-Clause
"""Fits of several processes with one thread each, compared with one process: speed and accuracy.

Weak scaling: every process draws ``--rows`` x ``--columns`` random numbers, and each batch contains
the same number of rows of every process. ``times one`` is the number of rows per second of all
processes, divided by that of one process. The best value is the number of processes. Accuracy: that
of an SVC on 50 features (madelon: 20), selected on 80 % of the rows, half of them in each of two
processes.
"""

import os
import subprocess
import sys
import tempfile
import time

import numpy as np

from benchmarks.data import n_selected, split
from benchmarks.evaluation import svc_accuracy
from benchmarks.formatting import mean_error, numbers, show, spread
from benchmarks.isolated import THREAD_SETTINGS
from benchmarks.machine import ROOT
from benchmarks.results import Results
from sparsefs import (
    GradualPruningSelector,
    NeuronAttributionSelector,
    QuickSelectionSelector,
    WASTSelector,
)

SETS = ("madelon", "coil20", "usps", "isolet_1560", "lung_small")
METHODS = {
    "WAST": lambda size: WASTSelector(max_iter=2, batch_size=1000 * size),
    "QuickSelection": lambda size: QuickSelectionSelector(max_iter=2, batch_size=1000 * size),
    "GradualPruning": lambda size: GradualPruningSelector(batch_size=1000 * size),
}
ACCURATE = {
    "WAST": WASTSelector,
    "QuickSelection": lambda: QuickSelectionSelector(max_iter=20),
    "NeuronAttribution": lambda: NeuronAttributionSelector(max_iter=30),
    "GradualPruning": GradualPruningSelector,
}


def add_arguments(parser):
    parser.add_argument("--rows", type=int, default=1_000_000, help="of each process")
    parser.add_argument("--columns", type=int, default=500)
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=["WAST"])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--sets", nargs="*", default=[], help=f"for accuracy, such as {SETS}")
    parser.add_argument("--seeds", type=int, default=3)


def run(arguments):
    results = Results("distributed", ["what", "method", "set", "seed", "processes"])
    cases = [
        ("speed", method, f"{arguments.rows}x{arguments.columns}", repeat)
        for repeat in range(arguments.repeats)
        for method in arguments.methods
    ]
    cases += [
        ("accuracy", method, name, seed)
        for name in arguments.sets
        for seed in range(arguments.seeds)
        for method in ACCURATE
    ]
    for what, method, name, seed in cases:
        for processes in (1, 2):
            key = {"what": what, "method": method, "set": name, "seed": seed}
            if not results.has(**key, processes=processes):
                found = measured(processes, what, method, name, seed)
                results.add(**key, processes=processes, found=found)
    summarise(results)


def measured(processes, *case):
    """What rank 0 of so many processes prints."""
    environment = os.environ | dict.fromkeys(THREAD_SETTINGS, "1")
    with tempfile.TemporaryDirectory() as directory:
        command = [sys.executable, "-m", "benchmarks.distributed", f"file://{directory}/store"]
        ranks = [
            subprocess.Popen(
                [*command, str(rank), str(processes), *map(str, case)],
                stdout=subprocess.PIPE,
                text=True,
                cwd=ROOT,
                env=environment,
            )
            for rank in range(processes)
        ]
        printed = [rank.communicate()[0] for rank in ranks]
    return round(float(printed[0].splitlines()[-1]), 3)


def fit_as_rank(init, rank, size, what, method, name, seed):
    """Print what a fit of all ranks came to: rows a second, or the accuracy."""
    import torch.distributed as dist

    dist.init_process_group("gloo", init_method=init, rank=rank, world_size=size)
    if what == "speed":
        n, d = map(int, name.split("x"))
        rng = np.random.default_rng([int(seed), rank])
        X, y = rng.standard_normal((n, d), dtype=np.float32), rng.integers(2, size=n)
        dist.barrier()
        started = time.perf_counter()
        selector = METHODS[method](size).set_params(random_state=0, device="cpu").fit(X, y)
        print(rows_trained(selector, n * size) / (time.perf_counter() - started))
        return
    data = X, _, y, _ = split(name, int(seed))
    order = np.random.default_rng(int(seed)).permutation(len(y))[rank::size]
    selector = ACCURATE[method]()
    selector.set_params(K=n_selected(name), random_state=int(seed), device="cpu")
    selector.fit(X[order], y[order])
    print(svc_accuracy(data, selector.get_support()))


def rows_trained(selector, n):
    """Rows of all steps; GradualPruning reads the others once, for a summary."""
    if isinstance(selector, GradualPruningSelector):
        return 25 * selector.n_iter_ * selector.batch_size
    return selector.n_iter_ * n


def summarise(results):
    header = ["method", "size", "rows a second, one", "two", "times one"]
    show(header, lines_of_speed(results), "Weak scaling")
    header = ["method", "set", "accuracy, one", "two", "two - one"]
    show(header, lines_of_accuracy(results), "Accuracy")


def lines_of_speed(results):
    return [
        [*case, spread(one), spread(two), spread(two / one)]
        for case, one, two in pairs(results, "speed")
    ]


def lines_of_accuracy(results):
    return [
        [*case, mean_error(one), mean_error(two), mean_error(two - one)]
        for case, one, two in pairs(results, "accuracy")
    ]


def pairs(results, what):
    """(case, what was found in one process, and in two) of every case."""
    rows = results.where(what=what)
    for method, name in dict.fromkeys((row["method"], row["set"]) for row in rows):
        case = {"what": what, "method": method, "set": name}
        one, two = (numbers(results.where(**case, processes=n), "found") for n in (1, 2))
        n = min(len(one), len(two))
        yield (method, name), one[:n], two[:n]


if __name__ == "__main__":
    fit_as_rank(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), *sys.argv[4:])
