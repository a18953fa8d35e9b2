# SPDX-License-Identifier: BSD-3-Clause
"""Loop over the trials of a search."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from itertools import islice

import numpy as np

from ..utils.parallel import calls, parallel, results
from .evaluation import Task, run_fold
from .objectives import Objective
from .progress import SearchProgress
from .samplers import ADAPTIVE, Sampler
from .space import Proposal
from .study import Study

# Number of proposals in a row that repeat earlier ones and so end a search of a small space.
# Proposals take designs no time, and Optuna's samplers milliseconds to a third of a second.
_REPEATS = {False: 1000, True: 100}


class Trials:
    """Trials, run until there are enough, time is up, or nothing new is proposed.

    Parameters
    ----------
    task : Task
    splits : list of (ndarray, ndarray)
        Rows to train on and to score, of every fold.
    sampler : Sampler
    study : Study
        Trials that need not be run again.
    progress : SearchProgress
    name : str
        Name of the sampler.
    batch : int
        Trials to propose at a time, if the sampler uses results.
    n_trials : int or None
    max_seconds : float or None
    n_jobs : int or None

    Attributes
    ----------
    proposals : list of Proposal
    records : list of dict
        Their results.
    """

    def __init__(
        self,
        task: Task,
        splits: Sequence,
        sampler: Sampler,
        study: Study,
        progress: SearchProgress,
        *,
        name: str,
        batch: int,
        n_trials: int | None,
        max_seconds: float | None,
        n_jobs: int | None,
    ):
        self.task = task
        self.splits = splits
        self.sampler = sampler
        self.study = study
        self.progress = progress
        self.adaptive = name in ADAPTIVE
        # Designs come in parts, too: where time is the limit they have no end.
        self.batch = batch if self.adaptive else 256
        self.n_trials = np.inf if n_trials is None else n_trials
        self.max_seconds = max_seconds
        self.n_jobs = n_jobs
        self.proposals: list[Proposal] = []
        self.records: list[dict] = []
        self._number_of: dict[tuple, int] = {}
        self._end = np.inf

    def run(self) -> None:
        """Fill `proposals` and `records`."""
        n_repeated = 0  # in a row
        while len(self.records) < self.n_trials and n_repeated < _REPEATS[self.adaptive]:
            batch = self.sampler.propose(int(min(self.batch, self.n_trials - len(self.records))))
            if not batch or self._time_is_up():
                break
            for proposal in batch:
                number = self._number_of.setdefault(proposal.identity, len(self._number_of))
                is_new = number == len(self.proposals)
                n_repeated = 0 if is_new else n_repeated + 1
                if is_new:
                    self.proposals.append(proposal)
            if not self._complete():
                break
            told = [self.records[self._number_of[proposal.identity]] for proposal in batch]
            self.sampler.tell([_values(record, self.task.objectives) for record in told])

    def _complete(self) -> bool:
        """Get the records of all proposals; return whether there was time for it."""
        numbered = list(enumerate(self.proposals))[len(self.records) :]
        missing = [pair for pair in numbered if self.study.get(*pair) is None]
        if missing and self.max_seconds is not None and self._end == np.inf:
            # What is looked up takes no time from what is new.
            self._end = time.monotonic() + self.max_seconds
        evaluated = self._evaluated(missing)
        for number, proposal in numbered:
            record = self.study.get(number, proposal)
            if record is None:
                found = next(evaluated, None)
                if found is None:
                    del self.proposals[number:]
                    return False
                record = self.study.add(number, proposal, found)
            elif record["error"] is not None and not self.task.may_fail:
                raise RuntimeError(f"Trial {number} of the study failed: {record['error']}")
            self.records.append(record)
            self.progress.trial_ended(sum(r["error"] is not None for r in self.records))
        return True

    def _evaluated(self, numbered) -> Iterator[dict]:
        """Yield the results of trials in their order; stop when time is up."""
        # Before the fits begin, as a context must not be made while another is being pickled.
        reports = [[self.progress.fold() for _ in self.splits] for _ in numbered]

        def each():
            for (number, proposal), own in zip(numbered, reports, strict=True):
                if number and self._time_is_up():
                    return
                for (train, test), report in zip(self.splits, own, strict=True):
                    yield proposal.params, train, test, report

        folds = results(parallel(self.n_jobs)(calls(run_fold, each(), self.task)))
        while of_trial := list(islice(folds, len(self.splits))):
            errors = [fold.error for fold in of_trial if fold.error is not None]
            yield {
                "folds": [fold.values for fold in of_trial],
                "error": errors[0] if errors else None,
            }

    def _time_is_up(self):
        return time.monotonic() >= self._end


def _values(record: dict, objectives: Sequence[Objective]) -> list[float] | None:
    """Return the mean of a trial in every objective; None if it failed."""
    if record["error"] is not None:
        return None
    return [
        float(np.mean([fold[objective.column] for fold in record["folds"]]))
        for objective in objectives
    ]
