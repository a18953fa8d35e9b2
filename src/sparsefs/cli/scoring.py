# SPDX-License-Identifier: BSD-3-Clause
"""What --estimator and --scoring say: the model on the selected features, and its score."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from scipy import sparse
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import get_scorer_names
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from ..data.target import Target
from ..evaluation.scorer import Scorer
from .errors import CommandError, InputError, picked
from .target import Goal

_DEFAULTS = {"classification": "an SVC", "survival": "Cox regression", None: "ridge regression"}


class Scoring(NamedTuple):
    """The model on the selected features, and its score.

    Attributes
    ----------
    estimator : estimator or None
        None is the default of :class:`sparsefs.CrossValidatedK`.
    scoring : str or None
        Name of a scorer of scikit-learn; None is the score of the estimator.
    name : str
        What the estimator is called in a sentence.
    of_classes : bool
        Whether the target is one class per row.
    """

    estimator: Any
    scoring: str | None
    name: str
    of_classes: bool = True

    @classmethod
    def of(cls, arguments, goal: Goal, X) -> Scoring:
        """Make the estimator for a target.

        Raises
        ------
        InputError
            If the estimator or the scorer does not suit the target.
        """
        if arguments.scoring is not None:
            picked(arguments.scoring, get_scorer_names(), "--scoring: scikit-learn has no scorer")
        estimator, name = None, _DEFAULTS.get(goal.task, "kernel ridge regression")
        for option in ("estimator", "scoring"):
            if getattr(arguments, option) is not None and goal.task in (None, "survival"):
                what = "a target" if goal.task is None else "a target that is not survival"
                raise InputError(f"--{option} needs {what}")
        if arguments.estimator not in (None, "svc"):
            if len(goal.columns) > 1 and arguments.estimator != "forest":
                raise InputError(f"--estimator {arguments.estimator}: several targets need forest")
            estimator, name = _estimator(arguments.estimator, goal, X, arguments.seed)
        scoring = cls(estimator, arguments.scoring, name, goal.task == "classification")
        if arguments.scoring is not None:
            scoring._check(goal)
        return scoring

    @property
    def settings(self) -> dict[str, Any]:
        """The arguments `estimator` and `scoring` of scorers and curves."""
        return {"estimator": self.estimator, "scoring": self.scoring}

    @property
    def has_interval(self) -> bool:
        """Whether the score of one split has an interval, as an accuracy has."""
        return self.scoring in (None, "accuracy") and self.of_classes

    def guess(self, goal: Goal, splits, weights=None) -> dict[str, Any] | None:
        """Score a constant guess: the most frequent class, or the mean, of the training rows.

        Returns
        -------
        dict or None
            The label of the first split, None for a mean, and the mean score; None for targets
            whose constant guess says nothing.
        """
        if goal.task not in ("classification", "regression"):
            return None
        classes = goal.task == "classification"
        if not classes and self.scoring is None:
            return None  # R2 of the mean is 0
        target = Target.of(goal.y, goal.task, weights)
        scorer = Scorer.of(goal.y, target, weights, **self.settings).guessing()
        scores = [
            scorer.scores(np.arange(1), [1], rows, [np.zeros((len(r), 1)) for r in rows], None)[0]
            for rows in splits
        ]
        label = None
        if classes:
            assert goal.y is not None
            train = splits[0][0]
            labels, codes = np.unique(goal.y[train], return_inverse=True)
            shares = np.bincount(codes, None if weights is None else weights[train])
            label = labels[shares.argmax()].item()
        return {"label": label, "score": float(np.mean(scores))}

    def _check(self, goal):
        """Try the scorer on a constant guess."""
        rows = np.arange(len(goal.y))
        try:
            self.guess(goal, [(rows, rows)])
        except ValueError as error:
            hint = "; pass --estimator logistic" if "'estimator'" in str(error) else ""
            why = " ".join(str(error).partition(". Pass an 'estimator'")[0].split())
            raise InputError(f"--scoring {self.scoring}: {why}{hint}") from error


def _estimator(name, goal, X, seed):
    """Return an estimator for numbers, and its name in a sentence."""
    classes = goal.task != "regression"
    if name == "forest":
        kind: Any = RandomForestClassifier if classes else RandomForestRegressor
        return kind(random_state=seed), "a random forest"
    if name == "lightgbm":
        try:
            import lightgbm
        except ImportError as error:
            raise CommandError("--estimator lightgbm needs it: pip install lightgbm") from error
        kind = lightgbm.LGBMClassifier if classes else lightgbm.LGBMRegressor
        return kind(random_state=seed, verbosity=-1, n_jobs=1), "LightGBM"
    scaler = StandardScaler(with_mean=not sparse.issparse(X))
    if classes:
        return make_pipeline(scaler, LogisticRegression(max_iter=1000)), "logistic regression"
    return make_pipeline(scaler, Ridge()), "ridge regression"
