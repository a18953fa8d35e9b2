# SPDX-License-Identifier: BSD-3-Clause
"""CSR and block against masked dense: the arithmetic of a layer's step, over shape and density.

Forward, backward and weight gradient of one layer on 128 samples, one thread; medians with range
of interleaved repetitions. Connections are ``scattered`` at random, as where growth is
random, or half of them lie in ``filled`` rows of single inputs, as where growth is by importance;
only the latter suits the block kernel. Printed are the density at which masked dense overtakes
each sparse kernel, what ``kernel="auto"`` takes, and how much slower than the best that is at
worst.
"""

import time

import numpy as np
import torch

from benchmarks.formatting import numbers, short, show, spread
from benchmarks.results import Results
from sparsefs.networks import make_sparse_linear
from sparsefs.networks.feedforward import choose_kernel
from sparsefs.topology import sample_positions
from sparsefs.utils.device import single_threaded

SHAPES = [
    *((200, 500), (200, 784), (200, 3000), (200, 10_000), (200, 100_000)),
    *((1000, 784), (1000, 10_000), (100, 1000)),
    *((784, 200), (10_000, 200)),
]
DENSITIES = [0.005, 0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.5]
KERNELS = {"scattered": ("csr", "masked"), "filled": ("csr", "block", "masked")}
SAMPLES = 128
KEY = ["device", "n_out", "n_in", "connections", "density", "kernel"]


def add_arguments(parser):
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--devices", nargs="+", default=devices(), help="cpu, cuda or both")
    parser.add_argument("--shapes", type=int, help="only the first so many")


def devices():
    return ["cpu", "cuda"] if torch.cuda.is_available() else ["cpu"]


def run(arguments):
    results = Results("kernels", KEY)
    shapes = SHAPES[: arguments.shapes]
    layers = [(d, s, c) for d in arguments.devices for s in shapes for c in KERNELS]
    with single_threaded():
        for device, shape, connections in layers:
            for density in DENSITIES:
                key = identity(device, shape, connections) | {"density": density}
                if not results.has(**key, kernel="masked"):
                    for kernel, ms in measure(
                        device, shape, connections, density, arguments.repeats
                    ):
                        results.add(
                            **key,
                            kernel=kernel,
                            n=len(ms),
                            ms=round(float(np.median(ms)), 4),
                            ms_min=round(min(ms), 4),
                            ms_max=round(max(ms), 4),
                        )
    summarise(results, layers)


def identity(device, shape, connections):
    return {"device": device, "n_out": shape[0], "n_in": shape[1], "connections": connections}


def measure(device, shape, connections, density, repeats):
    """Pairs of (kernel, milliseconds of every repetition)."""
    rng = np.random.default_rng(0)
    place = sample_positions if connections == "scattered" else half_filled
    positions = place(shape, density, rng)
    x = torch.randn(shape[1], SAMPLES, device=device)
    grad = torch.randn(shape[0], SAMPLES, device=device)
    layers = {
        kernel: make_sparse_linear(
            shape, positions, bound=0.1, rng=rng, kernel=kernel, device=device, filled_side="in"
        )
        for kernel in KERNELS[connections]
    }
    times = {kernel: [] for kernel in layers}
    for repeat in range(repeats + 2):
        for kernel, layer in layers.items():
            started = time.perf_counter()
            layer.forward(x)
            layer.backward(grad)
            layer.weight_grad(grad, x)
            if device != "cpu":
                torch.cuda.synchronize()
            if repeat >= 2:  # the first ones warm up
                times[kernel].append(1e3 * (time.perf_counter() - started))
    return list(times.items())


def half_filled(shape, density, rng):
    """Positions of which half lie in inputs that have all of their connections."""
    full = rng.permutation(shape[1])[: round(shape[1] * density / 2)]
    exists = np.zeros(shape, dtype=bool)
    exists.flat[sample_positions(shape, density / 2, rng)] = True
    exists[:, full] = True
    return np.flatnonzero(exists)


def summarise(results, layers):
    details = []
    for device, shape, connections in layers:
        rows = results.where(**identity(device, shape, connections))
        layer = [device, f"{shape[0]} x {shape[1]}", connections]
        for density in times_of(rows, connections)["masked"]:
            found = {r["kernel"]: r for r in rows if float(r["density"]) == density}
            fastest = min(found, key=lambda kernel: float(found[kernel]["ms"]))
            cells = [
                spread([float(found[k][c]) for c in ("ms", "ms_min", "ms_max")])
                if k in found
                else ""
                for k in ("csr", "block", "masked")
            ]
            dense = "dense" if fastest == "masked" else fastest
            details.append([*layer, density, *cells, dense])
    header = [*CROSSOVER_HEADER[:3], "density", "csr", "block", "masked", "fastest"]
    show(header, details, "milliseconds")
    title = "density until which a sparse kernel is faster than masked dense"
    show(CROSSOVER_HEADER, [crossovers(results, *layer) for layer in layers], title)


CROSSOVER_HEADER = [
    *("device", "outputs x inputs", "connections"),
    *("csr until", "block until", "auto takes", "at worst slower by"),
]


def crossovers(results, device, shape, connections):
    """Cells of CROSSOVER_HEADER for a layer."""
    times = times_of(results.where(**identity(device, shape, connections)), connections)
    return [
        *(device, f"{shape[0]} x {shape[1]}", connections),
        *(crossover(times.get(kernel), times["masked"]) for kernel in ("csr", "block")),
        *automatic(device, shape, connections, times),
    ]


def times_of(rows, connections):
    """{kernel: {density: milliseconds}}."""
    return {
        kernel: {float(r["density"]): numbers([r], "ms")[0] for r in rows if r["kernel"] == kernel}
        for kernel in KERNELS[connections]
    }


def crossover(sparse, dense):
    """Density at which the times are equal, between two measured ones in log scale."""
    if not sparse:
        return ""
    densities = sorted(sparse)
    ratios = np.log([sparse[d] / dense[d] for d in densities])
    slower = np.flatnonzero(ratios > 0)
    if len(slower) == 0:
        return f"> {densities[-1]}"
    if slower[0] == 0:
        return f"< {densities[0]}"
    i = slower[0]
    share = -ratios[i - 1] / (ratios[i] - ratios[i - 1])
    return short(densities[i - 1] * (densities[i] / densities[i - 1]) ** share)


def automatic(device, shape, connections, times):
    """Cells: what the automatic choice takes, and by which factor it misses the best at worst."""
    filled_side = "in" if connections == "filled" else None
    taken = {d: choose_kernel(shape, d, device, filled_side) for d in times["masked"]}
    losses = {
        d: times[kernel][d] / min(t[d] for t in times.values()) for d, kernel in taken.items()
    }
    worst = max(losses, key=losses.get)
    until = max((d for d in taken if taken[d] != "masked"), default=None)
    text = "masked" if until is None else f"{taken[until]} until {until}"
    return text, f"{losses[worst]:.2f} (density {worst})"
