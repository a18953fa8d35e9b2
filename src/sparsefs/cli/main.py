# SPDX-License-Identifier: BSD-3-Clause
"""Entry point of the command: from arguments to an exit status."""

from __future__ import annotations

import os
import shlex
import sys
import warnings
from contextlib import suppress

from .errors import CommandError
from .messages import Messages, with_options
from .parser import make_parser

_BAD_INPUT = (ValueError, TypeError)  # raised by selectors for parameters and data
_SAYS_ENOUGH = (*_BAD_INPUT, OSError, MemoryError, ImportError, FloatingPointError)


def main(argv=None) -> int:
    """Run the command ``sparsefs``.

    Parameters
    ----------
    argv : list of str or None, default=None
        Arguments; None takes those of the process.

    Returns
    -------
    int
        0 for success, 2 for wrong usage or bad input, 1 for another failure, 130 if interrupted.
    """
    argv = sys.argv[1:] if argv is None else list(argv)
    try:
        arguments = make_parser().parse_args(argv)
    except SystemExit as end:  # --help and --version, or wrong usage
        return int(end.code or 0)
    arguments.command_line = shlex.join(["sparsefs", *argv])
    arguments.messages = messages = Messages(arguments.quiet)
    shown_before, warnings.showwarning = warnings.showwarning, messages.warning
    try:
        with messages.lines_for_bars():
            arguments.run(arguments)
        return 0
    except BrokenPipeError:  # the reader closed the pipe, as head does
        _forget_stdout()
        return 0
    except KeyboardInterrupt:
        messages.error("interrupted")
        return 130
    except Exception as error:
        if arguments.debug:
            raise
        messages.error(_in_one_line(error))
        _forget_stdout(if_broken=True)
        if isinstance(error, CommandError):
            return error.status
        return 2 if isinstance(error, _BAD_INPUT) else 1
    finally:
        warnings.showwarning = shown_before


def _in_one_line(error):
    text = " ".join(str(error).split())
    if isinstance(error, CommandError):
        return text
    text = with_options(text)
    if isinstance(error, _SAYS_ENOUGH) and text:
        return text
    text = f"{type(error).__name__}: {text}" if text else type(error).__name__
    return f"{text} (pass --debug for the traceback)"


def _forget_stdout(if_broken=False):
    """Redirect stdout to the null device, for Python's flush at the end of the process."""
    with suppress(OSError, ValueError, AttributeError):  # stdout may not be a file, as in a test
        if if_broken:
            with suppress(OSError):
                sys.stdout.flush()
                return
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
