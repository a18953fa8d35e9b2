# SPDX-License-Identifier: BSD-3-Clause
"""What a reader of a file returns."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from .errors import InputError, picked


@dataclass
class Data:
    """A table, and what is to be predicted.

    Attributes
    ----------
    X : DataFrame, ndarray or CSR matrix of shape (n_rows, n_columns)
        Without the target. An ndarray holds numbers.
    names : list of str
        Of the columns.
    y : ndarray of shape (n_rows,) or None
    target : str or None
        What `y` is called.
    source : str
        Where it is from.
    notes : list of str
        What a reader did that the user should know.
    code : str or None
        The expression that reads the same as a data frame, where there is one.
    """

    X: Any
    names: list[str]
    y: np.ndarray | None
    target: str | None
    source: str
    notes: list[str] = field(default_factory=list)
    code: str | None = None

    def rows(self, which) -> Data:
        """Some of the rows, by a mask."""
        X = self.X.loc[which] if hasattr(self.X, "columns") else self.X[which]
        y = None if self.y is None else self.y[which]
        return replace(self, X=X, y=y)

    def without(self, names) -> Data:
        """All but some of the columns."""
        if not names:
            return self
        at = [i for i, name in enumerate(self.names) if name not in set(names)]
        X = self.X.iloc[:, at] if hasattr(self.X, "columns") else self.X[:, at]
        left = [self.names[i] for i in at]
        return replace(self, X=X, names=left)


def chosen_target(names, arguments, default=None) -> str | None:
    """The column to predict, one of `names`; None where none was asked for.

    Raises
    ------
    InputError
        If there is no such column.
    """
    if arguments.target is None:
        return default
    return picked(arguments.target, names, f"--target: {arguments.data} has no column")


def check_columns(names, arguments, target=None) -> None:
    """Refuse to leave out, or to keep, what is none of the columns, or is the target."""
    for option, asked in (("--drop", arguments.drop), ("--keep", arguments.keep)):
        for column in asked:
            if column == target:
                raise InputError(f"{option}: {column!r} is the target")
            picked(column, names, f"{option}: {arguments.data} has no column")
