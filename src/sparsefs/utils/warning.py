# SPDX-License-Identifier: BSD-3-Clause
"""Warnings that point at the user's line."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from contextvars import ContextVar
from types import FrameType
from typing import Any

# Between the user's line and ours are those of our classes, of pipelines and of wrapped methods.
_INSIDE = {"sparsefs", "sklearn", "joblib", "contextlib"}
_held: ContextVar[list | None] = ContextVar("held warnings", default=None)


def warn_user(message: str, category: type[Warning] = UserWarning) -> None:
    """Warn at the innermost line that is neither this library's nor scikit-learn's."""
    held = _held.get()
    if held is not None:
        held.append((message, category))
        return
    level = 1
    frame: FrameType | None = sys._getframe()
    while frame is not None and frame.f_globals.get("__name__", "").split(".")[0] in _INSIDE:
        level, frame = level + 1, frame.f_back
    warnings.warn(message, category, stacklevel=level if frame is not None else 2)


def holding(function: Callable[..., Any], *args: Any) -> tuple[Any, list]:
    """Return what a function returns, and its warnings instead of giving them.

    For one of many fits; :func:`sparsefs.utils.parallel.results` gives the warnings.
    """
    held: list[tuple[str, type[Warning]]] = []
    token = _held.set(held)
    try:
        return function(*args), held
    finally:
        _held.reset(token)
