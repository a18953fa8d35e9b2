# SPDX-License-Identifier: BSD-3-Clause
"""Other methods on the tables that our selectors take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from ..data.target import Target
from ..evaluation.rivals import RIVALS
from ..selectors.base import BaseSelector, FitResult, take_fit

_RANKS = ("mrmr", "rfe", "random")  # whose scores are ranks, which must not be added up


@dataclass(eq=False, repr=False)
class Rival(BaseSelector):
    """Another method, which ranks the inputs; a column has the sum of the scores of its inputs.

    Parameters
    ----------
    method : str
        A key of :data:`sparsefs.evaluation.rivals.RIVALS`.
    task : {"classification", "multilabel", "regression", "survival"} or None
    Ks : sequence of int
        Numbers of features that the ranking must serve.
    random_state : int
    K : int
        Not used.
    """

    method: str = "f-test"
    task: str | None = None
    Ks: Sequence[int] = (256,)
    random_state: int = 0
    K: Any = 1

    _parameter_constraints: ClassVar[dict] = {}

    def fit(self, X, y=None):  # type: ignore[override]  # the methods take no weights
        """Rank the features."""
        data = self._training_data(X, y, None, self.random_state)
        assert data.layout is not None
        given: dict[str, Any] = {
            "task": "regression" if self.task == "multilabel" else self.task or "classification",
            "seed": self.random_state,
            "Ks": self.Ks,
        }
        scores = np.asarray(RIVALS[self.method](data.X, y, **given), dtype=np.float64)
        unit_of = data.layout.unit_of_input
        if self.method in _RANKS and unit_of is not None:
            scores = scores[unit_of] if self.method == "random" else scores
            order = np.argsort(-scores, kind="stable")
            best = order[np.unique(unit_of[order], return_index=True)[1]]
            scores = np.where(np.isin(np.arange(len(scores)), best), scores, 0.0)
        take_fit(self, data.layout.ranked(scores, data.constant))
        return self

    def _train(self, data, rng, device, progress) -> FitResult:
        raise NotImplementedError

    def _target_and_weight(self, y, sample_weight):
        if self.task is None:
            return None, sample_weight
        return Target.of(y, self.task, sample_weight), sample_weight

    def _settings_of_parts(self, target):
        return {}
