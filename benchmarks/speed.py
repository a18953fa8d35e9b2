# SPDX-License-Identifier: BSD-3-Clause
"""Time of a training step: ours, the literal dense-mask loop, the bare matrix products.

All three run on one thread, interleaved, on the same data with the paper's setting, for the
same number of epochs; figures are medians over the repetitions, with the range in brackets. The
literal loop is the oracle of the tests: dense matrices, masks, full sorts, automatic
differentiation. ``products`` are the five dense products of a step and nothing else.
"""

import time

import numpy as np
import torch
from tests.data import load
from tests.oracle import LiteralWAST

from benchmarks.results import Results
from sparsefs import WASTSelector
from sparsefs.topology import Topology
from sparsefs.training.threads import single_threaded

CASES = [
    ("madelon", 0.2),
    ("coil20", 0.2),
    ("isolet_1560", 0.2),
    ("pcmac", 0.2),
    ("mnist", 0.2),
    ("pcmac", 0.02),
    ("arcene", 0.02),
]
N_HIDDEN, BATCH = 200, 128


def ours(X, density, epochs, seed):
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
            K=1, density=density, max_iter=epochs, random_state=seed, device="cpu"
        ).fit(X)
    finally:
        Topology.after_step = update
    total = selector.history_["seconds"].sum()
    return total / (epochs * -(-len(X) // BATCH)), spent[0] / total


def literal(X, density, epochs, seed):
    """Seconds a step of the literal loop."""
    d = X.shape[1]
    generator = torch.Generator().manual_seed(seed)
    X = torch.from_numpy((X - X.mean()) / X.std())
    shapes = [(N_HIDDEN, d), (d, N_HIDDEN)]
    masks = [(torch.rand(s, generator=generator) < density).float() for s in shapes]
    weights = [
        (2 * torch.rand(s, generator=generator) - 1) / np.sqrt(s[1]) * m
        for s, m in zip(shapes, masks, strict=True)
    ]
    biases = [torch.zeros(s[0]) for s in shapes]
    program = LiteralWAST(weights, masks, biases, lam=0.9, mixing="sum")
    started, n_steps = time.perf_counter(), 0
    for _ in range(epochs):
        for rows in torch.randperm(len(X), generator=generator).split(BATCH):
            x = X[rows]
            program.step(x, 0.2 * torch.randn(x.shape, generator=generator))
            n_steps += 1
    return (time.perf_counter() - started) / n_steps


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
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=10)


def run(arguments):
    results = Results("speed", ["set", "density", "repeat"])
    print("milliseconds a step; ratio to ours; share of the topology update in ours")
    for name, density in CASES:
        X, _ = load(name, 10_000)
        for repeat in range(arguments.repeats):
            if results.has(set=name, density=density, repeat=repeat):
                continue
            with single_threaded():
                times = {"products": products(X)}
                times["ours"], share = ours(X, density, arguments.epochs, repeat)
                times["literal"] = literal(X, density, arguments.epochs, repeat)
            results.add(
                set=name,
                density=density,
                repeat=repeat,
                **{f"{k}_ms": round(1e3 * v, 4) for k, v in times.items()},
                topology_share=round(share, 3),
            )
        rows = [r for r in results.rows if (r["set"], r["density"]) == (name, str(density))]
        samples = {
            k: np.array([float(r[k]) for r in rows])
            for k in ("products_ms", "ours_ms", "literal_ms", "topology_share")
        }
        against_literal = samples["literal_ms"] / samples["ours_ms"]
        against_products = samples["ours_ms"] / samples["products_ms"]
        print(
            f"{name:12s} {density:<5} ours {_spread(samples['ours_ms'])}  "
            f"literal {_spread(samples['literal_ms'])}  products {_spread(samples['products_ms'])}"
            f"  literal/ours {_spread(against_literal)}  ours/products "
            f"{_spread(against_products)}  topology {_spread(samples['topology_share'])}",
            flush=True,
        )


def _spread(values):
    return f"{np.median(values):.3g} [{values.min():.3g}, {values.max():.3g}]"
