# SPDX-License-Identifier: BSD-3-Clause
"""Check of what a penalty returns, before a training."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from .magnitudes import check_weights
from .penalties import not_a_penalty

if TYPE_CHECKING:
    from ..utils.typing import Apply, Gradients


def check_penalty(penalty: Gradients, weights: Iterable[Tensor], apply: Apply = "gradient") -> None:
    """Raise a ValueError unless a penalty returns what a training needs for these weights.

    Parameters
    ----------
    penalty : Penalty
        Or any object with the method that `apply` needs.
    weights : iterable of Tensor
        Floating point tensors; they stay as they are.
    apply : {"gradient", "loss"}, default="gradient"
        Whether the training will use ``penalty.gradients(weights)``, or ``penalty(weights)`` and
        differentiate it.

    Raises
    ------
    ValueError
        If the method is missing, or what it returns has the wrong type or shape, or is not finite.
    """
    tensors = [tensor.detach() for tensor in check_weights(weights)]
    needed = penalty if apply == "loss" else getattr(penalty, "gradients", None)
    if not callable(needed) or isinstance(penalty, type):
        raise not_a_penalty(penalty)
    if apply == "loss":
        source, gradients = "penalty(weights)", _differentiated(penalty, tensors)
    else:
        source, gradients = "penalty.gradients(weights)", _in_closed_form(penalty, tensors)
    for i, (gradient, tensor) in enumerate(zip(gradients, tensors, strict=True)):
        if problem := _problem(gradient, tensor):
            raise _error(f"gradient {i} of {source} {problem}.")


def _in_closed_form(penalty, tensors) -> Sequence:
    with torch.no_grad():
        gradients = penalty.gradients(tensors)
    if isinstance(gradients, (list, tuple)) and len(gradients) == len(tensors):
        return gradients
    found = (
        f"{len(gradients)}" if isinstance(gradients, (list, tuple)) else type(gradients).__name__
    )
    raise _error(
        f"penalty.gradients(weights) must return a list of {len(tensors)} tensors, one for each "
        f"weight tensor, got {found}."
    )


def _differentiated(penalty, tensors) -> Sequence:
    leaves = [tensor.requires_grad_() for tensor in tensors]
    with torch.enable_grad():
        value = penalty(leaves)
    if not isinstance(value, Tensor) or value.numel() != 1 or not value.isfinite():
        raise _error(f"penalty(weights) must be a tensor with one finite number, got {value!r}.")
    if not value.requires_grad:
        raise _error(
            "penalty(weights) cannot be differentiated. Compute it from the weights with torch, "
            "without detach() or no_grad()."
        )
    return torch.autograd.grad(value, leaves, materialize_grads=True)


def _problem(gradient, weight) -> str | None:
    if not isinstance(gradient, Tensor):
        return f"must be a tensor, got {type(gradient).__name__}"
    if gradient.shape != weight.shape:
        shapes = tuple(weight.shape), tuple(gradient.shape)
        return "must have the shape {} of its weights, got {}".format(*shapes)
    if not gradient.is_floating_point() or gradient.device != weight.device:
        kind = f"{gradient.dtype} on {gradient.device}"
        return f"must be a floating point tensor on {weight.device}, got {kind}"
    n_bad = gradient.numel() - int(gradient.isfinite().sum())
    return f"has {n_bad} values that are not finite" if n_bad else None


def _error(message) -> ValueError:
    return ValueError(f"The 'penalty' parameter: {message}")
