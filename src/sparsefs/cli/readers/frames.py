# SPDX-License-Identifier: BSD-3-Clause
"""Reader of tables that a library reads at once: Excel, Feather, ARFF."""

from __future__ import annotations

import numpy as np

from ..data import Data
from ..errors import InputError, needing
from .contents import kind_of


def read(path, arguments) -> Data:
    """Read the table."""
    kind = kind_of(path).lstrip(".")
    with needing(f"reading .{kind}", "cli"):
        import pandas  # noqa: F401

        if kind == "xlsx":
            import openpyxl  # noqa: F401
        elif kind == "feather":
            import pyarrow  # noqa: F401

        from .tables import transposed, without_totals

    notes: list[str] = []
    try:
        frame = _FUNCTIONS[kind](path, arguments, notes)
    except (InputError, MemoryError):
        raise
    except Exception as error:  # each library has its own for damaged files
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise InputError(
            f"{path} cannot be read as .{kind}, perhaps it is damaged: {reason}"
        ) from error
    frame.columns = [str(name) for name in frame.columns]
    if kind == "xlsx":
        frame = without_totals(frame, notes)
    names = list(frame.columns)
    if arguments.transpose:
        frame, names = transposed(frame)
    marks = arguments.decimal, arguments.thousands
    return Data(frame, names, None, str(path), notes=notes, marks=marks)


def _excel(path, arguments, notes):
    """Read the first sheet."""
    import pandas as pd

    with pd.ExcelFile(path, engine="openpyxl") as book:
        if len(book.sheet_names) > 1:
            notes.append(
                f"sheet {book.sheet_names[0]!r} is read, the first of {len(book.sheet_names)}"
            )
        frame = pd.read_excel(
            book,
            header=None if arguments.no_header else 0,
            skiprows=arguments.skip_rows,
            na_values=arguments.missing or None,
        )
    return frame.dropna(how="all").reset_index(drop=True)


def _feather(path, arguments, notes):
    import pandas as pd

    frame = pd.read_feather(path)
    return frame.reset_index() if frame.index.names != [None] else frame


def _arff(path, arguments, notes):
    """Read ARFF; scipy reads nominal columns as bytes, and a missing value as ``?``."""
    import pandas as pd
    from scipy.io import arff

    try:
        table, _ = arff.loadarff(path)
    except NotImplementedError as error:
        raise InputError(
            f"{path} contains columns that scipy cannot read: {error}. Save it as CSV"
        ) from error
    except UnicodeError as error:
        raise InputError(f"{path} contains classes that are not ASCII: save it as CSV") from error
    frame = pd.DataFrame(table)
    for name in frame.columns[[column.dtype == object for _, column in frame.items()]]:
        text = frame[name].str.decode("ascii")
        frame[name] = text.where(text != "?", np.nan)
    return frame


_FUNCTIONS = {"xlsx": _excel, "feather": _feather, "arff": _arff}
