# SPDX-License-Identifier: BSD-3-Clause
"""Scores against the number of features."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from .rules import RULES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..utils.typing import Floats, Ints, Rule


@dataclass
class KCurve:
    """Scores on held-out rows of the K best features, for several K.

    Made by :func:`k_curve`; the ``path_`` of a selector that was fitted with ``K="auto"``.

    Attributes
    ----------
    Ks : ndarray of shape (n_Ks,), dtype int64
        Numbers of features, ascending.
    scores : ndarray of shape (n_Ks, n_folds), dtype float64
        Higher is better.
    metric : str
        Name of the scores: ``"accuracy"``, ``"R2"``, ``"explained variance"``, the name of a
        scorer, or ``"score"``.
    rankings : ndarray of shape (n_folds, n_features), dtype int64, or None
        Rank of every feature in every fold, 1 is the best. For a ranker that trains towards K,
        the ranks are those of the largest K. None in ``path_``.
    fit_seconds : ndarray of shape (n_folds,), dtype float64, or None
        Time to rank the features, including earlier steps of a pipeline; for rankers that train
        towards K the sum over all K. None in ``path_``.
    feature_names : ndarray of shape (n_features,) or None
        Names of the ranked features, if they have names.

    See Also
    --------
    k_curve : Makes a curve.
    """

    Ks: Ints
    scores: Floats
    metric: str
    rankings: Ints | None = None
    fit_seconds: Floats | None = None
    feature_names: NDArray[Any] | None = None

    @property
    def mean(self) -> Floats:
        """Mean score over the folds, ndarray of shape (n_Ks,)."""
        return self.scores.mean(axis=1)

    @property
    def std(self) -> Floats:
        """Standard deviation of the scores over the folds, ndarray of shape (n_Ks,)."""
        return self.scores.std(axis=1)

    @property
    def se(self) -> Floats:
        """Standard error of the mean score, ndarray of shape (n_Ks,)."""
        return self.scores.std(axis=1, ddof=1) / np.sqrt(self.scores.shape[1])

    def choose(self, rule: Rule = "one_standard_error") -> int:
        """Return the number of features that a rule chooses.

        Parameters
        ----------
        rule : {"one_standard_error", "best", "knee"}, default="one_standard_error"
            See :class:`~sparsefs.CrossValidatedK`.

        Returns
        -------
        int
        """
        if rule not in RULES:
            raise ValueError(f"The rule must be one of {list(RULES)}. Got {rule!r}.")
        return int(self.Ks[RULES[rule](self.Ks, self.mean, self.se)])
