# SPDX-License-Identifier: BSD-3-Clause
"""CSR against masked dense: the arithmetic of a layer's training step, over shape and density.

The crossover decides which kernel ``kernel="auto"`` takes. Forward, backward and weight
gradient of one layer on 128 samples; medians of interleaved repetitions, one thread.
"""

import time

import numpy as np
import torch

from benchmarks.results import Results
from sparsefs.networks import make_sparse_linear
from sparsefs.topology import sample_positions
from sparsefs.training.threads import single_threaded

SHAPES = [(200, 500), (200, 3000), (200, 10_000), (1000, 784), (100, 1000)]
DENSITIES = [0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.5]


def add_arguments(parser):
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--device", default="cpu")


def run(arguments):
    results = Results("kernels", ["device", "n_out", "n_in", "density", "kernel"])
    print("milliseconds of forward + backward + gradient: csr / masked (ratio)")
    with single_threaded():
        for shape in SHAPES:
            for density in DENSITIES:
                key = {"device": arguments.device, "n_out": shape[0], "n_in": shape[1]}
                if results.has(**key, density=density, kernel="csr"):
                    continue
                times = measure(shape, density, arguments)
                for kernel, ms in times.items():
                    results.add(**key, density=density, kernel=kernel, ms=round(ms, 4))
                ratio = times["csr"] / times["masked"]
                print(
                    f"{shape!s:14s} {density:<5} {times['csr']:8.3f} / {times['masked']:8.3f}"
                    f"  ({ratio:.2f})",
                    flush=True,
                )


def measure(shape, density, arguments):
    rng = np.random.default_rng(0)
    positions = sample_positions(shape, density, rng)
    x = torch.randn(shape[1], 128, device=arguments.device)
    grad = torch.randn(shape[0], 128, device=arguments.device)
    layers = {
        kernel: make_sparse_linear(
            shape, positions, bound=0.1, rng=rng, kernel=kernel, device=arguments.device
        )
        for kernel in ("csr", "masked")
    }
    times = {kernel: [] for kernel in layers}
    for repeat in range(arguments.repeats + 2):
        for kernel, layer in layers.items():
            started = time.perf_counter()
            layer.forward(x)
            layer.backward(grad)
            layer.weight_grad(grad, x)
            if arguments.device != "cpu":
                torch.cuda.synchronize()
            if repeat >= 2:  # the first ones warm up
                times[kernel].append(1e3 * (time.perf_counter() - started))
    return {kernel: float(np.median(values)) for kernel, values in times.items()}
