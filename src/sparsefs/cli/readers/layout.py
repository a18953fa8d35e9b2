# SPDX-License-Identifier: BSD-3-Clause
"""The layout of a CSV file, found in its first lines: separator, lines before the names."""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import dataclass

from ...utils.text import counted
from ..errors import InputError
from .contents import kind_of

_NAMES = {";": "semicolons", "\t": "tabs", "|": "bars", ",": "commas", " ": "spaces"}
_WRITTEN = {"\\t": "\t", "tab": "\t"}
_SEPARATORS = {".csv": ",", ".tsv": "\t", ".tab": "\t", ".txt": ","}


@dataclass
class Layout:
    """How a file is arranged.

    Attributes
    ----------
    separator : str
    n_skipped : int
        Lines before the column names.
    names : list of str or None
        None if a name contains a line end.
    width_below : int
        Usual number of values per row.
    """

    separator: str
    n_skipped: int
    names: list[str] | None
    width_below: int

    @classmethod
    def of(cls, path, lines, arguments, notes) -> Layout:
        """Find the layout, and note what is unusual."""
        if arguments.skip_rows is not None:
            lines = ["" for _ in range(arguments.skip_rows)] + lines[arguments.skip_rows :]
        separator = _separator(path, lines, arguments.separator, notes)
        # "sep=;" tells a spreadsheet the separator.
        n_skipped = arguments.skip_rows
        if n_skipped is None:
            n_skipped = _before_names(lines, separator)
            if any(line.strip() for line in lines[:n_skipped]):
                notes.append(
                    f"{counted(n_skipped, 'line')} before the column names skipped: "
                    f"{lines[0][:40]!r}{' ...' if n_skipped > 1 else ''}"
                )
        rest = [line for line in lines[n_skipped:] if line.strip()]
        if not rest:
            raise InputError(f"{path} has no line with column names")
        first = rest[0]
        names = None if first.count('"') % 2 else _cells(first, separator)
        width = Counter(len(_cells(line, separator)) for line in rest[1:] or rest)
        return cls(separator, n_skipped, names, width.most_common(1)[0][0])


def _cells(line, separator):
    if separator == " ":  # any number of them
        return line.split()
    if separator not in line:  # which csv refuses if it is long
        return [line] if line else []
    return next(csv.reader([line], delimiter=separator), [])


def _separator(path, lines, asked, notes):
    """Return the separator: the given one, or the one that divides the lines evenly."""
    if asked is not None:
        asked = _WRITTEN.get(asked, asked)
        if len(asked) != 1:
            raise InputError(f"--separator must be one character, not {asked!r}")
        return asked
    usual = _SEPARATORS[kind_of(path)]
    told = lines[0].strip().lower()
    if told.startswith("sep=") and len(told) == 5:
        return told[-1]

    def evenness(mark):
        widths = Counter(len(_cells(line, mark)) for line in lines if line.strip())
        if not widths:
            return 0, 0
        width, n = widths.most_common(1)[0]
        return (n, width) if width > 1 else (0, 0)

    best = max([usual, *_NAMES][:-1], key=evenness)
    if evenness(best) == (0, 0):
        best = max(usual, " ", key=evenness)
    if best != usual and evenness(best)[0] <= evenness(usual)[0]:
        best = usual
    if best != usual:
        notes.append(f"columns are separated by {_NAMES[best]}")
    return best


def _before_names(lines, separator):
    """Count the blank lines, comments and titles before the column names."""
    filled = [sum(bool(cell.strip()) for cell in _cells(line, separator)) for line in lines]
    widths = Counter(n for n in filled if n).most_common(1)
    usual = widths[0][0] if widths else 1
    place = 0
    while place < len(lines) - 1:
        line = lines[place].strip()
        if line.count('"') % 2:  # a name contains a line end
            break
        comment = line.startswith("#") and not (
            filled[place] > 1
            and not lines[place + 1].startswith("#")
            and filled[place] == filled[place + 1]
        )
        title = filled[place] <= 1 and usual >= 3
        if line and not comment and not title and not line.lower().startswith("sep="):
            break
        place += 1
    return place
