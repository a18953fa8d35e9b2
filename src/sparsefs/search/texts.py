# SPDX-License-Identifier: BSD-3-Clause
"""Texts of the parts of a search, the same in every process, by which studies are compared."""

from __future__ import annotations

import difflib
import hashlib
import re
from contextlib import suppress
from functools import partial
from typing import Any

import numpy as np


def text_of(value: Any) -> str:
    """Return a text of a whole value, whose repr may leave something out."""
    if isinstance(value, np.ndarray):
        return f"array{value.shape}({value.tolist()!r})"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(text_of, value))}]"
    if isinstance(value, set | frozenset):  # whose order depends on the process
        return f"{{{', '.join(sorted(map(text_of, value)))}}}"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{text_of(key)}: {text_of(v)}' for key, v in value.items())}}}"
    if isinstance(value, partial):
        return f"partial({text_of([value.func, value.args, value.keywords])})"
    if hasattr(value, "_score_func"):  # of make_scorer, whose repr has the function's name only
        return f"{value!r} of {text_of(value._score_func)}"
    if hasattr(value, "get_params") and not isinstance(value, type):
        params = sorted(value.get_params(deep=False).items())
        settings = ", ".join(f"{name}={text_of(setting)}" for name, setting in params)
        return f"{type(value).__module__}.{type(value).__qualname__}({settings})"
    if hasattr(value, "__code__"):
        return f"{value.__module__}.{value.__qualname__} {_digest(value)}"
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


def _digest(function):
    """Digest of what a function does, whatever its place in a file."""
    parts = [_text_of_code(function.__code__)]
    for name in ("__defaults__", "__kwdefaults__"):
        parts.append(text_of(getattr(function, name, None)))
    for cell in getattr(function, "__closure__", None) or ():
        with suppress(ValueError):  # an empty cell
            inside = cell.cell_contents
            # A function in a cell may be this one.
            is_function = hasattr(inside, "__code__")
            parts.append(_text_of_code(inside.__code__) if is_function else text_of(inside))
    return hashlib.sha1(repr(parts).encode(errors="backslashreplace")).hexdigest()[:12]


def _text_of_code(code):
    constants = [_text_of_code(c) if hasattr(c, "co_code") else text_of(c) for c in code.co_consts]
    return repr((code.co_code, code.co_names, constants))
