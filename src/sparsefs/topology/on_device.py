# SPDX-License-Identifier: BSD-3-Clause
"""The built-in rules as arithmetic on masks, for layers whose every position has a slot.

They choose what the rules in :mod:`.drop` and :mod:`.grow` choose, ties included, but never ask
how many: counts depend on the data and stay tensors, and the k-th of something is a place in a
stable sort. So the host need not wait for the device. Leading dimensions are layers of the same
shape, each of which is rewired by itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from ..networks import MaskedLinear
from ..utils.device import is_remote, to_device, wide
from .drop import ImportanceDrop, MagnitudeDrop
from .grow import GradientGrow, ImportanceGrow, RandomGrow

if TYPE_CHECKING:
    from ..networks import SparseLinear

_DROPS = (ImportanceDrop, MagnitudeDrop)
_GROWS = (GradientGrow, ImportanceGrow, RandomGrow)


def stays_on_device(layer: SparseLinear, drop, grow) -> bool:
    """Whether a layer can be rewired without the host; rules of the user's own need it."""
    return (
        isinstance(layer, MaskedLinear)
        and is_remote(layer.device)
        and type(drop) in _DROPS
        and type(grow) in _GROWS
    )


def rewire_on_device(layer, drop, grow, importance, fraction, rng) -> torch.Tensor:
    """Drop and grow by the built-in rules; return how many connections moved, on the device."""
    weight, exists = layer.weight, layer.mask > 0
    if importance is not None:
        importance = to_device(importance, layer.device)
    score = weight
    if isinstance(drop, ImportanceDrop):
        score = weight * _along(importance.float(), drop.side)
    dropped = nearest_to_zero(score.flatten(-2), fraction).view_as(exists)
    if getattr(drop, "unused", False) and fraction:
        dropped |= exists & (weight == 0)
    n, free = dropped.sum((-2, -1)), ~exists | dropped
    if isinstance(grow, ImportanceGrow):
        grown = places_of_important(free, importance, n, grow.side)
    else:
        key = (
            _random_like(weight, rng) if isinstance(grow, RandomGrow) else layer.dense_grad().abs_()
        )
        grown = largest(key.masked_fill_(~free, -1.0).flatten(-2), n).view_as(exists)
    layer.keep(exists & ~dropped | grown)
    return (grown & ~exists).sum((-2, -1))


def nearest_to_zero(scores: torch.Tensor, fraction: float) -> torch.Tensor:
    """Mask of the positive and of the negative scores nearest to zero, along the last dimension.

    Of each sign ``floor(fraction * count)``, ties to the lower place; zeros are never taken.
    """
    order = scores.abs().sort(dim=-1, stable=True).indices
    ordered = scores.gather(-1, order)
    taken = torch.zeros_like(scores, dtype=torch.bool)
    for of_sign in (ordered > 0, ordered < 0):
        k = (wide(of_sign.sum(-1, keepdim=True)) * fraction).floor()
        taken |= of_sign & (of_sign.cumsum(-1) <= k)
    return torch.zeros_like(taken).scatter_(-1, order, taken)


def largest(numbers: torch.Tensor, n: torch.Tensor) -> torch.Tensor:
    """Mask of the `n` largest numbers along the last dimension, ties to the lower place."""
    order = numbers.sort(dim=-1, descending=True, stable=True).indices
    taken = torch.arange(numbers.shape[-1], device=numbers.device) < n[..., None]
    return torch.zeros_like(taken).scatter_(-1, order, taken)


def places_of_important(free, importance, n, side) -> torch.Tensor:
    """Mask of the `n` free places of the most important neurons, one neuron after the other."""
    partners = -2 if side == "in" else -1
    n_free = free.sum(partners)
    order = importance.sort(dim=-1, descending=True, stable=True).indices
    filled = n_free.gather(-1, order).cumsum(-1)
    # Of its free places a neuron gets those that the ones before it have left.
    quota = n_free + n[..., None] - torch.empty_like(filled).scatter_(-1, order, filled)
    return free & (free.cumsum(partners) <= _along(quota, side))


def _along(numbers, side):
    """Numbers of the neurons on one side, to go with (outputs, inputs)."""
    return numbers.unsqueeze(-2 if side == "in" else -1)


def _random_like(tensor, rng: np.random.Generator):
    """Uniform numbers drawn on the device, from a seed that the host draws."""
    generator = torch.Generator(tensor.device).manual_seed(int(rng.integers(2**63)))
    return torch.rand(tensor.shape, generator=generator, device=tensor.device)
