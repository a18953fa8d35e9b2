# SPDX-License-Identifier: BSD-3-Clause
"""Rewiring of a network: when, by which rules, and with what becomes of weights and state."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch

from ..distributed import ALONE, Ranks
from ..utils.device import is_remote, to_host
from .layer import RewirableLayer
from .on_device import rewire_on_device, stays_on_device
from .rules import DropRule, GrowRule, Growth

if TYPE_CHECKING:
    from ..networks import FeedForward


@dataclass(frozen=True)
class UpdateSchedule:
    """Training steps after which the topology is rewired.

    Parameters
    ----------
    every : {"batch", "epoch"} or int, default="batch"
        After every batch, after every epoch but the last, or after every so many batches.
    until : float in [0, 1], default=1.0
        Share of training after which the topology stays as it is.
    decay : {"constant", "cosine"}, default="constant"
        Whether each update drops the same fraction, or a fraction that falls to 0 along half a
        cosine until the topology stays (RigL).
    start : int or None, default=None
        Steps before this call of a stream. A stream has no end: shares of it mean nothing, except
        that ``until=0`` never rewires. None for a training that has an end.
    """

    every: Literal["batch", "epoch"] | int = "batch"
    until: float = 1.0
    decay: Literal["constant", "cosine"] = "constant"
    start: int | None = None

    def due(self, step: int, steps_per_epoch: int, n_steps: int) -> bool:
        """Return whether to rewire after step number `step` (counted from 1) of `n_steps`.

        An update that falls on the last step of an epoch comes one step later: a network that has
        just lost its weakest connections should not be measured or kept.
        """
        if self.start is not None:
            return self._due_in_stream(step, step - self.start, steps_per_epoch)
        if step > self.until * n_steps or step == n_steps:
            return False
        if self.every == "epoch":
            return step % steps_per_epoch == 0
        interval = 1 if self.every == "batch" else int(self.every)
        if interval == 1 or steps_per_epoch == 1:
            return step % interval == 0
        if step % steps_per_epoch == 0:
            return False
        postponed = (step - 1) % steps_per_epoch == 0 and step > 1
        return step % interval == 0 or (postponed and (step - 1) % interval == 0)

    def _due_in_stream(self, step, place, n_places):
        """Return the same of step number `place` of a call: what its end asks for, waits."""
        if self.until == 0:
            return False
        waited = place == 1 and step > 1
        if self.every == "epoch":
            return waited
        interval = 1 if self.every == "batch" else int(self.every)
        at_end = place == n_places
        return (step % interval == 0 and not at_end) or (waited and (step - 1) % interval == 0)

    def factor(self, step: int, n_steps: int) -> float:
        """Return the factor of the dropped fraction at step number `step`."""
        if self.decay == "constant" or self.start is not None:
            return 1.0
        return (1 + math.cos(math.pi * min(1.0, step / max(1.0, self.until * n_steps)))) / 2


@dataclass
class Rewiring:
    """Drops a fraction of a layer's connections and grows as many.

    Parameters
    ----------
    drop : DropRule
    grow : GrowRule
    fraction : float in [0, 1]
        Share of the connections to drop.
    """

    drop: DropRule
    grow: GrowRule
    fraction: float

    def __call__(
        self,
        layer: RewirableLayer,
        importance: Any,
        rng: np.random.Generator,
        factor: float = 1.0,
        ranks: Ranks = ALONE,
    ) -> int | torch.Tensor:
        """Rewire `layer`; return how many connections moved.

        `factor` scales the fraction that is dropped, as a schedule may ask. A connection that is
        dropped and grown back at once has not moved, and keeps its weight and its optimiser state.
        On a GPU the number may be a tensor. The `ranks` remember which connections are moved.
        """
        fraction = factor * self.fraction
        if is_remote(layer.device) and stays_on_device(layer, self.drop, self.grow):
            return rewire_on_device(layer, self.drop, self.grow, importance, fraction, rng)
        if isinstance(importance, torch.Tensor):
            importance = to_host(importance)
        dropped = self.drop(layer, importance, fraction)
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
        ranks.remember(dropped, growth.regrown, growth.rows, growth.cols)
        layer.rewire(dropped[~growth.regrown], growth.rows, growth.cols)
        return len(growth.rows)


@dataclass
class Topology:
    """Rewirings of the layers of a network, and their schedule.

    Parameters
    ----------
    rewirings : sequence of Rewiring or None
        One per layer; None where the layer stays as it is.
    schedule : UpdateSchedule
    rng : numpy.random.Generator
        Randomness of the rules; the same on all ranks.
    ranks : Ranks, default=ALONE
        The processes that train together.
    """

    rewirings: Sequence[Rewiring | None]
    schedule: UpdateSchedule
    rng: np.random.Generator
    ranks: Ranks = ALONE

    def after_step(
        self, step: int, steps_per_epoch: int, n_steps: int, network: FeedForward, importance: Any
    ) -> int | torch.Tensor:
        """Rewire if step number `step` (from 1) is due; return how many connections moved.

        ``importance.of_layer(i)`` returns the importance of the neurons that the rules of layer
        `i` use.
        """
        if not self.schedule.due(step, steps_per_epoch, n_steps):
            return 0
        factor = self.schedule.factor(step, n_steps)
        n_changed = sum(
            rewire(layer, importance.of_layer(i), self.rng, factor, self.ranks)
            for i, (rewire, layer) in enumerate(zip(self.rewirings, network.layers, strict=True))
            if rewire is not None
        )
        # Networks of other connections would drift apart unseen. Known before gradients are summed.
        self.ranks.same_soon("connections")
        return n_changed
