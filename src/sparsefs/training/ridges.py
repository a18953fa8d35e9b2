# SPDX-License-Identifier: BSD-3-Clause
"""Ridge regressions on features and their squares, solved exactly while features are removed."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from ..utils.state import Stateful

_SIZE = 0.6  # standard deviation of a product; a feature's is 1
_LITTLE = 1e-3  # of a Gram matrix: where removals leave less, rounding may be most of it


def centred(values: torch.Tensor, share: torch.Tensor) -> torch.Tensor:
    """Rows without their means, which weigh the samples by `share`."""
    return values - (values @ share)[:, None]


def product(a: torch.Tensor, b: torch.Tensor, share: torch.Tensor) -> torch.Tensor:
    """Products of features, (n, n_samples), centred and scaled."""
    values = centred(a * b, share)
    # At least a half: the square of a feature with two values hardly varies.
    return values.mul_((_SIZE / (values.square() @ share).sqrt_().clamp_(min=0.5))[:, None])


class Ridges(Stateful):
    """Ridge regressions of a target on some features and their centred squares.

    Parameters
    ----------
    z : Tensor of shape (n_features, n_samples), float32
        Scaled features; none may be constant.
    y : Tensor of shape (n_samples, n_outputs), float32
    weight : Tensor of shape (n_samples,), or None
        Positive, of mean 1.
    penalties : sequence of float
        One ridge each: times the mean diagonal of the Gram matrix of the samples. A larger one
        spreads the weight over features that are alike, and keeps them longer.
    of_parts : Tensor of shape (n_features,), or None
        Variance of each of `z`, where several are parts of a feature; None: 1.

    Attributes
    ----------
    explained : float
        Share of the variance of `y` that the better ridge explains in rows it was not fitted to
        (leave-one-out); 0 if it is worse than the mean. Of the latest :meth:`votes`.
    flops : int
        Operations of the products so far.
    """

    _changes = (
        *("penalties", "_root", "_x", "_y", "_gram", "_size", "_votes", "explained", "flops"),
    )

    def __init__(
        self,
        z: torch.Tensor,
        y: torch.Tensor,
        weight: torch.Tensor | None,
        penalties: Sequence[float],
        of_parts: torch.Tensor | None = None,
    ):
        self.penalties = penalties
        self._root = torch.ones_like(z[0]) if weight is None else weight.sqrt()
        share = self._root.square() / self._root.square().sum()
        if of_parts is None:
            squares = product(z, z, share)
        else:
            root = of_parts.sqrt()[:, None]
            squares = product(z / root, z / root, share).mul_(root)
        self._x = torch.stack([z, squares], 1).mul_(self._root)  # (n_features, 2, n_samples)
        self._y = (y - share @ y) * self._root[:, None]
        self._gram: torch.Tensor | None = None  # of samples, or of columns where those are fewer
        self._size = 0.0  # trace of the matrix of samples when it was computed
        self._votes: torch.Tensor | None = None  # with the features that are left
        self.explained = 0.0
        self.flops = 0

    @property
    def n_outputs(self) -> int:
        """Number of outputs."""
        return self._y.shape[1]

    @property
    def n_samples(self) -> int:
        """Number of samples."""
        return self._y.shape[0]

    def votes(self) -> torch.Tensor:
        """Fit, and return each feature's share of the squared weights, (n_features, n_ridges).

        At the optimum of a ridge regression, minus weight times gradient of the error is the
        penalty times the squared weight: to first order, that is what the error rises by when the
        weight is set to zero.
        """
        if self._votes is None:
            self._votes = self._fit()
        return self._votes

    def _fit(self):
        columns = self._x.flatten(0, 1)
        few_columns = len(columns) < columns.shape[1]
        if self._gram is None or (few_columns and len(self._gram) != len(columns)):
            self._gram = columns @ columns.t() if few_columns else columns.t() @ columns
            self.flops += 2 * columns.numel() * len(self._gram)
            self._size = float(self._gram.diagonal().sum())
        size = self._gram.diagonal().sum() / columns.shape[1]
        penalties = size * torch.tensor(
            self.penalties, dtype=columns.dtype, device=columns.device
        ).view(-1, 1, 1)
        # What rounding leaves of a matrix that is zero can still be factorised.
        eye = torch.eye(len(self._gram), dtype=columns.dtype, device=columns.device)
        factor = torch.linalg.cholesky(self._gram + (penalties + 1e-20) * eye)
        intercept = self._root.square() / self._root.square().sum()
        if few_columns:
            weights = torch.cholesky_solve(columns @ self._y, factor)
            reached = torch.linalg.solve_triangular(factor, columns, upper=False)
            left_over = 1 - reached.square().sum(1) - intercept
            error = (self._y - columns.t() @ weights) / left_over.clamp(min=1e-6)[..., None]
        else:
            # The inverse of a factor takes less time than that of the matrix, and tells both.
            root = torch.linalg.solve_triangular(factor, eye, upper=False)
            dual = root.mT @ (root @ self._y)
            weights = columns @ dual
            diagonal = root.square().sum(1) - intercept / penalties[..., 0]
            error = dual / diagonal.clamp(min=1e-20)[..., None]
        self.flops += 2 * len(self.penalties) * columns.numel() * self._y.shape[1]
        total = self._y.square().sum().clamp(min=1e-30)
        self.explained = max(0.0, 1 - float(error.square().sum((1, 2)).min() / total))
        squares = weights.square().sum(2).view(len(self.penalties), -1, 2).sum(2).t()
        return squares / squares.sum(0).clamp(min=1e-30)

    def keep(self, kept: torch.Tensor, gone: torch.Tensor) -> None:
        """Keep the features `kept`; `gone` are all others."""
        n_columns, n_samples = 2 * len(kept), self._x.shape[2]
        self._votes = None
        if self._gram is not None:
            if len(self._gram) != n_samples:
                index = (2 * kept[:, None] + torch.arange(2, device=kept.device)).flatten()
                self._gram = self._gram[index][:, index]
            elif n_columns >= n_samples:
                columns = self._x.index_select(0, gone).flatten(0, 1)
                self._gram = self._gram - columns.t() @ columns
                self.flops += 2 * columns.numel() * n_samples
                if not float(self._gram.diagonal().sum()) > _LITTLE * self._size:
                    self._gram = None
            else:
                self._gram = None
        self._x = self._x.index_select(0, kept)
