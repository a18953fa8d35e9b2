# SPDX-License-Identifier: BSD-3-Clause
"""Losses with their gradients.

A loss is a callable ``loss(output, target, sample_weight)`` that returns its value and its gradient
at the output, a tensor of the output's shape (n_outputs, n_samples); it may overwrite the output.
The value is a float, or a tensor without dimensions where reading it would make the host wait for a
GPU. Outputs of several networks have a dimension more in front, and then so has the value.
`sample_weight` is a tensor of shape (n_samples,) or None.
"""

from __future__ import annotations

import inspect
from copy import deepcopy
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
import torch.nn.functional as F
from scipy.stats import entropy

from ..distributed import ALONE, Ranks
from ..utils.device import is_remote, wide
from .cox import CoxLoss

if TYPE_CHECKING:
    from ..data.target import Target

Value = float | torch.Tensor


def _mean(total: torch.Tensor, n: int) -> Value:
    """A loss as a float; as a tensor of several networks, or where the host would wait for it."""
    several = total.ndim > 0
    return wide(total) / n if several or is_remote(total.device) else float(total) / n


@dataclass
class SquaredErrorLoss:
    """Squared error averaged over samples and outputs.

    Parameters
    ----------
    summed : bool, default=False
        Take the gradient of half the sum over the outputs instead, averaged over the samples:
        the step then does not shrink with the number of outputs (QuickSelection). The value
        stays the mean.
    """

    summed: bool = False

    def __call__(
        self, output, target, sample_weight=None, part: tuple[slice, int] | None = None
    ) -> tuple[Value, torch.Tensor]:
        """Loss, and its gradient at the output; `output` is overwritten.

        `part` says that these are some outputs only: which, and of how many. What they
        contribute to the loss and to its gradient is returned.
        """
        error = output.sub_(target)
        self._look_at(error, sample_weight, part)
        n_samples = error.shape[-1]
        if sample_weight is not None:
            squared = (error * error).sum(-2) @ sample_weight
        elif error.ndim == 2:
            squared = torch.dot(error.view(-1), error.view(-1))
        else:
            squared = error.square().sum((-2, -1))
        n_numbers = n_samples * (error.shape[-2] if part is None else part[1])
        loss = _mean(squared, n_numbers)
        grad = error.mul_(1 / n_samples if self.summed else 2 / n_numbers)
        return loss, grad if sample_weight is None else grad.mul_(sample_weight)

    def _look_at(self, error, sample_weight, part):
        pass


class ReconstructionLoss(SquaredErrorLoss):
    """Squared error of an autoencoder, which keeps what each feature contributes.

    Attributes
    ----------
    absolute : torch.Tensor of shape (n_features,), float32
        Sum of the absolute error of every feature over the last batch.
    n_samples : int
        Samples of the last batch.
    """

    def _look_at(self, error, sample_weight, part):
        if sample_weight is None:
            absolute = error.abs().sum(-1)  # eight times faster than vector_norm
        else:
            absolute = error.abs() @ sample_weight
        self.n_samples = error.shape[-1]
        if part is None:
            self.absolute = absolute
            return
        outputs, n_outputs = part
        if outputs.start == 0:
            self.absolute = absolute.new_empty(n_outputs)
        self.absolute[outputs] = absolute


class CrossEntropyLoss:
    """Cross-entropy of the softmax of the outputs; the targets are class numbers."""

    def __call__(self, output, target, sample_weight=None) -> tuple[Value, torch.Tensor]:
        """Loss averaged over the samples, and its gradient at the output."""
        n_samples = output.shape[-1]
        log_probability = F.log_softmax(output, dim=-2)
        place = target.view(1, -1).expand(*output.shape[:-2], 1, -1)
        of_target = log_probability.gather(-2, place).squeeze(-2)
        grad = log_probability.exp_()
        grad.scatter_add_(-2, place, grad.new_full((1, 1), -1.0).expand(place.shape))
        grad.mul_(1 / n_samples)
        if sample_weight is None:
            return _mean(-of_target.sum(-1), n_samples), grad
        return _mean(-(of_target @ sample_weight), n_samples), grad.mul_(sample_weight)


class BinaryCrossEntropyLoss:
    """Cross-entropy of the sigmoid of every output; the targets are zeros and ones."""

    def __call__(self, output, target, sample_weight=None) -> tuple[Value, torch.Tensor]:
        """Loss averaged over samples and outputs, and its gradient at the output."""
        target = target.expand_as(output)
        each = F.binary_cross_entropy_with_logits(output, target, reduction="none")
        n_numbers = output.shape[-2] * output.shape[-1]
        grad = output.sigmoid().sub_(target).mul_(1 / n_numbers)
        if sample_weight is None:
            return _mean(each.mean((-2, -1)), 1), grad
        return _mean(each.sum(-2) @ sample_weight, n_numbers), grad.mul_(sample_weight)


class ErrorRate:
    """Share of the samples whose largest output is not their class; it has no gradient."""

    def __call__(self, output, target, sample_weight=None) -> tuple[Value, None]:
        """Error rate of a batch."""
        wrong = (output.argmax(0) != target).float()
        if sample_weight is not None:
            wrong = wrong * sample_weight
        return _mean(wrong.mean(), 1), None


LOSSES = {
    "cross_entropy": CrossEntropyLoss,
    "binary_cross_entropy": BinaryCrossEntropyLoss,
    "squared_error": SquaredErrorLoss,
    "cox": CoxLoss,
}
_TASK_OF = {
    "cross_entropy": "classification",
    "binary_cross_entropy": "multilabel",
    "squared_error": "regression",
    "cox": "survival",
}
_LOSS_OF = {task: name for name, task in _TASK_OF.items()}


def task_for(loss, task: str) -> str:
    """Return the task that a selector's `loss` and `task` ask for together.

    Raises
    ------
    ValueError
        If they contradict each other.
    """
    implied = _TASK_OF.get(loss, "auto") if isinstance(loss, str) else task_of_torch(loss)
    if "auto" in (task, implied):
        return implied if task == "auto" else task
    if task != implied:
        raise ValueError(
            f"loss={loss!r} is for task={implied!r} and does not suit task={task!r}. Change one "
            "of them."
        )
    return task


def make_loss(loss, target: Target, sample_weight: np.ndarray | None, rows: np.ndarray):
    """Return the loss that a parameter asks for, in the form that the training loop calls.

    The user's own object is copied, and tried on two or three rows of the target.

    Parameters
    ----------
    loss : str or callable
        "auto", a name, a callable with a parameter ``sample_weight`` that returns the loss and
        its gradient at the outputs, or any other loss of torch's kind (see :class:`TorchLoss`).
    target : Target
    sample_weight : ndarray of shape (n_samples,) or None
    rows : ndarray of int
        The rows to try it on, from the first.
    """
    if isinstance(loss, str):
        return LOSSES[_LOSS_OF[target.task] if loss == "auto" else loss]()
    # With as many rows as outputs, shapes that do not fit would be broadcast.
    rows = np.resize(rows, 3 if target.n_outputs == 2 else 2)
    weighted = sample_weight is not None
    check_loss(_adapted(deepcopy(loss), weighted), loss, target, weighted, rows)
    return _adapted(deepcopy(loss), weighted)


def loss_of_constant(
    loss, target: Target | None, sample_weight, rows: np.ndarray, ranks: Ranks = ALONE
) -> float | None:
    """Return the loss of the best outputs that are the same for all samples.

    1 without a target, where components of mean square 1 are learned; None for a loss of the
    user's.
    """
    if target is None:
        return 1.0
    if callable(loss):
        return None
    if target.task == "survival":
        return CoxLoss.of_constant
    values = target.values[rows]
    weight = np.ones(len(rows)) if sample_weight is None else sample_weight[rows]
    if target.task == "classification":
        counts = ranks.sum(np.bincount(values, weight, target.n_outputs))
        return float(entropy(counts))
    total = weight.sum()
    means = ranks.mean(np.average(values, axis=0, weights=weight), total)
    if target.task == "multilabel":
        return float(entropy([means, 1 - means]).mean())
    variance = np.average((values - means) ** 2, axis=0, weights=weight)
    return float(ranks.mean(variance, total).mean())


def _adapted(loss, weighted):
    try:
        own = "sample_weight" in inspect.signature(loss).parameters
    except (TypeError, ValueError):  # a function of C has no signature
        own = False
    return partial(_in_type_of_output, loss) if own else TorchLoss(loss, weighted)


def _in_type_of_output(loss, output, target, sample_weight=None):
    """A loss of the user: what it makes in torch's default type may differ from the outputs'."""
    found = loss(output, target, sample_weight)
    if isinstance(found, tuple) and len(found) == 2 and isinstance(found[1], torch.Tensor):
        return found[0], found[1].to(output.dtype)
    return found  # `check_loss` says what is wrong


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
_TASK_OF_TORCH = {
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
    return _TASK_OF_TORCH.get(name_of(loss), "auto")


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
        return float(value.detach()), gradient.t().contiguous()


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
    outputs = 0.1 * torch.randn(
        target.n_outputs, len(rows), generator=generator, dtype=torch.float32
    )
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
