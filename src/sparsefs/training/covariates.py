# SPDX-License-Identifier: BSD-3-Clause
"""Features, and a target, without what covariates explain of them."""

from __future__ import annotations

import numpy as np
import torch

from ..data.inputs import TrainingData

_LITTLE = 1e-8  # share of the variance: of a feature that covariates explain, rounding is left


def without_covariates(data: TrainingData, covariates: np.ndarray) -> TrainingData:
    """Return the data with features that are uncorrelated with the covariates and their squares.

    Features that the covariates explain become constant. Networks would share their weights
    between such a feature and the covariates, and so take it for important.

    Parameters
    ----------
    data : TrainingData
        X is an array in memory.
    covariates : ndarray of int
        Those that vary; they stay as they are.
    """
    if not len(covariates):
        return data
    X, ranks = data.X.copy(), data.ranks
    others = np.setdiff1d(data.varying, covariates)
    weight = np.ones(len(X)) if data.sample_weight is None else data.sample_weight
    total = ranks.sum(weight.sum())
    root = np.sqrt(weight)[:, None]

    def standardised(columns):
        z = X[:, columns] - ranks.sum(weight @ X[:, columns]) / total
        spread = np.sqrt(ranks.sum(weight @ z**2) / total)
        return z / np.where(spread > 0, spread, 1.0)

    z = standardised(covariates)
    terms = np.hstack([np.ones((len(z), 1)), z, z**2])
    # Few rows with the singular values and vectors of those of all ranks.
    few = ranks.gather(np.linalg.qr(terms * root)[1])
    _, sizes, right = np.linalg.svd(few, full_matrices=False)
    some = sizes > 1e-6 * sizes[0]
    to_basis = right[some].T / sizes[some]
    basis = terms @ to_basis
    for part in np.array_split(others, -(-ranks.max(X.size) // 2**24)):
        values = standardised(part)
        left = values - basis @ ranks.sum((basis * root**2).T @ values)
        left[:, ranks.sum(weight @ left**2) < _LITTLE * total] = 0
        X[:, part] = left
    return data.with_inputs(X, data.parts)


def adjusted(z: torch.Tensor, y: torch.Tensor, weight: torch.Tensor | None, given: torch.Tensor):
    """Return features and outputs without what covariates and their squares explain of them.

    Parameters
    ----------
    z : Tensor of shape (n_features, n_samples)
    y : Tensor of shape (n_samples, n_outputs)
    weight : Tensor of shape (n_samples,), or None
    given : Tensor of shape (n_covariates, n_samples)
    """
    root = torch.ones_like(z[0]) if weight is None else weight.sqrt()
    terms = torch.cat([torch.ones_like(given[:1]), given, given.square()]) * root
    basis, sizes, _ = torch.linalg.svd(terms.t(), full_matrices=False)
    basis = basis[:, sizes > 1e-4 * sizes[0]]  # the square of a covariate of two values is none
    left = z - (z * root) @ basis @ basis.t() / root
    left[left.square().mean(1) < _LITTLE * z.square().mean(1)] = 0
    return left, y - (basis @ (basis.t() @ (y * root[:, None]))) / root[:, None]
