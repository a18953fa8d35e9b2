# SPDX-License-Identifier: BSD-3-Clause
"""Backward elimination of the features of ridge regressions."""

from __future__ import annotations

import time

import numpy as np
import torch

from ..networks.costs import network_costs
from ..utils.costs import Costs
from .removals import Removal, empty_history
from .ridges import Ridges


class Elimination:
    """Ridge regressions from which features are removed by the size of their weights.

    Parameters
    ----------
    ridges : Ridges
    columns : ndarray of int
        The features that they begin with.

    Attributes
    ----------
    columns : ndarray of int
        The features that are left.
    removals : list of Removal
    """

    def __init__(self, ridges: Ridges, columns: np.ndarray):
        self.ridges, self.columns = ridges, columns
        self.removals: list[Removal] = []
        self._n_at_first = len(columns)

    def run(self, rounds) -> dict[str, np.ndarray]:
        """Remove the same share of the features in every round, until one is left.

        Parameters
        ----------
        rounds : Epochs

        Returns
        -------
        dict of str to ndarray
            The history; the loss is the share of the variance that is not explained.
        """
        history = empty_history()
        for number in rounds:
            started = time.perf_counter()
            n_before = len(self.columns)
            n_kept = round(self._n_at_first ** (1 - (number + 1) / rounds.n))
            self.ridges.votes()  # where nothing is removed, the loss is known nevertheless
            if n_kept < n_before:
                self._remove(n_kept)
            removed = n_before - len(self.columns)
            history["loss"].append(1 - self.ridges.explained)
            history["density"].append(len(self.columns) / self._n_at_first)
            history["connections_changed"].append(2 * removed * self.ridges.n_outputs)
            history["n_inputs"].append(len(self.columns))
            history["seconds"].append(time.perf_counter() - started)
        return {name: np.array(values) for name, values in history.items()}

    def removals_from_last(self) -> list[Removal]:
        """All features; those still there come first, by importance."""
        order, shares = self._ordered()
        left = self.columns[order.cpu().numpy()]
        return [Removal.of(left, shares[order], self.ridges.explained), *reversed(self.removals)]

    def costs(self, n_features: int) -> Costs:
        """Costs of a ridge regression, and of as many rounds with all features."""
        n_outputs = self.ridges.n_outputs
        n_weights = 2 * n_outputs * len(self.columns)
        return network_costs(
            [(n_outputs, 2 * n_features)],
            [n_weights],
            n_bytes=4 * n_weights,
            n_buffers=0,
            n_samples_seen=self.ridges.n_samples * (len(self.removals) + 1),
            training_flops=self.ridges.flops,
        )

    def _remove(self, n_kept):
        order, shares = self._ordered()
        kept, gone = order[:n_kept].sort().values, order[n_kept:]
        removed = self.columns[gone.cpu().numpy()]
        self.removals.append(Removal.of(removed, shares[gone], self.ridges.explained))
        self.columns = self.columns[kept.cpu().numpy()]
        self.ridges.keep(kept, gone)

    def _ordered(self):
        # The root evens out what single outputs of large weights contribute.
        shares = self.ridges.votes().sqrt()
        shares /= shares.sum(0).clamp_(min=1e-30)
        return torch.argsort(shares.sum(1), descending=True, stable=True), shares
