# SPDX-License-Identifier: BSD-3-Clause
"""Adaptive regularised training (ART): the schedule of the penalty, and what is pruned.

The network first trains as usual, then under a penalty that grows from epoch to epoch. After
each epoch a copy is pruned by magnitude; training stops when the best pruned copy beats the
dense network. That copy is then fine-tuned, with its mask fixed.

References
----------
Glandorf, Kaiser and Rosenhahn: HyperSparse neural networks: shifting exploration to exploitation
through adaptive regularization. ICCV workshops 2023.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from numbers import Integral, Real

import torch
from torch import Tensor

from ._magnitudes import (
    check_density,
    check_weights,
    common_dtype,
    count,
    is_number,
    n_kept,
    order_statistic,
)

_LARGEST = torch.finfo(torch.float32).max


@dataclass(frozen=True)
class AdaptiveSchedule:
    """Says how strong the penalty is in each epoch: nothing at first, then ever more.

    Parameters
    ----------
    warmup_epochs : int, default=60
        Epochs without a penalty.
    initial_strength : float, default=5e-6
        Strength in the first epoch after them (lambda_init).
    growth : float, default=1.05
        Factor from one epoch to the next (eta), at least 1.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Examples
    --------
    >>> schedule = AdaptiveSchedule(warmup_epochs=2, initial_strength=0.5, growth=3)
    >>> [schedule.strength(epoch) for epoch in range(5)]
    [0.0, 0.0, 0.5, 1.5, 4.5]
    """

    warmup_epochs: int = 60
    initial_strength: float = 5e-6
    growth: float = 1.05

    def __post_init__(self):
        if not is_number(self.warmup_epochs, Integral) or self.warmup_epochs < 0:
            raise ValueError(
                f"warmup_epochs must be an integer of at least 0, got {self.warmup_epochs!r}."
            )
        for name, least in [("initial_strength", 0), ("growth", 1)]:
            value = getattr(self, name)
            if not is_number(value, Real) or not least <= value < math.inf:
                raise ValueError(
                    f"{name} must be a finite number of at least {least}, got {value!r}."
                )

    def strength(self, epoch: int) -> float:
        """Strength in epoch number `epoch`, counted from 0; at most the largest float32."""
        if epoch < self.warmup_epochs or self.initial_strength == 0:
            return 0.0
        exponent = (epoch - self.warmup_epochs) * math.log(self.growth)
        if exponent + math.log(self.initial_strength) >= math.log(_LARGEST):
            return _LARGEST
        return self.initial_strength * self.growth ** (epoch - self.warmup_epochs)


@torch.no_grad()
def magnitude_masks(weights: Iterable[Tensor], density: float) -> list[Tensor]:
    """Which weights are kept when the smallest of all together are pruned.

    Exactly ``round(density * n)`` of all n weights are kept, among equal magnitudes those in
    earlier tensors, and in one tensor those at lower flat positions.

    Parameters
    ----------
    weights : iterable of Tensor
        Floating point tensors of any shapes.
    density : float in (0, 1]

    Returns
    -------
    list of Tensor of bool
        One per weight tensor, of its shape and device; True where the weight is kept.

    Raises
    ------
    ValueError
        If `density` is out of range or `weights` holds no number or a NaN.

    Examples
    --------
    >>> import torch
    >>> magnitude_masks([torch.tensor([1.0, -2.0]), torch.tensor([[0.5], [1.0]])], density=0.5)
    [tensor([True, True]), tensor([[False],
            [False]])]
    """
    tensors, density = check_weights(weights), check_density(density)
    for i, tensor in enumerate(tensors):
        if tensor.isnan().any():
            raise ValueError(
                f"weights must not hold NaN, weights[{i}] does; has training diverged?"
            )
    n = count(tensors)
    missing = n_kept(n, density)
    if missing == 0:
        return [torch.zeros_like(tensor, dtype=torch.bool) for tensor in tensors]
    threshold = order_statistic(tensors, n - missing)
    dtype = common_dtype(tensors)
    masks = [(tensor.to(dtype).abs() > threshold).contiguous() for tensor in tensors]
    missing -= sum(int(mask.sum()) for mask in masks)
    for tensor, mask in zip(tensors, masks, strict=True):
        ties = (tensor.to(dtype).abs() == threshold).flatten().nonzero()[:missing, 0]
        mask.view(-1)[ties] = True
        missing -= len(ties)
    return masks
