# SPDX-License-Identifier: BSD-3-Clause
"""First connections of the layers of a module."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import prod

import numpy as np
import torch
from torch import nn

from ..topology import INIT, sample_positions
from ..topology.checks import check_densities
from ..utils.checks import check_option

Densities = Callable[[Sequence[tuple[int, ...]], float], Sequence[float]]


def draw_masks(
    weights: Mapping[str, nn.Parameter],
    density: float,
    init: str | Densities,
    optimizer: torch.optim.Optimizer,
    rng: np.random.Generator,
) -> dict[str, np.ndarray]:
    """Draw which connections exist at first, for the layers that do not keep all.

    Parameters
    ----------
    weights : mapping of str to Parameter
    density : float in (0, 1]
        Existing / possible connections of all these weights.
    init : {"erk", "uniform"} or callable
        How the density is shared among the layers.
    optimizer : torch.optim.Optimizer
        Must train the weights of these layers.
    rng : Generator

    Returns
    -------
    dict of str to ndarray of bool

    Raises
    ------
    ValueError
        If `init` returns no densities, or a layer has no connection or cannot be trained. Nothing
        is drawn then.
    """
    shares = _densities(init, weights, density)
    sparse = {n: s for n, s in shares.items() if round(s * weights[n].numel()) < weights[n].numel()}
    for name, share in sparse.items():
        _check_layer(name, weights[name], share, density, optimizer)
    masks = {}
    for name, share in sparse.items():
        shape = tuple(weights[name].shape)
        masks[name] = np.zeros(shape, dtype=bool)
        matrix = (shape[0], prod(shape[1:]))
        masks[name].reshape(-1)[sample_positions(matrix, share, rng)] = True
    return masks


def _densities(init, weights, density) -> dict[str, float]:
    if not callable(init):
        check_option("init", init, INIT)
        init = INIT[init]
    shapes = [tuple(weight.shape) for weight in weights.values()]
    return dict(zip(weights, check_densities(init(shapes, density), shapes), strict=True))


def _check_layer(name, weight, share, density, optimizer):
    if round(share * weight.numel()) == 0:
        raise ValueError(
            f"density={density} leaves {name} of shape {tuple(weight.shape)} without a connection; "
            "raise it, or put the layer into ignore."
        )
    if not weight.is_floating_point():
        raise ValueError(f"module: {name} holds {weight.dtype}; put it into ignore.")
    if not weight.requires_grad:
        raise ValueError(f"module: {name} is frozen; put it into ignore, or unfreeze it.")
    if not any(weight is p for group in optimizer.param_groups for p in group["params"]):
        raise ValueError(
            f"optimizer: {name} is not among its parameters; put it into ignore, or add it."
        )
