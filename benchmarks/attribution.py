# SPDX-License-Identifier: BSD-3-Clause
"""Closed-form neuron attribution against automatic differentiation, and its share of a training.

Batch: time of the attribution of one batch of 100 in a d-1000-100-C network, beside torch.func on
a dense network with the same weights; medians of interleaved repetitions. Times are those of the
processor, on one thread: what else the machine does matters little.
``vmap-jacrev`` is ``vmap(jacrev(f))`` over the samples, the fastest of several chunk sizes;
``jacrev-sum`` differentiates the sum over the samples, which is the least work that automatic
differentiation can do; ``loop-jacobian`` is ``torch.autograd.functional.jacobian`` sample by
sample. ``ours-8`` averages over 8 samples, as NeuronAttributionSelector does by default.

Training: time of a fit without attribution, with the default (every 5th step, 8 samples), and with
attribution of all samples in every step; and how many of the 100 best features of the last the
default finds. The three see the same training.
"""

import time

import numpy as np
import torch
from tools.datasets import load
from torch.func import jacrev, vmap

from benchmarks.results import Results
from sparsefs import NeuronAttributionSelector
from sparsefs.importance import attribution
from sparsefs.networks import FeedForward
from sparsefs.topology import erk_densities, sample_positions
from sparsefs.utils.device import single_threaded

NETWORKS = {"isolet": (617, 26), "mnist": (784, 10)}
DENSITIES = [0.05, 1.0]
BATCH_SIZE = 100
CHUNK_SIZES = (10, 25, 50, None)
SETS = ["isolet_1560", "orl", "madelon", "pcmac", "prostate_ge"]
TRAININGS = {
    "alone": {"importance": "strength", "attribution_every": 10**6},
    "default": {},
    "everything": {"attribution_every": 1, "attribution_samples": None},
}
TOP = 100


def add_arguments(parser):
    parser.add_argument("--repeats", type=int, default=21)
    parser.add_argument("--sets", nargs="+", default=SETS)
    parser.add_argument("--seeds", nargs="+", type=int, default=range(3))
    parser.add_argument("--epochs", type=int, default=60)


def run(arguments):
    results = Results("attribution", ["part", "name", "density", "what", "seed"])
    with single_threaded():
        for name, (n_features, n_classes) in NETWORKS.items():
            for density in DENSITIES:
                key = {"part": "batch", "name": name, "density": density, "seed": 0}
                if not results.has(**key, what="ours"):
                    for what, times in batch_times(n_features, n_classes, density, arguments):
                        add(results, key, what, times)
    for seed in arguments.seeds:
        for name in arguments.sets:
            key = {"part": "training", "name": name, "density": 0.1, "seed": seed}
            if not results.has(**key, what="everything"):
                measure_training(results, key, arguments.epochs)
    summarise(results)


def add(results, key, what, times, found=""):
    results.add(
        **key,
        what=what,
        n=len(times),
        ms=round(1e3 * float(np.median(times)), 3),
        ms_min=round(1e3 * min(times), 3),
        ms_max=round(1e3 * max(times), 3),
        found=found,
    )


def batch_times(n_features, n_classes, density, arguments):
    """Pairs of (what, seconds of every repetition)."""
    rng = np.random.default_rng(0)
    sizes = [n_features, 1000, 100, n_classes]
    shapes = list(zip(sizes[1:], sizes[:-1], strict=True))
    network = FeedForward.from_positions(
        sizes,
        [
            sample_positions(shape, d, rng)
            for shape, d in zip(shapes, erk_densities(shapes, density), strict=True)
        ],
        ["relu", "relu", "identity"],
        rng=rng,
    )
    x = torch.from_numpy(rng.standard_normal((n_features, BATCH_SIZE), dtype=np.float32))
    rows = x.t().contiguous()
    network.forward(x)
    ways = {
        "ours": lambda: attribution(network),
        "ours-8": lambda: attribution(network, torch.arange(0, BATCH_SIZE, BATCH_SIZE // 8)[:8]),
        **rivals(network, rows),
    }
    expected = attribution(network)
    for what, way in ways.items():
        if what != "ours-8":
            np.testing.assert_allclose(way(), expected, rtol=1e-3)
    times = {what: [] for what in ways}
    for _ in range(arguments.repeats):
        for what, way in ways.items():
            started = time.process_time()
            way()
            times[what].append(time.process_time() - started)
    chunked = [what for what in ways if what.startswith("vmap-jacrev")]
    best = min(chunked, key=lambda what: np.median(times[what]))
    times["vmap-jacrev"] = times[best]
    print(f"{n_features}-1000-100-{n_classes}, density {density}: fastest is {best}", flush=True)
    return [(what, t) for what, t in times.items() if what not in chunked]


def rivals(network, rows):
    """Automatic differentiation of a dense network with the same weights."""
    parameters = []
    for layer in network.layers:
        weight = np.zeros(layer.shape, dtype=np.float32)
        positions, values = layer.connections()
        weight.flat[positions] = values
        parameters.append((torch.from_numpy(weight), layer.bias[:, 0].clone()))

    def outputs(x):
        for i, (weight, bias) in enumerate(parameters):
            x = torch.nn.functional.linear(x, weight, bias)
            x = torch.relu(x) if i < len(parameters) - 1 else x
        return x

    def average(jacobian):  # (n_samples, n_outputs, n_inputs)
        return jacobian.abs().mean(0).sum(0).numpy()

    def in_chunks(size):
        return lambda: average(vmap(jacrev(outputs), chunk_size=size)(rows))

    def summed():
        return average(jacrev(lambda x: outputs(x).sum(0))(rows).transpose(0, 1))

    def loop():
        one = torch.autograd.functional.jacobian
        return average(torch.stack([one(outputs, row) for row in rows]))

    ways = {f"vmap-jacrev, chunks of {size}": in_chunks(size) for size in CHUNK_SIZES}
    return ways | {"jacrev-sum": summed, "loop-jacobian": loop}


def measure_training(results, key, epochs):
    X, y = load(key["name"])
    seconds, scores = {}, {}
    order = list(TRAININGS)
    for what in np.roll(order, key["seed"]):
        selector = NeuronAttributionSelector(
            max_iter=epochs,
            early_stopping=False,
            random_state=key["seed"],
            device="cpu",
            **TRAININGS[what],
        )
        started = time.process_time()
        selector.fit(X, y)
        seconds[what] = time.process_time() - started
        scores[what] = set(np.flatnonzero(selector.ranking_ <= TOP))
    for what in TRAININGS:  # the last one says that all are there
        found = "" if what == "alone" else len(scores[what] & scores["everything"])
        add(results, key, what, [seconds[what]], found)


def summarise(results):
    """One line per network and per data set."""

    def rows(part, name, density):
        wanted = (part, name, str(density))
        return [r for r in results.rows if (r["part"], r["name"], r["density"]) == wanted]

    print("one batch, milliseconds (range), and how many times faster ours is on all its samples")
    for name in NETWORKS:
        for density in DENSITIES:
            found = {row["what"]: row for row in rows("batch", name, density)}
            print(f"{name}, density {density}")
            for what, row in found.items():
                ratio = float(row["ms"]) / float(found["ours"]["ms"])
                ms = f"{float(row['ms']):9.2f} ({row['ms_min']} to {row['ms_max']})"
                print(f"  {what:14s} {ms:36s} {ratio:7.1f} times")
    print(f"training: time beside a training alone; of the {TOP} best, how many the default finds")
    for name in SETS:
        by_what = {
            what: {r["seed"]: r for r in rows("training", name, 0.1) if r["what"] == what}
            for what in TRAININGS
        }
        alone = {seed: float(row["ms"]) for seed, row in by_what["alone"].items()}
        if not alone:
            continue
        shares = {
            what: [float(row["ms"]) / alone[seed] for seed, row in by_what[what].items()]
            for what in ("default", "everything")
        }
        overlap = [int(row["found"]) for row in by_what["default"].values()]
        print(
            f"  {name:12s} alone {np.median(list(alone.values())) / 1e3:5.1f} s, "
            + ", ".join(
                f"{what} {np.median(s):.2f} times ({min(s):.2f} to {max(s):.2f})"
                for what, s in shares.items()
            )
            + f", found {min(overlap)} to {max(overlap)} of {TOP}"
        )
