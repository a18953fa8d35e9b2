# SPDX-License-Identifier: BSD-3-Clause
"""Ensemble selection: the scores of several fits with other seeds, averaged."""

from __future__ import annotations

from numbers import Integral, Real
from typing import TYPE_CHECKING, ClassVar, Literal, NamedTuple

import numpy as np
from scipy.stats import rankdata
from sklearn.base import clone
from sklearn.utils._param_validation import (
    Interval,
    StrOptions,
)

from ..evaluation.folds import last_step
from ..evaluation.importances import importances
from ..evaluation.stability import stability
from ..selectors.base import check_K, number_of_features
from .base import MetaSelector, fitted_clone

if TYPE_CHECKING:
    from ..utils.typing import Estimator, Floats, Getter, RandomState

_DEFAULT_K = 50  # of estimators that select nothing themselves


class EnsembleSelector(MetaSelector):
    """Average of the scores, or of the ranks, over several fits with other seeds.

    It fits `n_fits` clones of `estimator` to the same data and averages what they say of the
    features. The selection depends less on the seed than that of a single fit, at `n_fits` times
    the cost.

    Parameters
    ----------
    estimator : estimator
        Selector, any other estimator that scores features, or a Pipeline that ends in one. It is
        cloned and stays as it is. The ``random_state`` of the clones and of their parts is set
        from `random_state`.
    K : int, float or None, default=None
        Number of features to select, or a share of all features. None: as many as the estimator
        selects (the median over the fits), or 50 if it is no selector. After one fit,
        ``set_params(K=...)`` changes the selection, except for estimators that train towards K,
        such as :class:`NeuroFSSelector`.
    n_fits : int, default=4
        Number of fits. The first fits are the same for every `n_fits`.
    combine : {"scores", "ranks"}, default="scores"
        ``"scores"``: the scores of a fit are divided by the mean of their absolute values, then
        averaged. The average keeps how much better a feature is. ``"ranks"``: the share of the
        other features that a feature is ranked before is averaged. Use it if a few scores are much
        larger than all others.
    n_jobs : int or None, default=None
        Fits at the same time, in processes unless a ``joblib.parallel_config`` context sets
        another backend; None means 1 unless in such a context, -1 all processors. The result does
        not depend on it if the estimator does not depend on the number of threads.
    random_state : int, RandomState instance or None, default=None
        Decides the seeds of the clones.
    importance_getter : str or callable, default="auto"
        Where the scores of the features are read from, as in :class:`StabilitySelector`. Booleans
        count as scores of 0 and 1.
    verbose : bool, default=False
        Whether to show a progress bar.

    Attributes
    ----------
    scores_ : ndarray of shape (n_features,), dtype float64
        Averages over the fits; higher is better. The unit is the mean score of a fit, or for ranks
        the share of the other features.
    scores_std_ : ndarray of shape (n_features,), dtype float64
        Standard deviation over the fits, in the same unit.
    ranking_ : ndarray of shape (n_features,), dtype int64
        Rank of every feature, 1 is the best. Equal scores are ranked by the mean rank over the
        fits, then by index.
    selection_frequencies_ : ndarray of shape (n_features,), dtype float64
        Share of the fits that have the feature among their own K best, for the K of the fit.
    agreement_ : float
        Agreement of these selections by the measure of Nogueira, Sechidis and Brown, see
        :func:`sparsefs.evaluation.stability`: 1 if they are all the same, 0 on average for
        random ones. NaN for one fit, or if all features are selected.
    support_ : ndarray of shape (n_features,), dtype bool
        Mask of the selected features.
    feature_importances_ : ndarray of shape (n_features,), dtype float64
        The scores, none below 0, for scikit-learn's ``SelectFromModel`` and ``RFE``.
    K_ : int
        Number of selected features.
    n_features_in_ : int
        Number of features seen in `fit`.
    feature_names_in_ : ndarray of shape (n_features,)
        Their names, if X had string column names.

    See Also
    --------
    StabilitySelector : Fits to halves of the samples, with a bound on false selections.

    Notes
    -----
    The fitted clones are not kept. Scores that are NaN, such as those of univariate tests for
    constant features, count as the lowest score of the fit.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sparsefs import EnsembleSelector, WASTSelector
    >>> X, _ = load_digits(return_X_y=True)
    >>> selector = EnsembleSelector(WASTSelector(K=20, max_iter=3), random_state=0).fit(X)
    >>> selector.transform(X).shape
    (1797, 20)
    >>> 0 < selector.agreement_ < 1
    True
    >>> selector.set_params(K=0.25).transform(X).shape  # without another fit
    (1797, 16)
    """

    scores_std_: Floats
    agreement_: float
    _own_K: int
    _K_fitted: float | None
    _counts = "n_fits"

    _parameter_constraints: ClassVar[dict] = {
        **MetaSelector._parameter_constraints,
        "K": [
            Interval(Integral, 1, None, closed="left"),
            Interval(Real, 0, 1, closed="right"),
            None,
        ],
        "n_fits": [Interval(Integral, 1, None, closed="left")],
        "combine": [StrOptions({"scores", "ranks"})],
    }

    def __init__(
        self,
        estimator: Estimator,
        *,
        K: float | None = None,
        n_fits: int = 4,
        combine: Literal["scores", "ranks"] = "scores",
        n_jobs: int | None = None,
        random_state: RandomState = None,
        importance_getter: Getter = "auto",
        verbose: bool = False,
    ):
        self.estimator = estimator
        self.K = K
        self.n_fits = n_fits
        self.combine = combine
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.importance_getter = importance_getter
        self.verbose = verbose

    def _n_inner_fits(self):
        return int(self.n_fits)

    def _fit(self, X, y, fit_params, groups, reports):
        n_features = self.n_features_in_
        K, estimator = None, self.estimator
        if self.K is not None:
            K = number_of_features(self.K, n_features, warn=True)
            estimator = _selecting(estimator, K)
        getter = self.importance_getter
        fits = self._in_parallel(
            _one_fit, int(self.n_fits), reports, estimator, (X, y, fit_params), n_features, getter
        )
        unit = _relative if self.combine == "scores" else _share_before
        scores = np.array([unit(fit.values) for fit in fits])
        own = [_DEFAULT_K if fit.n_selected is None else fit.n_selected for fit in fits]
        own_K = min(max(1, round(float(np.median(own)))), n_features)
        selections = np.array([fit.best(own_K if K is None else K) for fit in fits])
        mean = scores.mean(axis=0)
        ranking = np.empty(n_features, dtype=np.int64)
        ranks = np.sum([fit.ranks for fit in fits], axis=0)
        ranking[np.lexsort((ranks, -mean))] = np.arange(1, n_features + 1)
        return {
            "scores_": mean,
            "scores_std_": scores.std(axis=0),
            "ranking_": ranking,
            "selection_frequencies_": selections.mean(axis=0),
            "agreement_": stability(selections).value if len(fits) > 1 else np.nan,
            "_own_K": own_K,
            "_K_fitted": self.K,
        }

    def _chosen(self):
        check_K(self)
        K = self._own_K
        if self.K is not None:
            K = number_of_features(self.K, self.n_features_in_, warn=self.K != self._K_fitted)
        return self.ranking_ <= K

    @property
    def K_(self) -> int:
        """Number of selected features, int."""
        return int(self._get_support_mask().sum())

    @property
    def _score_label(self) -> str:  # for the axis of a picture
        if self.combine == "ranks":
            return "share of features ranked lower"
        return "score relative to the mean score"


class _OneFit(NamedTuple):
    """Scores and ranks of one fit, and how many features it selects; None if it is no selector."""

    values: np.ndarray
    candidates: np.ndarray
    ranks: np.ndarray
    n_selected: int | None

    def best(self, K: int) -> np.ndarray:
        order = np.lexsort((self.ranks, -self.values))
        selected = np.zeros(len(order), dtype=bool)
        selected[order[self.candidates[order]][:K]] = True
        return selected


def _selecting(estimator, K):
    """A clone that selects K features, if the estimator is a selector of ours."""
    estimator = clone(estimator)
    last, prefix = last_step(estimator)
    if hasattr(last, "_nested_ranking"):
        # Some train towards K, and K="auto" would be chosen for nothing.
        estimator.set_params(**{f"{prefix}K": K})
    return estimator


def _one_fit(rng, reports, estimator, data, n_features, getter) -> _OneFit:
    fitted = fitted_clone(estimator, rng, reports[0], data)
    values, candidates = importances(fitted, getter, n_features)
    last, _ = last_step(fitted)
    n_selected = int(last.get_support().sum()) if hasattr(last, "get_support") else None
    values = values.astype(np.float64)
    # Ours rank constant features last, whose scores may be those of others.
    ranks = getattr(last, "ranking_", rankdata(-values))
    return _OneFit(values, candidates, ranks, n_selected)


def _relative(values):
    """Scores divided by the mean of their absolute values."""
    if np.isposinf(values).any():
        raise ValueError(
            f"{np.isposinf(values).sum()} scores of the estimator are infinite, so they cannot be "
            "averaged. Pass combine='ranks'."
        )
    known = np.isfinite(values)
    values = np.where(known, values, values[known].min() if known.any() else 0.0)
    size = np.abs(values).mean()
    return values / size if size > 0 else values


def _share_before(values):
    """Share of the other features that each feature is ranked before; equals count half."""
    return (len(values) - rankdata(-values)) / max(1, len(values) - 1)
