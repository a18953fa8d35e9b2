# SPDX-License-Identifier: BSD-3-Clause
"""Texts of what a search is made of, the same in every process: studies are compared by them."""

from __future__ import annotations

import hashlib
import re
from typing import Any

import numpy as np


def text_of(value: Any) -> str:
    """All of a value, where its repr would leave something out."""
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
    """A value as JSON holds it; what JSON has no form for as a text."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return text_of(value)


def _digest(code):
    """Of what a function does, not of where it stands."""
    constants = [text_of(c) for c in code.co_consts if not hasattr(c, "co_code")]
    return hashlib.sha1(code.co_code + repr((code.co_names, constants)).encode()).hexdigest()[:12]
