# SPDX-License-Identifier: BSD-3-Clause
"""Who watches a training: a progress bar, and scikit-learn's callbacks where it has them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

try:  # scikit-learn >= 1.9
    from sklearn.callback import CallbackSupportMixin, with_callbacks
except ImportError:

    class CallbackSupportMixin:  # type: ignore[no-redef]
        """Stands in where scikit-learn has no callbacks."""

    def with_callbacks(method: Callable) -> Callable:
        """Leave the method as it is."""
        return method


def watched_epochs(
    estimator, n_epochs: int, *, X, y, metadata: dict, fitted_attributes: Callable[[], dict]
):
    """Number the epochs of a fit, and report each to the bar and to the callbacks.

    Parameters
    ----------
    estimator : estimator being fitted
    n_epochs : int
    X, y, metadata
        What callbacks may ask to see.
    fitted_attributes : callable
        Gives the attributes that make a copy of the estimator usable as it is now. Only
        called when a callback asks.

    Returns
    -------
    sparsefs.training.loop.Epochs
        A callback that asks to stop ends the numbers.
    """
    from ..training.loop import Epochs  # here, so that importing selectors does not import torch

    class Watched(Epochs):
        def __iter__(self) -> Iterator[int]:
            numbers = super().__iter__()
            if estimator.verbose:
                from tqdm.auto import tqdm

                name = type(estimator).__name__
                numbers = iter(tqdm(numbers, total=self.n, desc=name, unit="epoch"))
            if not hasattr(estimator, "_init_callback_context"):
                yield from numbers
                return
            seen = {"estimator": estimator, "X": X, "y": y, "metadata": metadata}
            fit = estimator._init_callback_context(max_subtasks=self.n)
            fit.call_on_fit_task_begin(**seen)
            for epoch in numbers:
                task = fit.subcontext(task_name="epoch").call_on_fit_task_begin(**seen)
                yield epoch
                if task.call_on_fit_task_end(**seen, reconstruction_attributes=fitted_attributes):
                    self.stop()
            fit.call_on_fit_task_end(**seen, reconstruction_attributes=fitted_attributes)

    return Watched(n_epochs)
