# SPDX-License-Identifier: BSD-3-Clause
"""Losses with their gradients."""

from __future__ import annotations

import numpy as np
import torch


class ReconstructionLoss:
    """Squared error averaged over samples and features.

    Attributes
    ----------
    feature_error : ndarray of shape (n_features,), dtype float64
        Mean absolute error of every feature over the last batch.
    """

    feature_error: np.ndarray

    def __call__(self, output, target, sample_weight=None) -> tuple[float, torch.Tensor]:
        """Loss, and its gradient at the output; `output` is overwritten."""
        error = output.sub_(target)
        if sample_weight is None:
            absolute = torch.linalg.vector_norm(error, ord=1, dim=1)
            squared = torch.dot(error.view(-1), error.view(-1))
        else:
            absolute = error.abs() @ sample_weight
            squared = (error * error).sum(0) @ sample_weight
        self.feature_error = absolute.cpu().numpy().astype(np.float64) / error.shape[1]
        loss = float(squared) / error.nelement()
        grad = error.mul_(2 / error.nelement())
        return loss, grad if sample_weight is None else grad.mul_(sample_weight)
