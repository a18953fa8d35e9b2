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
from typing import TYPE_CHECKING

import numpy as np
import torch
import torch.nn.functional as F

from ..utils.device import is_remote, wide
from .torch_loss import TorchLoss, check_loss, task_of_torch

if TYPE_CHECKING:
    from ..data.target import Target

Value = float | torch.Tensor


def _mean(total: torch.Tensor, n: int) -> Value:
    """A loss as a float; as a tensor of several networks, or where the host would wait for it."""
    several = total.ndim > 0
    return wide(total) / n if several or is_remote(total.device) else float(total) / n


class SquaredErrorLoss:
    """Squared error averaged over samples and outputs.

    Parameters
    ----------
    summed : bool, default=False
        Take the gradient of half the sum over the outputs instead, averaged over the samples:
        the step then does not shrink with the number of outputs (QuickSelection). The value
        stays the mean.
    """

    def __init__(self, summed: bool = False):
        self.summed = summed

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
    feature_error : ndarray of shape (n_features,), dtype float64
        Mean absolute error of every feature over the last batch.
    """

    _absolute: torch.Tensor  # summed over the samples
    _n_samples: int

    @property
    def feature_error(self) -> np.ndarray:
        """See above; on a GPU the host waits for it."""
        return self._absolute.cpu().numpy().astype(np.float64) / self._n_samples

    @property
    def feature_error_on_device(self) -> torch.Tensor:
        """The same where the batch is, float64 if the device has it."""
        return wide(self._absolute) / self._n_samples

    def _look_at(self, error, sample_weight, part):
        if sample_weight is None:
            absolute = error.abs().sum(-1)  # eight times faster than vector_norm
        else:
            absolute = error.abs() @ sample_weight
        self._n_samples = error.shape[-1]
        if part is None:
            self._absolute = absolute
            return
        outputs, n_outputs = part
        if outputs.start == 0:
            self._absolute = absolute.new_empty(n_outputs)
        self._absolute[outputs] = absolute


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
}
_TASK_OF = {
    "cross_entropy": "classification",
    "binary_cross_entropy": "multilabel",
    "squared_error": "regression",
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

    The user's own object is copied, and tried on two rows of the target.

    Parameters
    ----------
    loss : str or callable
        "auto", a name, a callable with a parameter ``sample_weight`` that returns the loss and
        its gradient at the outputs, or any other loss of torch's kind (see :class:`TorchLoss`).
    target : Target
    sample_weight : ndarray of shape (n_samples,) or None
    rows : ndarray of int
        The rows to try it on.
    """
    if isinstance(loss, str):
        return LOSSES[_LOSS_OF[target.task] if loss == "auto" else loss]()
    weighted = sample_weight is not None
    check_loss(_adapted(deepcopy(loss), weighted), loss, target, weighted, rows)
    return _adapted(deepcopy(loss), weighted)


def _adapted(loss, weighted):
    try:
        own = "sample_weight" in inspect.signature(loss).parameters
    except (TypeError, ValueError):  # a function of C has no signature
        own = False
    return loss if own else TorchLoss(loss, weighted)
