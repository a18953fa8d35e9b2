# SPDX-License-Identifier: BSD-3-Clause
"""Runs: one training of a network on the training rows, and one row of results.

An experiment is a list of jobs. A job has a key, by which its row is found again: what has its row
is not trained a second time, so that a list that was broken off goes on.
"""

import json
import time
from typing import NamedTuple

from benchmarks.tradeoff.classifier import SparseNetworkClassifier

COSTS = ("parameters", "inference_flops", "training_flops")


class Job(NamedTuple):
    key: dict
    parameters: dict


def topologies(topologies, sparsities):
    """Dense, and every topology at every sparsity."""
    yield {"topology": "dense", "sparsity": 0.0}
    for topology in topologies:
        for sparsity in sparsities:
            yield {"topology": topology, "sparsity": sparsity}


def run(results, jobs, split):
    """Measure what has no row yet."""
    missing = [job for job in jobs if not results.has(**job.key)]
    for number, job in enumerate(missing, start=1):
        figures = measure(job.parameters, split)
        results.add(**job.key, **figures)
        shown = " ".join(str(value) for value in job.key.values())
        accuracy, seconds = figures["accuracy"], figures["seconds"]
        print(f"{number}/{len(missing)}  {shown}  {accuracy:.2f} %  {seconds:.1f} s", flush=True)


def measure(parameters, split):
    """Test accuracy in percent, costs and seconds of a fit."""
    model = SparseNetworkClassifier(**parameters)
    started = time.perf_counter()
    model.fit(split.X_train, split.y_train)
    seconds = time.perf_counter() - started
    return {
        "accuracy": round(100 * model.score(split.X_test, split.y_test), 4),
        "density": round(model.density_, 6),
        "densities": json.dumps([round(float(d), 4) for d in model.densities_.values()]),
        **costs(model.costs_),
        "n_updates": model.n_updates_,
        "n_steps": model.n_steps_,
        "n_test": len(split.y_test),
        "seconds": round(seconds, 3),
        "parameters": json.dumps(parameters),
    }


def costs(found):
    """``{"sparse", "dense"}`` of every cost, a column each."""
    return {f"{name}_{kind}": found[name][kind] for name in COSTS for kind in ("sparse", "dense")}
