# SPDX-License-Identifier: BSD-3-Clause
"""Reader of JSON lines, one object per row (pandas)."""

from __future__ import annotations

import json

from ..data import Data
from ..errors import InputError, needing
from .contents import open_bytes


def read(path, arguments) -> Data:
    """Read the objects; a name that an object lacks is a missing value."""
    with needing("reading JSON lines", "cli"):
        import pandas as pd

        from .tables import transposed

    rows = []
    with open_bytes(path) as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                rows.append(json.loads(line))
            except ValueError as error:
                raise InputError(f"{path}: line {number} is no JSON: {error}") from error
            if not isinstance(rows[-1], dict):
                raise InputError(f'{path}: line {number} must be an object, {{"NAME": VALUE, ...}}')
    frame = pd.DataFrame(rows)
    names = list(frame.columns)
    if arguments.transpose:
        frame, names = transposed(frame)
    marks = arguments.decimal, arguments.thousands
    return Data(frame, names, None, str(path), marks=marks)
