# SPDX-License-Identifier: BSD-3-Clause
"""Regressions in closed form, of any target, with a say in what networks prune."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

import numpy as np
import torch

from ..data.layout import Parts
from ..data.target import Target
from ..distributed import ALONE, Ranks
from ..utils.device import to_device
from ..utils.state import Stateful
from .covariates import adjusted
from .cox import martingale_residuals
from .polynomials import Polynomials
from .removals import Pruning, Removal
from .ridges import Ridges

_FEWEST_ROWS, _MOST_ROWS = 500, 4000  # that regressions see
_MOST_NUMBERS = 400_000  # that ridges see of more than the fewest
_MOST_PRODUCTS = 1.5e9  # that a vote of ridges may cost
_N_LAST, _MOST_INPUTS = 20, 30  # features that polynomials rank, and their inputs with products
_LEAST = 0.1  # share of the loss that ridges must explain to count in full
_ENOUGH = 0.5  # of what the networks explain, for polynomials to rank


def as_outputs(target: Target, rows: np.ndarray, sample_weight=None) -> np.ndarray:
    """Return the target of some rows as numbers, (n_rows, n_outputs), for least squares.

    There is a column for each class. Events and times are the residuals of a model without any
    feature. `sample_weight` is an array of shape (n_samples,) or None.
    """
    values = target.values[rows]
    if target.task == "survival":
        weight = None if sample_weight is None else sample_weight[rows]
        return martingale_residuals(values[:, 0], values[:, 1], weight)[:, None]
    if target.task == "classification":
        outputs = np.zeros((len(rows), target.n_outputs), dtype=np.float32)
        outputs[np.arange(len(rows)), values] = 1
        return outputs
    return values


def of_all_ranks(ranks: Ranks, z: torch.Tensor, y: np.ndarray, sample_weight, rows: np.ndarray):
    """Return the arguments of :func:`samples` for the rows of all ranks: so few are gathered."""
    if ranks.size == 1:
        return z, y, sample_weight, rows
    weight = None if sample_weight is None else ranks.gather(sample_weight[rows])
    z = to_device(ranks.gather(z.cpu().numpy()), z.device)
    return z, ranks.gather(y), weight, np.arange(len(z))


def samples(z: torch.Tensor, y: np.ndarray, sample_weight, rows: np.ndarray):
    """Return features (n_features, n), outputs (n, n_outputs) and weights, each sample once.

    A sample that is there several times is one of a larger weight: what is left out to see what a
    regression explains must not be there again.

    Parameters
    ----------
    z : Tensor of shape (n_rows, n_features)
    y : ndarray of shape (n_rows, n_outputs), float32
    sample_weight : ndarray of shape (n_samples,) or None
    rows : ndarray of int of shape (n_rows,)
        Which samples they are.
    """
    first: dict[bytes, int] = {}
    both = zip(z.cpu().numpy(), y, strict=True)  # in one array they would be a copy
    keys = [sha256(features.tobytes() + outputs.tobytes()).digest() for features, outputs in both]
    of = np.array([first.setdefault(key, len(first)) for key in keys])
    once = np.unique(of, return_index=True)[1]
    weight = None
    if sample_weight is not None or len(once) < len(rows):
        sums = np.bincount(of, None if sample_weight is None else sample_weight[rows])
        # Their mean may be far below what single precision holds.
        weight = to_device((sums / sums.mean()).astype(np.float32), z.device)
    if len(once) < len(rows):
        z, y = z[to_device(once, z.device)], y[once]
    return z.t(), to_device(y, z.device), weight


class Regressions(Stateful):
    """Ridge regressions that vote while networks prune, and polynomials that rank the last.

    Ridges see no interactions, but what they see they find in fewer samples, and without chance.
    They count as much as all networks together if they explain as much, in samples that they were
    not fitted to, and less with the square of the ratio.

    Parameters
    ----------
    target : Target
    rows : ndarray of int
        The samples that count.
    sample_weight : ndarray of shape (n_samples,) or None
    penalties : sequence of float
        Of the ridges.
    polynomials : bool
        Whether polynomials rank the last features, if they explain about as much as the networks.
    rng : numpy.random.Generator
        Draws the samples for them.
    parts : Parts or None
        How inputs make up features, by the input's number; None: each is one.
    ranks : Ranks, default=ALONE
        The processes that fit together. The samples are those of all: each solves the same.
    """

    _changes = ("_ridges", "_candidates", "_last")

    def __init__(
        self,
        target: Target,
        rows: np.ndarray,
        sample_weight: np.ndarray | None,
        penalties: Sequence[float],
        polynomials: bool,
        rng: np.random.Generator,
        parts: Parts | None = None,
        ranks: Ranks = ALONE,
    ):
        self._ranks = ranks
        self._target, self._rows, self._weight = target, rows, sample_weight
        self._penalties, self._polynomials, self._parts = penalties, polynomials, parts
        self._order = rng.permutation(ranks.sum(len(rows)))
        self._ridges: Ridges | None = None
        self._candidates = torch.empty(0)  # where the ridges' inputs are among all
        # The last features, their polynomials, and what the networks explained with them.
        self._last: tuple[np.ndarray, Polynomials, float] | None = None

    def joined(self, shares: torch.Tensor, held: torch.Tensor, left: Pruning) -> torch.Tensor:
        """Networks' shares of the importance, averaged with the ridges'.

        The regressions see the candidates without what the covariates explain of them.

        Parameters
        ----------
        shares : Tensor of shape (n_features, n_networks)
        held : Tensor of shape (n_samples, n_inputs)
            The scaled inputs.
        left : Pruning
            What is left, and how much of the loss the networks explain.
        """
        free, explained = left.free, left.explained
        names, inputs = left.names[left.candidates], left.columns[free]
        parts = None if self._parts is None else self._parts.of(inputs)
        n_crossed = len(inputs) if parts is None else parts.crossed.sum()
        if self._polynomials and len(names) <= _N_LAST and n_crossed <= _MOST_INPUTS:
            if self._last is None:
                z, y, some_weight = self._some(held, _MOST_ROWS, free)
                self._last = names, Polynomials(z, y, some_weight, parts), explained
            elif len(names) == len(self._last[0]):  # looked at before: the networks went on
                self._last = *self._last[:2], explained
        if self._ridges is None:
            n_columns = 2 * len(inputs)
            n_rows = max(_FEWEST_ROWS, min(_MOST_ROWS, _MOST_NUMBERS // n_columns))
            n_rows = min(n_rows, len(self._order))
            if n_columns * min(n_columns, n_rows) * n_rows > _MOST_PRODUCTS:
                return shares
            z, y, some_weight = self._some(held, n_rows, free)
            share = None if parts is None else to_device(parts.share.astype(np.float32), z.device)
            self._ridges = Ridges(z, y, some_weight, self._penalties, share)
        self._candidates = to_device(free, shares.device)
        votes = shares.new_zeros(len(free), 1)
        votes[self._candidates, 0] = self._ridges.votes().mean(1)
        trust = min(1.0, self._ridges.explained / max(_LEAST, explained)) ** 2
        return (shares + trust * left.by_feature(votes)) / (1 + trust)

    def keep(self, kept: torch.Tensor, gone: torch.Tensor) -> None:
        """Keep the inputs `kept`; `gone` are all others."""
        if self._ridges is not None:
            places = self._candidates.cumsum(0) - 1  # among the candidates
            self._ridges.keep(places[kept[self._candidates[kept]]], places[gone])

    def of_last(self, removals: list[Removal]) -> list[Removal]:
        """Return the removals, from the last to the first, with those of the last features."""
        if self._last is None:
            return removals
        names, polynomials, explained = self._last
        if polynomials.explained < _ENOUGH * explained:
            return removals
        n, earlier = 0, list(removals)
        while n < len(names):
            n += len(earlier.pop(0).columns)
        return polynomials.removals_from_last(names) + earlier

    def _some(self, held, n_rows, candidates):
        """Candidates, outputs and weights of some samples."""
        some = np.sort(self._ranks.own(self._order[:n_rows], len(held)))
        rows = self._rows[some]
        z = held if len(some) == len(held) else held[to_device(some, held.device)]
        y = as_outputs(self._target, rows, self._weight)
        z, y, weight = samples(*of_all_ranks(self._ranks, z, y, self._weight, rows))
        if candidates.all():
            return z, y, weight
        free = to_device(candidates, z.device)
        return *adjusted(z[free], y, weight, z[~free]), weight
