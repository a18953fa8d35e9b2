# SPDX-License-Identifier: BSD-3-Clause
"""Ridge regressions on features and their squares, solved exactly while features are removed."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from ..utils.state import Stateful

_SIZE = 0.6  # standard deviation of a product; a feature's is 1
_LEAST_SIZE = 0.5  # of a product: the square of a feature of two values hardly varies
_LITTLE = 1e-3  # of a Gram matrix: where removals leave less, rounding may be most of it
_BLOCK = 2**18  # numbers (1 MiB) that are worked on at a time: they stay in the cache


def centred(values: torch.Tensor, share: torch.Tensor) -> torch.Tensor:
    """Rows without their means, which weigh the samples by `share`."""
    return values - (values @ share)[:, None]


def product(a: torch.Tensor, b: torch.Tensor, share: torch.Tensor) -> torch.Tensor:
    """Products of features, (n, n_samples), centred and scaled."""
    values = centred(a * b, share)
    size = (values.square() @ share).sqrt_().clamp_(min=_LEAST_SIZE)
    return values.mul_((_SIZE / size)[:, None])


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
        *("penalties", "_root", "_z", "_mean", "_factor", "_y"),
        *("_gram", "_size", "_votes", "explained", "flops"),
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
        # Rows are removed in place. Squares are made where they are needed.
        self._z = z.clone(memory_format=torch.contiguous_format)
        self._mean, size = self._z.new_empty(2, len(z), 1)  # of the squares
        for some in self._blocks():
            squares = self._z[some].square()
            self._mean[some] = (squares @ share)[:, None]
            size[some] = ((squares - self._mean[some]).square_() @ share).sqrt_()[:, None]
        root = torch.ones_like(size) if of_parts is None else of_parts.sqrt()[:, None]
        self._factor = _SIZE / torch.maximum(size / root, _LEAST_SIZE * root)
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
        n_columns = 2 * len(self._z)
        few_columns = n_columns < self.n_samples
        columns = self._columns() if few_columns else None
        if self._gram is None or (few_columns and len(self._gram) != n_columns):
            self._gram = self._of_samples() if columns is None else columns @ columns.t()
            self.flops += 2 * n_columns * self.n_samples * len(self._gram)
            self._size = float(self._gram.diagonal().sum())
        size = self._gram.diagonal().sum() / self.n_samples
        penalties = size * torch.tensor(
            self.penalties, dtype=self._z.dtype, device=self._z.device
        ).view(-1, 1, 1)
        # What rounding leaves of a matrix that is zero can still be factorised.
        eye = torch.eye(len(self._gram), dtype=self._z.dtype, device=self._z.device)
        factor = torch.linalg.cholesky(self._gram + (penalties + 1e-20) * eye)
        intercept = self._root.square() / self._root.square().sum()
        if columns is not None:
            weights = torch.cholesky_solve(columns @ self._y, factor)
            reached = torch.linalg.solve_triangular(factor, columns, upper=False)
            left_over = 1 - reached.square().sum(1) - intercept
            error = (self._y - columns.t() @ weights) / left_over.clamp(min=1e-6)[..., None]
            squares = weights.square().sum(2).view(len(self.penalties), -1, 2).sum(2).t()
        else:
            # The inverse of a factor takes less time than that of the matrix, and tells both.
            root = torch.linalg.solve_triangular(factor, eye, upper=False)
            dual = root.mT @ (root @ self._y)
            squares = self._squared_weights(dual)
            diagonal = root.square().sum(1) - intercept / penalties[..., 0]
            error = dual / diagonal.clamp(min=1e-20)[..., None]
        self.flops += 2 * len(self.penalties) * n_columns * self._y.numel()
        total = self._y.square().sum().clamp(min=1e-30)
        self.explained = max(0.0, 1 - float(error.square().sum((1, 2)).min() / total))
        return squares / squares.sum(0).clamp(min=1e-30)

    def keep(self, kept: torch.Tensor, gone: torch.Tensor) -> None:
        """Keep the features `kept`, in ascending order; `gone` are all others."""
        self._votes = None
        if self._gram is not None:
            if len(self._gram) != self.n_samples:
                index = (2 * kept[:, None] + torch.arange(2, device=kept.device)).flatten()
                self._gram = self._gram[index][:, index]
            elif 2 * len(kept) >= self.n_samples:
                self._gram = self._gram - self._of_samples(gone)
                self.flops += 4 * len(gone) * self.n_samples**2
                if not float(self._gram.diagonal().sum()) > _LITTLE * self._size:
                    self._gram = None
            else:
                self._gram = None
        # A new matrix in every round would take longer than the products.
        for some in self._blocks(len(kept)):
            self._z[some] = self._z.index_select(0, kept[some])
        self._z = self._z[: len(kept)]
        self._mean, self._factor = self._mean[kept], self._factor[kept]

    def _blocks(self, n: int | None = None) -> list[slice]:
        """Slices of the first `n` features, or of all."""
        n, step = len(self._z) if n is None else n, max(1, _BLOCK // self._z.shape[1])
        return [slice(i, min(i + step, n)) for i in range(0, n, step)]

    def _columns(self, some=slice(None)):
        """Some features and their squares, times the roots of the weights."""
        z = self._z[some]
        squares = (z.square() - self._mean[some]).mul_(self._factor[some])
        return torch.stack([z, squares], 1).mul_(self._root).flatten(0, 1)

    def _of_samples(self, features=None):
        """Gram matrix of the samples, by some features, or by all."""
        gram = self._z.new_zeros(self.n_samples, self.n_samples)
        for some in self._blocks(None if features is None else len(features)):
            columns = self._columns(some if features is None else features[some])
            gram.addmm_(columns.t(), columns)
        return gram

    def _squared_weights(self, dual):
        """Squared weights of each feature and its square, summed, (n_features, n_ridges)."""
        dual = (self._root[:, None] * dual).permute(1, 0, 2)
        shape, dual = dual.shape[1:], dual.flatten(1)
        of_mean = dual.sum(0)
        squares = self._z.new_empty(len(self._z), shape[0])
        for some in self._blocks():
            z = self._z[some]
            weights, of_square = z @ dual, z.square() @ dual
            of_square.addcmul_(self._mean[some], of_mean, value=-1).mul_(self._factor[some])
            total = weights.square_().addcmul_(of_square, of_square)
            torch.sum(total.view(-1, *shape), 2, out=squares[some])
        return squares
