# SPDX-License-Identifier: BSD-3-Clause
"""Tables of text, by pandas."""

from __future__ import annotations

from ..data import Data, check_columns, chosen_target
from ..errors import InputError, needing
from . import kind_of

_SEPARATORS = {".csv": ",", ".tsv": "\t", ".tab": "\t", ".txt": ","}


def read(path, arguments) -> Data:
    """Read a CSV or TSV file; one that is compressed as well."""
    with needing("reading CSV", "cli"):
        import pandas as pd

    notes: list[str] = []
    header = None if arguments.no_header else 0

    def parse(separator, **options):
        try:
            return pd.read_csv(
                path,
                sep=separator,
                header=header,
                na_values=arguments.missing or None,
                low_memory=False,  # in pieces, it takes half as long again
                **options,
            )
        except pd.errors.EmptyDataError:
            raise InputError(f"{path} is empty") from None
        except UnicodeDecodeError as error:
            raise InputError(
                f"{path} is not text in UTF-8 ({error.reason} at byte {error.start}); iconv "
                "converts it"
            ) from None
        except (pd.errors.ParserError, ValueError, OSError, EOFError) as error:
            raise InputError(f"{path} cannot be read as a table: {error}") from error

    separator = arguments.separator
    if separator is None:
        separator = _SEPARATORS[kind_of(path)]
        other = _other_separator(parse(separator, nrows=1), header)
        if other is not None:
            separator = other
            notes.append(f"columns are separated by {_named(separator)}")
    elif separator in ("\\t", "tab"):
        separator = "\t"
    # The names first: a misspelt one is found before a large file is read.
    first = parse(separator, nrows=0 if header == 0 else 1)
    names = [str(name) for name in first.columns]
    target = chosen_target(names, arguments)
    check_columns(names, arguments, target)
    if header == 0 and sum(map(_is_number, names)) > len(names) / 2:
        notes.append(
            "the first row is taken as the names of the columns, and looks like data: pass "
            "--no-header if it is"
        )
    frame = parse(separator)
    frame.columns = names
    y = None if target is None else frame.pop(target)
    return Data(frame, list(frame.columns), y, target, str(path), notes)


def _other_separator(first, header):
    """What separates the columns if not what was thought; None if there are several columns."""
    if first.shape[1] > 1:
        return None
    line = str(first.columns[0]) if header == 0 else str(first.iloc[0, 0])
    return next((mark for mark in (";", "\t", "|") if mark in line), None)


def _named(separator):
    return {"\t": "tabs", ";": "semicolons", "|": "bars"}[separator]


def _is_number(text):
    try:
        float(text)
    except ValueError:
        return False
    return True
