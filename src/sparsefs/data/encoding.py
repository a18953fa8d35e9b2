# SPDX-License-Identifier: BSD-3-Clause
"""Columns of any kind as inputs: numbers without gaps, of which a column may have several."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from scipy.stats import norm
from sklearn.preprocessing import TargetEncoder

from ..utils.text import unique
from .cells import is_frame, read_column
from .kinds import is_missing, name_columns
from .low_rank import FEWEST, LowRank
from .target import Target

MOST_LEVELS = 20  # of a column of texts with an input for each; beyond, the target encodes them
FEWEST_ROWS = 5  # of a level with an input of its own
_FEWEST_TO_TELL = 20  # rows; with fewer, texts may go with classes by chance
_P_VALUE = 0.01  # of a relation between the target and where values are missing
_LARGEST = 1e150  # whose square is finite
_OTHER, _MISSING = "(other)", "(missing)"
_ABSENT = "\0missing"  # stands for None among texts, one of which may be "(missing)"
_DAY = np.timedelta64(1, "D")


class Encoding:
    """How the columns of a table become inputs.

    - A column of numbers is one input. Missing values are replaced with the median. If values of
      20 columns or more are missing, the principal components of the row estimate them instead, see
      :class:`LowRank`. If the target differs where values are missing (p < 0.01), a second input
      says where.
    - A column of texts has an input for each of its values. Values of fewer than 5 rows share one.
      If there are more than 20 values, they are replaced with the mean of the target instead
      (cross-fitted, scikit-learn's ``TargetEncoder``); without a target, the less frequent ones
      share an input.
    - A column of dates has an input for the days since 1970, and one for each weekday and month.

    Attributes
    ----------
    column_of : ndarray of shape (n_inputs,), int
        Number of the column that the input is of.
    share : ndarray of shape (n_inputs,), float
        How much of the column's variance the input gets; the shares of a column add up to 1, so
        that one with many inputs has no more chances than a number.
    labels : list of str
        What the input is of its column: empty for the value itself, or such as ``"=red"``.
    incomplete : ndarray of int
        Columns of which a value was missing.
    telling : list of int
        Columns of texts that leave no doubt about the class of a row.
    """

    n_columns: int
    column_of: np.ndarray
    share: np.ndarray
    labels: list[str]
    incomplete: np.ndarray
    telling: list[int]
    _names: np.ndarray
    _numeric: np.ndarray  # columns of numbers
    _fill: np.ndarray  # what stands for missing values of each
    _gaps: np.ndarray  # which of them have an input that says where values are missing
    _low_rank: LowRank | None  # estimates them where many columns have some
    _encoders: list[tuple[int, Any]]  # (column, encoder) of the others
    _kinds: dict[int, str]  # of numpy, of every column that is read

    @classmethod
    def of(
        cls,
        X: Any,
        names,
        target: Target | None,
        rows: np.ndarray,
        seed: int,
        left_out: np.ndarray | None = None,
    ) -> tuple[Encoding, np.ndarray]:
        """Learn the encoding of X, and encode X for training.

        Parameters
        ----------
        X : DataFrame or ndarray of shape (n_samples, n_columns)
        names : ndarray of str, or None
        target : Target or None
            For columns of many values.
        rows : ndarray of int
            The rows that count.
        seed : int
            Decides the folds in which the target encodes.
        left_out : ndarray of shape (n_columns,), bool, or None
            Columns that are not read.

        Returns
        -------
        encoding : Encoding
        inputs : ndarray of shape (n_samples, n_inputs), float32 or float64
        """
        self = cls()
        self.n_columns = X.shape[1]
        self._names = np.arange(X.shape[1]) if names is None else names
        used = np.arange(X.shape[1]) if left_out is None else np.flatnonzero(~left_out)
        self._kinds = dict.fromkeys(used.tolist(), "f")
        others, numbers = [], None
        if not (isinstance(X, np.ndarray) and X.dtype.kind == "f"):
            columns = {j: read_column(X, j, self._names[j]) for j in self._kinds}
            self._kinds = {j: values.dtype.kind for j, values in columns.items()}
            others = [(j, columns[j]) for j in columns if self._kinds[j] != "f"]
            numbers = _stacked([columns[j] for j in columns if self._kinds[j] == "f"], X)
        self._numeric = np.array([j for j in self._kinds if self._kinds[j] == "f"], dtype=np.int64)
        if numbers is None:
            numbers = self._numbers(X)
        absent = np.isnan(numbers)
        gaps = np.flatnonzero(absent[rows].any(axis=0))
        self.incomplete = self._numeric[gaps]
        self._fill = _typical(numbers[rows], gaps)
        self._low_rank = None
        largest = np.fmax.reduce(np.abs(numbers[rows]), axis=None, initial=0.0)
        usable = float(largest) <= _LARGEST  # what is larger is refused later
        if min(len(gaps), len(rows)) >= FEWEST and usable:
            self._low_rank = LowRank(numbers[rows], seed)
        self._gaps = gaps[_matters(absent[rows][:, gaps], target, rows)]
        column_of = [self._numeric, self._numeric[self._gaps]]
        missing = absent[rows][:, self._gaps].mean(axis=0)
        share = [np.ones(len(self._numeric)), np.minimum(missing, 0.5)]
        share[0][self._gaps] -= share[1]
        self.labels = [""] * len(self._numeric) + [f"={_MISSING}"] * len(self._gaps)
        blocks = [self._filled(numbers, absent)]
        self.telling = [
            int(j)
            for j, values in others
            if target is not None and _tells(values[rows], target, rows)
        ]
        self._encoders = []
        for j, values in others:
            encoder, inputs = _encoder_of(values, target, rows, seed)
            self._encoders.append((int(j), encoder))
            if encoder.has_missing:
                self.incomplete = np.union1d(self.incomplete, [j]).astype(np.int64)
            blocks.append(inputs)
            column_of.append(np.full(inputs.shape[1], j))
            share.append(np.asarray(encoder.share))
            self.labels += encoder.labels
        self.column_of = np.concatenate(column_of).astype(np.int64)
        self.share = np.concatenate(share)
        return self, np.hstack(blocks).astype(numbers.dtype, copy=False)

    @property
    def is_trivial(self) -> bool:
        """Whether every column is one input, which is the column itself."""
        plain = len(self.column_of) == self.n_columns and not self._encoders
        return plain and len(self.incomplete) == 0

    def inputs(self, X: Any, refuse_missing: bool = False) -> np.ndarray:
        """Return the inputs of other rows, (n_samples, n_inputs)."""
        numbers = self._numbers(X)
        absent = np.isnan(numbers)
        columns = [(j, encoder, self._column(X, j)) for j, encoder in self._encoders]
        if refuse_missing:
            others = [j for j, _, values in columns if any(map(is_missing, values.tolist()))]
            gone = np.union1d(self._numeric[absent.any(axis=0)], others).astype(np.int64)
            if len(gone):
                where = name_columns(gone, self._names)
                raise ValueError(f"Input X has missing values in {where}.")
        blocks = [self._filled(numbers, absent)]
        blocks += [encoder.inputs(values) for _, encoder, values in columns]
        return np.hstack(blocks).astype(numbers.dtype, copy=False)

    def names(self, names) -> np.ndarray:
        """Return names of the inputs, made of those of the columns."""
        pairs = zip(np.asarray(names, dtype=object)[self.column_of], self.labels, strict=True)
        return np.array(unique(f"{name}{label}" for name, label in pairs), dtype=object)

    def _column(self, X, j):
        return read_column(X, int(j), self._names[j], self._kinds[int(j)])

    def _numbers(self, X):
        """The columns of numbers, (n_samples, n_numeric)."""
        if isinstance(X, np.ndarray) and X.dtype.kind == "f":
            return X if len(self._numeric) == X.shape[1] else X[:, self._numeric]
        return _stacked([self._column(X, j) for j in self._numeric], X)

    def _filled(self, numbers, absent):
        if self._low_rank is None:
            filled = np.where(absent, self._fill, numbers).astype(numbers.dtype, copy=False)
        else:
            filled = self._low_rank.filled(numbers)
        return np.hstack([filled, absent[:, self._gaps].astype(numbers.dtype)])


def _typical(numbers, gaps):
    """Means of the columns, and medians of those with gaps; 0 where there is no value."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of columns without values
        typical = np.zeros(numbers.shape[1])
        whole = np.setdiff1d(np.arange(len(typical)), gaps)
        typical[whole] = numbers[:, whole].mean(axis=0, dtype=np.float64)
        typical[gaps] = np.nanmedian(numbers[:, gaps], axis=0)
    return np.where(np.isfinite(typical), typical, 0.0)


def _matters(absent, target, rows):
    """Whether the target differs between rows with and without a value, for each column."""
    if target is None:
        return np.zeros(absent.shape[1], dtype=bool)
    y = target.values[rows]
    y = np.eye(target.n_outputs)[y] if target.task == "classification" else y.astype(np.float64)
    y = y - y.mean(axis=0)
    y /= np.maximum(np.linalg.norm(y, axis=0), 1e-300)
    z = absent - absent.mean(axis=0)
    z /= np.maximum(np.linalg.norm(z, axis=0), 1e-300)
    correlation = np.abs(z.T @ y).max(axis=1, initial=0.0)
    return correlation * np.sqrt(len(rows)) > norm.isf(_P_VALUE / 2 / y.shape[1])


def _encoder_of(values, target, rows, seed):
    """The encoder of a column of dates or texts, and its inputs for training."""
    encoder: Any
    if values.dtype.kind == "M":
        encoder = Dates(values, rows)
    elif target is not None and _are_many(*_levels(values[rows])):
        encoder = ByTarget()
        return encoder, encoder.fitted(values, target, rows, seed)
    else:
        encoder = Levels(values, rows)
    return encoder, encoder.inputs(values)


def _tells(values, target, rows):
    """Whether each of a few texts goes with one class only."""
    if target.task != "classification" or values.dtype.kind == "M" or len(rows) < _FEWEST_TO_TELL:
        return False
    pairs = set(zip(values, target.values[rows].tolist(), strict=True))
    n_levels = len({level for level, _ in pairs})
    return len(pairs) == n_levels <= min(MOST_LEVELS, len(rows) / FEWEST_ROWS)


def _levels(values):
    """Different values and how often they occur."""
    return np.unique(_texts(values).astype(str), return_counts=True)


def _texts(values):
    return np.array([_ABSENT if value is None else value for value in values], dtype=object)


def _stacked(columns, X):
    return np.column_stack(columns) if columns else np.empty((X.shape[0], 0))


def as_numbers(X: Any, names) -> Any:
    """Return a table without an encoding as numbers."""
    if not is_frame(X) and getattr(X, "dtype", np.dtype(object)).kind == "f":
        return X
    return _stacked([read_column(X, j, names[j], "f") for j in range(X.shape[1])], X)


def _are_many(levels, counts):
    """Whether there are too many texts, or too few rows of each, for inputs of their own."""
    return len(levels) > MOST_LEVELS or (len(levels) > 2 and counts.max() < FEWEST_ROWS)


class Levels:
    """An input for every value of a column of texts, and one for all rare values."""

    def __init__(self, values, rows):
        levels, counts = _levels(values[rows])
        if len(levels) > 2:
            frequent = np.argsort(-counts, kind="stable")[:MOST_LEVELS]
            if counts.max() >= FEWEST_ROWS:
                frequent = frequent[counts[frequent] >= FEWEST_ROWS]
            frequent = np.sort(frequent)
            has_other = len(frequent) < len(levels)
        else:  # the second says it all
            frequent, has_other = np.arange(len(levels))[1:], False
        self.has_missing = _ABSENT in levels
        self._place = {str(level): i for i, level in enumerate(levels[frequent])}
        self._other = len(frequent) if has_other else None
        texts = [_MISSING if level == _ABSENT else level for level in self._place]
        self.labels = [f"={text}" for text in (*texts, *[_OTHER] * has_other)]
        self.share = [1 / max(1, len(self.labels))] * len(self.labels)
        if not self.labels:  # a single value
            self.labels, self.share = [""], [1.0]

    def inputs(self, values):
        """Return ones and zeros, (n_samples, n_inputs); new values count as rare."""
        inputs = np.zeros((len(values), len(self.labels)), dtype=np.float32)
        place, other = self._place, self._other
        of = [place.get(text, other) for text in _texts(values)]
        there = np.array([i for i, p in enumerate(of) if p is not None], dtype=np.int64)
        inputs[there, [p for p in of if p is not None]] = 1
        return inputs


class ByTarget:
    """Mean of the target, an input for each class or output."""

    def fitted(self, values, target, rows, seed):
        """Learn the means, and return inputs whose own rows have no part in them."""
        texts = _texts(values)[:, None]
        self.has_missing = any(value is None for value in values[rows])
        y = target.values[rows]
        is_classes = target.task == "classification"
        outputs = [y] if is_classes else list(y.T)
        kind = "continuous"
        if is_classes:
            kind = "binary" if len(np.unique(y)) == 2 else "multiclass"
        self._encoders, blocks = [], []
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # classes of fewer samples than folds
            for one in outputs:
                cv = max(2, min(5, len(rows)))
                encoder = TargetEncoder(target_type=kind, cv=cv, random_state=seed)
                inputs = encoder.fit(texts[rows], one).transform(texts)
                inputs[rows] = encoder.fit_transform(texts[rows], one)
                self._encoders.append(encoder)
                blocks.append(inputs)
        inputs = np.hstack(blocks)
        self.share = [1 / inputs.shape[1]] * inputs.shape[1]
        self.labels = (
            [f"=mean {k}" for k in range(inputs.shape[1])] if len(self.share) > 1 else [""]
        )
        return inputs.astype(np.float32)

    def inputs(self, values):
        """Return the means, (n_samples, n_inputs); new values have that of all rows."""
        texts = _texts(values)[:, None]
        return np.hstack([one.transform(texts) for one in self._encoders]).astype(np.float32)


class Dates:
    """Days since 1970, weekdays and months."""

    def __init__(self, values, rows):
        days, weekdays, months = self._parts(values)
        there = days[rows][~np.isnan(days[rows])]
        self.has_missing = len(there) < len(rows)
        self._fill = float(np.median(there)) if len(there) else 0.0
        self._levels = [Levels(weekdays, rows), Levels(months, rows)]
        self.labels = ["=day"]
        self.share = [1 / 3]
        for of, levels in zip(("weekday", "month"), self._levels, strict=True):
            self.labels += [f" {of}{label}" for label in levels.labels]
            self.share += [share / 3 for share in levels.share]

    def inputs(self, values):
        """Return days, and ones and zeros, (n_samples, n_inputs)."""
        days, *parts = self._parts(values)
        days = np.where(np.isnan(days), self._fill, days)[:, None]
        of_parts = [levels.inputs(p) for levels, p in zip(self._levels, parts, strict=True)]
        return np.hstack([days, *of_parts])

    @staticmethod
    def _parts(values):
        values = np.asarray(values, dtype="datetime64[us]")
        absent = np.isnat(values)
        days = (values - np.datetime64(0, "us")) / _DAY
        whole = values.astype("datetime64[D]")
        weekday = (whole.astype(np.int64) + 3) % 7  # 1970 began on a Thursday; 0 is Monday
        month = values.astype("datetime64[M]").astype(np.int64) % 12 + 1
        parts = [
            np.where(absent, None, part.astype(str).astype(object)) for part in (weekday, month)
        ]
        return np.where(absent, np.nan, days), *parts
