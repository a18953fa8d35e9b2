# SPDX-License-Identifier: BSD-3-Clause
"""Order of the magnitudes in a list of weights: quantiles, and masks of the largest."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from functools import reduce

import torch
from torch import Tensor

from ..utils.checks import check_density
from ..utils.device import is_remote


@torch.no_grad()
def magnitude_masks(weights: Iterable[Tensor], density: float) -> list[Tensor]:
    """Return which weights are kept when the smallest of all together are pruned.

    Exactly ``round(density * n)`` of all n weights are kept. Among equal magnitudes, those in
    earlier tensors come first, then those at lower flat positions.

    Parameters
    ----------
    weights : iterable of Tensor
        Floating point tensors of any shapes.
    density : float in (0, 1]
        Share of the weights to keep.

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


def check_weights(weights: Iterable[Tensor]) -> list[Tensor]:
    """Return `weights` as a list, or raise a ValueError if it holds no floating point number."""
    tensors = list(weights)
    for i, tensor in enumerate(tensors):
        if not isinstance(tensor, Tensor) or not tensor.is_floating_point():
            kind = tensor.dtype if isinstance(tensor, Tensor) else type(tensor).__name__
            raise ValueError(
                f"weights must hold floating point tensors only, weights[{i}] is {kind}."
            )
    if count(tensors) == 0:
        raise ValueError("weights must hold at least one number, got an empty list.")
    return tensors


def count(weights: Sequence[Tensor]) -> int:
    """Return how many numbers the tensors hold together."""
    return sum(tensor.numel() for tensor in weights)


def common_dtype(weights: list[Tensor]) -> torch.dtype:
    """Return the widest of the types, at least float32: half precision cannot sum a layer."""
    return reduce(torch.promote_types, (tensor.dtype for tensor in weights), torch.float32)


def n_kept(n: int, density: float) -> int:
    """Return ``round(density * n)``."""
    return round(density * n)


def n_below_quantile(n: int, density: float) -> int:
    """Return ``floor((1 - density) * n)`` without rounding errors: 9 of 10 at density 0.1."""
    return n - math.ceil(density * n * (1 - 1e-12))


def order_statistic(weights: list[Tensor], k: int) -> float:
    """Return the magnitude that has exactly `k` others before it in ascending order.

    The order is over all tensors together; `k` is from 0, the smallest, to n - 1, the largest.
    """
    return float(of_rank(magnitudes(weights), k))


def of_rank(numbers: Tensor, k: int) -> Tensor:
    """Return the number with exactly `k` others before it; on the CPU, `numbers` are reordered."""
    if is_remote(numbers.device):
        return numbers.kthvalue(k + 1).values
    numbers.numpy().partition(k)  # four times faster than kthvalue
    return numbers[k].clone()


def magnitudes(weights: list[Tensor]) -> Tensor:
    """Return all magnitudes in one new tensor, on the device of the first."""
    together = torch.empty(count(weights), dtype=common_dtype(weights), device=weights[0].device)
    start = 0
    for tensor in weights:
        stop = start + tensor.numel()
        together[start:stop].view(tensor.shape).copy_(tensor.detach())
        start = stop
    return together.abs_()


def pieces(numbers: Tensor) -> tuple[Tensor, ...]:
    """Split a vector so that a CPU's cache holds a piece with what is computed from it."""
    remote = is_remote(numbers.device)
    return numbers.split(max(1, len(numbers)) if remote else torch.get_num_threads() << 16)
