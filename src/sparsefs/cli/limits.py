# SPDX-License-Identifier: BSD-3-Clause
"""An end to what takes too long."""

from __future__ import annotations

import multiprocessing
import traceback
from typing import Any


class LimitError(Exception):
    """Something took longer than it may."""


def within(seconds, function, *arguments):
    """Call a function; with a limit, in a process of its own, which is ended when it is over.

    Raises
    ------
    LimitError
        If it was ended.
    """
    if seconds is None:
        return function(*arguments)
    context = multiprocessing.get_context("spawn")  # a fork of libraries' threads may hang
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_send, args=(sender, function, arguments), daemon=True)
    process.start()
    sender.close()
    try:
        if not receiver.poll(seconds):
            raise LimitError(f"over {seconds:g} s")
        value, error = receiver.recv()
    except EOFError:
        raise LimitError("its process ended, most likely out of memory") from None
    finally:
        process.kill()
        process.join()
    if error is not None:
        raise error
    return value


def _send(sender, function, arguments):
    answer: tuple[Any, Exception | None]
    try:
        answer = function(*arguments), None
    except Exception as error:
        error.__cause__ = RuntimeError(traceback.format_exc())
        answer = None, error
    sender.send(answer)
