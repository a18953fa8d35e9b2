# SPDX-License-Identifier: BSD-3-Clause
"""Random search: the same search as the optimization, by a Latin hypercube that learns nothing."""

from benchmarks.tradeoff import optimization

FILE = "tradeoff_random_search"


def run(configuration, arguments):
    optimization.run(configuration, arguments, FILE, "latin-hypercube")
