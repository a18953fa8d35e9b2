# SPDX-License-Identifier: BSD-3-Clause
"""Texts of the parts of a search, the same in every process, by which studies are compared."""

from __future__ import annotations

import difflib
import hashlib
import re
from typing import Any

import numpy as np


def text_of(value: Any) -> str:
    """Return a text of a whole value, whose repr may leave something out."""
    if isinstance(value, np.ndarray):
        return f"array{value.shape}({value.tolist()!r})"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(text_of, value))}]"
    if hasattr(value, "get_params") and not isinstance(value, type):
        params = sorted(value.get_params(deep=False).items())
        settings = ", ".join(f"{name}={text_of(setting)}" for name, setting in params)
        return f"{type(value).__module__}.{type(value).__qualname__}({settings})"
    if hasattr(value, "__code__"):
        return f"{value.__module__}.{value.__qualname__} {_digest(value.__code__)}"
    return re.sub(r" at 0x[0-9a-fA-F]+", "", repr(value))


def plain(value: Any) -> Any:
    """Return a value in a form that JSON has; other values as a text."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return text_of(value)


def near(name, known) -> str:
    """Suggest known names that resemble an unknown one."""
    close = difflib.get_close_matches(str(name), known, n=3)
    return f"Did you mean {' or '.join(map(repr, close))}?" if close else ""


def _digest(code):
    """Digest of what a function does, whatever its place in a file."""
    constants = [text_of(c) for c in code.co_consts if not hasattr(c, "co_code")]
    return hashlib.sha1(code.co_code + repr((code.co_names, constants)).encode()).hexdigest()[:12]
