# SPDX-License-Identifier: BSD-3-Clause
"""Results on stdout as a table or as JSON."""

from __future__ import annotations

import json
import math
import os
import platform
import sys
from importlib.metadata import version

import numpy as np

from ..utils.text import visible
from .errors import CommandError

_LIBRARIES = ("numpy", "scipy", "scikit-learn", "torch")


def print_lines(*lines: str) -> None:
    """Print lines, whatever the names in them and the encoding of the terminal."""
    encoding = getattr(sys.stdout, "encoding", None)
    _print(*(visible(line, encoding) for line in lines))


def _print(*lines):
    try:
        print(*lines, sep="\n", flush=True)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise CommandError(f"the result cannot be printed: {error.strerror}") from error


def is_bold() -> bool:
    """Return whether marked cells are bold: on a terminal, unless NO_COLOR is set."""
    is_terminal = sys.stdout is not None and sys.stdout.isatty()
    return is_terminal and not os.environ.get("NO_COLOR")


def print_table(header, rows, left=(), marked=()) -> None:
    """Print a table; the columns `left` are aligned to the left, the others to the right.

    The cells `marked`, pairs of row and column, are bold or have a star.
    """
    encoding = getattr(sys.stdout, "encoding", None)
    table = [[visible(str(cell), encoding) for cell in row] for row in (header, *rows)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    starred = set() if is_bold() else {column for _, column in marked}
    lines = []
    for number, row in enumerate(table, -1):
        cells = []
        for i, (cell, width) in enumerate(zip(row, widths, strict=True)):
            padded = cell.ljust(width) if i in left else cell.rjust(width)
            has_mark = (number, i) in marked
            if i in starred:
                padded += "*" if has_mark else " "
            elif has_mark:
                padded = padded.replace(cell, f"\033[1m{cell}\033[0m")
            cells.append(padded)
        lines.append("  ".join(cells).rstrip())
    _print(*lines)


def print_json(document) -> None:
    """Print a JSON document."""
    print_lines(*as_json(document).split("\n"))


def as_json(document) -> str:
    """Write a JSON document; NaN and infinity become null."""
    return json.dumps(_plain(document), indent=2, ensure_ascii=False, allow_nan=False)


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
