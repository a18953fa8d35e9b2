# SPDX-License-Identifier: BSD-3-Clause
"""What a file is by its name, and by its first bytes."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ..errors import InputError

_OPEN: dict[str, Any] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
COMPRESSIONS = {".gz", ".bz2", ".xz", ".zst", ".zip"}
# First bytes, what they begin, and the endings of such files.
_SIGNATURES = [
    (b"\x1f\x8b", "compressed by gzip", {".gz"}),
    (b"BZh", "compressed by bzip2", {".bz2"}),
    (b"\xfd7zXZ\x00", "compressed by xz", {".xz"}),
    (b"\x28\xb5\x2f\xfd", "compressed by zstd", {".zst"}),
    (b"PK\x03\x04", "a spreadsheet or a zip archive", {".zip", ".npz", ".xlsx"}),
    (b"PAR1", "a Parquet file", {".parquet", ".pq"}),
    (b"ARROW1", "a Feather file", {".feather"}),
    (b"FEA1", "a Feather file", {".feather"}),
    (b"\x89HDF", "an HDF5 file", {".h5ad"}),
    (b"\x93NUMPY", "a numpy array", {".npy"}),
    (b"\xd0\xcf\x11\xe0", "an Excel workbook", set()),
    (b"%PDF", "a PDF document", set()),
    (b"\x89PNG", "a picture", set()),
    (b"<!doctype", "a web page", set()),
    (b"<html", "a web page", set()),
]


def kind_of(path) -> str:
    """Return the ending that tells the format, in lower case and without that of compression."""
    endings = [ending.lower() for ending in path.suffixes]
    while endings and endings[-1] in COMPRESSIONS:
        endings.pop()
    return endings[-1] if endings else ""


def compression_of(path) -> str:
    """Return the ending of the compression, or ``""``."""
    ending = path.suffix.lower()
    return ending if ending in COMPRESSIONS else ""


def open_bytes(path) -> Any:
    """Open a file, which may be compressed."""
    return _OPEN.get(compression_of(path), open)(path, "rb")


class StandardInput:
    """Copy of the standard input in a file, with its name for messages. It is CSV."""

    suffix = ".csv"
    suffixes = (".csv",)

    def __init__(self, path: str):
        self._path = path

    def __fspath__(self) -> str:
        return self._path

    def __str__(self) -> str:
        return "standard input"


@contextmanager
def standard_input() -> Iterator[StandardInput]:
    """Copy the standard input to a file, as a table is read several times."""
    if sys.stdin is None:
        raise InputError("DATA is -, but there is no standard input")
    folder = tempfile.mkdtemp(prefix="sparsefs-")
    try:
        path = StandardInput(os.path.join(folder, "data.csv"))
        with open(path, "wb") as file:
            shutil.copyfileobj(sys.stdin.buffer, file)
        yield path
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def check_contents(path) -> None:
    """Check that a file begins as its name says.

    Raises
    ------
    InputError
        If it is empty or begins like another format.
    """
    with open(path, "rb") as file:
        start = file.read(16)
    if not start:
        raise InputError(f"{path} is empty")
    ending = path.suffix.lower()
    for signature, what, endings in _SIGNATURES:
        if start.lower().startswith(signature.lower()) and ending not in endings:
            if isinstance(path, StandardInput):
                raise InputError(f"{path} is {what}: it must be CSV. Write it to a file first")
            raise InputError(f"{path} is {what}, whatever its name says: {_cure(path, endings)}")
    known = [s for s, _, endings in _SIGNATURES if ending in endings]
    if known and not any(start.startswith(signature) for signature in known):
        raise InputError(
            f"{path} is no {ending} file, or is damaged: its first bytes are {start[:4]!r}"
        )


def _cure(path, endings):
    best = sorted(endings)[:1]
    if not best or ".zip" in endings:
        return "save a spreadsheet as .xlsx or CSV"
    if best[0] in COMPRESSIONS:
        return f"rename it to {path.name}{best[0]}, or decompress it"
    return f"rename it to {path.stem}{best[0]}"
