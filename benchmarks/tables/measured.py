# SPDX-License-Identifier: BSD-3-Clause
"""Rows of ``accuracy`` found by method and set, and what can be compared with what.

Methods are compared on the splits that all of them have a result on, and a set counts if there is
one. A thinned method (see ``methods.py``) would leave few of them: it is compared with one other
at a time, and marked.
"""

from functools import cached_property

import numpy as np

from benchmarks import accuracy, data, methods

K = 50  # of tables that show one


class Measured:
    def __init__(self, results):
        self.rows = results.rows
        self.found = {}
        for row in self.rows:
            self.found.setdefault((row["method"], row["set"]), []).append(row)
        names = {method for method, _ in self.found}
        self.methods = [m for m in accuracy.METHODS if m in names]
        self.selecting = [m for m in self.methods if m != methods.ALL]
        self.full = [m for m in self.selecting if not methods.METHODS[m].thinned]
        self.every_set = [*dict.fromkeys([*data.SETS, *sorted({s for _, s in self.found})])]

    @cached_property
    def sets(self):
        """Those that every method which is not thinned has a result on."""
        return self.common(self.full, K)

    def of(self, method, name, k):
        """Its rows that serve this K; none if it does not select so many."""
        wanted = {accuracy.EVERY, str(k)}
        rows = self.found.get((method, name), [])
        return [row for row in rows if row.get("K", accuracy.EVERY) in wanted]

    def values(self, method, name, k, score="svc"):
        """{seed: score} of the splits that ended well."""
        column = f"{score}_{accuracy.EVERY if method == methods.ALL else k}"
        rows = self.of(method, name, k)
        return {row["seed"]: float(row[column]) for row in rows if row.get(column)}

    def means(self, names, name, k, score="svc"):
        """Of every method over the splits that all of them have; none if there is no such split."""
        values = [self.values(m, name, k, score) for m in names]
        seeds = sorted(set.intersection(*map(set, values))) if values else []
        return [np.mean([of_method[seed] for seed in seeds]) for of_method in values if seeds]

    def common(self, names, k, score="svc"):
        """The sets on which all of these have a result on a split."""
        return [name for name in self.every_set if self.means(names, name, k, score)]

    def table(self, names, k, score="svc", on=None):
        """A row per common set, or of those in `on`, and a column per method."""
        sets = [s for s in self.common(names, k, score) if on is None or s in on]
        rows = [self.means(names, name, k, score) for name in sets]
        return np.array(rows, dtype=float).reshape(len(sets), len(names))


def marked(method):
    return f"{method} \\*" if methods.METHODS[method].thinned else method
