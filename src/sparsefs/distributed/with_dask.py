# SPDX-License-Identifier: BSD-3-Clause
"""A fit of the workers of a dask cluster, each on the partitions that it holds."""

from __future__ import annotations

import copy
from collections import defaultdict
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import numpy as np

from . import group

if TYPE_CHECKING:
    from typing import TypeVar

    Selector = TypeVar("Selector")


def fit_dask(
    selector: Selector, X: Any, y: Any = None, sample_weight: Any = None, client: Any = None
) -> Selector:
    """Fit a selector on the workers of a dask cluster.

    Each worker that holds partitions of X is one process of the fit. The workers must have the
    same versions of sparsefs and its dependencies, and must be able to connect to each other. None
    of them may be restarted or added during the fit.

    Parameters
    ----------
    selector : selector
        One that supports process groups.
    X : dask array or dask dataframe of shape (n_samples, n_features)
        The rows should be spread evenly over the workers.
    y : dask array or series of shape (n_samples,), or None, default=None
        In the partitions of X.
    sample_weight : dask array or series of shape (n_samples,), or None, default=None
        In the partitions of X.
    client : distributed.Client or None, default=None
        None takes the current one.

    Returns
    -------
    selector : object
        The fitted selector, the same object.

    Raises
    ------
    ValueError
        If the partitions of `y` or `sample_weight` are not those of X, and where ``fit`` does.
    ImportError
        If dask is not installed.
    """
    try:
        from dask import delayed
        from distributed import default_client, wait
    except ImportError as error:
        raise ImportError("fit_dask needs dask: pip install 'sparsefs[dask]'") from error
    client = client or default_client()
    parts = client.compute([delayed(_as_part)(*rows) for rows in _aligned(X, y, sample_weight)])
    wait(parts)
    holders = client.who_has(parts)
    parts_of = defaultdict(list)
    for part in parts:
        if not holders.get(part.key):  # it failed: this raises why
            part.result()
        parts_of[min(holders[part.key])].append(part)
    workers = sorted(parts_of)

    def submit(function, worker, *arguments):
        return client.submit(
            function, *arguments, workers=[worker], allow_other_workers=False, pure=False
        )

    size, host = len(workers), urlsplit(workers[0]).hostname
    port = submit(_open_store, workers[0], host).result() if size > 1 else 0
    fits = [
        submit(_fit_part, worker, selector, parts_of[worker], rank, size, host, port)
        for rank, worker in enumerate(workers)
    ]
    fitted = client.gather(fits)[0]
    vars(selector).update(vars(fitted))
    return selector


def _aligned(*collections):
    """The rows of each partition: delayed (X, y, sample_weight)."""
    columns: list[list] = []
    for name, collection in zip(("X", "y", "sample_weight"), collections, strict=True):
        if collection is None:
            columns.append([None] * len(columns[0]))
            continue
        if getattr(collection, "ndim", 1) == 2 and hasattr(collection, "rechunk"):
            collection = collection.rechunk({1: -1})
        parts = np.ravel(collection.to_delayed()).tolist()
        if columns and len(parts) != len(columns[0]):
            raise ValueError(
                f"{name} has {len(parts)} partitions and X has {len(columns[0])}. Give it the "
                "partitions of X, for example with rechunk."
            )
        columns.append(parts)
    return list(zip(*columns, strict=True))


def _as_part(X, y, sample_weight):
    return X, y, sample_weight


_stores: dict[int, Any] = {}  # by port; opened by a task, for the fit that follows on this worker


def _open_store(host):
    """Open the store where the ranks find each other, before any of them looks for it."""
    from torch.distributed import TCPStore

    store = TCPStore(host, 0, is_master=True, wait_for_workers=False, timeout=_timeout())
    _stores[store.port] = store
    return store.port


def _timeout():
    return timedelta(seconds=group.TIMEOUT)


def _fit_part(selector, parts, rank, size, host, port):
    """Fit the rows of one worker together with the others."""
    X, y, sample_weight = (_joined(column) for column in zip(*parts, strict=True))
    selector, ranks = copy.deepcopy(selector), None
    if size > 1:
        from torch.distributed import TCPStore

        store = TCPStore(host, port, timeout=_timeout()) if rank else _stores.pop(port)
        ranks = group.Group(store, rank, size)
    return selector.fit(X, y, sample_weight, process_group=ranks)


def _joined(parts):
    if len(parts) == 1 or parts[0] is None:
        return parts[0]
    if hasattr(parts[0], "iloc"):
        import pandas as pd

        return pd.concat(parts)
    if hasattr(parts[0], "tocsr"):
        from scipy import sparse

        return sparse.vstack(parts, format="csr")
    return np.concatenate(parts)
