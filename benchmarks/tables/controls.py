# SPDX-License-Identifier: BSD-3-Clause
"""Lists with controlled errors: power, and the share of false selections, of every setting."""

import numpy as np

from benchmarks.false_discoveries import CELLS, KEY, LARGE, METHODS
from benchmarks.formatting import numbers

OURS = [
    "q-values (GradualPruning)",
    "q-values (lasso)",
    "knockoffs (GradualPruning)",
    "knockoffs (lasso)",
    "above noise (GradualPruning)",
    "PFER (GradualPruning)",
]
OTHERS = [name for name in METHODS if name not in OURS and "best ten" not in name]


def setting(cell):
    design, target, n_samples, n_features = cell
    return f"{design}, {target}, {n_samples} x {n_features}"


def rows_of(results, cell, method):
    identity = dict(zip(KEY, map(str, (*cell, method)), strict=False))
    return [row for row in results.where(**identity) if row["status"] == "ok"]


def of_level(methods, at):
    def table(results):
        """Power, the share of false selections in brackets, and the number of draws below 50."""
        lines = []
        for cell in CELLS:
            if cell[2] * cell[3] > LARGE:
                continue
            line = [setting(cell)]
            for method in methods:
                rows = rows_of(results, cell, method)
                line.append(entry(rows, at))
            if any(line[1:]):
                lines.append(line)
        return ["Setting", *methods], lines

    return table


def entry(rows, at):
    false, power = numbers(rows, f"fdp_{at}"), numbers(rows, f"power_{at}")
    if len(false) == 0:
        return ""
    few = "" if len(false) >= 50 else f" {len(false)}"
    found = f"{np.mean(power):.2f} " if len(power) else ""
    return f"{found}({np.mean(false):.2f}){few}"


def beyond(results):
    """Settings in which false selections exceed the level by more than two standard errors."""
    lines = []
    for method in [*OURS, *OTHERS]:
        for cell in CELLS:
            rows = rows_of(results, cell, method)
            line = [method, setting(cell)]
            for at in (10, 20):
                false = numbers(rows, f"fdp_{at}")
                if len(false) > 1:
                    error = np.std(false, ddof=1) / np.sqrt(len(false))
                    over = np.mean(false) > at / 100 + 2 * error
                    line.append(f"{np.mean(false):.2f} ± {error:.2f}" if over else "")
            if any(line[2:]):
                lines.append(line)
    return ["Method", "Setting", "at 0.1", "at 0.2"], lines


def seconds(results):
    """Processor seconds of a fit, median, of the largest tables."""
    cells = [cell for cell in CELLS if cell[2] * cell[3] > 2e5]
    lines = []
    for method in METHODS:
        line = [method]
        for cell in cells:
            found = numbers(rows_of(results, cell, method), "cpu_seconds")
            line.append(f"{np.median(found):.1f}" if len(found) else "")
        if any(line[1:]):
            lines.append(line)
    return ["Method", *(f"{c[2]} x {c[3]}, {c[0]}, {c[1]}" for c in cells)], lines


TABLES = {
    "controls_ours": (of_level(OURS, 10), "false_discoveries"),
    "controls_others": (of_level(OTHERS, 10), "false_discoveries"),
    "controls_ours_20": (of_level(OURS, 20), "false_discoveries"),
    "controls_others_20": (of_level(OTHERS, 20), "false_discoveries"),
    "controls_beyond": (beyond, "false_discoveries"),
    "controls_seconds": (seconds, "false_discoveries"),
}
