# SPDX-License-Identifier: BSD-3-Clause
"""Scores against the number of features."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .rules import RULES


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

    Ks: np.ndarray
    scores: np.ndarray
    metric: str
    rankings: np.ndarray | None = None
    fit_seconds: np.ndarray | None = None
    feature_names: np.ndarray | None = None

    @property
    def mean(self) -> np.ndarray:
        """Mean score over the folds, ndarray of shape (n_Ks,)."""
        return self.scores.mean(axis=1)

    @property
    def std(self) -> np.ndarray:
        """Standard deviation of the scores over the folds, ndarray of shape (n_Ks,)."""
        return self.scores.std(axis=1)

    @property
    def se(self) -> np.ndarray:
        """Standard error of the mean score, ndarray of shape (n_Ks,)."""
        return self.scores.std(axis=1, ddof=1) / np.sqrt(self.scores.shape[1])

    def choose(self, rule: str = "one_standard_error") -> int:
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
