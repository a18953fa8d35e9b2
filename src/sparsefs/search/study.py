# SPDX-License-Identifier: BSD-3-Clause
"""File of the trials of a search, from which an interrupted search resumes.

The first line describes the search, each further line a trial. A search that resumes makes the same
proposals again and looks up their results.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import joblib

from .samplers import ADAPTIVE
from .space import Proposal
from .texts import plain, text_of

_FORMAT = 1
_HINTS = {"folds": "To shuffle, a splitter needs a random_state. "}


class Study:
    """Trials on file, by number.

    Parameters
    ----------
    path : str or Path, or None
        None keeps nothing.
    about : dict of str to str or int
        Description of the search; the file of another search is refused.

    Raises
    ------
    ValueError
        If the file belongs to another search, or is not a study.
    """

    def __init__(self, path, about: dict[str, Any]):
        self._path = None if path is None else Path(path).absolute()
        self._about = {"sparsefs_study": _FORMAT, **about}
        self._trials: dict[int, dict] = {}
        if self._path is not None:
            self._open()

    def get(self, number: int, proposal: Proposal) -> dict | None:
        """Return the record of a trial; None if there is none.

        Raises
        ------
        ValueError
            If the trial on file has other parameters.
        """
        record = self._trials.get(number)
        if record is not None and record["params"] != _plain_params(proposal):
            raise ValueError(
                f"study: trial {number} of {str(self._path)!r} is {record['params']}, but this "
                f"search proposes {_plain_params(proposal)}. The space, or the version of Optuna "
                "or SciPy, may differ. Pass another path, or remove the file."
            )
        return record

    def add(self, number: int, proposal: Proposal, found: dict) -> dict:
        """Write the result of a trial at once; return its record."""
        record = {"trial": number, "params": _plain_params(proposal), **found}
        self._trials[number] = record
        if self._path is not None:
            self._append(record)
        return record

    def _open(self):
        assert self._path is not None
        lines = []
        if self._path.exists():
            # A line without an end was being written when a run was killed.
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
            raise ValueError(
                f"study: {str(self._path)!r} is not a study of this version of sparsefs."
            )
        for what, value in self._about.items():
            if there.get(what) != value:
                raise ValueError(
                    f"study: {str(self._path)!r} belongs to another search: {what} was "
                    f"{there.get(what)!r} and is {value!r}. {_HINTS.get(what, '')}Pass another "
                    "path, or remove the file."
                )
        # Two processes that begin at once may both have written what it is about.
        self._trials = {r["trial"]: r for r in trials if "sparsefs_study" not in r}

    def _append(self, record):
        assert self._path is not None
        line = json.dumps(record) + "\n"
        with open(self._path, "a", encoding="utf-8") as file:
            file.write(line)


def study_of(search, space, objectives, seed: int, batch: int, data, splits) -> Study:
    """Open the study of a ParetoSearchCV; an empty one that keeps nothing if it has no path.

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
    return Study(search.study, about)


def found_in(path, name: str, otherwise: int) -> int:
    """Return a number from the description of a study, for a search that leaves it open."""
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
        raise ValueError(f"study: {str(path)!r} is not a study, or damaged: {line[:60]!r}.")
    return record
