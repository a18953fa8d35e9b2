# SPDX-License-Identifier: BSD-3-Clause
"""Reader of CSV and TSV files (pandas)."""

from __future__ import annotations

import csv
from collections import Counter
from functools import partial

from ...utils.text import counted
from ..data import Data, roles_of
from ..errors import InputError, needing
from .contents import compression_of
from .layout import Layout

_NOWHERE = "\x1f"  # a separator that no file contains
_LINES = 60  # that decide the layout
_STARTS = ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


def read(path, arguments) -> Data:
    """Read a CSV or TSV file, which may be compressed."""
    with needing("reading CSV", "cli"):
        import pandas as pd

        from .tables import decimal_mark, transposed, without_totals

    notes: list[str] = []
    options: dict = {"encoding": arguments.encoding or _encoding(path, notes)}
    if arguments.comment:
        options["comment"] = arguments.comment
    options = {name: value for name, value in options.items() if value is not None}
    parse = partial(_parse, path)

    # Read the first lines to find the layout, and a misspelt name before reading a large file.
    whole_lines = {
        "header": None,
        "names": ["line"],
        "nrows": _LINES,
        "quoting": csv.QUOTE_NONE,
        "dtype": str,
    }
    lines = parse(_NOWHERE, skip_blank_lines=False, keep_default_na=False, **whole_lines, **options)
    layout = Layout.of(path, [str(line) for line in lines.iloc[:, 0]], arguments, notes)
    sep = {" ": r"\s+"}.get(layout.separator, layout.separator)
    options |= {"sep": sep} if sep != "," else {}
    options |= {"skiprows": layout.n_skipped} if layout.n_skipped else {}
    if arguments.no_header:
        options["header"] = None
    names = layout.names
    if names is None:  # a name contains a line end
        row = parse(**options | {"sep": sep, "header": None}, nrows=1, dtype=str, na_filter=False)
        names = [str(name) for name in row.iloc[0]]
    names = [name or f"Unnamed: {i}" for i, name in enumerate(names)]  # as pandas calls them
    if arguments.no_header:
        names = [str(i) for i in range(len(names))]
    roles = None
    if not arguments.transpose:
        roles = _roles(names, arguments, partial(parse, **options | {"sep": sep}))
        if not arguments.no_header and sum(map(_is_number, names)) > len(names) / 2:
            notes.append(
                "the first row is read as column names, but looks like data; pass --no-header if "
                "it is data"
            )
    if arguments.missing:
        options["na_values"] = arguments.missing
    decimal = arguments.decimal or ("," if arguments.thousands == "." else None)
    if decimal == ",":
        options["decimal"] = ","
    # pandas takes half as long again with low_memory.
    frame = parse(**options | {"sep": sep}, low_memory=False)
    guess = decimal or decimal_mark(frame)
    if guess == "," != decimal:
        options["decimal"] = ","
        notes.append("numbers are written with decimal commas; pass --decimal . if not")
        frame = parse(**options | {"sep": sep}, low_memory=False)
    if not isinstance(frame.index, pd.RangeIndex):  # pandas took the first values as row names
        raise InputError(
            f"{path} has {len(names)} column names, but {layout.width_below} values per row: name "
            "every column, and end no row with a separator; if the names are further down, pass "
            "--skip-rows"
        )
    # Reading is the same in Python unless one of these changed the table.
    written = "".join(f", {name}={value!r}" for name, value in options.items())
    renamed = ".rename(columns=str)" if arguments.no_header else ""
    code: str | None = f"pd.read_csv({str(path)!r}{written}, low_memory=False){renamed}"
    frame.columns = [str(name) for name in frame.columns]
    n_read = len(frame)
    frame = without_totals(frame, notes)
    if len(frame) < n_read or compression_of(path) == ".zst":
        code = None
    if arguments.transpose:
        (frame, names), code = transposed(frame), None
    marks = decimal, arguments.thousands
    return Data(
        frame, names, None, str(path), roles=roles, notes=notes, code=code, marks=marks, guess=guess
    )


def _parse(path, sep, **options):
    import pandas as pd

    try:
        if compression_of(path) == ".zst":
            import pyarrow

            with pyarrow.input_stream(str(path), compression="zstd") as file:
                return pd.read_csv(file, sep=sep, **options)
        return pd.read_csv(path, sep=sep, **options)
    except pd.errors.EmptyDataError:
        raise InputError(f"{path} is empty") from None
    except UnicodeError as error:
        encoding = options.get("encoding", "utf-8")
        raise InputError(
            f"{path} is not {encoding.upper()} text ({error}): pass --encoding, for example "
            "--encoding cp1252 for files of Excel in Western Europe"
        ) from None
    except LookupError as error:
        raise InputError(f"--encoding: {error}") from error
    except (pd.errors.ParserError, ValueError) as error:
        reason = " ".join(str(error).removeprefix("Error tokenizing data. C error: ").split())
        hint = "check that line, or pass --separator, --comment or --skip-rows"
        hint = f"; {hint}" if isinstance(error, pd.errors.ParserError) else ""
        raise InputError(
            f"{path} cannot be read as a table: {reason.rstrip('. ')}{hint}"
        ) from error


def _encoding(path, notes):
    with open(path, "rb") as file:
        start = file.read(2)
    found = next((name for mark, name in _STARTS if start == mark), None)
    if found:
        notes.append(f"encoding {found}")
    return found


def _roles(names, arguments, parse):
    """Return the roles; if the first column contains the target's name, say how to turn it."""
    try:
        return roles_of(names, arguments)
    except InputError:
        lacking = [name for name in arguments.target or [] if name not in names]
        if lacking:
            first = parse(usecols=[0], dtype=str).iloc[:, 0]
            n = Counter(first.dropna())[lacking[0]]
            if n == 1:
                raise InputError(
                    f"--target: {lacking[0]!r} is a row of {arguments.data}, which has "
                    f"{counted(len(first), 'row')}. If each row is a feature and each column a "
                    "sample, pass --transpose"
                ) from None
        raise


def _is_number(text):
    try:
        float(text)
    except ValueError:
        return False
    return True
