# SPDX-License-Identifier: BSD-3-Clause
"""Names and counts in messages."""

from __future__ import annotations


def listed(names, most: int = 8) -> str:
    """Join names as in ``a, b and 7 more``."""
    names = [str(name) if str(name).isprintable() else repr(str(name)) for name in names]
    more = len(names) - most
    return ", ".join(names) if more <= 0 else f"{', '.join(names[:most])} and {more} more"


def counted(n: int, singular: str, plural: str | None = None) -> str:
    """Count things as in ``1 column`` and ``2,000 columns``."""
    return f"{n:,} {singular if n == 1 else plural or singular + 's'}"


def unique(names, taken=()) -> list[str]:
    """Put a number behind each name that an earlier one has, as pandas does: a, a.1, a.2."""
    names = [str(name) for name in names]
    known, seen, found = {*names, *map(str, taken)}, set(map(str, taken)), []
    counts: dict[str, int] = {}
    for name in names:
        new = name
        while new in seen or (new != name and new in known):
            counts[name] = counts.get(name, 0) + 1
            new = f"{name}.{counts[name]}"
        seen.add(new)
        found.append(new)
    return found
