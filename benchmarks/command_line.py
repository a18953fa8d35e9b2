# SPDX-License-Identifier: BSD-3-Clause
"""``sparsefs select`` on a wide CSV file, beside reading it with pandas and fitting the selector.

Every repetition starts two Python processes, one after the other. The first reads the file with
``pandas.read_csv`` and fits ``GradualPruningSelector(K=50)`` to all its rows; both are timed
inside, without the import of pandas and with that of torch, which a first fit cannot do without.
The second is the command, from its start to its end: it also imports, holds rows out, prepares,
and scores on the rows held out, with the selected features and with all. It is to take less than
1.3 times as long.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.formatting import numbers, show, spread
from benchmarks.isolated import THREAD_SETTINGS
from benchmarks.machine import ROOT
from benchmarks.results import Results

TARGET = 1.3
PROGRAM = """
import sys
import time
import pandas as pd
from sparsefs import GradualPruningSelector
started = time.perf_counter()
table = pd.read_csv(sys.argv[1])
read = time.perf_counter()
y = table.pop("label").to_numpy()
X = table.to_numpy("float32")
fit_started = time.perf_counter()
GradualPruningSelector(K=50, random_state=0).fit(X, y)
print(read - started, time.perf_counter() - fit_started)
"""
COMMAND = ["-m", "sparsefs", "select", "--target", "label", "-K", "50", "--quiet"]


def add_arguments(parser):
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--rows", type=int, default=2000)
    parser.add_argument("--columns", type=int, default=20_000)


def run(arguments):
    results = Results("command_line", ["rows", "columns", "repeat"])
    size = {"rows": arguments.rows, "columns": arguments.columns}
    missing = [i for i in range(arguments.repeats) if not results.has(repeat=i, **size)]
    if missing:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "wide.csv"
            write(path, **size)
            for repeat in missing:
                read, fit = map(float, output("-c", PROGRAM, str(path)).split())
                started = time.perf_counter()
                output(*COMMAND, str(path))
                whole = time.perf_counter() - started
                times = {"read_seconds": read, "fit_seconds": fit, "command_seconds": whole}
                rounded = {name: round(seconds, 3) for name, seconds in times.items()}
                results.add(**size, repeat=repeat, **rounded)
    summarise(results)


def write(path, rows, columns):
    """Normal numbers of four digits, ten of which add up to what tells two classes apart."""
    rng = np.random.default_rng(0)
    names = [f"f{i}" for i in range(columns)]
    with path.open("w") as file:
        print(*names, "label", sep=",", file=file)
        for _ in range(rows):
            values = np.round(rng.standard_normal(columns), 4)
            label = "case" if values[:10].sum() > 0 else "control"
            print(*values.tolist(), label, sep=",", file=file)


def output(*arguments):
    """What a Python process of its own prints, on one thread."""
    paths = [str(ROOT / "src"), os.environ.get("PYTHONPATH")]
    settings = dict.fromkeys(THREAD_SETTINGS, "1")
    settings["PYTHONPATH"] = os.pathsep.join(path for path in paths if path)
    child = subprocess.run(
        [sys.executable, *arguments],
        env=os.environ | settings,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return child.stdout


def summarise(results):
    sizes = sorted({(int(row["rows"]), int(row["columns"])) for row in results.rows})
    header = ["rows", "columns", "read, s", "fit, s", "command, s", "over read and fit"]
    show(header, [line(results, *size) for size in sizes])
    print(f"the target is {TARGET}")


def line(results, rows, columns):
    found = results.where(rows=rows, columns=columns)
    names = ("read_seconds", "fit_seconds", "command_seconds")
    read, fit, whole = (numbers(found, name) for name in names)
    return [rows, columns, *map(spread, (read, fit, whole, whole / (read + fit)))]
