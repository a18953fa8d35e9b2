# SPDX-License-Identifier: BSD-3-Clause
"""Activations that are made a chunk of neurons at a time, where all at once would not fit.

Any object with a ``shape`` that returns a tensor for a slice of neurons can stand for the inputs
(n_inputs, n_samples) of a wide layer. The slices must be those of :func:`chunks`. The next slice
may overwrite the tensor of the slice before.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

import torch

CHUNK = 2048  # neurons: at a hundred samples 0.8 MB, which a second-level cache holds


class Chunked(Protocol):
    """Activations of many neurons, made when asked for."""

    @property
    def shape(self) -> tuple[int, int]: ...

    def __getitem__(self, neurons: slice) -> torch.Tensor: ...


def chunks(n_neurons: int) -> Iterator[slice]:
    """Yield slices of at most ``CHUNK`` consecutive neurons."""
    for start in range(0, n_neurons, CHUNK):
        yield slice(start, min(start + CHUNK, n_neurons))


def joined(activations: Any) -> torch.Tensor:
    """Return all of the activations as one tensor."""
    if torch.is_tensor(activations):
        return activations
    together = torch.empty(*activations.shape, dtype=torch.float32)
    for chunk in chunks(activations.shape[0]):
        together[chunk] = activations[chunk]
    return together
