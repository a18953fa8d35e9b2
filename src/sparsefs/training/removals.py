# SPDX-License-Identifier: BSD-3-Clause
"""Features as they are removed from models that train or are solved anew, and their scores."""

from __future__ import annotations

import math
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar, NamedTuple

import numpy as np
import torch

from ..data.layout import Parts
from ..utils.device import to_device
from ..utils.state import Stateful


class Removal(NamedTuple):
    """Features that were removed at the same time, the best of them first.

    Attributes
    ----------
    columns : ndarray of int
    cost : ndarray of shape (n,), float64
        What the loss rises by without the feature, as a share of the loss without any feature and
        to first order: the feature's share of the importance times the share of the loss that the
        models explain.
    spread : ndarray of shape (n,), float64
        Standard error of the cost, over the models.
    """

    columns: np.ndarray
    cost: np.ndarray
    spread: np.ndarray

    @classmethod
    def of(cls, columns: np.ndarray, shares: torch.Tensor, explained: float) -> Removal:
        """Make one of the models' shares of the importance, (n, n_models)."""
        costs = explained * shares.cpu().numpy().astype(np.float64)
        return cls(columns, costs.mean(1), costs.std(1) / math.sqrt(costs.shape[1]))


def scores_of(removals: Sequence[Removal], n_features: int) -> tuple[np.ndarray, np.ndarray]:
    """Scores that fall along the ranking, and their spread.

    A feature is worth what it cost to remove it, or what an earlier removal cost if that was more.

    Parameters
    ----------
    removals : sequence of Removal
        From the last to the first.
    n_features : int
        Those that are in no removal have 0.

    Returns
    -------
    scores, spread : ndarray of shape (n_features,), float64
    """
    from_worst = np.concatenate([removal.columns for removal in removals])[::-1]
    cost = np.concatenate([removal.cost for removal in removals])[::-1]
    scores, spread = np.zeros((2, n_features))
    spread[from_worst] = np.concatenate([removal.spread for removal in removals])[::-1]
    rising = np.maximum.accumulate(cost)
    # So little that no one sees it, but that equals keep their order.
    rising += np.arange(1, len(rising) + 1) * (1e-12 * max(rising[-1], 1e-30))
    scores[from_worst] = rising
    return scores, spread


class Pruning(Stateful, ABC):
    """A loop that removes features from models: what is left, what is gone, what is recorded.

    Parameters
    ----------
    columns : ndarray of int
        The inputs to begin with.
    covariates : ndarray of int, default=()
        Those of them that stay to the end and are in no removal.
    parts : Parts or None
        How inputs make up features, by the input's number: the inputs of one feature are removed
        together. None: every input is a feature.

    Attributes
    ----------
    columns : ndarray of int
        The inputs that are left, and the covariates.
    units : ndarray of shape (n_inputs,), int, or None
        Place of each input's feature among the features that are left.
    names : ndarray of shape (n_features,), int
        A number for each feature that is left: that of its first input.
    candidates : ndarray of shape (n_features,), bool
        Which features may be removed.
    removals : list of Removal
        From the first to the last.
    history : dict of str to list
        What is recorded of every round.
    explained : float
        Share of the loss that the models explain.
    """

    _changes: ClassVar[tuple[str, ...]] = (
        "columns",
        "units",
        "names",
        "candidates",
        "removals",
        "history",
        "explained",
    )

    def __init__(
        self,
        columns: np.ndarray,
        covariates: Sequence[int] | np.ndarray = (),
        parts: Parts | None = None,
    ):
        self.columns = self.names = columns
        self.units: np.ndarray | None = None
        if parts is not None:
            unit_of = parts.unit_of[columns]
            _, first, self.units = np.unique(unit_of, return_index=True, return_inverse=True)
            self.names = columns[first]
        self.candidates = ~np.isin(self.names, covariates)
        self.removals: list[Removal] = []
        names = ("loss", "density", "connections_changed", "seconds", "n_inputs")
        self.history: dict[str, list[float]] = {name: [] for name in names}
        self.explained = 0.0
        self._n_at_first = self.n_left

    def load_state(self, state: dict[str, Any]) -> None:
        super().load_state(state)
        self.removals = [Removal(*removal) for removal in self.removals]

    @property
    def n_left(self) -> int:
        """Number of features that are left."""
        return int(self.candidates.sum())

    @abstractmethod
    def _votes(self) -> torch.Tensor:
        """The models' shares of the importance, (n_features, n_models); sets `explained`.

        Those of covariates do not count.
        """

    def removals_from_last(self) -> list[Removal]:
        """All features; those still there come first, by importance."""
        order, shares = self._ordered()
        n_covariates = len(order) - self.n_left
        return [self._removal(order[n_covariates:], shares), *reversed(self.removals)]

    def by_feature(self, values: torch.Tensor) -> torch.Tensor:
        """Return the sums over the inputs of each feature, (n_features, n), of (n_inputs, n)."""
        if self.units is None:
            return values
        sums = values.new_zeros(len(self.names), values.shape[1])
        return sums.index_add_(0, to_device(self.units, values.device), values)

    @property
    def free(self) -> np.ndarray:
        """Which inputs are no covariates, (n_inputs,), bool."""
        return self.candidates if self.units is None else self.candidates[self.units]

    def _remove(self, n_kept: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Keep so many features; return the places of inputs kept and gone, and of features kept.

        Of features that are inputs, those that are gone are in the order of their removal.
        """
        order, shares = self._ordered()
        n_kept += len(order) - self.n_left
        kept, gone = order[:n_kept].sort().values, order[n_kept:]
        self.removals.append(self._removal(gone, shares))
        features = kept.cpu().numpy()
        inputs, inputs_gone = kept, gone
        self.names, self.candidates = self.names[features], self.candidates[features]
        if self.units is not None:
            stays = np.isin(self.units, features)
            inputs, inputs_gone = (
                to_device(np.flatnonzero(which), order.device) for which in (stays, ~stays)
            )
            self.units = np.searchsorted(features, self.units[stays])
        self.columns = self.columns[inputs.cpu().numpy()]
        return inputs, inputs_gone, kept

    def _record(self, started: float, loss: float, connections_changed: int) -> None:
        """Add a round that began at this time to the history."""
        self.history["loss"].append(loss)
        self.history["density"].append(self.n_left / self._n_at_first)
        self.history["connections_changed"].append(connections_changed)
        self.history["n_inputs"].append(self.n_left)
        self.history["seconds"].append(time.perf_counter() - started)

    def _ordered(self):
        shares = self._votes()
        order = torch.argsort(shares.sum(1), descending=True, stable=True)
        if not self.candidates.all():  # covariates come first, so that they are kept
            candidates = to_device(self.candidates, order.device)[order]
            order = torch.cat([order[~candidates], order[candidates]])
        return order, shares

    def _removal(self, places, shares):
        return Removal.of(self.names[places.cpu().numpy()], shares[places], self.explained)
