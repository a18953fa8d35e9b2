# SPDX-License-Identifier: BSD-3-Clause
"""The epochs of a training, and who follows them: a progress bar and scikit-learn's callbacks.

Importing this module does not import torch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..data.inputs import TrainingData


# Parameters that may make a training diverge.
_BEHIND_DIVERGENCE = (
    *("learning_rate_init", "solver", "scaling"),
    *("weight_decay", "noise_std"),
)


class Epochs:
    """Numbers of the epochs, from 0, until `n` or :meth:`stop`."""

    def __init__(self, n: int):
        self.n = n
        self.stopped = False

    def stop(self) -> None:
        """Make the epoch under way the last one."""
        self.stopped = True

    def __iter__(self) -> Iterator[int]:
        for epoch in range(self.n):
            yield epoch
            if self.stopped:
                break


class Progress(Epochs):
    """Epochs that are reported to the bar and to the callbacks of an estimator.

    Parameters
    ----------
    estimator : estimator being fitted
    n : int
        Number of epochs.
    data : TrainingData
        What callbacks may ask to see.
    attributes : callable
        ``attributes(result)`` makes fitted attributes of a result.

    Attributes
    ----------
    snapshot : callable or None
        ``snapshot()`` gives the result of the training so far; the method sets it. It is only
        called when a callback asks.
    """

    def __init__(self, estimator, n: int, data: TrainingData, attributes: Callable[[Any], dict]):
        self.n = n
        self.stopped = False
        self.estimator = estimator
        self.snapshot: Callable[[], Any] | None = None
        self._attributes = attributes
        metadata = {"sample_weight": data.sample_weight}
        self._ranks = data.ranks
        self._seen = {"estimator": estimator, "X": data.X, "y": data.y, "metadata": metadata}
        self._bar: Any = None
        self._fit: Any = None

    def __enter__(self) -> Progress:
        if self.estimator.verbose:
            from tqdm.auto import tqdm

            self._bar = tqdm(total=self.n, desc=type(self.estimator).__name__, unit="epoch")
        if hasattr(self.estimator, "_init_callback_context"):
            self._fit = self.estimator._init_callback_context(max_subtasks=self.n)
            self._fit.call_on_fit_task_begin(**self._seen)
        return self

    def __exit__(self, kind, error, traceback) -> None:
        """Say in the estimator's terms what went wrong in the middle of a training."""
        if self._bar is not None:
            self._bar.close()
        if isinstance(error, FloatingPointError):
            raise FloatingPointError(
                f"{error} The learning rate may be too high or the data badly scaled "
                f"({settings_in_words(self.estimator, *_BEHIND_DIVERGENCE)})."
            ) from error
        on_gpu = kind is not None and kind.__name__ == "OutOfMemoryError"  # of torch
        if on_gpu or (isinstance(error, RuntimeError) and "can't allocate memory" in str(error)):
            raise MemoryError(
                f"The {'GPU' if on_gpu else 'computer'} ran out of memory. Reduce the batches or "
                f"the density ({settings_in_words(self.estimator, 'batch_size', 'density')})"
                f"{', or use device=' + repr('cpu') if on_gpu else ''}."
            ) from error

    def __iter__(self) -> Iterator[int]:
        for epoch in range(self.n):
            task = None
            if self._fit is not None:
                task = self._fit.subcontext(task_name="epoch")
                task.call_on_fit_task_begin(**self._seen)
            yield epoch
            if self._bar is not None:
                self._bar.update()
            if task is not None and task.call_on_fit_task_end(
                **self._seen, reconstruction_attributes=self._attributes_now
            ):
                self.stop()
            if self._ranks.any(self.stopped):
                break

    def _attributes_now(self):
        assert self.snapshot is not None
        return self._attributes(self.snapshot())

    def ended(self, fitted_attributes: dict) -> None:
        """Tell the callbacks the result of the fit."""
        if self._fit is not None:
            self._fit.call_on_fit_task_end(
                **self._seen, reconstruction_attributes=fitted_attributes
            )


def settings_in_words(estimator, *names) -> str:
    """Return ``name=value`` of those parameters that the estimator has, for a message."""
    known = estimator.get_params()
    return ", ".join(f"{name}={known[name]!r}" for name in names if name in known)
