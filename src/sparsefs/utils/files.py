# SPDX-License-Identifier: BSD-3-Clause
"""Files that are written whole or not at all, and files that one process at a time writes."""

from __future__ import annotations

import errno
import os
import secrets
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def replacing(path) -> Iterator[Path]:
    """Yield the path of a new file that replaces `path` at the end, unless an error is raised.

    The new file is in the same folder and has the same endings. A link stays a link: the file that
    it leads to is replaced. What is no regular file, such as ``/dev/stdout``, is written directly.

    Raises
    ------
    OSError
        If a file cannot be written; it names `path`, which is as it was.
    """
    place = Path(os.path.realpath(path))
    with _naming(path):
        mode = _mode(place)
        if mode is not None and not stat.S_ISREG(mode):
            if stat.S_ISDIR(mode):
                raise IsADirectoryError(errno.EISDIR, "")
            yield place
            return
        new = _new_name(place)
        try:
            _make(new)
            yield new
            if mode is not None:
                os.chmod(new, stat.S_IMODE(mode))
            with open(new, "rb+") as file:
                os.fsync(file.fileno())
            os.replace(new, place)
        except BaseException:
            with suppress(OSError):
                os.unlink(new)
            raise


def check_writable(path) -> None:
    """Check that a file can be replaced, by writing another in its folder.

    Raises
    ------
    OSError
        If it cannot be; it names `path`.
    """
    place = Path(os.path.realpath(path))
    with _naming(path):
        mode = _mode(place)
        if mode is not None and not os.access(place, os.W_OK):  # as the user has wished
            raise PermissionError(errno.EACCES, "")
        if mode is None or stat.S_ISREG(mode):
            new = _new_name(place)
            try:
                _make(new)
            finally:
                with suppress(FileNotFoundError):
                    os.unlink(new)


def lock(file) -> bool:
    """Lock an open file for this process until it is closed; return False if another has it."""
    try:
        if sys.platform == "win32":
            import msvcrt

            file.seek(2**40)  # beyond all content, which others may read
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    except OSError:  # a file system without locks
        pass
    return True


def same_file(one, other) -> bool:
    """Return whether two paths lead to the same file, which need not exist."""
    if os.path.realpath(one) == os.path.realpath(other):
        return True
    try:
        return os.path.samefile(one, other)  # a hard link
    except OSError:
        return False


@contextmanager
def _naming(path):
    """Name the file of the user in the errors of the operating system."""
    try:
        yield
    except OSError as error:
        if error.errno is None:
            raise
        raise OSError(error.errno, os.strerror(error.errno), os.fspath(path)) from error


def _mode(place):
    try:
        return os.stat(place).st_mode
    except FileNotFoundError:
        return None


def _new_name(place):
    """Return the name of a new file; what writes it may go by its endings."""
    return place.with_name(f".sparsefs-{secrets.token_hex(6)}{''.join(place.suffixes[-2:])}")


def _make(new):
    """Make an empty file with the usual permissions."""
    os.close(os.open(new, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
