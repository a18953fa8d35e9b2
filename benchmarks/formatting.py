# SPDX-License-Identifier: BSD-3-Clause
"""Figures with their spread, in tables that a terminal shows."""

import numpy as np


def numbers(rows, column):
    """The column as floats, without the rows that have none."""
    return np.array([float(row[column]) for row in rows if row.get(column)])


def spread(values):
    """Median and range: ``2.6 [2.4, 2.9]``."""
    if len(values) == 0:
        return "-"
    if len(values) == 1:
        return short(values[0])
    return f"{short(np.median(values))} [{short(min(values))}, {short(max(values))}]"


def mean_error(values, digits=1):
    """Mean and its standard error: ``88.9 +-0.4``."""
    if len(values) == 0:
        return "-"
    error = np.std(values, ddof=1) / np.sqrt(len(values)) if len(values) > 1 else 0.0
    return f"{np.mean(values):.{digits}f} +-{error:.{digits}f}"


def short(value):
    """Three digits, and never an exponent."""
    if value == 0 or not np.isfinite(value):
        return f"{value:g}"
    return f"{value:.{max(0, 2 - int(np.floor(np.log10(abs(value)))))}f}"


def show(header, lines, title=""):
    """Print columns as wide as their widest cell."""
    cells = [[str(cell) for cell in line] for line in [header, *lines]]
    widths = [max(len(line[i]) for line in cells) for i in range(len(header))]
    if title:
        print(f"\n{title}")
    for line in cells:
        padded = [cell.ljust(width) for cell, width in zip(line, widths, strict=True)]
        print("  ".join(padded).rstrip())
    print(end="", flush=True)
