# SPDX-License-Identifier: BSD-3-Clause
"""``sparsefs apply``: the selected columns of another file."""

from __future__ import annotations

import sys
from dataclasses import replace

from ..utils.text import counted, listed
from .data import Data
from .errors import InputError
from .readers import read
from .saved import SavedSelection, load
from .writing import as_table, check_files, check_h5ad, check_npz, write

_CURE = "Pass --missing to select, or correct the file"


def run(arguments) -> None:
    """Read the selection and the file, check its columns, write the selected ones."""
    messages = arguments.messages
    check_files(arguments)
    saved = load(arguments.selection)
    data = read(saved.arguments(arguments.data, messages))
    saved.check(data.names, data.source)
    data = data.without([name for name in data.names if name not in saved.kinds])
    if hasattr(data.X, "columns"):
        data = _as_before(data, saved, messages)
    text = [name for name, kind in saved.kinds.items() if kind == "text"]
    check_npz(arguments.out, text)
    check_h5ad(arguments.out, data)
    if arguments.out is None:
        as_table(data, saved.columns).to_csv(sys.stdout, index=False)
        return
    doubt = write(arguments.out, data, saved.columns)
    messages.say(f"{counted(len(saved.columns), 'column')} written to {arguments.out}")
    if doubt:
        messages.say(f"warning: {doubt}")


def _as_before(data: Data, saved: SavedSelection, messages) -> Data:
    """Read texts as numbers where they were; refuse other kinds, and name new values."""
    from .columns import Kinds

    text = [name for name, kind in saved.kinds.items() if kind == "text"]
    kinds = Kinds(data.marks, data.guess, keep=saved.columns, as_text=text)
    faults = []
    for name, before in saved.kinds.items():
        kind, values = kinds.of(data.X[name], name)
        # Dates such as 20201231 are numbers until all of a column have been seen.
        if kind not in (before, "empty") and (before, kind) != ("dates", "numbers"):
            faults.append(f"column {name!r} contained {before} and contains {kind}")
        elif kind == "text" and (new := sorted(set(values.categories) - saved.values[name])):
            n = counted(len(new), "new value")
            messages.say(f"{name} has {n}, which the selection has not seen: {listed(new, 10)}")
    kinds.tell(messages, _CURE)
    if faults:
        raise InputError(f"{data.source}: {'; '.join(faults)}")
    return replace(data, X=data.X.assign(**kinds.read))
