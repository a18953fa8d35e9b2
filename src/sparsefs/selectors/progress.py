# SPDX-License-Identifier: BSD-3-Clause
"""Who watches a training: a progress bar, and scikit-learn's callbacks where it has them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

try:  # scikit-learn >= 1.9
    from sklearn.callback import CallbackSupportMixin, with_callbacks
except ImportError:

    class CallbackSupportMixin:  # type: ignore[no-redef]
        """Stands in where scikit-learn has no callbacks."""

    def with_callbacks(method: Callable) -> Callable:
        """Leave the method as it is."""
        return method


class Watch:
    """Reports the epochs of all networks of a fit to the bar and to the callbacks.

    Networks may train in threads of their own: one at a time reports.

    Parameters
    ----------
    estimator : estimator being fitted
    n_epochs : int
        Of one network.
    n_networks : int
    X, y, metadata
        What callbacks may ask to see.
    """

    def __init__(self, estimator, n_epochs: int, n_networks: int, *, X, y, metadata: dict):
        self.estimator = estimator
        self.n_epochs = n_epochs
        self.n_networks = n_networks
        self.cancelled = False  # no network trains beyond its epoch under way
        self._seen = {"estimator": estimator, "X": X, "y": y, "metadata": metadata}
        self._lock = threading.Lock()
        self._bar: Any = None
        self._fit: Any = None

    def __enter__(self) -> Watch:
        total = self.n_epochs * self.n_networks
        if self.estimator.verbose:
            from tqdm.auto import tqdm

            self._bar = tqdm(total=total, desc=type(self.estimator).__name__, unit="epoch")
        if hasattr(self.estimator, "_init_callback_context"):
            self._fit = self.estimator._init_callback_context(max_subtasks=total)
            self._fit.call_on_fit_task_begin(**self._seen)
        return self

    def __exit__(self, *error) -> None:
        self.cancelled = True
        if self._bar is not None:
            self._bar.close()

    def ended(self, fitted_attributes: dict) -> None:
        """Tell the callbacks what the fit has come to."""
        if self._fit is not None:
            self._fit.call_on_fit_task_end(
                **self._seen, reconstruction_attributes=fitted_attributes
            )

    def epochs(
        self,
        fitted_attributes: Callable[[], dict],
        after_epoch: Callable[[int, bool], None] | None = None,
    ):
        """Numbers of the epochs of one network.

        Parameters
        ----------
        fitted_attributes : callable
            Gives the attributes that make a copy of the estimator usable as it is now. Only
            called when a callback asks.
        after_epoch : callable or None, default=None
            ``after_epoch(n_epochs, is_last)`` looks on after every epoch.

        Returns
        -------
        sparsefs.training.loop.Epochs
            A callback that asks to stop ends the numbers of this network.
        """
        from ..training.loop import Epochs  # here: importing selectors must not import torch

        watch = self

        class Watched(Epochs):
            def __iter__(self) -> Iterator[int]:
                for epoch in super().__iter__():
                    task = watch._begin_epoch()
                    yield epoch
                    if watch._end_epoch(task, fitted_attributes) or watch.cancelled:
                        self.stop()
                    if after_epoch is not None:
                        after_epoch(epoch + 1, self.stopped or epoch + 1 == self.n)
                if watch.n_networks > 1:
                    watch._leave_out(self.n - 1 - epoch)

        return Watched(self.n_epochs)

    def _begin_epoch(self):
        if self._fit is None:
            return None
        with self._lock:
            return self._fit.subcontext(task_name="epoch").call_on_fit_task_begin(**self._seen)

    def _end_epoch(self, task, fitted_attributes):
        with self._lock:
            if self._bar is not None:
                self._bar.update()
            return task is not None and task.call_on_fit_task_end(
                **self._seen, reconstruction_attributes=fitted_attributes
            )

    def _leave_out(self, n_epochs):
        """A network has stopped early: the bar need not wait for the rest of its epochs."""
        if self._bar is not None:
            with self._lock:
                self._bar.total -= n_epochs
                self._bar.refresh()
