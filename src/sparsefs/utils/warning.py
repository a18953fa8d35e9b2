# SPDX-License-Identifier: BSD-3-Clause
"""Warnings that point at the user's line."""

from __future__ import annotations

import sys
import warnings
from types import FrameType

# Between the user's line and ours are those of our classes, of pipelines and of wrapped methods.
_INSIDE = {"sparsefs", "sklearn", "joblib", "contextlib"}


def warn_user(message: str, category: type[Warning] = UserWarning) -> None:
    """Warn at the innermost line that is neither this library's nor scikit-learn's."""
    level = 1
    frame: FrameType | None = sys._getframe()
    while frame is not None and frame.f_globals.get("__name__", "").split(".")[0] in _INSIDE:
        level, frame = level + 1, frame.f_back
    warnings.warn(message, category, stacklevel=level if frame is not None else 2)
