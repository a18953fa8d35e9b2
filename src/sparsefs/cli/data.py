# SPDX-License-Identifier: BSD-3-Clause
"""The table that a reader returns, and checks of the columns that were asked for."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ..utils.text import counted, listed, unique
from .errors import InputError, picked


@dataclass
class Data:
    """A table and its target.

    Attributes
    ----------
    X : DataFrame, ndarray or CSR matrix of shape (n_rows, n_columns)
        Without the target. An ndarray contains numbers.
    names : list of str
        Names of the columns.
    y : ndarray or Series of shape (n_rows,), or None
    target : str or None
        Name of `y`.
    source : str
        File or data set.
    notes : list of str
        Remarks of the reader for the user.
    code : str or None
        Python expression that reads the same data frame, if there is one.
    marks : pair of str or None
        Decimal mark and mark between thousands that the user gave.
    guess : {".", ",", None}
        Decimal mark of the numbers that are written as text.
    """

    X: Any
    names: list[str]
    y: np.ndarray | None
    target: str | None
    source: str
    notes: list[str] = field(default_factory=list)
    code: str | None = None
    marks: tuple[str | None, str | None] = (None, None)
    guess: str | None = None

    def rows(self, which) -> Data:
        """Return the rows of a mask."""
        X = self.X.loc[which] if hasattr(self.X, "columns") else self.X[which]
        y = None if self.y is None else self.y[which]
        return replace(self, X=X, y=y)

    def without(self, names) -> Data:
        """Return the data without some columns."""
        if not names:
            return self
        at = [i for i, name in enumerate(self.names) if name not in set(names)]
        X = self.X.iloc[:, at] if hasattr(self.X, "columns") else self.X[:, at]
        left = [self.names[i] for i in at]
        return replace(self, X=X, names=left)

    @property
    def looks_transposed(self) -> bool:
        """Whether each row looks like a feature."""
        if not hasattr(self.X, "columns"):
            return False
        from .readers.tables import looks_transposed

        return looks_transposed(self.X)

    def with_unique_names(self) -> Data:
        """Return the data with a number behind each name that an earlier column has."""
        names = unique(self.names, [self.target])
        renamed = [new for old, new in zip(self.names, names, strict=True) if old != new]
        code, X = self.code, self.X
        if hasattr(X, "columns"):
            code = code if list(X.columns) == names else None  # as pandas renames in CSV
            X = X.set_axis(names, axis=1)
        if not renamed:
            return replace(self, X=X, code=code)
        which = counted(len(renamed), "column has the name", "columns have the name")
        note = f"{which} of an earlier column and got a number: {listed(renamed)}"
        return replace(self, X=X, names=names, code=code, notes=[*self.notes, note])


def chosen_target(names, arguments, default=None) -> str | None:
    """Return the column of --target, or the default.

    Raises
    ------
    InputError
        If there is no such column, or several.
    """
    if arguments.target is None:
        return default
    target = picked(arguments.target, names, f"--target: {arguments.data} has no column")
    if list(names).count(target) > 1:
        raise InputError(
            f"--target: {arguments.data} has several columns named {target!r}: rename all but one"
        )
    return target


def check_columns(names, arguments, target=None) -> None:
    """Check that --drop, --keep and --text name columns other than the target."""
    for option in ("--drop", "--keep", "--text"):
        for column in getattr(arguments, option.strip("-")):
            if column == target:
                raise InputError(f"{option}: column {column!r} is the target")
            picked(column, names, f"{option}: {arguments.data} has no column")
