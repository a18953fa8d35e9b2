# SPDX-License-Identifier: BSD-3-Clause
"""Losses with their gradients."""

from __future__ import annotations

import numpy as np
import torch


class ReconstructionLoss:
    """Squared error averaged over samples and features.

    Parameters
    ----------
    feature_error : {"absolute", "squared"}
        What `feature_error` measures.

    Attributes
    ----------
    feature_error : ndarray of shape (n_features,), dtype float64
        Mean absolute, or mean squared, error of every feature over the last batch.
    """

    feature_error: np.ndarray

    def __init__(self, feature_error: str = "absolute"):
        self._order = {"absolute": 1, "squared": 2}[feature_error]

    def __call__(self, output, target, sample_weight=None) -> tuple[float, torch.Tensor]:
        """Loss, and its gradient at the output; `output` is overwritten."""
        error = output.sub_(target)
        n_samples = error.shape[1]
        squares = _sums_of_powers(error, 2, sample_weight)
        sums = squares if self._order == 2 else _sums_of_powers(error, 1, sample_weight)
        self.feature_error = sums.cpu().numpy().astype(np.float64) / n_samples
        loss = float(squares.sum(dtype=torch.float64)) / error.nelement()
        grad = error.mul_(2 / error.nelement())
        return loss, grad if sample_weight is None else grad.mul_(sample_weight)


def _sums_of_powers(error, order, sample_weight):
    """Sum over the samples of |error| ** order, per feature."""
    if sample_weight is not None:
        return error.abs().pow_(order) @ sample_weight
    norm = torch.linalg.vector_norm(error, ord=order, dim=1)
    return norm if order == 1 else norm.square_()
