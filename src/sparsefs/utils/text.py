# SPDX-License-Identifier: BSD-3-Clause
"""Names and counts in messages."""

from __future__ import annotations

import json

_BEGINS_A_FORMULA = tuple("=+-@\t\r")


def listed(names, most: int = 8) -> str:
    """Join names as in ``a, b and 7 more``."""
    names = [str(name) if str(name).isprintable() else repr(str(name)) for name in names]
    more = len(names) - most
    return ", ".join(names) if more <= 0 else f"{', '.join(names[:most])} and {more} more"


def visible(text: str, encoding: str | None = None) -> str:
    """Escape as JSON does what is not printable, or not in the encoding of the terminal."""
    encoding = encoding or "utf-8"
    if text.isprintable() and _in(text, encoding):
        return text
    if not _in("±", encoding):
        text = text.replace("±", "+/-")
    return "".join(c if c.isprintable() and _in(c, encoding) else json.dumps(c)[1:-1] for c in text)


def _in(text, encoding):
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def like_formulas(texts) -> list[str]:
    """Return the texts that a spreadsheet takes for a formula, without repetitions."""
    return [
        text
        for text in dict.fromkeys(text for text in texts if isinstance(text, str))
        if text.startswith(_BEGINS_A_FORMULA) and len(text) > 1 and not is_number(text)
    ]


def is_number(text: str) -> bool:
    """Return whether a text is a number."""
    try:
        float(text)
    except ValueError:
        return False
    return True


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
