# SPDX-License-Identifier: BSD-3-Clause
"""The last features, ranked by polynomials of second degree from which they are removed."""

from __future__ import annotations

import numpy as np
import torch

from ..data.layout import Parts
from ..utils.state import Stateful
from .removals import Removal
from .ridges import centred, product

_N_FOLDS = 5
_PENALTY = 5.0  # times the mean diagonal of the Gram matrix of the samples


class Polynomials(Stateful):
    """Ridge regressions on features, their squares and the products of their pairs.

    The features are few, so that all this is exact: a feature is worth what the error rises by
    when every term that contains it is left out and the others are fitted anew. There is one
    regression without each fifth of the samples.

    Parameters
    ----------
    z : Tensor of shape (n_inputs, n_samples), float32
        Scaled features; none may be constant.
    y : Tensor of shape (n_samples, n_outputs), float32
    weight : Tensor of shape (n_samples,), or None
        Positive, of mean 1.
    parts : Parts or None
        Which inputs of `z` are one feature; None: each is one.

    Attributes
    ----------
    explained : float
        Share of the variance of `y` that the regressions explain in the fifth that they were not
        fitted to.
    """

    _changes = ("_total", "_contains", "_gram", "_product", "_n_samples", "explained")

    def __init__(
        self,
        z: torch.Tensor,
        y: torch.Tensor,
        weight: torch.Tensor | None,
        parts: Parts | None = None,
    ):
        # On the CPU: not every GPU knows double precision, and the matrices are small.
        z, y = z.cpu().double(), y.cpu().double()
        n_inputs, n_samples = z.shape
        root = torch.ones_like(z[0]) if weight is None else weight.cpu().double().sqrt()
        share = root.square() / n_samples
        some = np.arange(n_inputs) if parts is None else np.flatnonzero(parts.crossed)
        left, right = some[np.stack(np.tril_indices(len(some)))]  # squares are among the products
        if parts is None:
            products = product(z[left], z[right], share)
        else:
            size = torch.from_numpy(np.sqrt(parts.share))[:, None]
            unit = (size[left] * size[right]).sqrt()  # a square is as large as its input
            products = product((z / size)[left], (z / size)[right], share) * unit
        terms = torch.cat([z, products]) * root
        y = centred(y.t(), share) * root  # (n_outputs, n_samples)
        self._total = float(y.square().sum()) + 1e-30
        numbers = np.arange(n_inputs)
        contains = np.hstack(
            [numbers == numbers[:, None], (left == numbers[:, None]) | (right == numbers[:, None])]
        )
        if parts is not None:
            units = np.unique(parts.unit_of)
            contains = np.stack([contains[parts.unit_of == unit].any(axis=0) for unit in units])
        self._contains = contains  # (n_features, n_terms)
        # The order of the samples says nothing, so that one in y is in every fold.
        fold = torch.argsort(torch.argsort(z.sum(0), stable=True)) % _N_FOLDS
        folds = [(terms[:, fold == k], y[:, fold == k]) for k in range(_N_FOLDS)]
        grams = torch.stack([t @ t.t() for t, _ in folds])
        with_y = torch.stack([t @ v.t() for t, v in folds])
        self._gram, self._product = grams.sum(0) - grams, with_y.sum(0) - with_y
        self._n_samples = n_samples * (1 - 1 / _N_FOLDS)
        every = np.arange(contains.shape[1])
        weights = self._fitted(every)[1]
        error = sum(
            float((v - w.t() @ t).square().sum()) for (t, v), w in zip(folds, weights, strict=True)
        )
        self.explained = max(0.0, 1 - error / self._total)

    def removals_from_last(self, columns: np.ndarray) -> list[Removal]:
        """Remove one feature after the other; `columns` are the names of the features."""
        removals, left = [], np.arange(len(columns))
        while len(left):
            cost = self._costs(left)
            mean = cost.mean(0)
            # The jackknife's standard error; regressions that share samples agree too much.
            spread = np.sqrt((_N_FOLDS - 1) * np.square(cost - mean).mean(0))
            worst = int(np.flatnonzero(mean == mean.min())[-1])
            removals.append(
                Removal(columns[left[[worst]]], mean[[worst]], np.minimum(spread, mean)[[worst]])
            )
            left = np.delete(left, worst)
        return removals[::-1]

    def _fitted(self, terms):
        """Inverse Hessians, (n_folds, n_terms, n_terms), and weights."""
        gram = self._gram[:, terms][:, :, terms]
        size = gram.diagonal(dim1=1, dim2=2).sum(1) / self._n_samples
        eye = torch.eye(len(terms), dtype=gram.dtype, device=gram.device)
        factor = torch.linalg.cholesky(gram + (_PENALTY * size + 1e-20)[:, None, None] * eye)
        inverse = torch.cholesky_inverse(factor)
        return inverse, inverse @ self._product[:, terms]

    def _costs(self, left):
        """What each feature's removal costs every regression, (n_folds, n_left)."""
        gone = np.setdiff1d(np.arange(len(self._contains)), left)
        terms = np.flatnonzero(~self._contains[gone].any(axis=0))
        inverse, weights = self._fitted(terms)
        of = [np.flatnonzero(self._contains[j, terms]) for j in left]
        costs = torch.empty(len(inverse), len(left), dtype=inverse.dtype)
        sizes = np.array([len(one) for one in of])
        # All features of as many terms (itself, its square, its products) at once.
        for size in np.unique(sizes):
            same = np.flatnonzero(sizes == size)
            some = np.stack([of[j] for j in same])
            blocks = inverse[:, some[:, :, None], some[:, None, :]]
            chosen = weights[:, some]  # (n_folds, n_same, n_terms of each, n_outputs)
            costs[:, same] = (chosen * torch.linalg.solve(blocks, chosen)).sum((2, 3))
        return (costs / (self._total * (1 - 1 / _N_FOLDS))).numpy()
