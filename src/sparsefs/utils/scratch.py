# SPDX-License-Identifier: BSD-3-Clause
"""Memory that a training step writes to again and again."""

from __future__ import annotations

import math

import torch


class Scratch:
    """Hands out the same float32 memory at every call.

    Batches of wide data are tens of megabytes: allocated afresh, every step pays their page
    faults, and the heap grows by fragments.

    Parameters
    ----------
    device : torch.device or str, default="cpu"
    """

    def __init__(self, device: torch.device | str = "cpu"):
        self._memory = torch.empty(0, dtype=torch.float32, device=device)

    def __call__(self, *shape: int) -> torch.Tensor:
        """A contiguous tensor; what an earlier call gave is overwritten."""
        size = math.prod(shape)
        if size > len(self._memory):
            self._memory = self._memory.new_empty(size)
        return self._memory[:size].view(shape)
