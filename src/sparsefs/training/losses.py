# SPDX-License-Identifier: BSD-3-Clause
"""Losses with their gradients.

A loss is a callable ``loss(output, target, sample_weight)`` that returns its value, a float,
and its gradient at the output, a tensor of the output's shape (n_outputs, n_samples); it may
overwrite the output. `sample_weight` is a tensor of shape (n_samples,) or None.
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F


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
    ) -> tuple[float, torch.Tensor]:
        """Loss, and its gradient at the output; `output` is overwritten.

        `part` says that these are some outputs only: which, and of how many. What they
        contribute to the loss and to its gradient is returned.
        """
        error = output.sub_(target)
        self._look_at(error, sample_weight, part)
        if sample_weight is None:
            squared = torch.dot(error.view(-1), error.view(-1))
        else:
            squared = (error * error).sum(0) @ sample_weight
        n_samples = error.shape[1]
        n_numbers = n_samples * (error.shape[0] if part is None else part[1])
        grad = error.mul_(1 / n_samples if self.summed else 2 / n_numbers)
        if sample_weight is not None:
            grad.mul_(sample_weight)
        return float(squared) / n_numbers, grad

    def _look_at(self, error, sample_weight, part):
        pass


class ReconstructionLoss(SquaredErrorLoss):
    """Squared error of an autoencoder, which keeps what each feature contributes.

    Attributes
    ----------
    feature_error : ndarray of shape (n_features,), dtype float64
        Mean absolute error of every feature over the last batch.
    """

    feature_error: np.ndarray

    def _look_at(self, error, sample_weight, part):
        if sample_weight is None:
            absolute = error.abs().sum(1)  # eight times faster than vector_norm
        else:
            absolute = error.abs() @ sample_weight
        mean = absolute.cpu().numpy().astype(np.float64) / error.shape[1]
        if part is None:
            self.feature_error = mean
            return
        features, n_features = part
        if features.start == 0:
            self.feature_error = np.empty(n_features)
        self.feature_error[features] = mean


class CrossEntropyLoss:
    """Cross-entropy of the softmax of the outputs; the targets are class numbers."""

    target = "classes"  # what it learns, where y might hold classes or numbers

    def __call__(self, output, target, sample_weight=None) -> tuple[float, torch.Tensor]:
        """Loss averaged over the samples, and its gradient at the output."""
        n_samples = output.shape[1]
        log_probability = F.log_softmax(output, dim=0)
        of_target = log_probability.gather(0, target.view(1, -1)).view(-1)
        grad = log_probability.exp_()
        grad.scatter_add_(0, target.view(1, -1), grad.new_full((1, n_samples), -1.0))
        grad.mul_(1 / n_samples)
        if sample_weight is None:
            return -float(of_target.sum()) / n_samples, grad
        return -float(of_target @ sample_weight) / n_samples, grad.mul_(sample_weight)


class BinaryCrossEntropyLoss:
    """Cross-entropy of the sigmoid of every output; the targets are zeros and ones."""

    def __call__(self, output, target, sample_weight=None) -> tuple[float, torch.Tensor]:
        """Loss averaged over samples and outputs, and its gradient at the output."""
        each = F.binary_cross_entropy_with_logits(output, target, reduction="none")
        grad = output.sigmoid().sub_(target).mul_(1 / output.nelement())
        if sample_weight is None:
            return float(each.mean()), grad
        return float(each.sum(0) @ sample_weight) / output.nelement(), grad.mul_(sample_weight)


class ErrorRate:
    """Share of the samples whose largest output is not their class; it has no gradient."""

    def __call__(self, output, target, sample_weight=None) -> tuple[float, None]:
        """Error rate of a batch."""
        wrong = (output.argmax(0) != target).float()
        if sample_weight is not None:
            wrong = wrong * sample_weight
        return float(wrong.mean()), None


LOSSES = {
    "cross_entropy": CrossEntropyLoss,
    "binary_cross_entropy": BinaryCrossEntropyLoss,
    "squared_error": SquaredErrorLoss,
}
