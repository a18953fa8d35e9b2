# SPDX-License-Identifier: BSD-3-Clause
"""Messages on stderr; results go to stdout."""

from __future__ import annotations

import re
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

from ..utils.text import counted, visible

_SECONDS_BETWEEN_LINES = 10.0
_PARAMETER = re.compile(r"'(keep|exclude|feature_groups|feature_costs|budget)'")
_SECONDS_TO_HINT = 60.0
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
        self.said_at = time.monotonic()
        self.preparation: list[str] = []
        self.warnings: list[str] = []

    def say(self, text: str) -> None:
        """Print a line about the progress."""
        self.said_at = time.monotonic()
        if not self.quiet:
            print_to_stderr(text)

    def prepared(self, text: str) -> None:
        """Print a change to the data, and keep it for the report."""
        self.preparation.append(text)
        self.say(text)

    def warning(self, message, category, filename, lineno, file=None, line=None) -> None:
        """Print a warning as one line; replaces :func:`warnings.showwarning`."""
        text = with_options(" ".join(str(message).split()))
        if text in self.warnings:
            return  # every fold gives the same
        self.warnings.append(text)
        self.say(f"warning: {text if len(text) <= _LONGEST else text[:_LONGEST] + ' ...'}")

    def error(self, text: str) -> None:
        """Print why the command ends."""
        print_to_stderr(f"error: {text}")

    def followed(self, items, what: str, unit: str) -> Iterable:
        """Return an iterable that shows how far it is."""
        if self.quiet:
            return items
        from tqdm import auto

        return auto.tqdm(items, total=len(items), desc=what, unit=unit)

    @contextmanager
    def counting(
        self, what: str, total: int, unit: str, hint: str | None = None
    ) -> Iterator[Callable[[], Any]]:
        """Show how many of `total` are done and the time, also while none gets done.

        After a minute, print the `hint`.

        Yields
        ------
        callable
            To call after each.
        """
        if self.quiet:
            yield lambda: None
            return
        from tqdm import auto

        bar, done = auto.tqdm(total=total, desc=what, unit=unit), threading.Event()

        def refresh():
            began, text = time.monotonic(), hint
            while not done.wait(1.0):
                if text and time.monotonic() - began >= _SECONDS_TO_HINT:
                    bar.clear()
                    self.say(text)
                    text = None
                bar.refresh()

        thread = threading.Thread(target=refresh, daemon=True)
        thread.start()
        try:
            yield bar.update
        finally:
            done.set()
            thread.join()
            bar.close()

    @contextmanager
    def lines_for_bars(self) -> Iterator[None]:
        """Print lines where selectors show progress bars, unless stderr is a terminal."""
        if self.quiet or (sys.stderr is not None and sys.stderr.isatty()):
            yield
            return
        from tqdm import auto

        bar, auto.tqdm = auto.tqdm, partial(_Lines, self)
        try:
            yield
        finally:
            auto.tqdm = bar


class _Lines:
    """Stand-in for tqdm that prints a line if ten seconds have passed since the last message."""

    def __init__(self, messages, items=(), *, total, desc, unit):
        self._messages, self._items = messages, items
        self._n, self._total, self._desc, self._unit = 0, total, desc, unit
        self._began = time.monotonic()

    def __iter__(self):
        for item in self._items:
            yield item
            self.update()

    def update(self) -> None:
        self._n += 1
        self.refresh()

    def refresh(self) -> None:
        """Print a line if it is time for one."""
        now = time.monotonic()
        if now - self._messages.said_at >= _SECONDS_BETWEEN_LINES:
            total = counted(self._total, self._unit)
            self._messages.say(f"{self._desc}: {self._n:,} of {total}, {now - self._began:.0f} s")

    def clear(self) -> None:
        """Do nothing: there is no bar to remove."""

    close = clear


def with_options(text: str) -> str:
    """Call the parameters that a message of the library names as the command does."""
    return _PARAMETER.sub(lambda found: "--" + found[1].replace("_", "-"), text)


def print_to_stderr(text: str) -> None:
    """Print a line after the name of the command; that it cannot be printed is no failure."""
    if sys.stderr is not None:
        with suppress(OSError):
            line = visible(text, getattr(sys.stderr, "encoding", None))
            print(f"sparsefs: {line}", file=sys.stderr, flush=True)
