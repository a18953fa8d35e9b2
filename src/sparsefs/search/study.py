# SPDX-License-Identifier: BSD-3-Clause
"""File of the trials of a search, from which an interrupted search resumes.

The first line describes the search, each further line a trial. A search that resumes makes the same
proposals again and looks up their results.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from typing import Any

import joblib

from ..utils.files import lock
from .samplers import ADAPTIVE
from .space import Proposal
from .texts import plain, text_of

_FORMAT = 1
_MARK = b'{"sparsefs_study": '  # how the first line begins
_MOST_BYTES = 2**24  # of a first line
_HINTS = {"folds": "To shuffle, a splitter needs a random_state. "}


class Study:
    """Trials on file, by number. Used as a context, in which no other search may open the file.

    Parameters
    ----------
    path : str or Path, or None
        None keeps nothing.
    about : dict of str to str or int
        Description of the search; the file of another search is refused.
    n_folds : int
        Folds of a trial.
    columns : collection of str
        Values that each fold of a trial has, unless it failed.

    Raises
    ------
    ValueError
        If the file belongs to another search, is damaged, in use, or not a study. It is as it was.
    OSError
        If the file cannot be read or written.
    """

    def __init__(self, path, about: dict[str, Any], n_folds: int = 0, columns: Collection = ()):
        self._path = None if path is None else Path(path).absolute()
        self._about = {"sparsefs_study": _FORMAT, **about}
        self._n_folds = n_folds
        self._columns = set(columns)
        self._trials: dict[int, dict] = {}
        self._file: Any = None

    def __enter__(self) -> Study:
        if self._path is not None:
            if self._path.exists() and not self._path.is_file():
                raise self._error("is not a file")
            try:
                self._file = open(self._path, "a+b", buffering=0)
            except OSError as error:
                raise OSError(
                    error.errno, f"study: the file cannot be opened ({error.strerror})", self._name
                ) from error
            try:
                if not lock(self._file):
                    raise self._error(
                        "is in use by another search. Wait for its end, or pass another path"
                    )
                self._read()
            except BaseException:
                self._file.close()
                raise
        return self

    def __exit__(self, *error) -> None:
        if self._file is not None:
            self._file.close()

    def get(self, number: int, proposal: Proposal) -> dict | None:
        """Return the record of a trial; None if there is none.

        Raises
        ------
        ValueError
            If the trial on file has other parameters.
        """
        record = self._trials.get(number)
        # As texts, in which NaN equals NaN.
        if record is not None and _text(record["params"]) != _text(_plain_params(proposal)):
            raise ValueError(
                f"study: trial {number} of {self._name!r} is {record['params']}, but this "
                f"search proposes {_plain_params(proposal)}. The space, or the version of Optuna "
                "or SciPy, may differ. Pass another path, or remove the file."
            )
        return record

    def add(self, number: int, proposal: Proposal, found: dict) -> dict:
        """Write the result of a trial at once; return its record."""
        record = {"trial": number, "params": _plain_params(proposal), **found}
        self._trials[number] = record
        self._append(record)
        return record

    def _read(self):
        """Read what is on file; the file is changed only once it is known to be a study."""
        self._file.seek(0)
        content = self._file.read()
        end = content.rfind(b"\n") + 1
        if not content or (end == 0 and content.startswith(_MARK)):  # killed while it began
            self._file.truncate(0)
            self._append(self._about)
            return
        first, *lines = content[:end].split(b"\n")[:-1] or [content]
        there = _parsed(first)
        if there is None or there.get("sparsefs_study") != _FORMAT:
            raise self._error(
                "is not a study of this version of sparsefs, and was left as it is. Pass another "
                "path"
            )
        for what, value in self._about.items():
            if there.get(what) != value:
                raise self._error(
                    f"belongs to another search: {what} was {there.get(what)!r} and is {value!r}. "
                    f"{_HINTS.get(what, '')}Pass another path, or remove the file"
                )
        last = content[end:]
        complete = _parsed(last) is not None  # only its line end is missing
        for number, line in enumerate([*lines, last] if complete else lines, 2):
            if line == first:  # two searches began at once, before files were locked
                continue
            record = _parsed(line)
            wrong = "is no trial" if record is None else self._wrong_in(record)
            if wrong or record is None:
                start = line[:60].decode(errors="backslashreplace")
                raise self._error(
                    f"is damaged: line {number} {wrong} ({start!r}). Remove the line to repeat its "
                    "trial, or pass another path"
                )
            self._trials[record["trial"]] = record
        if complete:
            self._write(b"\n")
        elif last:  # it was being written when a search was killed
            self._file.truncate(end)

    def _wrong_in(self, record):
        """Return why a record is no trial of this search; None if it is one."""
        number, folds = record.get("trial"), record.get("folds")
        if type(number) is not int or number < 0 or not isinstance(record.get("params"), dict):
            return "has no number or parameters"
        if not isinstance(record.get("error", 0), str | None):
            return "has no valid 'error'"
        if not isinstance(folds, list) or len(folds) != self._n_folds:
            return f"has not the values of {self._n_folds} folds"
        for fold in folds:
            values = fold.values() if isinstance(fold, dict) else [None]
            if not all(map(_is_finite, values)):
                return "has a value that is no finite number"
            if record["error"] is None and not self._columns <= set(fold):
                return f"lacks a value of {min(self._columns - set(fold))!r}"
        return None

    def _append(self, record):
        if self._file is None:
            return
        try:
            here = os.path.samestat(os.stat(self._name), os.fstat(self._file.fileno()))
        except OSError:
            here = False
        if not here:
            raise self._error("was removed or replaced during the search")
        self._write(_text(record).encode() + b"\n")

    def _write(self, line):
        """Add to the end of the file; the whole or nothing."""
        size = os.fstat(self._file.fileno()).st_size
        rest = memoryview(line)
        try:
            while rest:
                rest = rest[self._file.write(rest) :]
        except BaseException as error:
            with suppress(OSError):
                self._file.truncate(size)
            if isinstance(error, OSError) and error.errno is not None:
                raise OSError(
                    error.errno, f"study: {os.strerror(error.errno)}", self._name
                ) from error
            raise

    @property
    def _name(self):
        return str(self._path)

    def _error(self, what):
        return ValueError(f"study: {self._name!r} {what}.")


def study_of(search, space, objectives, seed: int, batch: int, data, splits) -> Study:
    """Make the study of a ParetoSearchCV; an empty one that keeps nothing if it has no path.

    `data` are X, y and the parameters of the fit.
    """
    if search.study is None:
        return Study(None, {})
    about: dict[str, Any] = {
        "seed": seed,
        "estimator": text_of(search.estimator),
        "space": str(space),
        "objectives": ", ".join(map(str, objectives)),
        "return_train_score": bool(search.return_train_score),
        "sampler": search.sampler,
        "data": joblib.hash(data),
        "folds": joblib.hash(splits),
    }
    if search.sampler in ADAPTIVE:
        about["batch_size"] = batch
    if search.sampler == "latin-hypercube":
        about["n_trials"] = int(search.n_trials)
    columns = [objective.column for objective in objectives]
    if search.return_train_score:
        columns += [f"train_{objective.name}" for objective in objectives if not objective.is_cost]
    return Study(search.study, about, len(splits), [*columns, "fit_time", "score_time"])


def found_in(path, name: str, otherwise: int) -> int:
    """Return a number from the description of a study, for a search that leaves it open."""
    value = None
    if path is not None and Path(path).is_file():
        with suppress(OSError), open(path, "rb") as file:
            value = (_parsed(file.readline(_MOST_BYTES)) or {}).get(name)
    return value if type(value) is int and 0 <= value < 2**32 else otherwise


def _is_finite(value):
    return type(value) in (int, float) and abs(value) <= sys.float_info.max


def _plain_params(proposal):
    return {name: plain(value) for name, value in proposal.params.items()}


def _text(value):
    return json.dumps(value)


def _parsed(line):
    """Return the dict that a line contains; None if it contains none."""
    try:
        record = json.loads(line.decode())
    except (ValueError, RecursionError):  # bytes that are no text are a ValueError
        return None
    return record if isinstance(record, dict) else None
