# SPDX-License-Identifier: BSD-3-Clause
"""Results on stdout as a table or as JSON."""

from __future__ import annotations

import json
import math
import platform
import sys
from importlib.metadata import version

import numpy as np

_LIBRARIES = ("numpy", "scipy", "scikit-learn", "torch")


def print_table(header, rows, left=()) -> None:
    """Print a table; the columns `left` are aligned to the left, the others to the right."""
    table = [list(map(str, header)), *([str(cell) for cell in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    lines = []
    for row in table:
        cells = [
            cell.ljust(width) if i in left else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    sys.stdout.write("\n".join(lines) + "\n")


def print_json(document) -> None:
    """Print a JSON document; NaN and infinity become null."""
    text = json.dumps(_plain(document), indent=2, ensure_ascii=False, allow_nan=False)
    sys.stdout.write(text + "\n")


def versions() -> dict[str, str]:
    """Return the versions that a result depends on."""
    from .. import __version__

    return {
        "sparsefs": __version__,
        "python": platform.python_version(),
        **{name: version(name) for name in _LIBRARIES},
    }


def _plain(value):
    """Convert a value to JSON's types."""
    if isinstance(value, dict):
        return {str(name): _plain(one) for name, one in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [_plain(one) for one in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    return repr(value)
