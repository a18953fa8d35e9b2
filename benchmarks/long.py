# SPDX-License-Identifier: BSD-3-Clause
"""Time per row and peak memory of fits on arrays, memmaps and shards of up to 10^7 rows.

Time: 100,000 rows of 100 float32 columns, with a buffer of 8 MiB, so that they are streamed as a
longer table would be; every selector as it is by default, but for the epochs. Interleaved, each
source beside the in-memory array of the same repeat; `epoch` is training only, `fit` includes
what is read before.

Memory: 10^5 and 10^6 rows with the usual buffer, each fit in a process of its own. What counts is
RssAnon, sampled: pages of mapped files are resident too, but the system drops them when it likes.
Time of these fits is kept as well, one run each.
"""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

import sparsefs
from benchmarks.results import Results
from sparsefs.data import table

SELECTORS = {
    "WASTSelector": {"max_iter": 2},
    "QuickSelectionSelector": {"max_iter": 2},
    "NeuronAttributionSelector": {"max_iter": 2},
    "NeuroFSSelector": {"max_iter": 2, "hidden_layer_sizes": (300, 300)},
    "HyperSparseSelector": {"max_iter": 2, "fine_tune_epochs": 1, "warmup_epochs": 0},
    "DeepLassoSelector": {"max_iter": 2},
    "GradualPruningSelector": {},  # its whole fit is what others call an epoch
}
SOURCES = ("array", "memmap", "npy", "parquet")
N_COLUMNS, N_TIMED, TIMED_BUFFER, PER_SHARD = 100, 100_000, 2**23, 50_000
KEY = ["kind", "selector", "source", "rows", "repeat"]

_SCRIPT = """
import json, sys, threading, time
from benchmarks.long import fitted, once, opened
import numpy as np

folder, name, source, n_rows = *sys.argv[1:4], int(sys.argv[4])
fitted(name, np.random.default_rng(0).random((50, 5)), np.arange(50) % 3)  # imports torch

def anonymous():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("RssAnon")) / 1024

before, peak, done = anonymous(), 0, False

def watch():
    global peak
    while not done:
        peak = max(peak, anonymous())
        time.sleep(0.01)

watcher = threading.Thread(target=watch)
watcher.start()
X, y = opened(folder, source, n_rows)
figures = fitted(name, X, y, **once(name))
done = True
watcher.join()
print(json.dumps({"peak_mb": round(peak - before, 1), **figures}))
"""


def write(folder, n_rows, sources=SOURCES):
    """The same rows as one .npy file, as .npy shards and as Parquet shards: those of `sources`."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    folder = Path(folder) / str(n_rows)
    if folder.exists():
        return
    (folder / "npy").mkdir(parents=True)
    (folder / "parquet").mkdir()
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, n_rows)
    np.save(folder / "y.npy", labels)
    whole = None
    if {"array", "memmap"} & set(sources):
        whole = np.lib.format.open_memmap(folder / "X.npy", "w+", np.float32, (n_rows, N_COLUMNS))
    names = [f"f{j}" for j in range(N_COLUMNS)]
    for i, start in enumerate(range(0, n_rows, PER_SHARD)):
        rows = slice(start, min(start + PER_SHARD, n_rows))
        block = rng.standard_normal((rows.stop - start, N_COLUMNS), dtype=np.float32)
        block[:, :3] += np.eye(3, dtype=np.float32)[labels[rows]]
        if whole is not None:
            whole[rows] = block
        if "npy" in sources:
            np.save(folder / "npy" / f"part-{i:03d}.npy", block)
        if "parquet" in sources:
            pq.write_table(
                pa.table(dict(zip(names, block.T, strict=True))),
                folder / "parquet" / f"part-{i:03d}.parquet",
                row_group_size=10_000,
            )


def opened(folder, source, n_rows):
    folder = Path(folder) / str(n_rows)
    y = np.load(folder / "y.npy")
    if source in ("array", "memmap"):
        return np.load(folder / "X.npy", mmap_mode="r" if source == "memmap" else None), y
    return sparsefs.open_shards(folder / source), y


def once(name):
    """Parameters for one epoch."""
    if name == "GradualPruningSelector":
        return {}
    return {"max_iter": 1 + (name == "HyperSparseSelector"), "batch_size": 1000}


def fitted(name, X, y, **params):
    """Microseconds per row and epoch, of training only and of the whole fit."""
    setting = {"K": 5, "random_state": 0, "device": "cpu", **SELECTORS[name], **params}
    selector = getattr(sparsefs, name)(**setting)
    started = time.perf_counter()
    selector.fit(X, y)
    seconds, n = time.perf_counter() - started, len(X) / 1e6
    epochs = selector.history_["seconds"]
    n_epochs = 1 if name == "GradualPruningSelector" else len(epochs)
    return {
        "epoch_us": round(float(np.sum(epochs)) / n_epochs / n, 3),
        "fit_us": round(seconds / n_epochs / n, 3),
    }


def add_arguments(parser):
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--rows", type=int, nargs="+", default=[10**5, 10**6])
    parser.add_argument("--selectors", nargs="+", default=list(SELECTORS))
    parser.add_argument("--sources", nargs="+", choices=SOURCES, default=SOURCES)


def run(arguments):
    results = Results("long", KEY)
    with tempfile.TemporaryDirectory() as folder:
        _times(arguments, results, folder)
        _memory(arguments, results, folder)
    _summary(arguments, results)


def _times(arguments, results, folder):
    before, table.BUFFER_BYTES = table.BUFFER_BYTES, TIMED_BUFFER
    try:
        for repeat in range(arguments.repeats):
            for name in arguments.selectors:
                for source in arguments.sources:
                    row = dict(zip(KEY, ("time", name, source, N_TIMED, repeat), strict=True))
                    if not results.has(**row):
                        write(folder, N_TIMED, arguments.sources)
                        figures = fitted(name, *opened(folder, source, N_TIMED))
                        results.add(**row, **figures, peak_mb="")
    finally:
        table.BUFFER_BYTES = before


def _memory(arguments, results, folder):
    for n_rows in arguments.rows:
        for name in arguments.selectors:
            for source in arguments.sources:
                row = dict(zip(KEY, ("memory", name, source, n_rows, 0), strict=True))
                if results.has(**row):
                    continue
                write(folder, n_rows, arguments.sources)
                output = subprocess.run(
                    [sys.executable, "-c", _SCRIPT, folder, name, source, str(n_rows)],
                    capture_output=True,
                    text=True,
                    check=True,
                ).stdout
                figures = json.loads(output)
                results.add(**row, **{k: figures[k] for k in ("epoch_us", "fit_us", "peak_mb")})


def _summary(arguments, results):
    def figures(column, kind, name, source, n_rows):
        return np.array(
            [
                float(r[column])
                for r in results.rows
                if [r[k] for k in KEY[:4]] == [kind, name, source, str(n_rows)]
            ]
        )

    print(f"microseconds a row and epoch, {N_TIMED:,} rows, and ratio to the array: medians, range")
    for name in arguments.selectors:
        for source in arguments.sources:
            line = f"{name:26s} {source:8s}"
            for column in ("epoch_us", "fit_us"):
                times = figures(column, "time", name, source, N_TIMED)
                ratio = times / figures(column, "time", name, "array", N_TIMED)
                if not len(ratio):
                    continue
                line += f" {column[:-3]} {np.median(times):6.2f} x {np.median(ratio):.2f} "
                line += f"[{ratio.min():.2f}, {ratio.max():.2f}]"
            print(line)
    print("peak anonymous memory above the imports, MB; microseconds a row of the whole fit")
    for name in arguments.selectors:
        for source in arguments.sources:
            line = f"{name:26s} {source:8s}"
            for n_rows in arguments.rows:
                peak = figures("peak_mb", "memory", name, source, n_rows)[0]
                time_ = figures("fit_us", "memory", name, source, n_rows)[0]
                line += f"   {n_rows:>9,} rows {peak:7.1f} MB {time_:6.2f} us"
            print(line)
