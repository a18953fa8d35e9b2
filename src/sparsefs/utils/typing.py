# SPDX-License-Identifier: BSD-3-Clause
"""Types of the public interface; only type checkers import this."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


class _Shaped(Protocol):
    """Array, frame, sparse matrix, tensor or table on disk."""

    @property
    def shape(self) -> Any: ...


class Estimator(Protocol):
    """Estimator of scikit-learn's kind, not its class."""

    def get_params(self, deep: bool = ...) -> Any: ...
    def set_params(self, **params: Any) -> Any: ...


class Gradients(Protocol):
    """Penalty on weights, for example a Penalty."""

    def gradients(self, weights: Any) -> Any: ...


class _Splitter(Protocol):
    def split(self, X: Any, y: Any = ..., groups: Any = ...) -> Any: ...


PenaltyLike = Literal["hypersparse", "l1", "l2"] | Gradients
Apply = Literal["gradient", "loss"]
# Lists of text and the like are data too. A str is not: it would be a path or a name.
Data = _Shaped | Sequence[float] | Sequence[Sequence[float]] | list[Any] | tuple[Any, ...]
Names = Sequence[str] | NDArray[Any]
Numbers = Sequence[int] | NDArray[np.integer[Any]]
PathLike = str | os.PathLike[str]
RandomState = int | np.random.RandomState | None
Splits = int | _Splitter | Iterable[tuple[Any, Any]] | None
Scoring = str | Callable[..., Any] | None
Getter = str | Callable[[Any], Any]
Task = Literal["auto", "classification", "multilabel", "regression", "survival"]
Loss = (
    Literal["auto", "cross_entropy", "binary_cross_entropy", "squared_error", "cox"]
    | Callable[..., Any]
)
History = Literal["all", "last_epoch", "last_iteration"]
Rule = Literal["best", "knee", "one_standard_error"]
Side = Literal["in", "out"]
Legend = bool | dict[str, Any]
