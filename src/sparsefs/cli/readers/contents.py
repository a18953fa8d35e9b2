# SPDX-License-Identifier: BSD-3-Clause
"""What a file is by its name, and by its first bytes."""

from __future__ import annotations

from pathlib import Path

from ..errors import InputError

COMPRESSIONS = {".gz", ".bz2", ".xz", ".zst", ".zip"}
# First bytes, what they begin, and the endings of such files.
_SIGNATURES = [
    (b"\x1f\x8b", "compressed by gzip", {".gz"}),
    (b"BZh", "compressed by bzip2", {".bz2"}),
    (b"\xfd7zXZ\x00", "compressed by xz", {".xz"}),
    (b"\x28\xb5\x2f\xfd", "compressed by zstd", {".zst"}),
    (b"PK\x03\x04", "a spreadsheet or a zip archive", {".zip", ".npz"}),
    (b"PAR1", "a Parquet file", {".parquet", ".pq"}),
    (b"\x89HDF", "an HDF5 file", {".h5ad"}),
    (b"\x93NUMPY", "a numpy array", {".npy"}),
    (b"\xd0\xcf\x11\xe0", "an Excel workbook", set()),
    (b"%PDF", "a PDF document", set()),
    (b"\x89PNG", "a picture", set()),
    (b"<!doctype", "a web page", set()),
    (b"<html", "a web page", set()),
]


def kind_of(path: Path) -> str:
    """Return the ending that tells the format, in lower case and without that of compression."""
    endings = [ending.lower() for ending in path.suffixes]
    while endings and endings[-1] in COMPRESSIONS:
        endings.pop()
    return endings[-1] if endings else ""


def compression_of(path: Path) -> str:
    """Return the ending of the compression, or ``""``."""
    ending = path.suffix.lower()
    return ending if ending in COMPRESSIONS else ""


def check_contents(path: Path) -> None:
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
            raise InputError(f"{path} is {what}, whatever its name says: {_cure(path, endings)}")
    known = [s for s, _, endings in _SIGNATURES if ending in endings]
    if known and not any(start.startswith(signature) for signature in known):
        raise InputError(
            f"{path} is no {ending} file, or is damaged: its first bytes are {start[:4]!r}"
        )


def _cure(path, endings):
    best = sorted(endings)[:1]
    if not best or ".zip" in endings:
        return "save a spreadsheet as CSV"
    if best[0] in COMPRESSIONS:
        return f"rename it to {path.name}{best[0]}, or decompress it"
    return f"rename it to {path.stem}{best[0]}"
