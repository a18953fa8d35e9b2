# SPDX-License-Identifier: BSD-3-Clause
"""Losses of torch's kind in the form that the training loop calls."""

from __future__ import annotations

import inspect
from functools import partial
from typing import Any

import numpy as np
import torch

# What torch's losses learn, by the names of their classes and functions.
_TASKS = {
    "classification": ("CrossEntropyLoss", "NLLLoss", "MultiMarginLoss"),
    "multilabel": ("BCEWithLogitsLoss", "MultiLabelSoftMarginLoss"),
    "regression": ("MSELoss", "L1Loss", "SmoothL1Loss", "HuberLoss", "PoissonNLLLoss"),
}
_FUNCTIONS = {
    "classification": ("cross_entropy", "nll_loss", "multi_margin_loss"),
    "multilabel": ("binary_cross_entropy_with_logits", "multilabel_soft_margin_loss"),
    "regression": ("mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss", "poisson_nll_loss"),
}
_TASK_OF = {
    name: task
    for names in (_TASKS, _FUNCTIONS)
    for task, of_task in names.items()
    for name in of_task
}
_COUNTS = ("PoissonNLLLoss", "poisson_nll_loss")  # the logarithm of a mean: y stays as it is


def name_of(loss) -> str:
    """Return the name of a loss: that of the function, or of the class of an object."""
    loss = loss.func if isinstance(loss, partial) else loss
    return getattr(loss, "__name__", type(loss).__name__)


def task_of_torch(loss) -> str:
    """Return what one of torch's losses learns; "auto" for a loss that is not known."""
    return _TASK_OF.get(name_of(loss), "auto")


def learns_logarithm(loss) -> bool:
    """Whether the outputs are logarithms of means of y, which must then not be standardised."""
    return not isinstance(loss, str) and name_of(loss) in _COUNTS


class TorchLoss:
    """A loss of torch's kind: ``loss(input, target)`` gives a tensor, autograd the gradient.

    Parameters
    ----------
    loss : callable
        A module or a function. It is given outputs of shape (n_samples, n_outputs) and targets of
        shape (n_samples,), int64 class numbers, or (n_samples, n_outputs), float32. It returns
        the mean loss, or the loss of each sample (and output).
    weighted : bool
        Whether samples have weights. Then it must return the loss of each sample, which it is
        asked for by ``reduction="none"`` where it has a parameter or attribute of that name.

    Raises
    ------
    ValueError
        If samples have weights, and the loss returns one number for all of them.
    """

    def __init__(self, loss, weighted: bool):
        if weighted:
            loss = _unreduced(loss)
        self._loss = loss

    def __call__(self, output, target, sample_weight=None) -> tuple[float, torch.Tensor]:
        """Return the loss, averaged over the samples, and its gradient at the output."""
        with torch.enable_grad():
            inputs = output.detach().t().contiguous().requires_grad_()
            each = self._loss(inputs, target if target.ndim == 1 else target.t())
            if not isinstance(each, torch.Tensor):
                raise TypeError(f"it must return a tensor, and returned {type(each).__name__}.")
            if each.ndim == 0:
                if sample_weight is not None:
                    raise ValueError(
                        "it returns one number for all samples, so sample weights cannot be "
                        "applied. Let it take reduction='none', or a parameter sample_weight."
                    )
                value = each
            else:
                of_sample = each.reshape(len(each), -1).mean(1)
                value = (of_sample if sample_weight is None else of_sample * sample_weight).mean()
            (gradient,) = torch.autograd.grad(value, inputs)
        return float(value), gradient.t().contiguous()


def _unreduced(loss):
    if isinstance(getattr(loss, "reduction", None), str):
        loss.reduction = "none"
        return loss
    try:
        has_parameter = "reduction" in inspect.signature(loss).parameters
    except (TypeError, ValueError):
        has_parameter = False
    return partial(loss, reduction="none") if has_parameter else loss


def check_loss(adapted, loss, target, weighted: bool, rows: np.ndarray) -> None:
    """Try a loss on a few rows of the target.

    Raises
    ------
    ValueError, TypeError
        If it fails, or returns something else than a finite number and a finite gradient of the
        shape of the outputs; the message names the parameter.
    """
    values = torch.from_numpy(np.ascontiguousarray(target.values[rows].T))
    weight = torch.ones(len(rows)) if weighted else None
    generator = torch.Generator().manual_seed(0)
    outputs = 0.1 * torch.randn(target.n_outputs, len(rows), generator=generator)
    who = f"loss={name_of(loss)}, tried on {len(rows)} rows:"
    try:
        found: Any = adapted(outputs.clone(), values, weight)
    except Exception as error:
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise kind(f"{who} {error}") from error
    if not isinstance(found, tuple) or len(found) != 2:
        raise TypeError(f"{who} it must return the loss and its gradient, and returned {found!r}.")
    value, gradient = found
    if not np.isfinite(float(value)):
        raise ValueError(f"{who} the loss is {float(value)}.")
    if not isinstance(gradient, torch.Tensor) or gradient.shape != outputs.shape:
        shape = getattr(gradient, "shape", type(gradient).__name__)
        raise ValueError(
            f"{who} the gradient must have the shape of the outputs, {tuple(outputs.shape)} "
            f"(n_outputs, n_samples). Got {tuple(shape) if hasattr(shape, '__iter__') else shape}."
        )
    if not torch.isfinite(gradient).all():
        raise ValueError(f"{who} the gradient is not finite.")
