# SPDX-License-Identifier: BSD-3-Clause
"""Fits over a grid of settings: each is measured once, in a fork, within limits and a deadline."""

import math
import time

from benchmarks.isolated import Forks

PUBLISHED = 1000  # the first seed of published tables


def add_arguments(parser):
    parser.add_argument("--limit", type=float, default=300, help="CPU seconds for one fit")
    parser.add_argument("--memory", type=float, default=6, help="GB for one fit, above the data")
    parser.add_argument("--minutes", type=float, default=math.inf, help="begin no fit after these")


def file_of_seed(name, seed):
    """Where the rows of a seed are: those of tuning are never published."""
    return name + "_tuning" * (seed < PUBLISHED)


def say_what_is_tuning(seeds):
    if any(seed < PUBLISHED for seed in seeds):
        print(f"# seeds below {PUBLISHED} are for tuning: their rows are never published")


class Grid:
    def __init__(self, arguments):
        self.limit, self.memory = arguments.limit, arguments.memory * 1e9
        self.end = time.monotonic() + 60 * arguments.minutes

    def __enter__(self):
        self.forks = Forks().__enter__()
        return self

    def __exit__(self, *exception):
        self.forks.__exit__(*exception)

    def fill(self, results, identity, columns, job, arguments, status=None):
        """Add the row with this identity unless there is one, or no time; a status is its row."""
        if results.has(**identity) or time.monotonic() > self.end:
            return
        status = status or over_before(results, identity)
        figures = (
            {"status": status}
            if status
            else self.forks.measure(job, self.limit, self.memory, **arguments)
        )
        figures = {column: figures.get(column, "") for column in columns}
        results.add(**identity, **figures)
        shown = {k: v for k, v in figures.items() if v != "" and k != "best"}
        print(f"{', '.join(map(str, identity.values()))}: {shown}", flush=True)


def over_before(results, identity):
    """The status of a further split where an earlier one was over a limit."""
    for row in results.where(**{name: v for name, v in identity.items() if name != "seed"}):
        if row["status"].startswith("over "):
            return row["status"].partition(" on split")[0] + f" on split {row['seed']}"
    return None
