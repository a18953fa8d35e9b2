# SPDX-License-Identifier: BSD-3-Clause
"""The one training loop, readable from top to bottom."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from ..importance import Step
from ..utils.device import is_remote, to_host, wide

if TYPE_CHECKING:
    from ..importance import Importance
    from ..networks import FeedForward
    from ..topology import InputEvolution, Topology
    from .batches import Batches
    from .noise import NoisePool
    from .optimizers import Optimizer

History = dict[str, list]


class Epochs:
    """Numbers of the epochs, from 0, until `n` or :meth:`stop`."""

    def __init__(self, n: int):
        self.n = n
        self.stopped = False

    def stop(self) -> None:
        """The epoch under way is the last one."""
        self.stopped = True

    def __iter__(self) -> Iterator[int]:
        for epoch in range(self.n):
            yield epoch
            if self.stopped:
                break


def train(
    network: FeedForward,
    batches: Batches,
    loss: Callable,
    optimizer: Optimizer,
    *,
    epochs: Epochs,
    importance: Importance,
    topology: Topology | InputEvolution | None = None,
    noise: NoisePool | None = None,
    penalty: Callable | None = None,
    after_epoch: Callable[[int, History], bool] | None = None,
) -> dict[str, np.ndarray]:
    """Train a network while an importance looks on and a topology moves connections.

    Parameters
    ----------
    network, batches, loss, optimizer
        What is trained, on what, towards what, and how.
    epochs : Epochs
        How many epochs; whoever supplies them can look on, and end the training.
    importance : Importance
        Looks on before and after every weight update.
    topology : Topology or None, default=None
        Asked after every step whether and how to rewire.
    noise : NoisePool or None, default=None
        Added to the inputs, not to the targets.
    penalty : callable or None, default=None
        ``penalty(network, gradients)`` adds to the gradients before every weight update.
    after_epoch : callable or None, default=None
        ``after_epoch(epoch, history)`` may add to the history, change network and optimiser,
        and says whether to end the training.

    Returns
    -------
    history : dict of str to ndarray
        ``loss``, ``density``, ``connections_changed`` and ``seconds`` of every epoch.

    Raises
    ------
    FloatingPointError
        When the loss stops being finite.
    """
    history: History = {name: [] for name in ("loss", "density", "connections_changed", "seconds")}
    number, n_steps = 0, epochs.n * len(batches)
    at_once = not is_remote(network.layers[0].device)  # else once per epoch: nobody waits for it
    for epoch in epochs:
        started = time.perf_counter()
        total: Any = 0.0
        n_changed: Any = 0
        for x, target, sample_weight in batches:
            number += 1
            step = Step(number, epoch, x, target, sample_weight, loss)
            inputs = x if noise is None else noise.add(x)
            is_wide = not torch.is_tensor(x) or network.reconstructs_in_chunks
            in_tiles = is_wide and target is x
            if in_tiles:
                value, gradients = network.reconstruct(inputs, target, sample_weight, loss)
            else:
                output = network.forward(inputs, training=True)
                value, grad = loss(output, target, sample_weight)
            if at_once:
                _check_finite(value, epoch)
            if not in_tiles:
                gradients = network.backward(grad)
            if penalty is not None:
                penalty(network, gradients)
            importance.before_update(network, step)
            optimizer.step(network, gradients)
            importance.after_update(network, step)
            if topology is not None:
                n_changed += topology.after_step(number, len(batches), n_steps, network, importance)
            total = total + value * x.shape[-1]
        total = to_host(total)  # of several networks: an array, as the number of changes below
        _check_finite(total.sum(), epoch)
        history["loss"].append(total / batches.n_samples)
        history["density"].append(network.density)
        history["connections_changed"].append(np.broadcast_to(to_host(n_changed), total.shape))
        if after_epoch is not None and after_epoch(epoch, history):
            epochs.stop()
        history["seconds"].append(time.perf_counter() - started)
    return {name: np.asarray(values) for name, values in history.items()}


def _check_finite(loss, epoch):
    if not math.isfinite(loss):
        raise FloatingPointError(f"The loss became {float(loss)} in epoch {epoch + 1}.")


def evaluate(network: FeedForward, batches: Batches, loss: Callable):
    """Mean loss over all samples, without training; of several networks an array."""
    total: Any = 0.0
    weights: Any = 0.0
    for x, target, sample_weight in batches:
        value, _ = loss(network.forward(x), target, sample_weight)
        total = total + value * x.shape[1]
        weights = weights + (x.shape[1] if sample_weight is None else wide(sample_weight.sum()))
    mean = to_host(total) / to_host(weights)
    return mean if mean.ndim else float(mean)
