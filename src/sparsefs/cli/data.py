# SPDX-License-Identifier: BSD-3-Clause
"""The table that a reader returns, and the roles of its columns."""

from __future__ import annotations

import fnmatch
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse

from ..utils.text import counted, listed, unique
from .errors import InputError, picked

# What a column can be instead of a feature, and how an error names it.
_ROLES = {
    "target": "the target",
    "event": "the column of --event",
    "id": "the column of --id",
    "groups": "the column of --groups",
    "weights": "the column of --weights",
}
_OF_ROWS = ("ids", "groups", "weights", "annotated")


@dataclass
class Data:
    """A table, and the columns that are no features.

    Readers leave all columns in `X`; :meth:`with_roles` takes those out that have a role.

    Attributes
    ----------
    X : DataFrame, ndarray or CSR matrix of shape (n_rows, n_columns)
        An ndarray contains numbers.
    names : list of str
        Names of the columns.
    default : str or None
        Name of the target without --target.
    source : str
        File or data set.
    beside : dict of str to (ndarray or Series)
        Columns outside X, such as obs of .h5ad, which may have a role.
    roles : list of (str, str), or None
        Roles and their columns, if the reader has asked :func:`roles_of`.
    targets : dict of str to (ndarray or Series)
        The columns of --target and --event.
    event : str or None
        The column of --event.
    ids, groups, weights : ndarray of shape (n_rows,), or None
    id_name : str or None
    notes : list of str
        Remarks of the reader for the user.
    code : str or None
        Python expression that reads the same data frame, if there is one.
    marks : pair of str or None
        Decimal mark and mark between thousands that the user gave.
    guess : {".", ",", None}
        Decimal mark of the numbers that are written as text.
    annotated : AnnData or None
        What was read from .h5ad; its rows and columns are those of `X`.
    """

    X: Any
    names: list[str]
    default: str | None
    source: str
    beside: dict[str, Any] = field(default_factory=dict)
    roles: list[tuple[str, str]] | None = None
    targets: dict[str, Any] = field(default_factory=dict)
    event: str | None = None
    ids: np.ndarray | None = None
    groups: np.ndarray | None = None
    weights: np.ndarray | None = None
    id_name: str | None = None
    notes: list[str] = field(default_factory=list)
    code: str | None = None
    marks: tuple[str | None, str | None] = (None, None)
    guess: str | None = None
    annotated: Any = None

    def with_roles(self, arguments) -> Data:
        """Return the data without the columns that are no features, and with what they contain.

        Raises
        ------
        InputError
            If a column is missing or cannot have its role.
        """
        roles = self.roles
        if roles is None:
            roles = roles_of(self.names, arguments, self.beside, self.default)
        one = dict(roles)  # of roles that one column has
        found = {name: self._column(name, arguments) for _, name in roles}
        taken = [name for name in found if name not in self.beside]
        groups, weights = one.get("groups"), one.get("weights")
        return replace(
            self.without([*taken, *arguments.exclude]),
            targets=_targets(found, roles),
            event=one.get("event"),
            ids=np.asarray(found[one["id"]]) if "id" in one else None,
            id_name=one.get("id"),
            groups=None if groups is None else _groups(groups, found[groups]),
            weights=None if weights is None else _weights(weights, found[weights]),
        )

    def _column(self, name, arguments):
        if name in self.beside:
            values = self.beside[name]
        else:
            at = self.names.index(name)
            values = self.X.iloc[:, at] if hasattr(self.X, "columns") else self.X[:, at]
            values = values.toarray().ravel() if sparse.issparse(values) else values
        (n_rows, n_columns), shape = self.X.shape, np.shape(values)
        if shape[:1] != (n_rows,) or len(shape) > 2:
            hint = "; pass --transpose if its columns are samples" if shape == (n_columns,) else ""
            raise InputError(
                f"{self.source}: X has {n_rows} rows, but {name!r} has shape {shape}: it must have "
                f"one value per row{hint}"
            )
        return values

    def for_fit(self, rows) -> dict[str, np.ndarray]:
        """Return the arguments of `fit` for some rows that --weights and --groups give."""
        given = {"sample_weight": self.weights, "groups": self.groups}
        return {name: values[rows] for name, values in given.items() if values is not None}

    def rows(self, which) -> Data:
        """Return the rows of a mask."""
        X = self.X.loc[which] if hasattr(self.X, "columns") else self.X[which]
        of_rows = {name: getattr(self, name) for name in _OF_ROWS}
        kept: dict[str, Any] = {name: v[which] for name, v in of_rows.items() if v is not None}
        targets = {name: values[which] for name, values in self.targets.items()}
        return replace(self, X=X, targets=targets, **kept)

    def without(self, names) -> Data:
        """Return the data without some columns."""
        if not names:
            return self
        at = [i for i, name in enumerate(self.names) if name not in set(names)]
        X = self.X.iloc[:, at] if hasattr(self.X, "columns") else self.X[:, at]
        annotated = None if self.annotated is None else self.annotated[:, at]
        return replace(self, X=X, names=[self.names[i] for i in at], annotated=annotated)

    @property
    def looks_transposed(self) -> bool:
        """Whether each row looks like a feature."""
        if not hasattr(self.X, "columns"):
            return False
        from .readers.tables import looks_transposed

        return looks_transposed(self.X)

    def with_unique_names(self) -> Data:
        """Return the data with a number behind each name that an earlier column has."""
        names = unique(self.names, [*self.targets, self.id_name])
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


def _targets(found, roles):
    """Return the columns of the target; an array of several is several."""
    targets: dict[str, Any] = {}
    for role, name in roles:
        values = found[name]
        if role == "target" and values.ndim == 2 and values.shape[1] > 1:
            targets |= {f"{name}.{i}": column for i, column in enumerate(np.asarray(values).T)}
        elif role in ("target", "event"):
            targets[name] = values.reshape(-1) if values.ndim == 2 else values
        elif values.ndim == 2:
            raise InputError(f"--{role}: {name!r} must have one value per row")
    return targets


def roles_of(names, arguments, beside=(), default=None) -> list[tuple[str, str]]:
    """Decide which columns are no features, and look up all columns that options name.

    Patterns and files of names in `arguments` are replaced by the names.

    Parameters
    ----------
    names : list of str
        Names of the columns.
    arguments : Namespace
    beside : collection of str
        Names of columns outside X, which may have a role too.
    default : str or None, default=None
        The target without --target.

    Returns
    -------
    list of (str, str)
        Pairs of a role and the name of a column.

    Raises
    ------
    InputError
        If there is no such column, there are several, or two options name the same.
    """
    roles: list[tuple[str, str]] = []
    named_by: dict[str, str] = {}
    applied = getattr(arguments, "applied", False)  # to another file, which may lack the roles
    for role, what in _ROLES.items():
        given = getattr(arguments, role) or []
        for name in given if isinstance(given, list) else [given]:
            if applied and name not in [*beside, *names]:
                continue
            picked(name, [*beside, *names], f"--{role}: {arguments.data} has no column")
            if name not in beside and list(names).count(name) > 1:
                raise InputError(
                    f"--{role}: {arguments.data} has several columns named {name!r}: rename all "
                    "but one"
                )
            if name in named_by:
                raise InputError(f"--{role}: column {name!r} is {named_by[name]}")
            roles.append((role, name))
            named_by[name] = what
    if default is not None and default not in named_by and "target" not in dict(roles):
        roles.append(("target", default))
        named_by[default] = _ROLES["target"]
    free = [name for name in names if name not in named_by or name in beside]
    for option in ("exclude", "keep", "text"):
        entries, found = getattr(arguments, option), []
        for entry in _with_files(entries, names, option):
            if entry in named_by and entry not in beside:
                raise InputError(f"--{option}: column {entry!r} is {named_by[entry]}")
            found += _matching(entry, free, f"--{option}: {arguments.data} has no column")
        setattr(arguments, option, list(dict.fromkeys(found)))
    return roles


def _with_files(entries, names, option):
    """Yield the entries of an option, and the lines of the files that @FILE names."""
    for entry in entries:
        if entry in names or not entry.startswith("@"):
            yield entry
            continue
        try:
            lines = Path(entry[1:]).read_text(encoding="utf-8-sig").splitlines()
        except (OSError, UnicodeError) as error:
            raise InputError(f"--{option}: {entry[1:]!r} cannot be read: {error}") from error
        yield from (line.strip() for line in lines if line.strip())


def _matching(entry, names, what):
    """Return the column of this name, or those that a pattern such as MT-* matches."""
    found = [entry] if entry in names else [n for n in names if fnmatch.fnmatchcase(n, entry)]
    return found or [picked(entry, names, what)]


def missing_in(values) -> np.ndarray:
    """Return a mask of the rows without a value; empty text is missing, too."""
    missing = np.array(values.isna() if hasattr(values, "isna") else values != values)
    if values.dtype.kind not in "biuf":
        missing[~missing] = np.asarray(values[~missing], dtype=object) == ""
    return missing


def _groups(name, values):
    _refuse_missing("--groups", name, values)
    groups = np.asarray(values)
    return groups.astype(str) if groups.dtype == object else groups


def _weights(name, values):
    _refuse_missing("--weights", name, values)
    weights = []
    for row, value in enumerate(np.asarray(values).tolist(), 1):
        try:
            weights.append(float(value))
        except (TypeError, ValueError):
            weights.append(np.nan)
        if not 0 <= weights[-1] < np.inf:
            raise InputError(
                f"--weights: column {name!r} contains {value!r} in row {row}: weights must be "
                "numbers of at least 0"
            )
    if not any(weights):
        raise InputError(f"--weights: all values of column {name!r} are 0")
    return np.array(weights)


def _refuse_missing(option, name, values):
    missing = missing_in(values)
    if missing.any():
        raise InputError(
            f"{option}: column {name!r} has no value in row {missing.argmax() + 1}: give every row "
            "one, or remove the row"
        )
