# SPDX-License-Identifier: BSD-3-Clause
"""Gaussian input noise from a pool drawn once: drawing afresh costs as much as a product."""

from __future__ import annotations

import numpy as np
import torch

from .._scratch import Scratch

_POOL_SIZE = 2**20  # 4 MiB: stays in the cache; each block of a step reads it from another offset


class NoisePool:
    """Adds noise taken from a pool at random offsets.

    Parameters
    ----------
    std : float
        Standard deviation.
    rng : numpy.random.Generator
    device : torch.device or str
    """

    def __init__(self, std: float, rng: np.random.Generator, device):
        self.rng = rng
        self._noisy = Scratch(device)
        self.std = std
        pool = rng.standard_normal(_POOL_SIZE, dtype=np.float32) * np.float32(std)
        self._pool = torch.from_numpy(pool).to(device)

    def add(self, x: torch.Tensor) -> torch.Tensor:
        """A noisy copy of a contiguous tensor, overwritten by the next call."""
        noisy = self._noisy(*x.shape)
        flat, out = x.view(-1), noisy.view(-1)
        # Blocks of at most half the pool, so that offsets are many.
        for start in range(0, len(flat), _POOL_SIZE // 2):
            part = slice(start, min(start + _POOL_SIZE // 2, len(flat)))
            size = part.stop - part.start
            offset = int(self.rng.integers(_POOL_SIZE - size + 1))
            torch.add(flat[part], self._pool[offset : offset + size], out=out[part])
        return noisy
