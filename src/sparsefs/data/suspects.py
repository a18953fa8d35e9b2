# SPDX-License-Identifier: BSD-3-Clause
"""Columns that look like identifiers or like copies of the target."""

from __future__ import annotations

import re
from math import lgamma, log
from typing import Any

import numpy as np
from scipy import sparse

from ..utils.text import counted, listed
from .inputs import read_blocks

_NAMED = re.compile(
    r"(?:^|[\W_])(?:id|ids|uid|uuid|guid|index|zip|zipcode|postcode|postal|plz|phone|telephone|"
    r"mobile|fax|ssn|iban|isbn|fips|mrn|barcode|accession)(?:$|[\W_])",
    re.IGNORECASE,
)
_MARKS = [float(f"{sign}{'9' * n}") for sign in "-+" for n in (2, 3, 4, 5, 6)]
_FEWEST = 20  # rows and values; with fewer, values may all differ by chance
_UNIQUE = 0.95  # share of different values
_USUAL = 5, 0.1  # unique whole numbers in more columns, and a larger share, are quantities
_SAME = 0.9995  # correlation with a target of numbers
_CHANCE = 1e-3  # that any of the columns separates the classes by chance
_MOST = 10**8  # numbers of the extremes of all classes
_PART = 512  # columns that are read at once


def suspects(X, names, target=None, task: str | None = None) -> list[str]:
    """Say which columns look like identifiers, and which predict the target alone.

    Parameters
    ----------
    X : ndarray, CSR matrix or RowTable of shape (n_rows, n_columns)
        Of sparse matrices and tables on disk only classes are compared.
    names : sequence of str of length n_columns
    target : ndarray of shape (n_rows,), or None
        Class numbers, or numbers.
    task : {"classification", "regression"} or None

    Returns
    -------
    list of str
        A sentence for each kind that was found.
    """
    found = []
    alone = np.zeros(X.shape[1], dtype=bool)
    if target is not None and np.ndim(target) == 1 and X.shape[0] >= _FEWEST:
        if task == "classification":
            alone = _separates(X, target)
        elif isinstance(X, np.ndarray):
            alone = _follows(X, target)
    codes = _codes(X, names) & ~alone if isinstance(X, np.ndarray) else np.zeros_like(alone)
    if alone.any():
        n = counted(int(alone.sum()), "column predicts", "columns predict")
        found.append(
            f"{n} the target alone: {_listed(names, alone)}. Leave out what was made from the "
            "target, or is known only after it."
        )
    if codes.any():
        n = counted(
            int(codes.sum()), "column looks like an identifier", "columns look like identifiers"
        )
        found.append(f"{n}: {_listed(names, codes)}. Leave out numbers that only name a row.")
    if isinstance(X, np.ndarray):
        marks = _marks(X, names)
        if marks:
            found.append(
                f"Numbers far from all others in their column, perhaps marks of missing values: "
                f"{listed(marks, 4)}. Replace them if so."
            )
    return found


def _listed(names, which):
    return listed([names[i] for i in np.flatnonzero(which)])


def _separates(X, target):
    """Return which columns have values in a range of their own for each class."""
    classes, y, counts = np.unique(target, return_inverse=True, return_counts=True)
    n_orders = lgamma(len(y) + 1) - sum(lgamma(n + 1) for n in counts) - lgamma(len(counts) + 1)
    nothing = np.zeros(X.shape[1], dtype=bool)
    if log(X.shape[1]) - n_orders > log(_CHANCE) or len(classes) * X.shape[1] > _MOST:
        return nothing
    if len(classes) > min(counts.mean(), X.shape[0] / 4) or len(classes) < 2:
        return nothing
    low = np.full((len(classes), X.shape[1]), np.inf)
    high = -low
    blocks: Any = [(slice(None), X)] if sparse.issparse(X) else read_blocks(X)
    for place, block in blocks:
        for k in np.unique(y[place]):
            rows = block[np.flatnonzero(y[place] == k)]
            least, most = _range(rows)
            low[k], high[k] = np.fmin(low[k], least), np.fmax(high[k], most)
    order = np.argsort(low, axis=0)
    low, high = np.take_along_axis(low, order, 0), np.take_along_axis(high, order, 0)
    return np.isfinite(low).all(axis=0) & (high[:-1] < low[1:]).all(axis=0)


def _range(rows):
    if sparse.issparse(rows):
        return rows.min(axis=0).toarray().ravel(), rows.max(axis=0).toarray().ravel()
    return np.fmin.reduce(rows, axis=0), np.fmax.reduce(rows, axis=0)


def _follows(X, target):
    """Return which columns rise or fall with the target throughout, or are nearly linear in it."""
    order = np.argsort(target, kind="stable")
    y = np.asarray(target, dtype=np.float64)[order]
    found = np.zeros(X.shape[1], dtype=bool)
    if len(np.unique(y)) < _FEWEST:
        return found
    y = (y - y.mean()) / y.std()
    for start in range(0, X.shape[1], _PART):
        part = X[order, start : start + _PART].astype(np.float64)
        steps = np.diff(part, axis=0)
        rises = ((steps >= 0).all(axis=0) | (steps <= 0).all(axis=0)) & (
            np.count_nonzero(steps, axis=0) >= np.count_nonzero(np.diff(y)) / 2
        )
        scale = part.std(axis=0)
        scale[~(scale > 0)] = np.inf
        found[start : start + _PART] = rises | (np.abs(y @ part) / len(y) > _SAME * scale)
    return found


def _marks(X, names):
    """List -999 and its like, where it is more than the range of a column away from the rest."""
    if X.dtype.kind not in "fiu" or len(X) < _FEWEST:
        return []
    low, high = _range(X)
    found = []
    for i in np.flatnonzero(np.isin(low, _MARKS) | np.isin(high, _MARKS)):
        for mark in {low[i], high[i]} & set(_MARKS):
            others = X[:, i][(X[:, i] != mark) & ~np.isnan(X[:, i])]
            if len(others) < 2 or len(np.unique(others)) < 3:
                continue
            away = max(others.min() - mark, mark - others.max())
            if away > np.ptp(others):
                n = int((X[:, i] == mark).sum())
                found.append(f"{mark:g} in {names[i]} ({counted(n, 'row')})")
    return found


def _codes(X, names):
    """Return which columns contain whole numbers that look like numbers of rows."""
    n = len(X)
    found, unique = np.zeros((2, X.shape[1]), dtype=bool)
    if n < _FEWEST:
        return found
    first = X[:_FEWEST]
    few = first if X.dtype.kind == "f" else first.astype(np.float64)
    possible = ((few == np.rint(few)) & (few >= 0) | np.isnan(few)).all(axis=0)
    for i in np.flatnonzero(possible):
        values = X[:, i][~np.isnan(X[:, i])] if X.dtype.kind == "f" else X[:, i]
        if len(values) < _FEWEST or values.min() < 0 or not (values == np.rint(values)).all():
            continue
        different = np.unique(values)
        n_values, low, high = len(different), different[0], different[-1]
        even = n_values > 2 and np.ptp(np.diff(different)) == 0  # 10, 20, 30, ...
        alike = even or len(f"{low:.0f}") == len(f"{high:.0f}") or high - low < 2 * n
        unique[i] = n_values >= _UNIQUE * len(values) and alike
        found[i] = n_values > _FEWEST and bool(_NAMED.search(str(names[i])))
    return found | unique if unique.sum() <= max(_USUAL[0], _USUAL[1] * len(unique)) else found
