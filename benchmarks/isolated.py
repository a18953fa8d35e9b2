# SPDX-License-Identifier: BSD-3-Clause
"""One fit in a process of its own: its time, its peak memory, and an end if it takes too long.

``measure("module:function", ...)`` runs ``python -m benchmarks.isolated``, which calls the
function there. It loads the data and returns a `Job`, which is then timed.
"""

import contextlib
import gc
import importlib
import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.machine import ROOT

THREAD_SETTINGS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
MB = 1e6


class Job(NamedTuple):
    """What is measured: ``fit()``. ``report(result)`` adds columns, and is not measured."""

    fit: Callable[[], Any]
    data_bytes: int
    report: Callable[[Any], dict] = lambda result: {}


def measure(job, limit, **arguments):
    """{"status", "seconds", "data_mb", "peak_mb", "above_data_mb", ...} of a job, on one thread.

    ``peak_mb`` is the peak above what the imported libraries take, ``above_data_mb`` that above
    the data. The status is "ok", or says why nothing else was measured.
    """
    environment = os.environ | dict.fromkeys(THREAD_SETTINGS, "1")
    paths = [str(ROOT), os.environ.get("PYTHONPATH")]
    environment["PYTHONPATH"] = os.pathsep.join(path for path in paths if path)
    child = subprocess.run(
        [sys.executable, "-m", "benchmarks.isolated", job, str(limit), json.dumps(arguments)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if child.returncode == 0:
        return {"status": "ok"} | json.loads(child.stdout.splitlines()[-1])
    if child.returncode == -signal.SIGALRM:
        return {"status": f"over {limit:g} s"}
    if child.returncode == -signal.SIGKILL:
        return {"status": "killed, most likely out of memory"}
    last = (child.stderr.strip().splitlines() or [f"exit status {child.returncode}"])[-1]
    return {"status": f"failed: {last[:200]}"}


def main(name, limit, arguments):
    module, function = name.split(":")
    make = getattr(importlib.import_module(module), function)
    _warm_up()
    before = _memory("VmRSS")
    job = make(**arguments)
    gc.collect()
    _forget_peak()
    # The signal's own action ends the process, also in the middle of compiled code.
    signal.setitimer(signal.ITIMER_REAL, limit)
    started = time.perf_counter()
    result = job.fit()
    seconds = time.perf_counter() - started
    signal.setitimer(signal.ITIMER_REAL, 0)
    peak = _memory("VmHWM") - before
    figures = {
        "seconds": round(seconds, 4),
        "data_mb": round(job.data_bytes / MB, 1),
        "peak_mb": round(peak / MB, 1),
        "above_data_mb": round((peak - job.data_bytes) / MB, 1),
    }
    print(json.dumps(figures | job.report(result)))


def _warm_up():
    """What the libraries load at a first fit is theirs, in time and in memory."""
    import numpy as np

    from sparsefs import NeuronAttributionSelector, WASTSelector

    X = np.random.default_rng(0).standard_normal((64, 300))
    WASTSelector(K=1, max_iter=1, device="cpu").fit(X)
    NeuronAttributionSelector(K=1, max_iter=1, device="cpu").fit(X, np.arange(64) % 2)


def _memory(name):
    """Bytes in use ("VmRSS") or their peak ("VmHWM")."""
    status = Path("/proc/self/status")
    if status.exists():
        # ru_maxrss would begin at the peak of the process that started this one.
        line = next(line for line in status.read_text().splitlines() if line.startswith(name))
        return 1024 * int(line.split()[1])
    unit = 1 if sys.platform == "darwin" else 1024
    return unit * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _forget_peak():
    """Let the peak begin here, so that loading the data does not count; on Linux only."""
    with contextlib.suppress(OSError):  # the peak then includes what loading took
        Path("/proc/self/clear_refs").write_text("5")


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]), json.loads(sys.argv[3]))
