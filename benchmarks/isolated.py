# SPDX-License-Identifier: BSD-3-Clause
"""One fit in a process of its own: its time, its peak memory, and an end if it takes too long.

``measure("module:function", ...)`` runs ``python -m benchmarks.isolated``, which calls the
function there. It loads the data and returns a `Job`, which is then timed. For thousands of fits
there is `Forks`: one such process imports the libraries and loads the data, and every fit is a
fork of it.
"""

import contextlib
import ctypes
import gc
import importlib
import json
import math
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
WAITING = 10  # how many times a limit of processor time a fit may take by the clock


class Job(NamedTuple):
    """What is measured: ``fit()``. ``report(result)`` adds columns, and is not measured."""

    fit: Callable[[], Any]
    data_bytes: int
    report: Callable[[Any], dict] = lambda result: {}


def measure(job, limit, **arguments):
    """{"status", "seconds", "data_mb", "peak_mb", "above_data_mb", ...} of a job, on one thread.

    ``seconds`` are the clock's, as the limit's are, and ``cpu_seconds`` the processor's.
    ``peak_mb`` is the peak above what the imported libraries take, ``above_data_mb`` that above
    the data. The status is "ok", or says why nothing else was measured.
    """
    child = subprocess.run(
        [sys.executable, "-m", "benchmarks.isolated", job, str(limit), json.dumps(arguments)],
        env=_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    if child.returncode == 0:
        return {"status": "ok"} | json.loads(child.stdout.splitlines()[-1])
    last = (child.stderr.strip().splitlines() or [f"exit status {child.returncode}"])[-1]
    return {"status": _killed_by(-child.returncode, limit) or f"failed: {last[:200]}"}


class Forks:
    """`measure` without a new process's imports and loading: jobs run in forks of one process.

    It has one thread, and keeps what the job's function caches. The peak above the data is that
    of the fork. `limit` is one of the processor's seconds, so that a busy machine ends nothing
    that a quiet one would not. Who takes `memory` bytes above what it starts with gets no more.
    """

    def __init__(self):
        self.parent = None

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        if self.parent is not None:
            self.parent.stdin.close()
            self.parent.wait()
            self.parent.stdout.close()

    def measure(self, job, limit, memory, **arguments):
        if self.parent is None or self.parent.poll() is not None:
            self.parent = subprocess.Popen(
                [sys.executable, "-m", "benchmarks.isolated"],
                env=_environment(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        request = {"job": job, "limit": limit, "memory": memory, "arguments": arguments}
        with contextlib.suppress(BrokenPipeError):
            print(json.dumps(request), file=self.parent.stdin, flush=True)
        answer = self.parent.stdout.readline()
        if answer:
            return json.loads(answer)
        return {"status": _killed_by(-self.parent.wait(), limit) or "failed while loading"}


def _environment():
    """One thread, and this checkout's packages."""
    paths = [str(ROOT), os.environ.get("PYTHONPATH")]
    path = os.pathsep.join(path for path in paths if path)
    return os.environ | dict.fromkeys(THREAD_SETTINGS, "1") | {"PYTHONPATH": path}


def _killed_by(number, limit):
    """The status of a process that this signal ended; None for 0 and less, which are none."""
    if number in (signal.SIGALRM, signal.SIGPROF):
        return f"over {limit:g} s"
    if number == signal.SIGKILL:
        return "killed, most likely out of memory"
    return f"failed: {signal.Signals(number).name}" if number > 0 else None


def main(name, limit, arguments):
    make = _function(name)
    _warm_up()
    before = _memory("VmRSS")
    print(json.dumps(_figures(make(**arguments), {signal.ITIMER_REAL: limit}, before)))


def serve():
    """Answer the requests of `Forks`, one a line."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # nothing that a job prints is an answer
    _warm_up()
    for line in sys.stdin:
        print(json.dumps(_in_fork(**json.loads(line))), file=answers, flush=True)


def _in_fork(job, limit, memory, arguments):
    try:
        job = _function(job)(**arguments)
    except Exception as error:
        return {"status": f"failed: {_short(error)}"}
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # warnings, thousands of times
        os.write(write, json.dumps(_in_child(job, limit, memory)).encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as file:
        answer = file.read()
    _, status = os.waitpid(child, 0)
    number = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
    return json.loads(answer) if answer else {"status": _killed_by(number, limit) or "failed"}


def _in_child(job, limit, memory):
    gc.freeze()  # walking through what the libraries hold would take longer than many a fit
    _warm_up()  # the libraries' pages are not mapped in a fork before they are used
    _give_back()
    # Thousands of fits do not find the machine quiet: it is the processor's time that is limited.
    limits = {signal.ITIMER_PROF: limit, signal.ITIMER_REAL: WAITING * limit}
    before = _memory("VmRSS") - job.data_bytes  # the data were loaded by the parent
    try:
        return {"status": "ok"} | _figures(job, limits, before, memory)
    except MemoryError:
        return {"status": f"over {memory / 1e9:g} GB"}
    except BaseException as error:
        if "t allocate memory" in str(error):  # torch's
            return {"status": f"over {memory / 1e9:g} GB"}
        return {"status": f"failed: {_short(error)}"}


def _give_back():
    """Return the heap's free memory, which the fork inherits: used again, it would not count."""
    with contextlib.suppress(AttributeError, OSError):  # there is glibc only
        ctypes.CDLL(None).malloc_trim(0)


def _short(error):
    return " ".join(f"{type(error).__name__}: {error}".split())[:200]


@contextlib.contextmanager
def _limited_to(n_bytes):
    """Let a request for more fail; on Linux, where the size in use is known."""
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    if n_bytes < math.inf and Path("/proc/self/status").exists():
        resource.setrlimit(resource.RLIMIT_AS, (_memory("VmSize") + int(n_bytes), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def _function(name):
    module, function = name.split(":")
    return getattr(importlib.import_module(module), function)


def _figures(job, limits, before, memory=math.inf):
    """Seconds and memory of the fit, and what the job reports.

    `limits` are seconds by clock, `before` are the bytes in use without the data.
    """
    gc.collect()
    _forget_peak()
    with _limited_to(memory):
        # The signal's own action ends the process, also in the middle of compiled code.
        for clock, most in limits.items():
            signal.setitimer(clock, most)
        started, cpu_started = time.perf_counter(), time.process_time()
        result = job.fit()
        seconds, cpu = time.perf_counter() - started, time.process_time() - cpu_started
        for clock in limits:
            signal.setitimer(clock, 0)
    peak = _memory("VmHWM") - before
    figures = {
        "seconds": round(seconds, 4),
        "cpu_seconds": round(cpu, 4),
        "data_mb": round(job.data_bytes / MB, 1),
        "peak_mb": round(peak / MB, 1),
        "above_data_mb": round((peak - job.data_bytes) / MB, 1),
    }
    return figures | job.report(result)


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
    if len(sys.argv) > 1:
        main(sys.argv[1], float(sys.argv[2]), json.loads(sys.argv[3]))
    else:
        serve()
