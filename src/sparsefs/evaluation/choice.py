# SPDX-License-Identifier: BSD-3-Clause
"""Choice of the number of features by cross-validation."""

from __future__ import annotations

from collections.abc import Iterator
from numbers import Integral
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from sklearn.utils._param_validation import HasMethods, StrOptions

from ..utils.estimators import BaseEstimator
from ..utils.warning import warn_user
from .curve import KCurve
from .rules import RULES

if TYPE_CHECKING:
    from ..utils.typing import Estimator, Numbers, Rule, Scoring, Splits

LARGEST = 256  # of the default numbers
_NOTHING = 0.01  # of the variance: noise explains less


class CrossValidatedK(BaseEstimator):
    """Choice of the number of features by cross-validation within ``fit``.

    Pass it as the `K` of a selector; ``K="auto"`` means ``K=CrossValidatedK()``. In every fold, a
    copy of the selector ranks the features on the training part. An estimator is fitted there to
    the best 1, 2, 3, ... of them and scored on the validation part. `rule` takes K from this path
    of scores. The selector itself is then fitted to all the data.

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
        validation part has two samples. None means 5. Splitters are not given groups.
    Ks : array-like of int or None, default=None
        The numbers of features to try; larger ones than the number of features are lowered to it.
        None means 1, 2, 3, 4, 6, 8, 11, 16, ... (powers of the square root of 2, rounded) up to
        256. The number of features is included if it is at most 256.
    target : {"auto", "y", "X"}, default="auto"
        What the estimator predicts from the selected features: ``"y"``, or ``"X"``, the
        standardised features that are not selected (a random 1,000 of them if there are more).
        ``"auto"`` means ``"y"`` for selectors that use labels and ``"X"`` for the others. With
        the others, ``"y"`` chooses K by labels; the ranking still ignores them.
    estimator : estimator or None, default=None
        It receives the selected columns of X as they are. A ``random_state`` of None is set from
        that of the selector, here and in `cv`. None means ``SVC()`` for classes, kernel ridge
        regression with an RBF kernel for numbers and several labels, and Cox regression with a
        ridge penalty for survival, all on standardised features, and ``Ridge()`` for X. These are
        fitted to at most 2,000 random samples of a training part, and scored on at most 2,000.
    scoring : str, callable or None, default=None
        As in :func:`sklearn.model_selection.cross_val_score`. None means the estimator's own
        `score`: for the default estimators accuracy for classes, R2 for numbers and several labels,
        and Harrell's concordance for survival. With ``target="X"`` the score is always the share of
        the variance of all features that is explained in those not selected, at least 0.

    Notes
    -----
    Samples of weight 0 are in no fold. Weights, which include `class_weight`, are passed to every
    part of the estimator that takes `sample_weight`: steps of pipelines, estimators in searches
    and in other meta-estimators, and scorers. A request set with ``set_fit_request`` is kept.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sparsefs import CrossValidatedK, NeuronAttributionSelector
    >>> X, y = load_digits(return_X_y=True)
    >>> choice = CrossValidatedK(rule="knee", cv=3, Ks=[1, 2, 4, 8, 16, 32, 64])
    >>> selector = NeuronAttributionSelector(K=choice, max_iter=5, random_state=0).fit(X, y)
    >>> selector.path_.mean.shape
    (7,)
    >>> selector.transform(X).shape[1] == selector.K_ < 64
    True
    >>> selector.set_params(K__rule="best").K_ >= 32  # without another fit
    True
    """

    _parameter_constraints: ClassVar[dict] = {
        "rule": [StrOptions(set(RULES))],
        "cv": ["cv_object"],
        "Ks": ["array-like", None],
        "target": [StrOptions({"auto", "y", "X"})],
        "estimator": [HasMethods(["fit"]), None],
        "scoring": [str, callable, None],
    }

    def __init__(
        self,
        rule: Rule = "one_standard_error",
        *,
        cv: Splits = 5,
        Ks: Numbers | None = None,
        target: Literal["auto", "y", "X"] = "auto",
        estimator: Estimator | None = None,
        scoring: Scoring = None,
    ):
        self.rule = rule
        self.cv = cv
        self.Ks = Ks
        self.target = target
        self.estimator = estimator
        self.scoring = scoring

    @property
    def cv(self) -> Any:
        """Splits, as passed; a list of them if they came from a generator."""
        return self._cv

    @cv.setter
    def cv(self, cv: Splits) -> None:
        # A generator can neither be cloned nor pickled, and is used up by the first fit.
        self._cv = list(cv) if isinstance(cv, Iterator) else cv

    def _validate_params(self):
        super()._validate_params()
        if self.Ks is None:
            return
        Ks = list(np.ravel(np.asarray(self.Ks, dtype=object)))  # of [True, 2] 1 would be left
        if not Ks or any(isinstance(K, bool) or not isinstance(K, Integral) or K < 1 for K in Ks):
            raise ValueError(
                f"The 'Ks' parameter of CrossValidatedK must hold positive ints. Got {self.Ks!r}."
            )

    def _numbers(self, n_features: int) -> np.ndarray:
        """The numbers of features to try, ascending."""
        Ks = self.Ks
        if Ks is None:
            Ks = np.append(np.round(2 ** (np.arange(2 * np.log2(LARGEST) + 1) / 2)), n_features)
            Ks = Ks[Ks <= LARGEST]
        return np.unique(np.minimum(np.ravel(Ks), n_features).astype(np.int64))

    def _warn_of_nothing(self, path: KCurve) -> None:
        """Warn if features do not explain each other."""
        if path.metric == "explained variance" and path.mean.max() < _NOTHING:
            warn_user(
                f"No number of features explains more than {path.mean.max():.1%} of the variance "
                f"of the other features, so K={self._choose(path)} is arbitrary. Pass a number as "
                "K, or choose it by labels with K=CrossValidatedK(target='y')."
            )

    def _warn_of_end(self, path: KCurve, n_features: int) -> None:
        """Warn if the default numbers may end too early."""
        largest = int(path.Ks[-1])
        if self.Ks is None and self._choose(path) == largest < n_features:
            warn_user(
                f"The largest K that was tried was chosen, {largest} of {n_features} features: the "
                "score may still rise. Pass K=CrossValidatedK(Ks=...) to try more."
            )

    def _choose(self, path: KCurve) -> int:
        """Return the number of features that `rule` takes from a path."""
        self._validate_params()
        return path.choose(self.rule)
