# SPDX-License-Identifier: BSD-3-Clause
"""Backward elimination of the features of ridge regressions."""

from __future__ import annotations

import time

import numpy as np

from ..data.layout import Parts
from ..networks.costs import network_costs
from ..utils.costs import Costs
from .removals import Pruning
from .ridges import Ridges


class Elimination(Pruning):
    """Ridge regressions from which features are removed by the size of their weights.

    Parameters
    ----------
    ridges : Ridges
    columns : ndarray of int
        The inputs that they begin with.
    parts : Parts or None
        How inputs make up features, by the input's number; None: each is one.
    """

    def __init__(self, ridges: Ridges, columns: np.ndarray, parts: Parts | None = None):
        super().__init__(columns, parts=parts)
        self.ridges = ridges

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
        for number in rounds:
            started = time.perf_counter()
            n_before, n_inputs = self.n_left, len(self.columns)
            n_kept = round(self._n_at_first ** (1 - (number + 1) / rounds.n))
            self._votes()  # where nothing is removed, the loss is known nevertheless
            if n_kept < n_before:
                self.ridges.keep(*self._remove(n_kept)[:2])
            removed = 2 * (n_inputs - len(self.columns)) * self.ridges.n_outputs
            self._record(started, 1 - self.explained, removed)
        return {name: np.array(values) for name, values in self.history.items()}

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

    def _votes(self):
        # The root evens out what single outputs of large weights contribute.
        shares = self.by_feature(self.ridges.votes()).sqrt()
        self.explained = self.ridges.explained
        return shares / shares.sum(0).clamp_(min=1e-30)
