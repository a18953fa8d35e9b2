# SPDX-License-Identifier: BSD-3-Clause
"""One thread per fit: the same sums in the same order, whatever runs beside it."""

from __future__ import annotations

import threading
from contextlib import contextmanager

import torch

_lock = threading.Lock()
_n_users = 0
_found = 1
_inside = threading.local()


@contextmanager
def single_threaded():
    """Run torch on one thread, and give back the number of threads found.

    Several fits may overlap in threads of one process. Torch keeps the setting per thread, and
    gives a new thread the setting made last, which may be ours: a thread that finds 1 while
    another fit runs goes back to what that one found. Contexts nest.
    """
    global _n_users, _found
    if getattr(_inside, "yes", False):
        yield
        return
    with _lock:
        found = torch.get_num_threads()
        if _n_users and found == 1:
            found = _found
        _found = found
        _n_users += 1
    torch.set_num_threads(1)
    _inside.yes = True
    try:
        yield
    finally:
        _inside.yes = False
        with _lock:
            _n_users -= 1
            torch.set_num_threads(found)
