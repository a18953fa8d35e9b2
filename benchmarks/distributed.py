# SPDX-License-Identifier: BSD-3-Clause
"""Fits of several processes with one thread each, compared with one process: speed and accuracy.

Weak scaling: every process draws ``--rows`` x ``--columns`` random numbers, and each batch contains
the same number of rows of every process. Figures are rows of all processes, by the seconds of the
fit. ``apart`` are two processes that fit at once and send nothing: what the machine allows.

Accuracy: that of an SVC on 50 features (madelon: 20), selected on 80 % of the rows, half of them
in each of two processes.

``--what launcher`` measures the seconds of the second fit of two processes that have their rows in
memory: in a process group, as torchrun starts it, and with fit_dask on two workers.
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

HEADER = ["Method", "Size", "Rows/s, one", "two / one", "apart / one", "two / apart", "four / one"]
SETS = ("madelon", "coil20", "usps", "isolet_1560", "lung_small")
METHODS = {
    "WAST": lambda size: WASTSelector(max_iter=2, batch_size=1000 * size),
    "QuickSelection": lambda size: QuickSelectionSelector(max_iter=2, batch_size=1000 * size),
    "GradualPruning": lambda size: GradualPruningSelector(batch_size=1000 * size),
}
SPEEDS = (("speed", 1), ("apart", 2), ("speed", 2), ("speed", 4))  # and numbers of processes
LAUNCHERS = ("torchrun", "dask")
ACCURATE = {
    "WAST": WASTSelector,
    "QuickSelection": lambda: QuickSelectionSelector(max_iter=20),
    "NeuronAttribution": lambda: NeuronAttributionSelector(max_iter=30),
    "GradualPruning": GradualPruningSelector,
}


def add_arguments(parser):
    parser.add_argument("--what", nargs="+", choices=["speed", "launcher"], default=["speed"])
    parser.add_argument("--rows", type=int, default=1_000_000, help="of each process")
    parser.add_argument("--columns", type=int, default=500)
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=["WAST"])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--sets", nargs="*", default=[], help=f"for accuracy, such as {SETS}")
    parser.add_argument("--seeds", type=int, default=3)


def run(arguments):
    results = Results("distributed", ["what", "method", "set", "seed", "processes"])
    size = f"{arguments.rows}x{arguments.columns}"
    cases = [
        (what, method, size, repeat, processes)
        for repeat in range(arguments.repeats)
        for method in arguments.methods
        for what, processes in SPEEDS
        if "speed" in arguments.what
    ]
    cases += [
        ("launcher", launcher, size, repeat, 2)
        for repeat in range(arguments.repeats)
        for launcher in LAUNCHERS
        if "launcher" in arguments.what
    ]
    cases += [
        ("accuracy", method, name, seed, processes)
        for name in arguments.sets
        for seed in range(arguments.seeds)
        for method in ACCURATE
        for processes in (1, 2)
    ]
    for case in cases:
        key = dict(zip(results.key, case, strict=True))
        if not results.has(**key):
            results.add(**key, found=measured(*case))
    summarise(results)


def measured(what, method, name, seed, processes):
    """What rank 0 of so many processes prints, or the only process of dask; of speeds the sum."""
    printed = printed_by_ranks(
        "benchmarks.distributed",
        processes,
        what,
        method,
        name,
        seed,
        started=1 if method == "dask" else None,
    )
    values = [float(line) for line in printed]
    return round(sum(values) if (what, processes) in SPEEDS else values[0], 3)


def printed_by_ranks(module, size, *case, started=None):
    """The last line that each rank prints: ``module INIT RANK SIZE CASE``, on one thread each.

    `started` is how many processes to start, where these are not the ranks.
    """
    environment = os.environ | dict.fromkeys(THREAD_SETTINGS, "1")
    with tempfile.TemporaryDirectory() as directory:
        command = [sys.executable, "-m", module, f"file://{directory}/store"]
        ranks = [
            subprocess.Popen(
                [*command, str(rank), str(size), *map(str, case)],
                stdout=subprocess.PIPE,
                text=True,
                cwd=ROOT,
                env=environment,
            )
            for rank in range(started or size)
        ]
        return [rank.communicate()[0].splitlines()[-1] for rank in ranks]


def fit_as_rank(init, rank, size, what, method, name, seed):
    """Print what a fit came to: rows of this rank a second, seconds, or the accuracy."""
    import torch.distributed as dist

    if method == "dask":
        print(seconds_of_dask(size, name, seed))
        return
    dist.init_process_group("gloo", init_method=init, rank=rank, world_size=size)
    if what == "launcher":
        X, _ = random_rows(name, seed, rank)
        print(seconds_of_second(lambda: timed("WAST", size).fit(X), dist.barrier))
        return
    if (what, size) in SPEEDS:
        X, y = random_rows(name, seed, rank)
        dist.barrier()
        started = time.perf_counter()
        if what == "apart":
            timed(method, 1).fit(X, y, process_group=None)
        else:
            timed(method, size).fit(X, y)
        print(len(X) / (time.perf_counter() - started))
        return
    data = X, _, y, _ = split(name, int(seed))
    order = np.random.default_rng(int(seed)).permutation(len(y))[rank::size]
    selector = ACCURATE[method]()
    selector.set_params(K=n_selected(name), random_state=int(seed), device="cpu")
    selector.fit(X[order], y[order])
    print(svc_accuracy(data, selector.get_support()))


def random_rows(name, seed, rank):
    n, d = map(int, name.split("x"))
    rng = np.random.default_rng([int(seed), rank])
    return rng.standard_normal((n, d), dtype=np.float32), rng.integers(2, size=n)


def timed(method, size):
    return METHODS[method](size).set_params(random_state=0, device="cpu")


def seconds_of_second(fit, wait=lambda: None):
    """Seconds of the second call: the first imports, and connects the processes."""
    for _ in range(2):
        wait()
        started = time.perf_counter()
        fit()
        seconds = time.perf_counter() - started
    return seconds


def seconds_of_dask(size, name, seed):
    """Seconds of fit_dask on workers that have made their rows themselves."""
    import dask
    import dask.array as da
    from distributed import Client, LocalCluster, wait

    from sparsefs.distributed import fit_dask

    with (
        dask.config.set({"distributed.nanny.pre-spawn-environ.MALLOC_MMAP_THRESHOLD_": 2**25}),
        LocalCluster(n_workers=size, threads_per_worker=1, dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        workers = sorted(client.scheduler_info()["workers"])
        made = [
            client.submit(random_rows, name, seed, rank, workers=[worker])
            for rank, worker in enumerate(workers)
        ]
        shape = tuple(map(int, name.split("x")))
        X = da.concatenate([da.from_delayed(dask.delayed(m)[0], shape, np.float32) for m in made])
        X = X.persist()
        wait(X)
        assert len(set(client.who_has(X).values())) == size, "the rows are not spread over workers"
        return seconds_of_second(lambda: fit_dask(timed("WAST", size), X))


def summarise(results):
    show(HEADER, lines_of_speed(results), "Weak scaling")
    header = ["size", "seconds, torchrun", "dask", "dask / torchrun"]
    show(header, lines_of_launchers(results), "Two processes")
    header = ["method", "set", "accuracy, one", "two", "two - one"]
    show(header, lines_of_accuracy(results), "Accuracy")


def lines_of_speed(results):
    for case in cases_of(results, "speed"):
        found = [
            numbers(results.where(**{**case, "what": what}, processes=n), "found")
            for what, n in SPEEDS
        ]
        n = min(map(len, found))
        one, apart, two, four = (values[:n] for values in found)
        ratios = two / one, apart / one, two / apart, four / one
        yield [case["method"], case["set"], spread(one), *map(spread, ratios)]


def lines_of_launchers(results):
    lines = []
    for name in dict.fromkeys(row["set"] for row in results.where(what="launcher")):
        ranks, dask = (
            numbers(results.where(what="launcher", set=name, method=launcher), "found")
            for launcher in LAUNCHERS
        )
        n = min(len(ranks), len(dask))
        lines.append([name, spread(ranks[:n]), spread(dask[:n]), spread(dask[:n] / ranks[:n])])
    return lines


def lines_of_accuracy(results):
    for case in cases_of(results, "accuracy"):
        one, two = (numbers(results.where(**case, processes=n), "found") for n in (1, 2))
        n = min(len(one), len(two))
        differences = mean_error(two[:n] - one[:n])
        yield [case["method"], case["set"], mean_error(one), mean_error(two), differences]


def cases_of(results, what):
    """Method and data set, or size, of all rows of a kind."""
    rows = results.where(what=what)
    for method, name in dict.fromkeys((row["method"], row["set"]) for row in rows):
        yield {"what": what, "method": method, "set": name}


if __name__ == "__main__":
    fit_as_rank(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), *sys.argv[4:])
