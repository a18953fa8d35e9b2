# SPDX-License-Identifier: BSD-3-Clause
"""Time limit of a function call."""

from __future__ import annotations

import importlib
import multiprocessing
import time
import traceback
import warnings
from collections.abc import Callable
from functools import partial
from typing import Any


class LimitError(Exception):
    """Time limit reached, or process lost."""


def within(seconds, function, *arguments, update: Callable[[], Any], modules=()):
    """Call a function; with a limit, in a new process that ends at the limit.

    The limit does not count the start of the process, in which it imports `modules`. The function
    is given `update`, which it calls after each step. Its warnings are given here, too.

    Raises
    ------
    LimitError
        If the process ended without a result.
    """
    if seconds is None:
        return function(*arguments, update=update)
    context = multiprocessing.get_context("spawn")  # a fork may hang in the threads of libraries
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(
        target=_send, args=(sender, function, arguments, modules), daemon=True
    )
    process.start()
    sender.close()
    try:
        receiver.recv()  # the process has started
        end = time.monotonic() + seconds
        while True:
            if not receiver.poll(max(0.0, end - time.monotonic())):
                raise LimitError(f"longer than {seconds:g} s")
            answer = receiver.recv()
            if isinstance(answer, str):
                warnings.warn(answer, UserWarning, stacklevel=2)
            elif answer is None:
                update()
            else:
                break
    except EOFError:
        raise LimitError("the process ended, probably out of memory") from None
    finally:
        process.kill()
        process.join()
    value, error = answer
    if error is not None:
        raise error
    return value


def _send(sender, function, arguments, modules):
    answer: tuple[Any, Exception | None]
    for module in modules:
        importlib.import_module(module)
    sender.send("started")
    warnings.showwarning = lambda message, *_: sender.send(str(message))
    try:
        answer = function(*arguments, update=partial(sender.send, None)), None
    except Exception as error:
        error.__cause__ = RuntimeError(traceback.format_exc())
        answer = None, error
    sender.send(answer)
