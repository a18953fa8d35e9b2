# SPDX-License-Identifier: BSD-3-Clause
"""Absolute times on a CUDA device; says so and does nothing where there is none.

WAST on 60,000 rows of mnist for 10 epochs, every selector's default fit on mnist's first 10,000
rows, and the kernels there (``benchmarks kernels --devices cuda``). Where the data sets are
missing, generated digits of the same shape take their place, and the rows say so. ``fit`` is the
whole fit, ``training`` its epochs, and ``transfer`` copying X to the device once, by itself.
Methods take turns; one fit before all warms the device up.
"""

import argparse
import time

import numpy as np
import torch
from tools.datasets import available

from benchmarks import data, kernels
from benchmarks.formatting import numbers, show, spread
from benchmarks.methods import SELECTORS
from benchmarks.results import Results

WHOLE = "WAST, 60,000 rows, 10 epochs"
TARGET = "target: whole mnist under 1 s of training"


def unavailable():
    return None if torch.cuda.is_available() else "no CUDA device: nothing measured"


def add_arguments(parser):
    parser.add_argument("--repeats", type=int, default=5)


def cases():
    """{name: (data set, selector without K and seed, its parameters)}."""
    small = "mnist" if available() else "digits_like"
    known = {WHOLE: (data.WHOLE_MNIST, "WAST", {"max_iter": 10})}
    return known | {f"{name}, 10,000 rows": (small, name, {}) for name in SELECTORS}


def run(arguments):
    results = Results("gpu", ["case", "repeat"])
    fit(*cases()[WHOLE], seed=0)
    for repeat in range(arguments.repeats):
        for case, (name, selector, params) in cases().items():
            if not results.has(case=case, repeat=repeat):
                results.add(
                    case=case,
                    repeat=repeat,
                    data=name if available() else "generated",
                    **fit(name, selector, params, repeat),
                )
    summarise(results)
    kernels.run(argparse.Namespace(repeats=15, devices=["cuda"], shapes=None))


def fit(name, selector, params, seed):
    X, y = data.dataset(name)
    model = SELECTORS[selector](random_state=seed, device="cuda", **params)
    transfer = timed(lambda: torch.from_numpy(np.ascontiguousarray(X)).cuda())
    torch.cuda.reset_peak_memory_stats()
    seconds = timed(lambda: model.fit(X, y))
    return {
        "n_iter": model.n_iter_,
        "fit_s": round(seconds, 4),
        "training_s": round(float(np.sum(model.history_["seconds"])), 4),
        "transfer_s": round(transfer, 4),
        "peak_device_mb": round(torch.cuda.max_memory_allocated() / 1e6, 1),
    }


def timed(action):
    torch.cuda.synchronize()
    started = time.perf_counter()
    action()
    torch.cuda.synchronize()
    return time.perf_counter() - started


def summarise(results):
    columns = ("fit_s", "training_s", "transfer_s", "peak_device_mb")
    lines = [
        [case, *(spread(numbers(results.where(case=case), column)) for column in columns)]
        for case in cases()
    ]
    show(["case", "fit s", "training s", "transfer s", "peak MB on the device"], lines, TARGET)
