# SPDX-License-Identifier: BSD-3-Clause
"""Changing the topology of a network: drop, grow, carry weights and optimiser state."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from ..utils.device import to_host
from .grow import Growth
from .on_device import rewire_on_device, stays_on_device

if TYPE_CHECKING:
    from ..networks import FeedForward, SparseLinear
    from .schedule import UpdateSchedule


class Rewiring:
    """Drops a fraction of a layer's connections and grows as many.

    Parameters
    ----------
    drop : callable
        Drop rule, see :mod:`sparsefs.topology.drop`.
    grow : callable
        Grow rule, see :mod:`sparsefs.topology.grow`.
    fraction : float in [0, 1]
        Share of the connections to drop.
    """

    def __init__(self, drop, grow, fraction: float):
        self.drop = drop
        self.grow = grow
        self.fraction = fraction

    def __call__(
        self, layer: SparseLinear, importance, rng: np.random.Generator, factor: float = 1.0
    ) -> int | torch.Tensor:
        """Rewire `layer`; return how many connections moved.

        `factor` scales the fraction that is dropped, as a schedule may ask.
        A connection that is dropped and grown back at once has not moved, and keeps its
        weight and its optimiser state. On a GPU the number may be a tensor.
        """
        if stays_on_device(layer, self.drop, self.grow):
            return rewire_on_device(
                layer, self.drop, self.grow, importance, factor * self.fraction, rng
            )
        if isinstance(importance, torch.Tensor):
            importance = to_host(importance)
        dropped = self.drop(layer, importance, factor * self.fraction)
        growth = self.grow(layer, dropped, importance, rng)
        if not isinstance(growth, Growth):
            raise TypeError(
                f"A grow rule must return a Growth, see sparsefs.topology.growth_at. Got "
                f"{type(growth).__name__}."
            )
        n_grown = len(growth.rows) + int(np.count_nonzero(growth.regrown))
        if n_grown != len(dropped):
            name = getattr(self.grow, "__name__", type(self.grow).__name__)
            raise ValueError(
                f"The grow rule {name} grew {n_grown} connections where {len(dropped)} were "
                "dropped. It must grow as many."
            )
        layer.rewire(dropped[~growth.regrown], growth.rows, growth.cols)
        return len(growth.rows)


class Topology:
    """When the layers of a network are rewired, and by which rules.

    Parameters
    ----------
    rewirings : sequence of Rewiring or None
        One per layer; None where the layer stays as it is.
    schedule : UpdateSchedule
    rng : numpy.random.Generator
        Randomness of the rules.
    """

    def __init__(self, rewirings, schedule: UpdateSchedule, rng: np.random.Generator):
        self.rewirings = list(rewirings)
        self.schedule = schedule
        self.rng = rng

    def after_step(
        self, step: int, steps_per_epoch: int, n_steps: int, network: FeedForward, importance
    ) -> int | torch.Tensor:
        """Rewire if step number `step` (from 1) is due; return how many connections moved.

        ``importance.of_layer(i)`` supplies the importance of the neurons that layer `i`'s
        rules look at.
        """
        if not self.schedule.due(step, steps_per_epoch, n_steps):
            return 0
        factor = self.schedule.factor(step, n_steps)
        return sum(
            rewire(layer, importance.of_layer(i), self.rng, factor)
            for i, (rewire, layer) in enumerate(zip(self.rewirings, network.layers, strict=True))
            if rewire is not None
        )
