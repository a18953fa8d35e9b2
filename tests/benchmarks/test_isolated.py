# SPDX-License-Identifier: BSD-3-Clause
"""Fits in processes of their own: forks of one process measure what new processes measure."""

import sys

import pytest
from benchmarks.isolated import Forks, measure

pytestmark = pytest.mark.slow
linux = pytest.mark.skipif(sys.platform != "linux", reason="peaks begin anew on Linux only")


@pytest.fixture(scope="module")
def forks():
    with Forks() as forks:
        yield forks


def status(forks, job, limit=9, memory=1e9, **arguments):
    return forks.measure(f"tests.benchmarks.jobs:{job}", limit, memory, **arguments)["status"]


def test_columns_of_a_fork_are_those_of_a_process(forks):
    figures = forks.measure("tests.benchmarks.jobs:prints_and_says", 9, 1e9, word="hello")
    alone = measure("tests.benchmarks.jobs:prints_and_says", 9, word="hello")
    assert figures.keys() == alone.keys()
    assert figures["status"] == "ok"
    assert figures["word"] == "hello"


@linux
def test_peak_of_a_fork_is_that_of_a_process(forks):
    # The first takes what the second would otherwise find free and use again.
    for megabytes in (200, 80):
        figures = forks.measure("tests.benchmarks.jobs:takes", 9, 1e9, megabytes=megabytes)
        assert figures["above_data_mb"] == pytest.approx(megabytes, abs=8)
    alone = measure("tests.benchmarks.jobs:takes", 9, megabytes=80)
    assert alone["above_data_mb"] == pytest.approx(80, abs=8)


def test_a_fork_measures_time_by_two_clocks(forks):
    waiting = forks.measure("tests.benchmarks.jobs:sleeps", 9, 1e9, seconds=0.3)
    working = forks.measure("tests.benchmarks.jobs:computes", 9, 1e9, seconds=0.3)
    assert waiting["seconds"] >= 0.3 > 0.1 > waiting["cpu_seconds"]
    assert working["seconds"] >= working["cpu_seconds"] >= 0.3


def test_the_limit_is_one_of_the_processor(forks):
    assert status(forks, "sleeps", limit=0.1, seconds=0.5) == "ok"
    assert status(forks, "computes", limit=0.1, seconds=0.5) == "over 0.1 s"


def test_what_ends_badly_says_so_and_the_next_fit_goes_on(forks):
    assert status(forks, "sleeps", limit=0.05, seconds=9) == "over 0.05 s"
    assert status(forks, "fails") == "failed: ZeroDivisionError: division by zero"
    assert status(forks, "is_killed") == "killed, most likely out of memory"
    assert status(forks, "unheard_of").startswith("failed: AttributeError")
    assert status(forks, "takes", megabytes=1) == "ok"


@linux
def test_a_fit_over_the_limit_of_memory_is_ended(forks):
    assert status(forks, "takes", memory=0.2e9, megabytes=300) == "over 0.2 GB"
    assert status(forks, "takes", memory=0.6e9, megabytes=300) == "ok"


def test_a_new_process_follows_one_that_was_killed():
    with Forks() as forks:
        assert status(forks, "takes", megabytes=1) == "ok"
        forks.parent.kill()
        forks.parent.wait()
        assert status(forks, "takes", megabytes=1) == "ok"
