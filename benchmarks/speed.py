# SPDX-License-Identifier: BSD-3-Clause
"""Time of a WAST step and epoch: ours, the literal dense-mask loop, the bare matrix products.

All run on one thread, interleaved, on the same data with the paper's setting, for the same number
of epochs; figures are medians over the repetitions, with the range in brackets. ``literal`` is
the program as written: dense matrices, masks, full sorts, automatic differentiation.
``ours, dense`` is ours with dense matrices and masks (``kernel="masked"``); ``products`` are the
five dense products of a step and nothing else. ``update`` is the share of the topology update in
ours. The last column says where a dense program is faster than ours.
"""

import time

import numpy as np
import torch
from tools.datasets import load

from benchmarks import literal
from benchmarks.data import GENERATED
from benchmarks.formatting import numbers, show, spread
from benchmarks.literal import BATCH, N_HIDDEN
from benchmarks.results import Results
from sparsefs import WASTSelector
from sparsefs.topology import Topology
from sparsefs.utils.device import single_threaded

CASES = [
    ("madelon", 0.2),
    ("coil20", 0.2),
    ("isolet_1560", 0.2),
    ("pcmac", 0.2),
    ("mnist", 0.2),
    ("pcmac", 0.02),
    ("arcene", 0.02),
]
DENSE_PROGRAMS = {"literal": "literal", "dense": "ours, dense"}


def ours(X, density, epochs, seed, kernel="auto"):
    """(seconds a step, share of the topology update) of a fit."""
    spent = [0.0]
    update = Topology.after_step

    def timed(self, *args):
        started = time.perf_counter()
        result = update(self, *args)
        spent[0] += time.perf_counter() - started
        return result

    Topology.after_step = timed
    try:
        selector = WASTSelector.from_paper(
            K=1, density=density, max_iter=epochs, random_state=seed, device="cpu", kernel=kernel
        ).fit(X)
    finally:
        Topology.after_step = update
    total = selector.history_["seconds"].sum()
    return total / (epochs * steps_per_epoch(X)), spent[0] / total


def steps_per_epoch(X):
    return -(-X.shape[0] // BATCH)


def products(X, n_steps=10):
    """Seconds of the five dense products of a step."""
    d = X.shape[1]
    x, hidden = torch.randn(BATCH, d), torch.randn(BATCH, N_HIDDEN)
    encoder, decoder = torch.randn(N_HIDDEN, d), torch.randn(d, N_HIDDEN)
    started = time.perf_counter()
    for _ in range(n_steps):
        x @ encoder.t()
        hidden @ decoder.t()
        x @ decoder
        x.t() @ hidden
        hidden.t() @ x
    return (time.perf_counter() - started) / n_steps


def add_arguments(parser):
    parser.add_argument("--sets", nargs="+", help="only these")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=10)


def run(arguments):
    results = Results("speed", ["set", "density", "repeat"], needed=["dense_ms"])
    chosen = arguments.sets or [name for name, _ in CASES]
    cases = [case for case in CASES if case[0] in chosen]
    cases += [(name, 0.2) for name in chosen if name in GENERATED]
    for name, density in cases:
        X, _ = GENERATED[name]() if name in GENERATED else load(name, 10_000)
        for repeat in range(arguments.repeats):
            if not results.has(set=name, density=density, repeat=repeat):
                measure(results, name, X, density, repeat, arguments.epochs)
    summarise(results, cases)


def measure(results, name, X, density, repeat, epochs):
    with single_threaded():
        times = {"products": products(X)}
        times["ours"], share = ours(X, density, epochs, repeat)
        times["dense"], _ = ours(X, density, epochs, repeat, kernel="masked")
        training = literal.train(X, density, epochs, repeat)
        times["literal"] = training.seconds / training.n_steps
    results.add(
        set=name,
        density=density,
        repeat=repeat,
        **{f"{k}_ms": round(1e3 * v, 4) for k, v in times.items()},
        topology_share=round(share, 3),
        steps_per_epoch=steps_per_epoch(X),
    )


def summarise(results, cases):
    show(STEP_HEADER, step_lines(results, cases), "milliseconds a step")
    epochs = []
    for name, density in cases:
        rows = results.where(set=name, density=density)
        n = numbers(rows, "steps_per_epoch")
        epochs.append([name, density, *(spread(n * v / 1e3) for v in times(rows).values())])
    show(STEP_HEADER[:6], epochs, "seconds an epoch")


STEP_HEADER = [
    *("set", "density", "ours", "ours, dense", "literal", "products"),
    *("literal / ours", "ours / products", "update", "dense is faster"),
]


def step_lines(results, cases):
    """Cells of STEP_HEADER for every case."""
    lines = []
    for name, density in cases:
        rows = results.where(set=name, density=density)
        ms = times(rows)
        faster = [
            label
            for program, label in DENSE_PROGRAMS.items()
            if len(rows) and np.median(ms[program]) < np.median(ms["ours"])
        ]
        ratios = [spread(ms["literal"] / ms["ours"]), spread(ms["ours"] / ms["products"])]
        share = spread(numbers(rows, "topology_share"))
        cells = [*map(spread, ms.values()), *ratios, share, "; ".join(faster)]
        lines.append([name, density, *cells])
    return lines


def times(rows):
    return {k: numbers(rows, f"{k}_ms") for k in ("ours", "dense", "literal", "products")}
