# SPDX-License-Identifier: BSD-3-Clause
"""Change of the loss without an input, to first order, in several networks at a time."""

from __future__ import annotations

import torch


class TaylorShares:
    """Running mean of each input's share of the absolute sums of weight times gradient.

    Setting the weights of an input to zero changes the loss by minus the sum of weight times
    gradient, to first order. The sum is taken within a network, where contributions may cancel.
    The shares of a network add up to 1, so that all networks count the same, whatever their loss.

    Parameters
    ----------
    n_inputs, n_networks : int
    decay : float
        Decay of the running mean, per step.
    device : torch.device or str
    """

    def __init__(self, n_inputs: int, n_networks: int, decay: float, device):
        self.decay = decay
        self.values = torch.zeros(n_inputs, n_networks, dtype=torch.float32, device=device)

    def look_at(self, weights: torch.Tensor, gradient: torch.Tensor) -> None:
        """Add one step; both are (n_inputs, n_networks, n_hidden)."""
        change = (weights * gradient).sum(2).abs_()
        change /= change.sum(0).clamp_(min=1e-30)
        self.values.lerp_(change, 1 - self.decay)

    def keep(self, inputs: torch.Tensor) -> None:
        """Keep these inputs only."""
        self.values = self.values.index_select(0, inputs)
