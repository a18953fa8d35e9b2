# SPDX-License-Identifier: BSD-3-Clause
"""Progress of a search: a bar, and scikit-learn's callbacks in versions that have them."""

from __future__ import annotations

from contextlib import contextmanager
from typing import Any

from ..training.callbacks import Report, seen


class SearchProgress:
    """Progress bar and callbacks of a search.

    Parameters
    ----------
    search : ParetoSearchCV
        Being fitted.
    X, y, params
        Data and parameters of the fit, shown to callbacks.
    n_splits : int
        Folds of a trial.

    Attributes
    ----------
    search : ParetoSearchCV or None
        For callbacks; None if scikit-learn has no callbacks.
    """

    def __init__(self, search, X, y, params: dict, n_splits: int):
        self._estimator = search
        self._seen = seen(search, X, y, params)
        self._n_folds = None if search.n_trials is None else search.n_trials * n_splits
        self._fit: Any = None
        self._trials: Any = None
        self._bar: Any = None
        self._n_begun = 0
        self.search: Any = None
        if hasattr(search, "_init_callback_context"):  # scikit-learn >= 1.9
            self.search = search

    def __enter__(self) -> SearchProgress:
        if self._estimator.verbose:
            from tqdm.auto import tqdm

            name = type(self._estimator).__name__
            self._bar = tqdm(total=self._estimator.n_trials, desc=name, unit="trial")
        if self.search is not None:
            n_tasks = 1 + (self._estimator.refit is not False)
            self._fit = self.search._init_callback_context(max_subtasks=n_tasks)
            self._fit.call_on_fit_task_begin(**self._seen)
            self._trials = self._fit.subcontext(
                task_name="search", max_subtasks=self._n_folds, sequential_subtasks=False
            ).call_on_fit_task_begin(estimator=self.search)
        return self

    def __exit__(self, *error) -> None:
        if self._bar is not None:
            self._bar.close()

    def fold(self) -> Report:
        """Return the place of one more fold's fit."""
        if self._trials is None:
            return Report()
        self._n_begun += 1
        context = self._trials.subcontext(task_name="fold", task_id=self._n_begun - 1)
        return Report(context, self.search)

    def trial_ended(self, n_failed: int) -> None:
        """Advance the bar by a trial, and show how many have failed."""
        if self._bar is not None:
            self._bar.set_postfix({"failed": n_failed} if n_failed else {}, refresh=False)
            self._bar.update()

    def searched(self) -> None:
        """Tell the callbacks that all trials are done."""
        if self._trials is not None:
            self._trials.call_on_fit_task_end(estimator=self.search)

    @contextmanager
    def refit(self, estimator):
        """Tell the callbacks of the fit of `estimator` to all data, made in this context."""
        if self._trials is None:
            yield
            return
        context = self._fit.subcontext(task_name="refit")
        with context.propagate_callback_context(estimator):
            context.call_on_fit_task_begin(**self._seen)
            yield
        context.call_on_fit_task_end(**self._seen)

    def ended(self) -> None:
        """Tell the callbacks that the fit is done."""
        if self._fit is not None:
            self._fit.call_on_fit_task_end(**self._seen)
