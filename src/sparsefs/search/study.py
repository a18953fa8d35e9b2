# SPDX-License-Identifier: BSD-3-Clause
"""A file of a search's trials, so that one that was broken off goes on.

The first line says what was searched, each further line holds a trial. A search that goes on makes
the same proposals again and looks up what came of them.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from .space import Proposal
from .texts import plain

_FORMAT = 1
_HINTS = {"folds": "To shuffle, a splitter needs a random_state. "}


class Study:
    """The trials there are, by their number.

    Parameters
    ----------
    path : str or Path, or None
        None keeps nothing.
    about : dict of str to str or int
        What is searched; a file about something else is refused.

    Raises
    ------
    ValueError
        If the file is of another search, or no study.
    """

    def __init__(self, path, about: dict[str, Any]):
        self._path = None if path is None else Path(path).absolute()
        self._about = {"sparsefs_study": _FORMAT, **about}
        self._trials: dict[int, dict] = {}
        if self._path is not None:
            self._open()

    def get(self, number: int, proposal: Proposal) -> dict | None:
        """The record of a trial, if there is one.

        Raises
        ------
        ValueError
            If it was another one: the same search would have proposed the same.
        """
        record = self._trials.get(number)
        if record is not None and record["params"] != _plain_params(proposal):
            raise ValueError(
                f"study: trial {number} of {str(self._path)!r} is {record['params']}, where this "
                f"search proposes {_plain_params(proposal)}. Another space, or another version of "
                "Optuna or SciPy? Give another path, or remove the file."
            )
        return record

    def add(self, number: int, proposal: Proposal, found: dict) -> dict:
        """Write what came of a trial, at once; return its record."""
        record = {"trial": number, "params": _plain_params(proposal), **found}
        self._trials[number] = record
        if self._path is not None:
            self._append(record)
        return record

    def _open(self):
        assert self._path is not None
        lines = []
        if self._path.exists():
            # What was being written when a run was killed has no end of line, and is cut off.
            content = self._path.read_bytes()
            whole = content[: content.rfind(b"\n") + 1]
            if len(whole) < len(content):
                os.truncate(self._path, len(whole))
            lines = [_read(line, self._path) for line in whole.decode().splitlines()]
        if not lines:
            self._append(self._about)
            return
        there, *trials = lines
        if there.get("sparsefs_study") != _FORMAT:
            raise ValueError(f"study: {str(self._path)!r} is no study of this version of sparsefs.")
        for what, value in self._about.items():
            if there.get(what) != value:
                raise ValueError(
                    f"study: {str(self._path)!r} is of another search: {what} was "
                    f"{there.get(what)!r} and is {value!r}. {_HINTS.get(what, '')}Give another "
                    "path, or remove the file."
                )
        # Two processes that begin at once may both have written what it is about.
        self._trials = {r["trial"]: r for r in trials if "sparsefs_study" not in r}

    def _append(self, record):
        assert self._path is not None
        line = json.dumps(record) + "\n"
        with open(self._path, "a", encoding="utf-8") as file:
            file.write(line)


def found_in(path, name: str, otherwise: int) -> int:
    """A number that a study was begun with: a search that leaves it open goes on with it."""
    try:
        with open(path, encoding="utf-8") as file:
            return int(json.loads(file.readline())[name])
    except (OSError, TypeError, ValueError, KeyError):
        return otherwise


def _plain_params(proposal):
    return {name: plain(value) for name, value in proposal.params.items()}


def _read(line, path):
    try:
        record = json.loads(line)
    except ValueError:
        record = None
    if not isinstance(record, dict):
        raise ValueError(f"study: {str(path)!r} is no study, or damaged: {line[:60]!r}.")
    return record
