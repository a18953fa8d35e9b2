# SPDX-License-Identifier: BSD-3-Clause
"""Penalties on the weights of a network.

A penalty takes a list of tensors; all numbers count alike, whatever the shapes. There are two ways
to apply it, with the same gradients: add ``strength * penalty(weights)`` to the loss, or add
``strength * gradient`` to the gradient of each weight. The second needs no graph.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor

from ..utils.checks import check_density
from ..utils.device import wide
from .magnitudes import (
    check_weights,
    common_dtype,
    magnitudes,
    n_below_quantile,
    of_rank,
    pieces,
)


class Penalty(ABC):
    """A penalty: its value, which torch can differentiate, and its gradients.

    A subclass implements ``_value(weights)`` and ``_gradients(weights)``. Both take a list of
    floating point tensors, which is already checked.
    """

    def __call__(self, weights: Iterable[Tensor]) -> Tensor:
        """Return the value of the penalty, to be added to a loss.

        Parameters
        ----------
        weights : iterable of Tensor
            Floating point tensors of any shapes.

        Returns
        -------
        Tensor of shape ()
            Of the widest type among `weights`, at least float32.

        Raises
        ------
        ValueError
            If `weights` is empty or holds anything but floating point tensors.
        """
        return self._value(check_weights(weights))

    @torch.no_grad()
    def gradients(self, weights: Iterable[Tensor]) -> list[Tensor]:
        """Return the gradient of the penalty in closed form, without a graph.

        Parameters
        ----------
        weights : iterable of Tensor
            Floating point tensors of any shapes.

        Returns
        -------
        list of Tensor
            One per weight tensor, of its shape, type and device.

        Raises
        ------
        ValueError
            If `weights` is empty or holds anything but floating point tensors.
        """
        return self._gradients(check_weights(weights))

    @abstractmethod
    def _value(self, weights: list[Tensor]) -> Tensor: ...

    @abstractmethod
    def _gradients(self, weights: list[Tensor]) -> list[Tensor]: ...


class L1Penalty(Penalty):
    """Sum of magnitudes, ``sum(|w|)``; the gradient is ``sign(w)``.

    Examples
    --------
    >>> import torch
    >>> weights = [torch.tensor([3.0, -4.0]), torch.tensor([[0.5]])]
    >>> L1Penalty()(weights)
    tensor(7.5000)
    >>> L1Penalty().gradients(weights)
    [tensor([ 1., -1.]), tensor([[1.]])]
    """

    def _value(self, weights: list[Tensor]) -> Tensor:
        return _total(weights, torch.abs)

    def _gradients(self, weights: list[Tensor]) -> list[Tensor]:
        return [tensor.sign() for tensor in weights]


class L2Penalty(Penalty):
    """Half the sum of squares, ``sum(w ** 2) / 2``; the gradient is ``w``.

    With the half, the strength has the meaning of `alpha` in the selectors and of `weight_decay`
    in torch's SGD.

    Examples
    --------
    >>> import torch
    >>> L2Penalty()([torch.tensor([3.0, -4.0])])
    tensor(12.5000)
    """

    def _value(self, weights: list[Tensor]) -> Tensor:
        return _total(weights, torch.square) / 2

    def _gradients(self, weights: list[Tensor]) -> list[Tensor]:
        return [tensor.clone() for tensor in weights]


class HyperSparsePenalty(Penalty):
    """HyperSparse: pulls small weights to zero and leaves large ones alone.

    The border between them is the quantile of all magnitudes that `density` asks for. The
    gradient is largest next to zero, falls most steeply at the border, and fades above it. With
    ``s = artanh(1 / sqrt(3)) / quantile`` it is::

        sign(w_i) * s * sech(s * |w_i|) ** 2 * sum_j |w_j| / sum_j tanh(s * |w_j|)

    The value is always 0. It is the loss of the paper,
    ``sum |w| * sum tanh(s |w|) / stop(sum tanh(s |w|)) - sum |w|``, which exists for its gradient
    only; ``stop`` and s pass no gradient.

    Parameters
    ----------
    density : float in (0, 1]
        Share of the weights that will be kept.

    Raises
    ------
    ValueError
        If `density` is out of range.

    Notes
    -----
    If the quantile is zero, the weights to prune are at zero already, and the gradient is 0
    everywhere. A quantile below the mean magnitude times the machine's precision counts as zero.

    References
    ----------
    Glandorf, Kaiser and Rosenhahn: HyperSparse neural networks: shifting exploration to
    exploitation through adaptive regularization. ICCV workshops 2023.

    Examples
    --------
    >>> import torch
    >>> weights = [torch.tensor([0.1, -0.1, 0.1]), torch.tensor([[2.0]])]
    >>> penalty = HyperSparsePenalty(density=0.5)
    >>> penalty(weights)
    tensor(0.)
    >>> [gradient.round(decimals=2) for gradient in penalty.gradients(weights)]
    [tensor([ 3.7000, -3.7000,  3.7000]), tensor([[0.]])]
    """

    # Where the slope of tanh falls most steeply.
    steepest = math.atanh(1 / math.sqrt(3))

    def __init__(self, density: float):
        self.density = check_density(density)

    def quantile(self, weights: Iterable[Tensor]) -> float:
        """Return the magnitude with ``floor((1 - density) * n)`` of all n magnitudes before it.

        Parameters
        ----------
        weights : iterable of Tensor
            Floating point tensors of any shapes.

        Returns
        -------
        float
            The smallest magnitude that is kept.
        """
        return float(self._border(magnitudes(check_weights(weights))))

    def _value(self, weights: list[Tensor]) -> Tensor:
        scale, ratio = self._constants(weights)
        bounded = _total(weights, lambda tensor: torch.tanh(tensor.abs() * scale.to(tensor.device)))
        # The paper's loss with sum |w| taken out of the bracket, as it passes no gradient: its
        # two occurrences cancel.
        return (bounded - bounded.detach()) * ratio.to(bounded.dtype)

    def _gradients(self, weights: list[Tensor]) -> list[Tensor]:
        scale, ratio = self._constants(weights)
        dtype, gradients = common_dtype(weights), []
        for tensor in weights:
            s, factor = scale.to(tensor.device), (scale * ratio).to(tensor.device)
            vector = tensor.reshape(-1)
            gradient = torch.empty_like(vector)
            for piece, out in zip(pieces(vector), pieces(gradient), strict=True):
                # sech^2 = 1 - tanh^2 cannot overflow, as 1 / cosh^2 does beyond 44 in float32.
                sech2 = piece.to(dtype).mul(s).tanh_().square_().neg_().add_(1)
                out.copy_(sech2.mul_(factor).mul_(piece.sign()))
            gradients.append(gradient.view(tensor.shape))
        return gradients

    def _border(self, every):
        """Return the quantile of all magnitudes, which may be reordered."""
        return of_rank(every, n_below_quantile(len(every), self.density))

    @torch.no_grad()
    def _constants(self, weights):
        """Return s and sum |w| / sum tanh(s |w|), both 0 where s would be infinite.

        The host does not read them, so it need not wait for a GPU.
        """
        every = magnitudes(weights)
        limits, total = torch.finfo(every.dtype), wide(every.sum())
        border = wide(self._border(every))
        flat = border <= (total * (limits.eps / len(every))).clamp_min(limits.tiny)
        scale = torch.where(flat, 0.0, self.steepest / border)
        bounded = sum(wide(piece.mul_(scale).tanh_().sum()) for piece in pieces(every))
        return scale, torch.where(flat, 0.0, total / bounded)


_NAMED: dict[str, Callable[[float], Penalty]] = {  # from the density to reach
    "hypersparse": HyperSparsePenalty,
    "l1": lambda density: L1Penalty(),
    "l2": lambda density: L2Penalty(),
}


def penalty_of(penalty: Any, density: float) -> Penalty:
    """Return the penalty of a name, for the density to reach; a penalty is returned as it is."""
    if not isinstance(penalty, str):
        return penalty
    if penalty not in _NAMED:
        raise not_a_penalty(penalty)
    return _NAMED[penalty](density)


def not_a_penalty(penalty) -> ValueError:
    """Return the error for a parameter that is not a penalty."""
    return ValueError(
        "The 'penalty' parameter must be 'hypersparse', 'l1', 'l2' or an object of a subclass of "
        f"sparsefs.regularization.Penalty, got {penalty!r}."
    )


def _total(weights, function) -> Tensor:
    """Return the sum of an elementwise function over all tensors, of the widest type among them."""
    dtype, device = common_dtype(weights), weights[0].device
    return sum(
        (function(tensor.to(dtype)).sum().to(device) for tensor in weights),
        start=torch.zeros((), dtype=dtype, device=device),
    )
