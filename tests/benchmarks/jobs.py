# SPDX-License-Identifier: BSD-3-Clause
"""Jobs for the tests of benchmarks/isolated.py, which finds them by name in another process."""

import os
import signal
import time

import numpy as np
from benchmarks.isolated import Job

MEGABYTE = 10**6


def takes(megabytes):
    return Job(lambda: np.ones(megabytes * MEGABYTE, dtype=np.uint8).sum(), 0)


def sleeps(seconds):
    return Job(lambda: time.sleep(seconds), 0)


def computes(seconds):
    def fit():
        started = time.process_time()
        while time.process_time() - started < seconds:
            pass

    return Job(fit, 0)


def prints_and_says(word):
    return Job(lambda: print("noise"), 0, lambda result: {"word": word})


def fails():
    return Job(lambda: 1 / 0, 0)


def is_killed():
    return Job(lambda: os.kill(os.getpid(), signal.SIGKILL), 0)
