# SPDX-License-Identifier: BSD-3-Clause
"""Checks of arguments outside the estimators, which scikit-learn checks."""

from __future__ import annotations

import math
import os
from numbers import Integral, Real

from sklearn.utils._param_validation import Interval

MOST_FITS = 10**6  # of a meta-estimator, which holds something for each


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


def check_size(name: str, value: int, most: int) -> None:
    """Raise a ValueError if an integer is larger than `most`."""
    if value > most:
        raise ValueError(
            f"The {name!r} parameter must be at most {most}. Got about 1e{_log(value)}."
        )


def check_sizes(estimator) -> None:
    """Raise a ValueError if an integer parameter does not fit into 64 bits."""
    for name, constraints in estimator._parameter_constraints.items():
        value = getattr(estimator, name)
        counts = any(isinstance(c, Interval) and c.type is Integral for c in constraints)
        if counts and _is(value, Integral):
            check_size(name, abs(int(value)), 2**63 - 1)


def check_memory(n_bytes: int, settings: str) -> None:
    """Raise a ValueError if the settings ask for more memory than this machine has."""
    try:
        most = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):  # not known on Windows
        most = 2**46
    if n_bytes > most > 0:
        raise ValueError(
            f"The network needs {n_bytes / 2**30:,.0f} GiB of memory, and this machine has "
            f"{most / 2**30:,.0f} GiB. Make it smaller: {settings}."
        )


def _log(value: int) -> int:
    return len(str(value)) - 1 if value < 10**4000 else int(value.bit_length() * math.log10(2))


def _is(value, kind: type) -> bool:
    return isinstance(value, kind) and not isinstance(value, bool)  # True is no number
