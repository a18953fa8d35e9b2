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

_FORMAT = 1


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
        self._path = None if path is None else Path(path)
        self._about = {"sparsefs_study": _FORMAT, **about}
        self._trials: dict[int, dict] = {}
        if self._path is not None:
            self._open()

    def get(self, number: int, point: dict[str, float]) -> dict | None:
        """The record of a trial, if there is one.

        Raises
        ------
        ValueError
            If it was at another point: the same search would have proposed the same.
        """
        record = self._trials.get(number)
        if record is not None and record["point"] != point:
            raise ValueError(
                f"study: trial {number} of {str(self._path)!r} is not the one that this search "
                "proposes. Was it made with another version of Optuna or SciPy? Give another "
                "path, or remove the file."
            )
        return record

    def add(self, record: dict) -> None:
        """Write a trial, at once."""
        self._trials[record["trial"]] = record
        if self._path is not None:
            self._append(record)

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
                    f"{there.get(what)!r} and is {value!r}. Give another path, or remove the file."
                )
        self._trials = {record["trial"]: record for record in trials}

    def _append(self, record):
        assert self._path is not None
        line = json.dumps(record) + "\n"
        with open(self._path, "a", encoding="utf-8") as file:
            file.write(line)


def seed_in(path) -> int | None:
    """The seed of a study that exists: a search without a random_state goes on with it."""
    try:
        with open(path, encoding="utf-8") as file:
            return int(json.loads(file.readline())["seed"])
    except (OSError, TypeError, ValueError, KeyError):
        return None


def _read(line, path):
    try:
        record = json.loads(line)
    except ValueError:
        record = None
    if not isinstance(record, dict):
        raise ValueError(f"study: {str(path)!r} is no study, or damaged: {line[:60]!r}.")
    return record
