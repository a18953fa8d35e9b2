# SPDX-License-Identifier: BSD-3-Clause
"""Input noise and dropout from pools drawn once: drawing afresh costs as much as a product."""

from __future__ import annotations

import math

import numpy as np
import torch

from ..networks.chunks import CHUNK, Chunked, chunks
from ..utils.device import Scratch

_POOL_SIZE = 2**20  # 4 MiB: stays in the cache; each block of a step reads it from another offset


class _Pool:
    """Random numbers drawn once, read from random offsets."""

    def __init__(self, numbers: np.ndarray, rng: np.random.Generator, device):
        self._pool = torch.from_numpy(numbers).to(device)
        self._rng = rng

    def parts(self, n: int):
        """Pairs of (where in range(n), numbers for it)."""
        # Blocks of at most half the pool, so that offsets are many.
        for start in range(0, n, _POOL_SIZE // 2):
            part = slice(start, min(start + _POOL_SIZE // 2, n))
            size = part.stop - part.start
            offset = int(self._rng.integers(_POOL_SIZE - size + 1))
            yield part, self._pool[offset : offset + size]


class NoisePool:
    """Adds Gaussian noise taken from a pool at random offsets.

    Parameters
    ----------
    std : float
        Standard deviation.
    rng : numpy.random.Generator
    device : torch.device or str
    """

    def __init__(self, std: float, rng: np.random.Generator, device):
        self.std = std
        self._noisy = Scratch(device)
        numbers = rng.standard_normal(_POOL_SIZE, dtype=np.float32) * np.float32(std)
        self._pool = _Pool(numbers, rng, device)

    def add(self, x: torch.Tensor | Chunked) -> torch.Tensor | Chunked:
        """A noisy copy of a contiguous tensor, overwritten by the next call.

        Of activations in parts the copies are made, each with the same noise whenever it is
        asked for, until the next call.
        """
        if not torch.is_tensor(x):
            return _NoisyParts(x, self._pool, self._noisy)
        noisy = self._noisy(*x.shape)
        flat, out = x.view(-1), noisy.view(-1)
        for part, numbers in self._pool.parts(len(flat)):
            torch.add(flat[part], numbers, out=out[part])
        return noisy


class _NoisyParts:
    """Activations in parts, and noise on each."""

    def __init__(self, x: Chunked, pool: _Pool, memory: Scratch):
        self.shape = x.shape
        self._x, self._pool, self._memory = x, pool, memory
        self._offsets = [
            list(pool.parts((part.stop - part.start) * x.shape[1])) for part in chunks(x.shape[0])
        ]

    def __getitem__(self, neurons: slice) -> torch.Tensor:
        x = self._x[neurons]
        noisy = self._memory(*x.shape)
        flat, out = x.view(-1), noisy.view(-1)
        for part, numbers in self._offsets[neurons.start // CHUNK]:
            torch.add(flat[part], numbers, out=out[part])
        return noisy


class Dropout:
    """Masks that silence a share of the neurons of every sample, and scale up the others.

    Parameters
    ----------
    rate : float in [0, 1)
        Share of the neurons to silence.
    rng : numpy.random.Generator
    device : torch.device or str
    """

    def __init__(self, rate: float, rng: np.random.Generator, device):
        self.rate = rate
        kept = rng.random(_POOL_SIZE, dtype=np.float32) >= rate
        self._pool = _Pool(kept.astype(np.float32) / np.float32(1 - rate), rng, device)
        self._device = device

    def mask(self, shape) -> torch.Tensor:
        """0 where a neuron is silent, else ``1 / (1 - rate)``; float32, to be read only."""
        size = math.prod(shape)
        if size <= _POOL_SIZE // 2:  # no copy needed
            ((_, numbers),) = self._pool.parts(size)
            return numbers.view(shape)
        mask = torch.empty(shape, dtype=torch.float32, device=self._device)
        flat = mask.view(-1)
        for part, numbers in self._pool.parts(len(flat)):
            flat[part] = numbers
        return mask
