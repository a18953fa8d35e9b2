# SPDX-License-Identifier: BSD-3-Clause
"""Activations that are made a tile of neurons at a time, where all at once would not fit.

Whatever has a ``shape`` and gives a tensor when a slice of neurons is taken of it can stand for the
inputs (n_inputs, n_samples) of a wide layer. What it gives is overwritten by the next slice, and
slices must be those of :func:`tiles`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

import torch

TILE = 2048  # neurons: at a hundred samples 0.8 MB, which a second-level cache holds


class Parts(Protocol):
    """Activations of many neurons, made when asked for."""

    shape: tuple[int, int]

    def __getitem__(self, neurons: slice) -> torch.Tensor: ...


def tiles(n_neurons: int) -> Iterator[slice]:
    """Slices of at most ``TILE`` consecutive neurons."""
    for start in range(0, n_neurons, TILE):
        yield slice(start, min(start + TILE, n_neurons))


def whole(activations: Any) -> torch.Tensor:
    """All of the activations as one tensor."""
    if torch.is_tensor(activations):
        return activations
    together = torch.empty(*activations.shape, dtype=torch.float32)
    for part in tiles(activations.shape[0]):
        together[part] = activations[part]
    return together
