# SPDX-License-Identifier: BSD-3-Clause
"""Several networks of one selector, which differ in their seed only, and their average."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import numpy as np
from joblib import Parallel, delayed
from sklearn.base import clone

from ..utils.random import generators
from ._ranking import averaged

if TYPE_CHECKING:
    from .progress import Watch


def trains_together(selector, X, device) -> bool:
    """Whether all replicas train as one network: on a GPU, where their weights fit.

    A batch of networks then costs hardly more than one. On the CPU the sparse kernels cost less.
    """
    from ..utils.device import free_memory, is_remote

    if selector._n_replicas() == 1 or not is_remote(device) or not selector._replicas_as_one():
        return False
    if selector.kernel not in ("auto", "masked"):
        return False
    sizes = [X.shape[1], *selector._hidden_sizes(), X.shape[1]]
    n_weights = sum(a * b for a, b in zip(sizes[1:], sizes[:-1], strict=True))
    # Weights, mask, gradient, optimiser's state, and the sorts of a topology update.
    return 40 * selector.n_replicas * n_weights <= 0.5 * free_memory(device)


def train_replicas(selector, watch: Watch, data, constant, device, seed: int) -> dict[str, Any]:
    """Train all replicas of a selector; return the attributes it is then fitted with.

    Threads train them at the same time: products release Python's lock, nothing has to be copied
    to another process, and starting processes takes longer than most fits.
    """
    rngs = generators(seed, selector._n_replicas())
    as_one = len(rngs) > watch.n_networks
    own = selector.get_params(deep=False)
    not_fitted = {"_watch", "_together", *own}

    def trained(number):
        from ..utils.device import single_threaded

        replica = copy.copy(selector)
        replica._watch = watch
        if as_one:
            replica._together = rngs
        if watch.n_networks > 1:  # what the user's own parts remember must not be shared
            for name, value in own.items():
                setattr(replica, name, clone(value, safe=False))
        if number > 0:
            replica.connections_every = None  # the record is that of the first
        with single_threaded():
            replica._train(data, constant, rngs[number], device)
        if number == 0:
            return {
                name: value
                for name, value in vars(replica).items()
                if name not in not_fitted and vars(selector).get(name) is not value
            }
        return {name: getattr(replica, name) for name in ("scores_", "costs_")}

    if watch.n_networks == 1:
        return trained(0)
    jobs = (delayed(trained)(number) for number in range(watch.n_networks))
    replicas = Parallel(n_jobs=selector.n_jobs, require="sharedmem")(jobs)
    return replicas[0] | _combined(replicas, constant)


def _combined(replicas, constant):
    scores = np.stack([replica["scores_"] for replica in replicas])
    costs = {name: dict(cost) for name, cost in replicas[0]["costs_"].items()}
    for kind in ("sparse", "dense"):
        costs["training_flops"][kind] = sum(
            replica["costs_"]["training_flops"][kind] for replica in replicas
        )
    return {**averaged(scores, constant), "costs_": costs}
