# SPDX-License-Identifier: BSD-3-Clause
"""Tables as they are, gaps at random, groups of columns, and models with a limit of columns."""

from functools import partial

from benchmarks.columns import limit_means, means

TABLES = {
    f"columns_{problem}": (partial(means, problem=problem), "columns")
    for problem in ("tables", "gaps", "groups")
} | {"columns_limit": (limit_means, "columns")}
