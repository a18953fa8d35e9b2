# SPDX-License-Identifier: BSD-3-Clause
"""What ends a command: one line for the user, and an exit status."""

from __future__ import annotations

import difflib
from contextlib import contextmanager


class CommandError(Exception):
    """Ends a command."""

    status = 1


class InputError(CommandError):
    """What the user has given cannot be used."""

    status = 2


def picked(name, names, what: str) -> str:
    """The name, if it is one of `names`; `what` has none of that name, the error says otherwise.

    Raises
    ------
    InputError
        With names that may be meant.
    """
    names = list(names)
    if name in names:
        return name
    close = difflib.get_close_matches(str(name), map(str, names), n=3)
    lower = {str(known).lower(): known for known in names}
    if str(name).lower() in lower:  # which the ratio of long names in capitals is no help for
        close = [lower[str(name).lower()]]
    if close:
        hint = f"did you mean {' or '.join(map(repr, close))}?"
    else:
        shown = ", ".join(map(repr, names[:10]))
        hint = f"there are {shown}{f' and {len(names) - 10} more' if len(names) > 10 else ''}"
    raise InputError(f"{what} {name!r}: {hint}")


@contextmanager
def needing(what: str, extra: str):
    """Say which extra brings a library that is missing."""
    try:
        yield
    except ImportError as error:
        raise CommandError(f'{what} needs {error.name}: pip install "sparsefs[{extra}]"') from error
