# SPDX-License-Identifier: BSD-3-Clause
"""The built-in rules as arithmetic on masks, for layers with a slot for every position.

They choose the same connections as :mod:`.rules`, ties included. But they never read a count,
because reading a number makes the host wait for the device: counts stay tensors, and the k-th of
something is a place in a stable sort.
"""

from __future__ import annotations

import numpy as np
import torch

from ..networks import DenseSlots
from ..utils.device import to_device, wide
from .layer import RewirableLayer
from .rules import GradientGrow, ImportanceDrop, ImportanceGrow, MagnitudeDrop, RandomGrow

_DROPS = (ImportanceDrop, MagnitudeDrop)
_GROWS = (GradientGrow, ImportanceGrow, RandomGrow)


def stays_on_device(layer: RewirableLayer, drop, grow) -> bool:
    """Return whether a layer can be rewired without the host; custom rules need the host."""
    return isinstance(layer, DenseSlots) and type(drop) in _DROPS and type(grow) in _GROWS


def rewire_on_device(layer, drop, grow, importance, fraction, rng) -> torch.Tensor:
    """Drop and grow by the built-in rules; return how many connections moved, on the device."""
    weight, exists = layer.weight, layer.mask > 0
    if importance is not None:
        importance = to_device(importance, layer.device)
    score = weight
    if isinstance(drop, ImportanceDrop):
        score = weight * _along(importance.float(), drop.side)
    dropped = nearest_to_zero(score.flatten(), fraction).view_as(exists)
    if getattr(drop, "unused", False) and fraction:
        dropped |= exists & (weight == 0)
    n, free = dropped.sum(), ~exists | dropped
    if isinstance(grow, ImportanceGrow):
        grown = places_of_important(free, importance, n, grow.side)
    else:
        key = (
            _random_like(weight, rng) if isinstance(grow, RandomGrow) else layer.dense_grad().abs_()
        )
        grown = largest(key.masked_fill_(~free, -1.0).flatten(), n).view_as(exists)
    layer.keep(exists & ~dropped | grown)
    return (grown & ~exists).sum()


def nearest_to_zero(scores: torch.Tensor, fraction: float) -> torch.Tensor:
    """Return the mask of the positive and of the negative scores nearest to zero.

    Of each sign ``floor(fraction * count)`` are taken, ties to the lower place; zeros never are.
    """
    order = scores.abs().sort(stable=True).indices
    ordered = scores[order]
    taken = torch.zeros_like(scores, dtype=torch.bool)
    for of_sign in (ordered > 0, ordered < 0):
        k = (wide(of_sign.sum()) * fraction).floor()
        taken |= of_sign & (of_sign.cumsum(0) <= k)
    return torch.zeros_like(taken).scatter_(0, order, taken)


def largest(numbers: torch.Tensor, n: torch.Tensor) -> torch.Tensor:
    """Return the mask of the `n` largest numbers, ties to the lower place."""
    order = numbers.sort(descending=True, stable=True).indices
    taken = torch.arange(len(numbers), device=numbers.device) < n
    return torch.zeros_like(taken).scatter_(0, order, taken)


def places_of_important(free, importance, n, side) -> torch.Tensor:
    """Return the mask of the `n` free places of the most important neurons, neuron by neuron."""
    partners = 0 if side == "in" else 1
    n_free = free.sum(partners)
    order = importance.sort(descending=True, stable=True).indices
    filled = n_free[order].cumsum(0)
    # A neuron gets as many of its free places as the more important ones have left.
    quota = n_free + n - torch.empty_like(filled).scatter_(0, order, filled)
    return free & (free.cumsum(partners) <= _along(quota, side))


def _along(numbers, side):
    """Numbers of the neurons on one side, in a shape that broadcasts to (outputs, inputs)."""
    return numbers if side == "in" else numbers[:, None]


def _random_like(tensor, rng: np.random.Generator):
    """Uniform numbers drawn on the device, from a seed that the host draws."""
    generator = torch.Generator(tensor.device).manual_seed(int(rng.integers(2**63)))
    return torch.rand(tensor.shape, generator=generator, device=tensor.device)
