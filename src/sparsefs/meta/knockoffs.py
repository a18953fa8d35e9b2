# SPDX-License-Identifier: BSD-3-Clause
"""Knockoff selection: features that beat a copy of them that knows nothing of the target."""

from __future__ import annotations

from math import ceil
from numbers import Integral, Real
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from scipy import sparse
from sklearn.utils import _safe_indexing, check_array
from sklearn.utils._param_validation import (
    Interval,
    StrOptions,
)
from sklearn.utils._set_output import ADAPTERS_MANAGER
from sklearn.utils.validation import _check_method_params, _num_samples

from ..data import RowTable
from ..data.inputs import usable_weight
from ..data.roles import column_mask
from ..evaluation.importances import importances
from ..utils.text import counted, unique
from ..utils.warning import warn_user
from .base import MetaSelector, fitted_clone
from .gaussian_knockoffs import GaussianKnockoffs
from .knockoff_filter import level_of_draw, q_values, selected

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from ..utils.typing import Bools, Estimator, Floats, Getter, RandomState

    Sampler = Literal["gaussian"] | Callable[[NDArray, np.random.Generator], NDArray]


class KnockoffSelector(MetaSelector):
    """Knockoff selection with a bound on the false discovery rate.

    It draws a knockoff of every feature: a synthetic copy that has the same correlations with all
    other features, but knows nothing of the target. It fits a clone of `estimator` to features and
    knockoffs together. The statistic of a feature is the lead of its importance over that of its
    knockoff. A feature without a relation to the target leads as often as its knockoff does, so the
    negative statistics tell how many of the large positive ones are false. The threshold is the
    lowest at which the expected share of false features among the selected ones is at most `level`.

    Parameters
    ----------
    estimator : estimator
        Selector, or any estimator that scores features; it is cloned and stays as it is. It
        receives about twice as many columns as X has. The ``random_state`` of the clones and of
        their parts is set from `random_state`.
    level : float in (0, 1), default=0.1
        Bound on the false discovery rate: the expected share of false features among the selected
        ones. After the fit, ``set_params(level=...)`` changes the selection without a new fit.
    n_draws : int, default=1
        Number of draws of knockoffs, with a fit for each. With several draws, the selection depends
        less on chance, but more features must stand out; see Notes.
    sampler : {"gaussian"} or callable, default="gaussian"
        Where the knockoffs come from. ``"gaussian"``: a Gaussian copula that is fitted to X, see
        Notes. A callable receives X, ndarray of shape (n_samples, n_features), and a
        ``numpy.random.Generator``, and returns the knockoffs in the shape of X.
    adjust_for : list of str or int, default=None
        Names or indices of covariates, such as age, batch or known markers. Every fit sees them,
        they have no knockoffs, and they are never selected. A feature is selected only for what it
        says beyond them. Their scores are 0 and they rank last.
    importance_getter : str or callable, default="auto"
        Where the scores of the features are read from, as in :class:`StabilitySelector`. There
        must be a score for each column that the estimator receives, knockoffs included. Scores
        that are near 0 for all useless features select most. Ranks and p-values select little: they
        differ as much among useless features as among useful ones.
    n_jobs : int or None, default=None
        Draws at the same time, in processes unless a ``joblib.parallel_config`` context sets
        another backend; None means 1 unless in such a context, -1 all processors. The result does
        not depend on it if the estimator does not depend on the number of threads.
    verbose : bool, default=False
        Whether to show a progress bar.
    random_state : int, RandomState instance or None, default=None
        Decides the knockoffs, the seeds of the clones, and the places of the columns.

    Attributes
    ----------
    statistics_ : ndarray of shape (n_draws, n_features), dtype float64
        Importance of the feature minus that of its knockoff, in the unit of the estimator's
        importances. 0 for covariates and constant features.
    scores_ : ndarray of shape (n_features,), dtype float64
        Mean of the statistics over the draws. Those of each draw are divided by the mean of their
        absolute values first.
    q_values_ : ndarray of shape (n_features,), dtype float64
        Smallest level at which the feature is selected; 1 if it never is.
    ranking_ : ndarray of shape (n_features,), dtype int64
        Rank of every feature, 1 is the best: by q-value, then by score, then by index. Covariates
        come last.
    support_ : ndarray of shape (n_features,), dtype bool
        Mask of the features that are selected at `level`. There may be none.
    feature_importances_ : ndarray of shape (n_features,), dtype float64
        The scores, shifted so that none is negative, for scikit-learn's ``SelectFromModel`` and
        ``RFE``.
    n_features_in_ : int
        Number of features seen in `fit`.
    feature_names_in_ : ndarray of shape (n_features,)
        Their names, if X had string column names.

    See Also
    --------
    StabilitySelector : Bounds the number of false selections instead, also of few features.

    Notes
    -----
    A selection is false if the feature says nothing of the target that the other features do not
    say. The bound holds for any estimator and any law of the target, if the samples are independent
    and the knockoffs follow the law of the features (Candes et al.). Correlated features are
    covered. Samples that belong together, such as several of one patient, are not.

    One draw selects all features with a statistic of at least T, the lowest threshold with ``(1 +
    #{W <= -T}) / #{W >= T} <= level`` (knockoff+, Barber and Candes). Because of the 1, at least
    ``1 / level`` features must lead before one can be selected: 10 at a level of 0.1. If you expect
    fewer, use a higher level or :class:`StabilitySelector`.

    Several draws are combined by e-values (Ren and Barber). The e-value of a feature in a draw
    is ``p / (1 + #{W <= -T})`` if its statistic is at least T, else 0, for p features and the
    threshold T at half the level. The e-BH procedure selects the k features of the largest mean
    e-values for the largest k whose e-values are at least ``p / (level * k)``. At least ``2 /
    level`` features must lead then. The q-value is the smallest level at which a feature is
    selected; with several draws, it need not be selected at every higher level.

    Chance decides for each column whether the feature or its knockoff stands in the left half of
    the columns, so an estimator may depend on their order. In a DataFrame the columns of the left
    half have the names of the features, those of the right half names of their own; a name does not
    tell a feature from its knockoff.

    The Gaussian sampler replaces each column by the normal scores of its ranks and estimates their
    covariance with shrunken eigenvalues (Ledoit and Wolf). It draws the scores of the knockoffs
    given those of the features, and puts the values of the column in their order. A knockoff thus
    has exactly the values of its column, whatever their distribution. Up to 1,000 features, each
    knockoff has its own distance to its feature. The distances make features hard to reconstruct
    from all other columns (MVR, Spector and Janson). For more features, one distance serves all,
    and memory grows with n_samples * n_features.

    The law of the features is estimated, so the bound is approximate. The rate may be somewhat
    above the level if features are strongly correlated and far more than the samples. It can be far
    above the level if features depend on each other in ways that a Gaussian copula does not have,
    such as the pixels of images. Flexible estimators such as trees then recognise the knockoffs. To
    check, simulate a target from a few columns of your X and count the false selections. Pass a
    `sampler` that knows more about X if there are too many.

    The bound does not depend on the estimator, but the number of selected features does. Choose one
    that suits the relation: an L1-penalised model for linear effects, trees or
    :class:`GradualPruningSelector` for others.

    Samples whose ``sample_weight`` is 0 are left out.

    References
    ----------
    Barber, R. F. and Candes, E. J. "Controlling the false discovery rate via knockoffs." Annals of
    Statistics 43, 2015.

    Candes, E., Fan, Y., Janson, L. and Lv, J. "Panning for gold: 'model-X' knockoffs for high
    dimensional controlled variable selection." Journal of the Royal Statistical Society, Series B
    80, 2018.

    Ledoit, O. and Wolf, M. "Quadratic shrinkage for large covariance matrices." Bernoulli 28, 2022.

    Ren, Z. and Barber, R. F. "Derandomised knockoffs: leveraging e-values for false discovery rate
    control." Journal of the Royal Statistical Society, Series B 86, 2024.

    Spector, A. and Janson, L. "Powerful knockoffs via minimizing reconstructability." Annals of
    Statistics 50, 2022.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LassoCV
    >>> from sparsefs import KnockoffSelector
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((300, 100))
    >>> y = X[:, :20].sum(axis=1) + rng.standard_normal(300)
    >>> selector = KnockoffSelector(LassoCV(cv=3), level=0.1, random_state=0).fit(X, y)
    >>> selected = selector.get_support(indices=True)
    >>> bool(np.isin(np.arange(20), selected).all()), len(selected) <= 25
    (True, True)
    >>> stricter = selector.set_params(level=0.05).get_support(indices=True)  # without another fit
    >>> bool(np.isin(stricter, selected).all())
    True

    Knockoffs of another program, such as hidimstat::

        from hidimstat.samplers import GaussianKnockoffs

        def sampler(X, rng):
            seed = int(rng.integers(2**31))
            return GaussianKnockoffs().fit(X).sample(random_state=seed)[0]

        KnockoffSelector(LassoCV(), sampler=sampler)
    """

    statistics_: Floats
    q_values_: Floats
    _covariates: Bools

    _score_label: ClassVar[str] = "lead over the knockoff (relative)"  # for the axis of a picture

    _unused = (*MetaSelector._unused, "keep", "exclude", "feature_groups")  # of twice the columns
    _counts = "n_draws"
    _min_samples = 3

    _parameter_constraints: ClassVar[dict] = {
        **MetaSelector._parameter_constraints,
        "level": [Interval(Real, 0, 1, closed="neither")],
        "n_draws": [Interval(Integral, 1, None, closed="left")],
        "sampler": [StrOptions({"gaussian"}), callable],
        "adjust_for": ["array-like", None],
    }

    def __init__(
        self,
        estimator: Estimator,
        *,
        level: float = 0.1,
        n_draws: int = 1,
        sampler: Sampler = "gaussian",
        adjust_for: Sequence[str | int] | None = None,
        importance_getter: Getter = "auto",
        n_jobs: int | None = None,
        verbose: bool = False,
        random_state: RandomState = None,
    ):
        self.estimator = estimator
        self.level = level
        self.n_draws = n_draws
        self.sampler = sampler
        self.adjust_for = adjust_for
        self.importance_getter = importance_getter
        self.n_jobs = n_jobs
        self.verbose = verbose
        self.random_state = random_state

    def _n_inner_fits(self):
        return int(self.n_draws)

    def _composed(self):
        return False  # knockoffs are of numbers: no part of the estimator may see anything else

    def _takes_tables(self):
        return False  # knockoffs are numbers

    def _validate_X(self, X):
        if isinstance(X, RowTable):
            raise TypeError(
                "KnockoffSelector needs all of X in memory, so X cannot be files on disk. Pass an "
                "array: X[:] reads all rows."
            )
        if sparse.issparse(X):
            raise TypeError(
                "KnockoffSelector does not support sparse data, because knockoffs are dense. Pass "
                "X.toarray()."
            )
        return super()._validate_X(X)

    def _check_y(self, X, y):
        super()._check_y(X, y)
        if y is None:
            raise ValueError(
                "KnockoffSelector requires y to be passed, but the target y is None. It looks for "
                "features that say something of y."
            )

    def _fit(self, X, y, fit_params, groups, reports):
        names = getattr(self, "feature_names_in_", None)
        covariates = column_mask(self.adjust_for, names, self.n_features_in_)
        X, y, fit_params = _that_count(X, y, fit_params)
        values = check_array(X, dtype=[np.float64, np.float32])
        own = self.sampler == "gaussian"
        sampler = GaussianKnockoffs(values, covariates) if own else self.sampler
        data = _Data(X, values, y, fit_params, names, ~covariates)
        statistics = np.array(
            self._in_parallel(
                _one_draw,
                int(self.n_draws),
                reports,
                sampler,
                self.estimator,
                data,
                self.importance_getter,
            )
        )
        unit = np.abs(statistics).mean(axis=1, keepdims=True)
        scores = (statistics / np.where(unit > 0, unit, 1.0)).mean(axis=0)
        q = np.ones(len(scores))
        q[~covariates] = q_values(statistics[:, ~covariates])
        ranking = np.empty(len(scores), dtype=np.int64)
        ranking[np.lexsort((-scores, q, covariates))] = np.arange(1, len(scores) + 1)
        if not selected(statistics[:, ~covariates], self.level).any():
            self._warn_of_none(q.min(), int((~covariates).sum()))
        return {
            "statistics_": statistics,
            "scores_": scores,
            "q_values_": q,
            "ranking_": ranking,
            "_covariates": covariates,
        }

    def _warn_of_none(self, least, n_features):
        needed = ceil(1 / level_of_draw(self.level, self.n_draws) - 1e-9)
        reason = f"the smallest q-value is {least:.2g}"
        if n_features < needed:
            reason = f"there are {counted(n_features, 'feature')}"
        draws = "" if self.n_draws == 1 else f" and n_draws={self.n_draws}"
        warn_user(
            f"No features were selected: at level={self.level:g}{draws}, at least {needed} "
            f"features must beat their knockoffs before one can be selected, and {reason}. Raise "
            "'level', or use StabilitySelector, which can select a single feature."
        )

    def _chosen(self):
        mask = np.zeros(self.n_features_in_, dtype=bool)
        tested, level = ~self._covariates, self._checked_level()
        mask[tested] = selected(self.statistics_[:, tested], level)
        return mask

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = tags.input_tags.allow_nan = tags.input_tags.categorical = False
        tags.target_tags.required = True
        return tags


class _Data:
    """What every draw is of, without what a fit to it would change.

    Parameters
    ----------
    X : array-like or DataFrame of shape (n_samples, n_features)
    values : ndarray of shape (n_samples, n_features), dtype float
        The numbers in X.
    y, fit_params
        As the estimator takes them.
    names : ndarray of str or None
        Of the features.
    tested : ndarray of shape (n_features,), dtype bool
        Features that have knockoffs.
    """

    def __init__(self, X, values, y, fit_params, names, tested):
        self.values, self.y, self.fit_params, self.tested = values, y, fit_params, tested
        self._frame, self._names = None, None
        if names is not None:
            self._frame = X
            others = unique([f"{name}_knockoff" for name in names[tested]], taken=names)
            self._names = [*names, *others]

    def beside(self, left, right):
        """Columns of X, some of them exchanged for knockoffs, and what was left out."""
        both = np.hstack([left, right])
        for adapter in ADAPTERS_MANAGER.adapters.values():
            if self._frame is not None and adapter.is_supported_container(self._frame):
                return adapter.create_container(both, self._frame, self._names)
        return both


def _that_count(X, y, fit_params):
    """The rows whose weight is not 0."""
    weight = fit_params.get("sample_weight")
    if weight is None:
        return X, y, fit_params
    weight = usable_weight(weight, X)
    rows = np.flatnonzero(weight)
    if len(rows) < KnockoffSelector._min_samples:
        raise ValueError(
            f"There are {counted(len(rows), 'sample')} of weight above 0, but at least "
            f"{KnockoffSelector._min_samples} are needed."
        )
    fit_params = {**fit_params, "sample_weight": weight}
    if len(rows) == _num_samples(X):
        return X, y, fit_params
    fit_params = _check_method_params(X, fit_params, rows)
    return _safe_indexing(X, rows), _safe_indexing(y, rows), fit_params


def _one_draw(rng, reports, sampler, estimator, data, getter):
    """Statistics of all features with one draw of knockoffs."""
    X, tested = data.values, data.tested
    # X may have been drawn with the same seed: its own noise would make copies of it.
    other = np.random.default_rng(rng.integers(2**32, size=4))
    if isinstance(sampler, GaussianKnockoffs):
        knockoffs = sampler.draw(other)
    else:
        knockoffs = _checked(sampler(X.copy(), other), X)
    same = (knockoffs == X).all(axis=0)
    exchanged = tested & (rng.random(len(tested)) < 0.5)
    left = np.where(exchanged, knockoffs, X)
    right = np.where(exchanged, X, knockoffs)[:, tested]
    table = data.beside(left, right)
    fitted = fitted_clone(estimator, rng, reports[0], (table, data.y, data.fit_params))
    scores = _finite(importances(fitted, getter, table.shape[1])[0])
    statistics = np.zeros(len(tested))
    statistics[tested] = scores[: len(tested)][tested] - scores[len(tested) :]
    statistics[exchanged] *= -1
    statistics[same] = 0.0  # of two equal columns none can lead, but by chance
    return statistics


def _checked(knockoffs, X):
    """What a sampler of the user's returned, in the type of X."""
    try:
        knockoffs = np.asarray(knockoffs).astype(X.dtype)
    except (TypeError, ValueError) as error:
        raise ValueError(f"The 'sampler' parameter must return an array of numbers: {error}") from (
            error
        )
    if knockoffs.shape != X.shape:
        raise ValueError(
            f"The 'sampler' parameter must return an array of the shape of X, {X.shape}. Got "
            f"{knockoffs.shape}."
        )
    if not np.isfinite(knockoffs).all():
        raise ValueError("The 'sampler' parameter returned NaN or infinite values.")
    return knockoffs


def _finite(scores):
    """Scores as numbers that can be subtracted."""
    scores = scores.astype(np.float64)
    if np.isposinf(scores).any():
        raise ValueError(
            f"{counted(int(np.isposinf(scores).sum()), 'score')} of the estimator are infinite, so "
            "features cannot be compared with their knockoffs. Pass an importance_getter that "
            "returns finite scores."
        )
    known = np.isfinite(scores)
    return np.where(known, scores, scores[known].min() if known.any() else 0.0)
