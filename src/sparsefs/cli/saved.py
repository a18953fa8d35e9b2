# SPDX-License-Identifier: BSD-3-Clause
"""Selections that ``--save`` writes and ``sparsefs apply`` uses."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from os.path import isfile
from pathlib import Path
from typing import Any

from ..utils.files import replacing
from ..utils.text import counted, listed
from .data import Data
from .errors import InputError
from .features import Features

# Options that say how a file is read.
_READING = (
    *("comment", "decimal", "encoding", "layer", "log1p", "missing", "no_header", "separator"),
    *("skip_rows", "thousands", "transpose"),
)


@dataclass
class SavedSelection:
    """Selected columns of a file, and how to read a file of the same kind.

    Attributes
    ----------
    columns : list of str
        Names of the selected columns, best first.
    kinds : dict of str to {"numbers", "text", "dates"}
        Of the selected columns.
    values : dict of str to set of str
        Values of the selected columns of text.
    targets : list of str
        Names of the columns of the target, and of the event.
    id_name : str or None
        Name of the column of the names of the rows.
    selector : BaseSelector
        Fitted.
    feature_names : list of str
        Names of the columns that the selector was fitted to, in their order.
    reading : dict
        Options that say how a file is read.
    """

    columns: list[str]
    kinds: dict[str, str]
    values: dict[str, set[str]]
    targets: list[str]
    id_name: str | None
    selector: Any
    feature_names: list[str]
    reading: dict[str, Any]

    @classmethod
    def of(cls, arguments, data: Data, features: Features, selector, columns) -> SavedSelection:
        """Collect what another file needs."""
        reading = {name: getattr(arguments, name) for name in _READING}
        reading["decimal"] = reading["decimal"] or data.guess
        kinds = {name: features.kinds.get(name, "numbers") for name in columns}
        text = [name for name, kind in kinds.items() if kind == "text"]
        values = {name: set(features.X[name].cat.categories) for name in text}
        targets = [] if any(map(isfile, arguments.target or [])) else list(data.targets)
        names = features.names
        return cls(columns, kinds, values, targets, data.id_name, selector, names, reading)

    def transform(self, X: Any) -> Any:
        """Return the selected columns of a data frame, best first.

        Raises
        ------
        ValueError
            If the frame lacks one.
        """
        self.check(X.columns, "X")
        return X[self.columns]

    def check(self, names, where: str) -> None:
        """Refuse a table that lacks selected columns."""
        lacking = [name for name in self.columns if name not in set(names)]
        if lacking:
            n = counted(len(self.columns), "selected column")
            raise ValueError(f"{where} lacks {len(lacking)} of the {n}: {listed(lacking, 20)}")

    def arguments(self, source: str, messages) -> argparse.Namespace:
        """Return the arguments that read another file."""
        return argparse.Namespace(
            **self.reading,
            data=source,
            messages=messages,
            target=self.targets,
            event=None,
            id=self.id_name,
            groups=None,
            weights=None,
            exclude=[],
            keep=[],
            text=[],
            unsupervised=True,
            applied=True,
        )

    def write(self, path: Path) -> None:
        """Write the selection to a file."""
        import joblib

        with replacing(path) as file:
            joblib.dump(self, file)


def load(path: Path) -> SavedSelection:
    """Read a selection.

    Raises
    ------
    InputError
        If the file is not one.
    """
    import joblib

    if not path.is_file():
        raise InputError(f"there is no file {str(path)!r}")
    try:
        found = joblib.load(path)
    except Exception as error:  # of pickle, and of whatever it calls
        raise InputError(f"{path} cannot be read: {type(error).__name__}: {error}") from error
    if not isinstance(found, SavedSelection):
        raise InputError(f"{path} is no selection that `sparsefs select --save` has written")
    return found
