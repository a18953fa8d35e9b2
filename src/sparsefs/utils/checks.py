# SPDX-License-Identifier: BSD-3-Clause
"""Checks of arguments outside the estimators, which scikit-learn checks."""

from __future__ import annotations

import math
from numbers import Integral, Real


def check_number(name: str, value, least: float, most: float = math.inf) -> float:
    """Return `value` as a float, or raise a ValueError unless it is finite and in range."""
    if not _is(value, Real) or not least <= value <= most or not math.isfinite(value):
        limits = f"of at least {least}" if most == math.inf else f"from {least} to {most}"
        raise ValueError(f"{name} must be a finite number {limits}, got {value!r}.")
    return float(value)


def check_integer(name: str, value, least: int) -> int:
    """Return `value` as an int, or raise a ValueError unless it is at least `least`."""
    if not _is(value, Integral) or value < least:
        raise ValueError(f"{name} must be an integer of at least {least}, got {value!r}.")
    return int(value)


def check_density(density) -> float:
    """Return `density` as a float, or raise a ValueError unless it is in (0, 1]."""
    if not _is(density, Real) or not 0 < density <= 1:
        raise ValueError(
            f"density must be a number above 0 and at most 1, got {density!r}; it is the share of "
            "the weights to keep."
        )
    return float(density)


def check_option(name: str, value, options) -> None:
    """Raise a ValueError unless `value` is one of these strings."""
    if value not in list(options):
        listed = ", ".join(map(repr, options))
        raise ValueError(f"{name} must be one of {listed}, got {value!r}.")


def _is(value, kind: type) -> bool:
    return isinstance(value, kind) and not isinstance(value, bool)  # True is no number
