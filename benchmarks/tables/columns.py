# SPDX-License-Identifier: BSD-3-Clause
"""Tables as they are, gaps at random, and groups of columns: mean scores."""

import numpy as np

from benchmarks.columns import PROBLEMS
from benchmarks.formatting import numbers


def of_problem(problem, columns):
    def table(results):
        """A line for each set, a column for each method and score."""
        of, methods = PROBLEMS[problem]
        lines = []
        for one in of:
            line = [one]
            for method in methods:
                rows = results.where(problem=problem, of=one, method=method, status="ok")
                means = [np.mean(found) for c in columns if len(found := numbers(rows, c))]
                line.append(" / ".join(f"{100 * mean:.1f}" for mean in means))
            lines.append(line)
        return ["", *methods], lines

    return table


TABLES = {
    "columns_tables": (of_problem("tables", ["score"]), "columns"),
    "columns_gaps": (of_problem("gaps", ["score", "score_50"]), "columns"),
    "columns_groups": (of_problem("groups", ["score"]), "columns"),
}
