# SPDX-License-Identifier: BSD-3-Clause
"""The target of a report: names of classes or outputs, and values to compare features with."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from scipy import sparse

from ..data.inputs import check_length
from ..data.target import as_array, task_of
from ._html import number, printable, shortened


@dataclass
class TargetFacts:
    """A target as the report shows it.

    Attributes
    ----------
    task : {"classification", "multilabel", "regression", "survival"}
    name : str or None
    outputs : list of str
        Names of the classes, of the labels or of the numbers.
    values : ndarray
        Class numbers of shape (n_samples,), or (n_samples, n_outputs) in float64. For survival,
        martingale residuals: the event, less the number expected until that time.
    survival : structured ndarray of shape (n_samples,) or None
        With the fields event and time.
    """

    task: str
    name: str | None
    outputs: list[str]
    values: np.ndarray
    survival: np.ndarray | None = None

    @classmethod
    def of(cls, y: Any, n_samples: int, name: Any, task: str | None) -> TargetFacts:
        """Read y; the task is decided by :func:`sparsefs.data.target.task_of` if it is None.

        Raises
        ------
        ValueError
            If y is unusable, or does not have `n_samples` entries.
        """
        columns = getattr(y, "columns", None)
        if name is None:
            name = getattr(y, "name", None)
        if name is not None:
            name = printable(name)
        check_length(np.empty(n_samples), y)
        task = task or task_of(y)
        y = as_array(y, task)
        if task == "survival":
            return cls(task, name, ["hazard"], _residuals(y)[:, None], y)
        if task == "classification":
            classes, numbers = np.unique(y, return_inverse=True)
            return cls(task, name, [printable(c) for c in _short(classes)], numbers.ravel())
        values = y.reshape(len(y), -1).astype(np.float64)
        n_outputs = values.shape[1]
        if columns is not None and len(columns) == n_outputs:
            outputs = [printable(column) for column in columns]
        else:
            stem = name or ("label" if task == "multilabel" else "y")
            outputs = [stem] if n_outputs == 1 else [f"{stem} {i}" for i in range(n_outputs)]
        return cls(task, name, outputs, values)

    @property
    def called(self) -> str:
        """Name of the target in running text."""
        return self.name or "y"

    @cached_property
    def short(self) -> list[str]:
        """Short forms of the outputs."""
        short = shortened(self.outputs)
        return [short[name] for name in self.outputs]

    @property
    def ordered_by(self) -> str:
        """Name of :attr:`order`."""
        if self.survival is not None:
            return "time"
        return self.called if self.values.ndim == 1 else self.outputs[0]

    @property
    def order(self) -> np.ndarray:
        """Numbers that samples are ordered by, (n_samples,)."""
        if self.survival is not None:
            return self.survival["time"]
        return self.values if self.values.ndim == 1 else self.values[:, 0]

    def of_sample(self, row: int) -> str:
        """Write the target of a sample."""
        if self.survival is not None:
            event, time = self.survival[row]
            return f"{number(float(time))}, {'event' if event else 'censored'}"
        if self.task == "classification":
            return self.outputs[self.values[row]]
        return number(float(self.values[row, 0]))

    @property
    def counts(self) -> np.ndarray:
        """Number of samples of each class or label."""
        if self.task == "classification":
            return np.bincount(self.values, minlength=len(self.outputs))
        return np.count_nonzero(self.values, axis=0)

    def design(self, place: slice | np.ndarray) -> Any:
        """Return some samples as indicators of classes, or as numbers of mean 0 and variance 1."""
        values = self.values[place]
        if self.task == "classification":
            shape = len(values), len(self.outputs)
            ones = np.ones(len(values)), values, np.arange(len(values) + 1)
            return sparse.csr_array(ones, shape=shape)
        mean, scale = self.values.mean(axis=0), self.values.std(axis=0)
        return (values - mean) / np.where(scale > 0, scale, 1.0)


def _residuals(y):
    """Return the events less the cumulative hazard of all samples at their times."""
    times, place = np.unique(y["time"], return_inverse=True)
    at_risk = np.cumsum(np.bincount(place)[::-1])[::-1]
    hazard = np.cumsum(np.bincount(place, y["event"], len(times)) / at_risk)
    return y["event"] - hazard[place]


def _short(classes):
    """Return whole floats as integers, to show 1 and not 1.0."""
    whole = classes.dtype.kind == "f" and (classes == np.rint(classes)).all()
    return classes.astype(np.int64) if whole else classes
