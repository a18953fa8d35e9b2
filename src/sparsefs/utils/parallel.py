# SPDX-License-Identifier: BSD-3-Clause
"""Independent calls on the backends of joblib: threads, processes, or a cluster."""

from __future__ import annotations

import os
import uuid
import warnings
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from sklearn.utils.parallel import Parallel, delayed

from .warning import holding, warn_user

_LOADED = uuid.uuid4().hex  # differs between machines, which may use the same process number


class _Shared:
    """Arguments of all calls, which Dask sends once because they look large."""

    def __init__(self, values: tuple):
        self.values = values

    def __sizeof__(self) -> int:
        # joblib scatters arguments of more than a kilobyte, and does not look inside objects.
        return 2**20


def calls(function: Callable[..., Any], each: Iterable[tuple], *shared: Any) -> Iterator[Any]:
    """Yield a job for ``function(*own, *shared)`` for every tuple `own` of `each`.

    A backend runs the jobs, and :func:`results` unpacks what it returns. The shared arguments are
    sent to other processes once, not with every job.
    """
    sent = _Shared(shared)
    for own in each:
        yield delayed(_call)(function, own, sent, _process())


def parallel(n_jobs: int | None, prefer: str | None = None) -> Parallel:
    """Return joblib's Parallel, which yields results as they come if the backend can."""
    try:
        return Parallel(n_jobs=n_jobs, prefer=prefer, return_as="generator")
    except ValueError:  # "multiprocessing", Ray and Spark return all at the end only
        return Parallel(n_jobs=n_jobs, prefer=prefer)


def results(returned: Iterable[tuple[Any, list]]) -> Iterator[Any]:
    """Yield the results of :func:`calls` in their order.

    Warnings of the calls are given here, each once.
    """
    known = set()
    for result, warned in returned:
        for warning in warned:
            if warning not in known:
                known.add(warning)
                warn_user(*warning)
        yield result


def _call(function, own, shared, caller):
    arguments = (*own, *shared.values)
    if caller == _process():
        return holding(function, *arguments)
    with warnings.catch_warnings(record=True) as caught:
        result, held = holding(function, *arguments)
    return result, held + [(str(warning.message), warning.category) for warning in caught]


def _process():
    return _LOADED, os.getpid()
