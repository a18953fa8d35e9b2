# SPDX-License-Identifier: BSD-3-Clause
"""Messages on stderr; results go to stdout."""

from __future__ import annotations

import sys
from contextlib import suppress

from ..utils.text import visible

_LONGEST = 300  # of a library's warning


class Messages:
    """Notes, warnings and errors of a command.

    Parameters
    ----------
    quiet : bool
        Whether to print errors only.

    Attributes
    ----------
    preparation : list of str
        Messages about changes to the data.
    warnings : list of str
    """

    def __init__(self, quiet: bool):
        self.quiet = quiet
        self.preparation: list[str] = []
        self.warnings: list[str] = []

    def say(self, text: str) -> None:
        """Print a line about the progress."""
        if not self.quiet:
            print_to_stderr(text)

    def prepared(self, text: str) -> None:
        """Print a change to the data, and keep it for the report."""
        self.preparation.append(text)
        self.say(text)

    def warning(self, message, category, filename, lineno, file=None, line=None) -> None:
        """Print a warning as one line; replaces :func:`warnings.showwarning`."""
        text = " ".join(str(message).split())
        if text in self.warnings or text.startswith("Found unknown categories"):
            return  # every fold gives the same, and new categories have a feature
        self.warnings.append(text)
        self.say(f"warning: {text if len(text) <= _LONGEST else text[:_LONGEST] + ' ...'}")

    def error(self, text: str) -> None:
        """Print why the command ends."""
        print_to_stderr(f"error: {text}")

    @property
    def shows_progress(self) -> bool:
        """Whether to show a progress bar."""
        return not self.quiet and sys.stderr is not None and sys.stderr.isatty()


def print_to_stderr(text: str) -> None:
    """Print a line after the name of the command; that it cannot be printed is no failure."""
    if sys.stderr is not None:
        with suppress(OSError):
            line = visible(text, getattr(sys.stderr, "encoding", None))
            print(f"sparsefs: {line}", file=sys.stderr, flush=True)
