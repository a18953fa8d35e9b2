# SPDX-License-Identifier: BSD-3-Clause
"""The epochs of a training, and who follows them: a progress bar and scikit-learn's callbacks.

Importing this module does not import torch.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from ..utils.warning import warn_user

if TYPE_CHECKING:
    import numpy as np

    from ..data.inputs import TrainingData
    from .checkpoint import Checkpoint


# Parameters that may make a training diverge.
_BEHIND_DIVERGENCE = (
    *("learning_rate_init", "solver", "scaling"),
    *("weight_decay", "noise_std"),
)


class Epochs:
    """Numbers of the epochs, from 0, until `n` or :meth:`stop`.

    Attributes
    ----------
    steps_before : int or None
        Steps of the earlier calls of a stream, which has no end; None for any other training.
    rows_before : int
        Their rows.
    """

    steps_before: int | None = None
    rows_before: int = 0

    def __init__(self, n: int):
        self.n = n
        self.stopped = False

    def keep(self, **parts: Any) -> None:
        """Name parts of the training, in which a checkpoint keeps what changes."""

    def stop(self) -> None:
        """Make the epoch under way the last one."""
        self.stopped = True

    def __iter__(self) -> Iterator[int]:
        for epoch in range(self.n):
            yield epoch
            if self.stopped:
                break


def now() -> float:
    """Return the time on a clock that never goes back, in seconds."""
    return time.monotonic()


class Progress(Epochs):
    """Epochs of a fit: reported to the bar and to the callbacks, and ended early.

    Parameters
    ----------
    estimator : estimator being fitted
        Its `max_time` and `on_interrupt` say when to end early.
    n : int
        Number of epochs.
    data : TrainingData
        What callbacks may ask to see.
    attributes : callable
        ``attributes(result)`` makes fitted attributes of a result.
    started : float
        When the fit began, by :func:`now`.
    checkpoint : Checkpoint or None, default=None
        Where to go on, and what to write after every epoch but the last.
    rng : Generator or None, default=None
        What decides everything random; part of the checkpoint.

    Attributes
    ----------
    stopped_by : {"max_time", "interrupt", "callback"} or None
        What ended the training early.
    snapshot : callable or None
        ``snapshot()`` gives the result of the training so far; the method sets it. It is only
        called when a callback asks.
    """

    def __init__(
        self,
        estimator,
        n: int,
        data: TrainingData,
        attributes: Callable[[Any], dict],
        started: float,
        checkpoint: Checkpoint | None = None,
        rng: np.random.Generator | None = None,
    ):
        super().__init__(n)
        self.estimator = estimator
        self.stopped_by: str | None = None
        self._n_done = 0
        self._checkpoint, self._parts, self._rng = checkpoint, dict[str, Any](), rng
        self._started, self._interrupted = started, False
        self.snapshot: Callable[[], Any] | None = None
        self._attributes = attributes
        metadata = {"sample_weight": data.sample_weight}
        self._ranks = data.ranks
        self._seen = {"estimator": estimator, "X": data.X, "y": data.y, "metadata": metadata}
        self._bar: Any = None
        self._fit: Any = None
        self._handler: Any = None  # of Ctrl-C, as it was

    def __enter__(self) -> Progress:
        if self.estimator.verbose:
            from tqdm.auto import tqdm

            self._bar = tqdm(total=self.n, desc=type(self.estimator).__name__, unit="epoch")
        if hasattr(self.estimator, "_init_callback_context"):
            self._fit = self.estimator._init_callback_context(max_subtasks=self.n)
            self._fit.call_on_fit_task_begin(**self._seen)
        self._take_interrupts()  # last, as an error before is not followed by __exit__
        return self

    def __exit__(self, kind, error, traceback) -> None:
        """Say in the estimator's terms what went wrong in the middle of a training."""
        self._leave_interrupts()
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

    def keep(self, **parts: Any) -> None:
        """Name parts of the training, in which a checkpoint keeps what changes.

        Raises
        ------
        TypeError
            If there is a checkpoint, and a part does not say what changes in it.
        """
        self._parts |= {"rng": self._rng, **parts}
        if self._checkpoint is None:
            return
        for name, part in parts.items():
            is_plain = part is None or isinstance(part, dict)
            if not is_plain and not all(hasattr(part, n) for n in ("state", "load_state")):
                raise TypeError(
                    f"{self._checkpoint.asked_by} needs an {name} with the methods state() and "
                    "load_state(state), see sparsefs.utils.state. "
                    f"{type(part).__name__} lacks them."
                )

    def _resume(self) -> int:
        """Go on where the checkpoint was; return the number of the next epoch."""
        if self._checkpoint is not None:
            self._n_done = self._checkpoint.load(self._parts)
            if self._bar is not None:
                self._bar.update(self._n_done)
        return self._n_done

    def __iter__(self) -> Iterator[int]:
        for epoch in range(self._resume(), self.n):
            task = None
            if self._fit is not None:
                task = self._fit.subcontext(task_name="epoch")
                task.call_on_fit_task_begin(**self._seen)
            self._ranks.begin(epoch)
            yield epoch
            self._n_done = epoch + 1
            if self._bar is not None:
                self._bar.update()
            by_callback = task is not None and task.call_on_fit_task_end(
                **self._seen, reconstruction_attributes=self._attributes_now
            )
            while self._ranks.any(False):  # a callback of another rank asks, see _attributes_now
                self._attributes_here()
            if self._ranks.any(self.stopped) or self._n_done == self.n:
                break
            if self._checkpoint is not None and self._parts:
                self._checkpoint.save(self._n_done, self._parts)
            self.stopped_by = self._reason_to_stop(by_callback)
            if self.stopped_by is not None:
                break

    def _reason_to_stop(self, by_callback):
        """The same on all ranks: that of the first rank which has one."""
        limit = self.estimator.max_time
        over = limit is not None and now() - self._started >= limit
        here = {"callback": by_callback, "interrupt": self._interrupted, "max_time": over}
        first = next((place for place, holds in enumerate(here.values(), 1) if holds), 0)
        each = self._ranks.counts(first)
        return [None, *here][each[each > 0][0]] if each.any() else None

    def _take_interrupts(self):
        """Let the first Ctrl-C end the training; the next one does what it did before."""
        if self.estimator.on_interrupt != "keep":
            return
        if threading.current_thread() is not threading.main_thread():
            return  # which is the one that gets signals
        handler = signal.getsignal(signal.SIGINT)
        if handler not in (None, signal.SIG_IGN):
            self._handler = handler
            signal.signal(signal.SIGINT, self._interrupt)

    def _interrupt(self, *_):
        self._interrupted = True
        self._leave_interrupts()

    def _leave_interrupts(self):
        if self._handler is not None:
            signal.signal(signal.SIGINT, self._handler)
            self._handler = None

    def _attributes_now(self):
        self._ranks.any(True)  # the others compute it, too: it is of the rows of all
        return self._attributes_here()

    def _attributes_here(self):
        assert self.snapshot is not None
        return self._attributes(self.snapshot())

    def ended(self, fitted_attributes: dict) -> None:
        """Tell the callbacks the result of the fit, and the user how far it came."""
        if self._fit is not None:
            self._fit.call_on_fit_task_end(
                **self._seen, reconstruction_attributes=fitted_attributes
            )
        if self.stopped_by is not None:
            why = {"interrupt": "interrupted (Ctrl-C)", "callback": "a callback asked for it"}.get(
                self.stopped_by, f"max_time={self.estimator.max_time} seconds are over"
            )
            warn_user(
                f"Stopped after {self._n_done} of {self.n} epochs: {why}. The ranking is that of "
                "the training so far."
            )


def settings_in_words(estimator, *names) -> str:
    """Return ``name=value`` of those parameters that the estimator has, for a message."""
    known = estimator.get_params()
    return ", ".join(f"{name}={known[name]!r}" for name in names if name in known)
