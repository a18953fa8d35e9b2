# SPDX-License-Identifier: BSD-3-Clause
"""Reader of CSV and TSV files (pandas)."""

from __future__ import annotations

import csv
from collections import Counter

from ...utils.text import listed
from ..data import Data, check_columns, chosen_target
from ..errors import InputError, needing
from . import kind_of

_NOWHERE = "\x1f"  # a separator that no file contains
_NAMES = {";": "semicolons", "\t": "tabs", "|": "bars", ",": "commas"}
_WRITTEN = {"\\t": "\t", "tab": "\t"}
_SEPARATORS = {".csv": ",", ".tsv": "\t", ".tab": "\t", ".txt": ","}


def read(path, arguments) -> Data:
    """Read a CSV or TSV file, which may be compressed."""
    with needing("reading CSV", "cli"):
        import pandas as pd

    notes: list[str] = []
    header = None if arguments.no_header else 0

    def parse(separator, **options):
        try:
            return pd.read_csv(path, sep=separator, **options)
        except pd.errors.EmptyDataError:
            raise InputError(f"{path} is empty") from None
        except UnicodeDecodeError as error:
            raise InputError(
                f"{path} is not UTF-8 text ({error.reason} at byte {error.start}): convert it with "
                "iconv"
            ) from None
        except (pd.errors.ParserError, ValueError, OSError, EOFError) as error:
            raise InputError(f"{path} cannot be read as a table: {error}") from error

    # Read the names first, to find a misspelt one before reading a large file.
    whole_line = {"header": None, "nrows": 1, "quoting": csv.QUOTE_NONE, "dtype": str}
    first = str(parse(_NOWHERE, **whole_line).iloc[0, 0])
    separator = _separator(path, first, arguments.separator, notes)
    if first.count('"') % 2:  # a name contains a line end
        row = parse(separator, header=None, nrows=1, dtype=str, keep_default_na=False)
        names = [str(name) for name in row.iloc[0]]
    else:
        names = next(csv.reader([first], delimiter=separator))
    if header is None:
        names = [str(i) for i in range(len(names))]
    twice = sorted(name for name, n in Counter(names).items() if name and n > 1)
    if twice:  # pandas would rename the second
        raise InputError(f"{path} has several columns named {listed(twice)}")
    target = chosen_target(names, arguments)
    check_columns(names, arguments, target)
    if header == 0 and sum(map(_is_number, names)) > len(names) / 2:
        notes.append(
            "the first row is read as column names, but looks like data; pass --no-header if it "
            "is data"
        )
    # pandas takes half as long again with low_memory.
    missing = arguments.missing or None
    frame = parse(separator, header=header, na_values=missing, low_memory=False)
    if not isinstance(frame.index, pd.RangeIndex):  # pandas took the first values as row names
        raise InputError(
            f"{path} has {len(names)} column names, but more values per row: name every column, "
            "and end no row with a separator"
        )
    frame.columns = [str(name) for name in frame.columns]
    y = None if target is None else frame.pop(target)
    options = {"sep": separator} if separator != "," else {}
    options |= {"na_values": missing} if missing else {}
    said = "".join(f", {name}={value!r}" for name, value in options.items())
    said += ", header=None" if header is None else ""
    code = f"pd.read_csv({str(path)!r}{said}, low_memory=False)"
    code += ".rename(columns=str)" if header is None else ""
    return Data(frame, list(frame.columns), y, target, str(path), notes, code)


def _separator(path, first, asked, notes):
    """Return the separator: the given one, or the one that the first line contains."""
    if asked is not None:
        asked = _WRITTEN.get(asked, asked)
        if len(asked) != 1:
            raise InputError(f"--separator must be one character, not {asked!r}")
        return asked
    usual = _SEPARATORS[kind_of(path)]
    if usual in first:
        return usual
    other = next((mark for mark in _NAMES if mark in first), usual)
    if other != usual:
        notes.append(f"columns are separated by {_NAMES[other]}")
    return other


def _is_number(text):
    try:
        float(text)
    except ValueError:
        return False
    return True
