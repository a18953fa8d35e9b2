# SPDX-License-Identifier: BSD-3-Clause
"""Errors that end a command with one line and an exit status."""

from __future__ import annotations

import difflib
from contextlib import contextmanager


class CommandError(Exception):
    """Failure of a command."""

    status = 1


class InputError(CommandError):
    """Unusable arguments or data."""

    status = 2


def picked(name, names, what: str) -> str:
    """Return the name if it is one of `names`.

    Raises
    ------
    InputError
        If it is not; the message begins with `what` and suggests similar names.
    """
    names = list(names)
    if name in names:
        return name
    close = difflib.get_close_matches(str(name), map(str, names), n=3)
    lower = {str(known).lower(): known for known in names}
    if str(name).lower() in lower:  # the ratio misses long names in capitals
        close = [lower[str(name).lower()]]
    if close:
        hint = f"did you mean {' or '.join(map(repr, close))}?"
    else:
        shown = ", ".join(map(repr, names[:10]))
        hint = f"known: {shown}{f' and {len(names) - 10} more' if len(names) > 10 else ''}"
    raise InputError(f"{what} {name!r}: {hint}")


@contextmanager
def needing(what: str, extra: str):
    """Name the extra to install where a library is missing."""
    try:
        yield
    except ImportError as error:
        library = str(error.name).split(".")[0]
        raise CommandError(
            f'{what} needs {error.name}: pip install "sparsefs[{extra}]" (or pip install {library})'
        ) from error
