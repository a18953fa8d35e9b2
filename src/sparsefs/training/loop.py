# SPDX-License-Identifier: BSD-3-Clause
"""The training loop of sparse networks, readable from top to bottom."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from ..distributed import ALONE
from ..importance import Step
from ..utils.device import is_remote, to_host, wide

if TYPE_CHECKING:
    from ..distributed import Ranks
    from ..importance import Importance
    from ..networks import FeedForward
    from ..topology import InputEvolution, Topology
    from .batches import Batches
    from .noise import NoisePool
    from .optimizers import Optimizer
    from .progress import Epochs

History = dict[str, list]


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
    after_epoch: Sequence[Callable[[int, History], bool | None]] = (),
) -> dict[str, np.ndarray]:
    """Train a network while an importance looks on and a topology moves connections.

    Parameters
    ----------
    network, batches, loss, optimizer
        What is trained, on what, towards what, and how.
    epochs : Epochs
        How many epochs. Its iterator may report them, and may end the training.
    importance : Importance
        Called before and after every weight update.
    topology : Topology or None, default=None
        Asked after every step whether and how to rewire.
    noise : NoisePool or None, default=None
        Added to the inputs, not to the targets.
    penalty : callable or None, default=None
        ``penalty(network, gradients, step)`` adds to the gradients before every weight update.
    after_epoch : sequence of callable, default=()
        Each is called as ``hook(epoch, history)``. It may add to the history, change network and
        optimiser, and returns whether to end the training.

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
    epochs.keep(history=history)
    n_steps, ranks = epochs.n * len(batches), batches.ranks
    at_once = not is_remote(network.layers[0].device)  # else once per epoch: nobody waits for it
    for epoch in epochs:
        started = time.perf_counter()
        total: Any = 0.0
        n_changed: Any = 0
        each = zip(batches.shares, batches, strict=True)
        first = 1 + optimizer.n_steps  # calls of a stream have any number of batches
        for number, (share, (x, target, sample_weight)) in enumerate(each, first):
            step = Step(number, epoch, x, target, sample_weight, loss)
            inputs = x if noise is None else noise.add(x)
            is_wide = not torch.is_tensor(x) or network.reconstructs_in_chunks
            in_tiles = is_wide and target is x
            if in_tiles:
                value, gradients = network.reconstruct(inputs, target, sample_weight, loss)
            else:
                output = network.forward(inputs, training=True)
                value, grad = loss(output, target, sample_weight)
            if at_once and not math.isfinite(value):
                raise _diverged(value, epoch)
            if not in_tiles:
                gradients = network.backward(grad if share == 1 else grad.mul_(share))
            if ranks.size > 1:
                value = _of_all(ranks, value, gradients, loss, share, in_tiles)
            if penalty is not None:
                penalty(network, gradients, step)
            importance.before_update(network, step)
            optimizer.step(network, gradients)
            importance.after_update(network, step)
            if topology is not None:
                n_changed += topology.after_step(number, len(batches), n_steps, network, importance)
            total = total + value * (x.shape[-1] / share)
        total = float(total)
        if not math.isfinite(total):
            raise _diverged(total, epoch)
        history["loss"].append(total / batches.n_samples)
        history["density"].append(network.density)
        history["connections_changed"].append(int(n_changed))
        ends = [hook(epoch, history) for hook in after_epoch]
        if any(ends):
            epochs.stop()
        if ranks.size > 1:
            _join(ranks, network, importance, batches.weight_here)
        history["seconds"].append(time.perf_counter() - started)
    return {name: np.asarray(values) for name, values in history.items()}


def _of_all(ranks: Ranks, value, gradients, loss, share, in_tiles):
    """Return the loss on a batch of all ranks; its gradients become theirs."""
    parts = [grad for pair in gradients for grad in pair]
    if in_tiles:  # the others come of a gradient at the outputs that is scaled already
        for grad in parts:
            grad.mul_(share)
    if hasattr(loss, "absolute"):
        parts.append(loss.absolute)
        loss.n_samples = round(loss.n_samples / share)
    mean = torch.as_tensor(value * share, dtype=torch.float32, device=parts[0].device).view(1)
    ranks.sum_(*parts, mean)
    return mean[0] if is_remote(mean.device) else float(mean)


def _join(ranks: Ranks, network, importance, weight):
    """Make what a checkpoint keeps of an epoch the same on all ranks; refuse other weights."""
    network.join_flops(ranks.sum)
    if hasattr(importance, "join"):  # an importance of the user's may lack it
        importance.join(lambda values: ranks.mean(values, weight))
    ranks.same("weights", *(layer.slot_values() for layer in network.layers))


def _diverged(loss, epoch):
    return FloatingPointError(f"The loss became {float(loss)} in epoch {epoch + 1}.")


def evaluate(network: FeedForward, batches: Batches, loss: Callable, ranks: Ranks = ALONE) -> float:
    """Return the mean loss over all samples, without training; `ranks` have batches each."""
    total: Any = 0.0
    weights: Any = 0.0
    for x, target, sample_weight in batches:
        value, _ = loss(network.forward(x), target, sample_weight)
        total = total + value * x.shape[1]
        weights = weights + (x.shape[1] if sample_weight is None else wide(sample_weight.sum()))
    return float(ranks.sum(to_host(total)) / ranks.sum(to_host(weights)))
