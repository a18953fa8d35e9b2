# SPDX-License-Identifier: BSD-3-Clause
"""Time to import sparsefs and fit for the first time, beside importing its libraries.

Every repetition starts a new Python process for each; the processes take turns. The time is taken
inside, so that Python's own start does not count, and is the processor's: what else the machine
does may slow a start down to several times that. A first fit, of ``WASTSelector`` on 500 x 500 or
``GradualPruningSelector`` on 60 x 1000 random numbers, is to take less than 1.5 times what ``torch
and scikit-learn`` takes, which no program on these libraries can be faster than.
"""

import os
import subprocess
import sys

import numpy as np

from benchmarks.formatting import numbers, show, spread
from benchmarks.isolated import THREAD_SETTINGS
from benchmarks.results import Results

PROGRAMS = {
    "torch": "import torch",
    "numpy, scipy and scikit-learn": "import numpy, scipy.sparse, sklearn.feature_selection",
    "torch and scikit-learn": "import torch, scipy.sparse, sklearn.feature_selection",
    "sparsefs": "import sparsefs",
    "sparsefs and a first fit": """
import numpy
from sparsefs import WASTSelector
X = numpy.random.default_rng(0).random((500, 500), dtype=numpy.float32)
WASTSelector(K=10, random_state=0, device="cpu").fit(X)
""",
    "sparsefs and a first fit in closed form": """
import numpy
from sparsefs import GradualPruningSelector
X = numpy.random.default_rng(0).random((60, 1000), dtype=numpy.float32)
GradualPruningSelector(K=10, device="cpu").fit(X, X[:, 0] > 0.5)
""",
}
LEAST = "torch and scikit-learn"
FITS = [program for program in PROGRAMS if "fit" in program]
TARGET = 1.5


def add_arguments(parser):
    parser.add_argument("--repeats", type=int, default=11)


def run(arguments):
    results = Results("startup", ["program", "repeat"])
    for program in PROGRAMS:  # files come from the disk once
        seconds(program)
    for repeat in range(arguments.repeats):
        for program in PROGRAMS:
            if not results.has(program=program, repeat=repeat):
                results.add(program=program, repeat=repeat, seconds=round(seconds(program), 4))
    summarise(results)


def seconds(program):
    """Of a program in a process of its own, on one thread."""
    code = f"import time\nstarted = time.process_time()\n{PROGRAMS[program]}\n"
    child = subprocess.run(
        [sys.executable, "-c", f"{code}\nprint(time.process_time() - started)"],
        # As of a package that is installed, the compiled files are kept.
        env=os.environ | dict.fromkeys(THREAD_SETTINGS, "1") | {"PYTHONDONTWRITEBYTECODE": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    return float(child.stdout)


def summarise(results):
    show(["program", "seconds", f"over {LEAST}"], lines(results))
    times = times_of(results)
    for program in FITS:
        ratio = np.median(times[program] / times[LEAST])
        print(f"{program}: {ratio:.2f} times {LEAST}; the target is {TARGET}")


def lines(results):
    """Cells of every program: seconds, and those over `LEAST` in the same repetition."""
    times = times_of(results)
    n = min(len(values) for values in times.values())
    return [
        [program, spread(values), spread(values[:n] / times[LEAST][:n])]
        for program, values in times.items()
    ]


def times_of(results):
    return {program: numbers(results.where(program=program), "seconds") for program in PROGRAMS}
