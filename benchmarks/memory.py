# SPDX-License-Identifier: BSD-3-Clause
"""Peak memory of a fit above the imported libraries, each in a process of its own."""

import json
import subprocess
import sys

from benchmarks.results import Results

CASES = [("dorothea", 0.01), ("arcene", 0.02), ("mnist", 0.2)]

_SCRIPT = """
import json, resource, sys, time
import numpy as np
import torch
import sparsefs.training.loop, sparsefs.networks, sparsefs.topology
from sparsefs import WASTSelector
from benchmarks.speed import literal
from tests.data import load

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

who, name, density = sys.argv[1], sys.argv[2], float(sys.argv[3])
baseline = peak()
X, y = load(name)
with_data = peak()
started = time.perf_counter()
if who == "ours":
    WASTSelector(density=density, random_state=0, device="cpu").fit(X)
else:
    X = X.toarray() if hasattr(X, "toarray") else X
    literal(X[:256], density, 1, 0)  # two steps: memory does not grow after that
print(json.dumps({"baseline_mb": baseline, "data_mb": with_data - baseline,
                  "peak_mb": peak() - baseline, "seconds": time.perf_counter() - started}))
"""


def add_arguments(parser):
    parser.add_argument("--who", nargs="+", default=["ours", "literal"])


def run(arguments):
    results = Results("memory", ["set", "density", "who"])
    print("MB above the imported libraries; the literal loop: two steps on 256 dense rows")
    for name, density in CASES:
        for who in arguments.who:
            if results.has(set=name, density=density, who=who):
                continue
            output = subprocess.run(
                [sys.executable, "-c", _SCRIPT, who, name, str(density)],
                capture_output=True,
                text=True,
                check=True,
            ).stdout
            figures = {k: round(v, 1) for k, v in json.loads(output).items()}
            results.add(set=name, density=density, who=who, **figures)
            print(f"{name:10s} density {density:<5} {who:8s} {figures}", flush=True)
