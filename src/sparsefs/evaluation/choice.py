# SPDX-License-Identifier: BSD-3-Clause
"""How many features: the rules that read K off a path of scores."""

from __future__ import annotations

import warnings
from numbers import Integral
from typing import ClassVar

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils._param_validation import HasMethods, StrOptions

_LARGEST = 256  # of the default numbers
_TIE = 1e-9  # sums in another order differ by less, scores that differ by more


class CrossValidatedK(BaseEstimator):
    """Choose the number of features by cross-validation within ``fit``.

    Passed as the `K` of a selector; ``K="auto"`` is ``K=CrossValidatedK()``. In every fold a copy
    of the selector ranks the features on the training part, an estimator is fitted there to the
    best 1, 2, 3, ... of them, and is scored on the validation part. This gives a path of scores,
    from which `rule` takes K. The selector itself is then fitted to all the data.

    After ``fit`` the rule can be changed without a refit; the other parameters take effect with
    the next fit.

    Parameters
    ----------
    rule : {"one_standard_error", "best", "knee"}, default="one_standard_error"
        ``"best"``: the K of the highest mean score, the smallest of several;
        ``"one_standard_error"``: the smallest K whose mean score is within one standard error of
        the highest; ``"knee"``: the K whose mean score is farthest above the straight line from
        the first to the last point of the path over log K, or as ``"best"`` if no point is above.
    cv : int, cross-validation generator, iterable of splits or None, default=5
        An int is a number of shuffled folds, stratified for classes; it is lowered so that a
        validation part has two samples. None is 5. Generators are not given groups.
    Ks : array-like of int or None, default=None
        The numbers of features to try; those above the number of features count as that. None is
        1, 2, 3, 4, 6, 8, 11, 16, ... (powers of the square root of 2, rounded) up to 256 and up to
        the number of features, which is included if it is no larger.
    target : {"auto", "y", "X"}, default="auto"
        What the estimator predicts from the selected features: ``"y"``; or ``"X"``, the features
        that are not selected, standardised (1,000 of them at random, if there are more). ``"auto"``
        is ``"y"`` for selectors that use labels and ``"X"`` for those that do not; ``"y"`` with the
        latter chooses K by labels, but not the ranking.
    estimator : estimator or None, default=None
        It is given the selected columns of X as they are. None is ``SVC()`` for classes and kernel
        ridge regression with an RBF kernel for numbers and several labels, both on standardised
        features, and ``Ridge()`` for X; these are fitted to 2,000 samples of a training part
        at most, drawn at random, and scored on as many.
    scoring : str, callable or None, default=None
        As in :func:`sklearn.model_selection.cross_val_score`. None is the estimator's own `score`,
        of the default ones accuracy for classes and R2 for numbers and several labels. A target of
        X has no other than the share of the variance of all features that is explained in those
        not selected, at least 0.

    Notes
    -----
    Samples of weight 0 are in no fold. Weights are passed to the score and to the `fit` of an
    estimator that takes `sample_weight`, or of the steps of a pipeline that do. `class_weight`
    is a part of them.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sparsefs import CrossValidatedK, NeuronAttributionSelector
    >>> X, y = load_digits(return_X_y=True)
    >>> choice = CrossValidatedK(rule="knee", cv=3, Ks=[1, 2, 4, 8, 16, 32, 64])
    >>> selector = NeuronAttributionSelector(K=choice, max_iter=5, random_state=0).fit(X, y)
    >>> selector.path_["score_mean"].shape
    (7,)
    >>> selector.transform(X).shape[1] == selector.K_ < 64
    True
    >>> selector.set_params(K__rule="best").K_ >= 32  # without another fit
    True
    """

    _parameter_constraints: ClassVar[dict] = {
        "rule": [StrOptions({"one_standard_error", "best", "knee"})],
        "cv": ["cv_object"],
        "Ks": ["array-like", None],
        "target": [StrOptions({"auto", "y", "X"})],
        "estimator": [HasMethods(["fit"]), None],
        "scoring": [str, callable, None],
    }

    def __init__(
        self,
        rule="one_standard_error",
        *,
        cv=5,
        Ks=None,
        target="auto",
        estimator=None,
        scoring=None,
    ):
        self.rule = rule
        self.cv = cv
        self.Ks = Ks
        self.target = target
        self.estimator = estimator
        self.scoring = scoring

    def _validate_params(self):
        super()._validate_params()
        if self.Ks is None:
            return
        Ks = list(np.ravel(self.Ks))
        if not Ks or any(not isinstance(K, Integral) or K < 1 for K in Ks):
            raise ValueError(
                f"The 'Ks' parameter of CrossValidatedK must hold positive ints. Got {self.Ks!r}."
            )

    def _numbers(self, n_features: int) -> np.ndarray:
        """The numbers of features to try, ascending."""
        Ks = self.Ks
        if Ks is None:
            Ks = np.append(np.round(2 ** (np.arange(2 * np.log2(_LARGEST) + 1) / 2)), n_features)
            Ks = Ks[Ks <= _LARGEST]
        return np.unique(np.minimum(np.ravel(Ks), n_features).astype(np.int64))

    def _warn_of_end(self, path: dict[str, np.ndarray], n_features: int) -> None:
        """Say so if the numbers end too early by default."""
        largest = int(path["K"][-1])
        if self.Ks is None and self._choose(path) == largest < n_features:
            warnings.warn(
                f"The largest K that was tried was chosen, {largest} of {n_features} features: the "
                "score may still rise. Pass K=CrossValidatedK(Ks=...) to try more.",
                UserWarning,
                stacklevel=3,
            )

    def _choose(self, path: dict[str, np.ndarray]) -> int:
        """The number of features that `rule` takes from a path."""
        self._validate_params()
        return int(path["K"][_RULES[self.rule](path)])


def best(path) -> int:
    """Place of the highest mean score."""
    return _first_from(path["score_mean"], path["score_mean"].max())


def one_standard_error(path) -> int:
    """Place of the first mean score that is within one standard error of the highest."""
    highest = best(path)
    return _first_from(path["score_mean"], path["score_mean"][highest] - path["score_se"][highest])


def knee(path) -> int:
    """Place of the mean score farthest above the chord over log K; see Kneedle (Satopaa, 2011)."""
    score, x = path["score_mean"], np.log(path["K"])
    if len(x) < 3:
        return best(path)
    above = score - np.interp(x, x[[0, -1]], score[[0, -1]])
    if above.max() <= _TIE:
        return best(path)
    return _first_from(above, above.max())


def _first_from(values, bound):
    return int(np.flatnonzero(values >= bound - _TIE)[0])


_RULES = {"best": best, "one_standard_error": one_standard_error, "knee": knee}
