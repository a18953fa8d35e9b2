# SPDX-License-Identifier: BSD-3-Clause
"""The one training loop, readable from top to bottom."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from ..networks import FeedForward
    from ..topology import Topology
    from .batches import Batches
    from .losses import ReconstructionLoss
    from .noise import NoisePool
    from .optimizers import Optimizer


def train_autoencoder(
    network: FeedForward,
    batches: Batches,
    loss: ReconstructionLoss,
    optimizer: Optimizer,
    *,
    noise: NoisePool,
    importance,
    topology: Topology,
    epochs: Iterable[int],
    n_steps: int,
) -> dict[str, np.ndarray]:
    """Train a denoising autoencoder whose topology follows the importance of its neurons.

    Parameters
    ----------
    network, batches, loss, optimizer
        What is trained, on what, towards what, and how.
    noise : NoisePool
        Added to the inputs, not to the targets.
    importance
        ``update(network, feature_error)`` is called after every weight update.
    topology : Topology
        Asked after every step whether and how to rewire.
    epochs : iterable of int
        Numbers of the epochs; whoever supplies them can look on, and end the training.
    n_steps : int
        Steps of the whole training, which the topology's schedule refers to.

    Returns
    -------
    history : dict of str to ndarray
        ``loss``, ``density``, ``connections_changed`` and ``seconds`` of every epoch.

    Raises
    ------
    FloatingPointError
        When the loss or the weights stop being finite.
    """
    history: dict[str, list] = {
        name: [] for name in ("loss", "density", "connections_changed", "seconds")
    }
    step = 0
    for epoch in epochs:
        started = time.perf_counter()
        total, n_seen, n_changed = 0.0, 0, 0
        for x, sample_weight in batches:
            step += 1
            output = network.forward(noise.add(x))
            value, grad = loss(output, x, sample_weight)
            if not math.isfinite(value):
                raise FloatingPointError(f"The loss became {value} in epoch {epoch + 1}.")
            optimizer.step(network, network.backward(grad))
            importance.update(network, loss.feature_error)
            n_changed += topology.after_step(step, len(batches), n_steps, network, importance)
            total += value * x.shape[1]
            n_seen += x.shape[1]
        history["loss"].append(total / n_seen)
        history["density"].append(network.density)
        history["connections_changed"].append(n_changed)
        history["seconds"].append(time.perf_counter() - started)
    return {name: np.asarray(values) for name, values in history.items()}
