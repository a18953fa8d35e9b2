# SPDX-License-Identifier: BSD-3-Clause
"""Faults at random moments, the same in every run.

``SPARSEFS_FAULTS=20 pytest tests/faults`` injects twenty times as many.
"""

import os
import signal
import time
import traceback
from contextlib import contextmanager

import numpy as np
import pytest

REPEATS = int(os.environ.get("SPARSEFS_FAULTS", "1"))
needs_posix = pytest.mark.skipif(
    not hasattr(os, "fork"), reason="signals, limits and processes of POSIX"
)


def moments(n, longest, seed=0):
    """Random times in seconds, of which the small ones are as frequent as the large ones."""
    rng = np.random.default_rng(seed)
    return [float(t) for t in longest * 10 ** -rng.uniform(0, 2, n * REPEATS)]


@contextmanager
def interrupted_after(seconds):
    """Raise KeyboardInterrupt in the code of the context, as Ctrl-C does."""

    def interrupt(*args):
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def forked(function, *arguments):
    """Run a function in a copy of this process, without its output; return the process's id."""
    child = os.fork()
    if child:
        return child
    status = 1
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        function(*arguments)
        status = 0
    except ValueError as error:
        status = 3 if "in use by another search" in str(error) else 1
    except OSError as error:
        status = error.errno or 1
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(status)


def ended(child):
    """Wait for a process; return its exit status, negative if it was killed by a signal."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def killed_after(seconds, child, sent=signal.SIGKILL):
    """Kill a process at a moment; return its exit status."""
    time.sleep(seconds)
    os.kill(child, sent)  # of one that has ended, too, until it is waited for
    return ended(child)
