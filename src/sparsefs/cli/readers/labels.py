# SPDX-License-Identifier: BSD-3-Clause
"""A target in a file of its own, one value per line."""

from __future__ import annotations

import numpy as np

from ..errors import InputError
from ..quantities import quantities_of
from .contents import check_contents


def labels_of(path) -> np.ndarray:
    """Read the target from a .npy file, or from text with one value per line."""
    check_contents(path)
    if path.suffix == ".npy":
        try:
            return np.load(path, allow_pickle=False)
        except ValueError as error:
            raise InputError(f"{path} cannot be read by numpy: {error}") from error
    try:
        text = path.read_text(encoding="utf-8-sig").rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8 text ({error}): save it as UTF-8") from error
    lines = np.array(text.split("\n"))
    return _numbers(np.char.strip(np.char.strip(lines), '"'))


def _numbers(lines):
    try:
        return lines.astype(np.float64)
    except ValueError:
        return lines


def _are_numbers(lines, mark):
    return mark == "," and bool(np.isfinite(quantities_of(lines[1:]).numbers).any())


def matched(y, shape, path, source):
    """Return the target without a header, and a note; refuse another number of values.

    Parameters
    ----------
    y : ndarray
    shape : tuple of (int, int)
        Of the table.
    path, source : path-like
        Files of the target and of the table.
    """
    for mark in "\t;," if y.dtype.kind == "U" and len(y) > 1 else "":
        if np.char.count(y, mark).min() >= 1 and not _are_numbers(y, mark):
            raise InputError(
                f"{path} has several columns, separated by {mark!r}: it must contain one value "
                "per line"
            )
    if y.shape == (shape[0] + 1,) and y.dtype.kind == "U":
        return _numbers(y[1:]), [f"the first line of {path}, {str(y[0])!r}, is read as a header"]
    if y.shape == (shape[0],):
        return y, []
    turned = y.ndim == 1 and shape[1] - 1 <= len(y) <= shape[1]
    hint = "; pass --transpose if its columns are samples" if turned else ""
    found = f"{len(y):,} values" if y.ndim == 1 else f"shape {y.shape}"
    raise InputError(
        f"{path} has {found}, but {source} has {shape[0]:,} rows: the target must have one value "
        f"per row{hint}"
    )
