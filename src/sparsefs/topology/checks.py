# SPDX-License-Identifier: BSD-3-Clause
"""Checks of custom initialisations and growth rules before a training."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from numbers import Real

import numpy as np
import torch

from .rules import Growth, MagnitudeDrop, growth_at


def check_densities(densities, shapes: Sequence[tuple[int, ...]]) -> list[float]:
    """Return what a custom `init` returned, as floats, if it is one density per layer.

    Parameters
    ----------
    densities : object
    shapes : sequence of tuple of int
        Weight shapes of the layers.

    Raises
    ------
    TypeError, ValueError
        If it is not a sequence of one number from 0 to 1 per layer.
    """
    must = f"init must return a density for each of the {len(shapes)} layers, a number from 0 to 1"
    try:
        densities = list(densities)
    except TypeError:
        raise TypeError(f"{must}. Got {type(densities).__name__}.") from None
    if len(densities) != len(shapes):
        raise ValueError(f"{must}. Got {len(densities)} values.")
    for density, shape in zip(densities, shapes, strict=True):
        is_number = isinstance(density, Real) and not isinstance(density, (bool, np.bool_))
        if not (is_number and 0 <= density <= 1):
            raise ValueError(f"{must}. Got {density!r} for the layer of shape {tuple(shape)}.")
    return [float(density) for density in densities]


def check_grow_rule(rule, layer, rng: np.random.Generator, importance=None) -> None:
    """Run a custom growth rule once, without changing the layer.

    Parameters
    ----------
    rule : GrowRule
        A copy is called.
    layer : SparseLinear
        It need not have seen a training step: the rule is shown random activations.
    rng : numpy.random.Generator
    importance : ndarray or None, default=None
        As the rule would get it in a training.

    Raises
    ------
    TypeError, ValueError
        If the rule does not return a usable :class:`Growth`.
    """
    name = getattr(rule, "__name__", type(rule).__name__)
    must = f"topology: the growth rule {name} must return"
    layer = copy.copy(layer)
    x, grad = (
        torch.from_numpy(rng.standard_normal((n, 2), dtype=np.float32)).to(layer.device)
        for n in layer.shape[::-1]
    )
    layer.seen = x, grad
    dropped = MagnitudeDrop()(layer, None, 0.5)
    try:
        growth = copy.deepcopy(rule)(layer, dropped, importance, rng)
    except (TypeError, ValueError) as error:
        called = f"topology: rule(layer, dropped, importance, rng) of the growth rule {name}"
        raise type(error)(f"{called} failed before the training: {error}") from error
    if not isinstance(growth, Growth):
        raise TypeError(
            f"{must} a Growth, see sparsefs.topology.growth_at. Got {type(growth).__name__}."
        )
    regrown, rows, cols = (np.asarray(part) for part in growth)
    if regrown.dtype != bool or regrown.shape != dropped.shape:
        raise ValueError(
            f"{must} a Growth whose 'regrown' is a bool array of shape {dropped.shape}. Got "
            f"{regrown.dtype} of shape {regrown.shape}."
        )
    n_new = len(dropped) - int(regrown.sum())
    for what, numbers in (("rows", rows), ("cols", cols)):
        if numbers.dtype.kind not in "iu" or numbers.shape != (n_new,):
            raise ValueError(
                f"{must} a Growth whose '{what}' is an integer array of shape ({n_new},): as many "
                f"new connections as were dropped. Got {numbers.dtype} of shape {numbers.shape}."
            )
    for what, numbers, n in (("rows", rows, layer.shape[0]), ("cols", cols, layer.shape[1])):
        if n_new and not (numbers.min() >= 0 and numbers.max() < n):
            raise ValueError(
                f"{must} '{what}' in range({n}). Got {numbers.min()}..{numbers.max()}."
            )
    positions = rows.astype(np.int64) * layer.shape[1] + cols
    grown = np.concatenate([layer.positions(dropped[regrown]), positions])
    try:
        growth_at(layer, dropped, grown)
    except ValueError as error:
        raise ValueError(f"{must} free positions. {error}") from None
