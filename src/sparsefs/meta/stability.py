# SPDX-License-Identifier: BSD-3-Clause
"""Stability selection: features that are selected again and again, half by half of the samples."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from scipy.stats import rankdata
from sklearn.base import BaseEstimator, MetaEstimatorMixin, clone, is_regressor
from sklearn.feature_selection import SelectorMixin
from sklearn.utils import _safe_indexing, get_tags, indexable
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions
from sklearn.utils.metadata_routing import (
    MetadataRouter,
    MethodMapping,
    _routing_enabled,
    process_routing,
)
from sklearn.utils.parallel import Parallel, delayed
from sklearn.utils.validation import (
    _check_method_params,
    check_is_fitted,
    validate_data,
)

from ..data import RowTable
from ..data.inputs import check_finite, check_length, table_on_disk, usable_weight
from ..data.summary import Summary
from ..evaluation.importances import importances
from ..evaluation.subsamples import complementary_pair, strata
from ..utils.estimators import earlier_fit_kept, refuse_booleans
from ..utils.random import generators, seed_of, seeded
from .error_control import error_control

MIN_SAMPLES = 4  # two in each half


class StabilitySelector(SelectorMixin, MetaEstimatorMixin, BaseEstimator):
    """Features that are selected again and again, with a bound on the false ones.

    Splits the samples into two disjoint halves, `n_pairs` times; fits a clone of `estimator` on
    each half and takes its `q` best features. A feature is selected if the share of the
    ``2 * n_pairs`` fits that take it, its selection frequency, is at least `threshold`. The
    expected number of false selections is then bounded, for any estimator: see Notes.

    Two of `q`, `threshold` and `pfer` decide the third. What they leave open is
    ``threshold=0.75`` and, where `q` is open too, ``pfer=1``.

    Parameters
    ----------
    estimator : estimator
        Selector, or any estimator that scores features; it is cloned and stays as it is. The
        clones' ``random_state``, and those of what they are made of, are set from `random_state`.
    q : int or None, default=None
        Features to take of every half, at most. None: as many as keep `pfer` at `threshold`.
    threshold : float in (0.5, 1] or None, default=None
        Selection frequency from which on a feature is selected. None: the lowest that keeps
        `pfer` with `q` if both are given, otherwise 0.75.
    pfer : float or None, default=None
        Bound on the expected number of false selections (per-family error rate). None: what `q`
        and `threshold` give; 1 if there is no `q` either.
    bound : {"worst_case", "unimodal"}, default="worst_case"
        Which bound: one that always holds, or a tighter one under an assumption; see Notes.
    n_pairs : int, default=50
        Pairs of halves; the estimator is fitted twice as many times.
    importance_getter : str or callable, default="auto"
        What the estimator says of the features. ``"auto"``: of a selector (what has
        ``get_support``) the first there is of ``scores_``, ``ranking_`` and ``get_support()``; of
        others ``feature_importances_`` or ``coef_``. A str names an attribute, also of a part, as
        in ``"named_steps.clf.coef_"``; a callable is given the fitted estimator. Higher is better,
        except in ``ranking_``. Of ``coef_`` and of values in two dimensions the absolute values
        count, summed over the outputs. Features whose ``coef_`` or importance is 0 are not taken.
        Booleans are taken as the selection itself, which must not exceed `q`.
    n_jobs : int or None, default=None
        Pairs at the same time, in processes unless a ``joblib.parallel_config`` context says
        otherwise; None is 1 unless in such a context, -1 as many as there are processors. The
        result does not depend on it if the estimator's does not depend on the number of threads.
    verbose : int or bool, default=False
        How much joblib tells of the progress.
    random_state : int, RandomState instance or None, default=None
        Decides the halves, the clones' seeds, and which of equally good features are taken.

    Attributes
    ----------
    selection_frequencies_ : ndarray of shape (n_features,), dtype float64
        Share of the fits that took the feature.
    scores_ : ndarray of shape (n_features,), dtype float64
        The same.
    ranking_ : ndarray of shape (n_features,), dtype int64
        Rank of every feature, 1 is the best. Equal frequencies are ranked by the mean rank over
        all fits, then by index.
    support_ : ndarray of shape (n_features,), dtype bool
        Mask of the features whose frequency is at least `threshold_`.
    q_ : int
        Features taken of every half, at most.
    threshold_ : float
        Lowest frequency that is selected: `threshold` rounded up to a frequency there can be, a
        multiple of ``1 / (2 * n_pairs)``.
    pfer_ : float
        The bound for `q_` and `threshold_`.
    n_features_in_ : int
        Number of features seen in `fit`.
    feature_names_in_ : ndarray of shape (n_features,)
        Their names, where X had string column names.

    Notes
    -----
    A fit that picks q of p features by chance takes each with probability q / p. Let V be the
    number of selected features whose own probability to be taken of a random half is at most
    that. Then ::

        E[V] <= q**2 / ((2 * threshold - 1) * p)

    for independent samples, whatever the estimator and the number of pairs (Shah and Samworth,
    Theorem 1). It is a bound on the features without a relation to the target if these are no more
    likely to be taken than by chance, as holds if they are exchangeable and the estimator is no
    worse than guessing (Meinshausen and Buehlmann). Noise that is correlated with true features is
    taken more often, and not bound.

    ``bound="unimodal"`` assumes that the share of pairs of which both halves take a feature is
    distributed with one mode. The bound is then about half as large (Theorem 2); it holds for
    q / p up to 0.58, beyond which the other one is used.

    If y holds classes, each half has half of every class.

    References
    ----------
    Meinshausen, N. and Buehlmann, P. "Stability selection." Journal of the Royal Statistical
    Society, Series B 72, 2010.

    Shah, R. D. and Samworth, R. J. "Variable selection with error control: another look at
    stability selection." Journal of the Royal Statistical Society, Series B 75, 2013.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.feature_selection import SelectKBest
    >>> from sparsefs import StabilitySelector
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((200, 100))
    >>> y = X[:, :4].sum(axis=1) > 0
    >>> selector = StabilitySelector(SelectKBest(), random_state=0).fit(X, y)
    >>> selector.get_support(indices=True)
    array([0, 1, 2, 3])
    >>> selector.q_, selector.threshold_, round(selector.pfer_, 2)
    (7, 0.75, 0.98)
    """

    _score_label: ClassVar[str] = "selection frequency"  # for the axis of a picture

    _parameter_constraints: ClassVar[dict] = {
        "estimator": [HasMethods(["fit", "get_params", "set_params"])],
        "q": [Interval(Integral, 1, None, closed="left"), None],
        "threshold": [Interval(Real, 0.5, 1, closed="right"), None],
        "pfer": [Interval(Real, 0, None, closed="neither"), None],
        "bound": [StrOptions({"worst_case", "unimodal"})],
        "n_pairs": [Interval(Integral, 1, None, closed="left")],
        "importance_getter": [str, callable],
        "n_jobs": [
            Interval(Integral, 1, None, closed="left"),
            Interval(Integral, None, -1, closed="right"),
            None,
        ],
        "verbose": ["verbose"],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        estimator,
        *,
        q=None,
        threshold=None,
        pfer=None,
        bound="worst_case",
        n_pairs=50,
        importance_getter="auto",
        n_jobs=None,
        verbose=False,
        random_state=None,
    ):
        self.estimator = estimator
        self.q = q
        self.threshold = threshold
        self.pfer = pfer
        self.bound = bound
        self.n_pairs = n_pairs
        self.importance_getter = importance_getter
        self.n_jobs = n_jobs
        self.verbose = verbose
        self.random_state = random_state

    def fit(self, X, y=None, **fit_params):
        """Fit the estimator on both halves of every pair and count which features it takes.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Training data, at least 4 samples. Sparse data stay sparse.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs), default=None
            Target, as the estimator takes it.
        **fit_params : dict
            Passed to the estimator's ``fit``; of what has an entry per sample, as
            ``sample_weight``, those of the half. Samples whose ``sample_weight`` is 0 are left
            out. With metadata routing enabled, what the estimator requests.

        Returns
        -------
        self : object
            The fitted selector.

        Raises
        ------
        TypeError
            If X is files on disk, or y mixes text with something else.
        ValueError
            If a parameter or the data are unusable, or `pfer` cannot be kept; the message names
            the parameter.
        """
        self._validate_params()
        refuse_booleans(self)
        clone(self.estimator)  # refuses a class
        with earlier_fit_kept(self):
            X = self._validate_X(X)
            (y,) = indexable(y)
            self._check_y(X, y)
            params = self._params_of_fit(fit_params)
            rows = np.arange(X.shape[0])
            weight = params.get("sample_weight")
            if weight is not None:
                params["sample_weight"] = weight = usable_weight(weight, X)
                rows = rows[weight != 0]
            classes = strata(y)
            classes = np.zeros(len(rows), dtype=np.intp) if classes is None else classes[rows]
            self._check_samples(classes)
            control = error_control(
                self.q,
                self.threshold,
                self.pfer,
                n_features=self.n_features_in_,
                n_pairs=self.n_pairs,
                bound=self.bound,
            )
            data = X, y, params
            counts, ranks = np.zeros((2, self.n_features_in_))
            for chosen, rank in Parallel(n_jobs=self.n_jobs, verbose=self.verbose)(
                delayed(_of_pair)(
                    self.estimator, data, rows, classes, control.q, self.importance_getter, rng
                )
                for rng in generators(seed_of(self.random_state), int(self.n_pairs))
            ):
                counts[chosen[0]] += 1
                counts[chosen[1]] += 1
                ranks += rank
        self.q_, self.threshold_, self.pfer_ = control
        self.selection_frequencies_ = self.scores_ = counts / (2 * self.n_pairs)
        self.ranking_ = np.empty(len(counts), dtype=np.int64)
        self.ranking_[np.lexsort((ranks, -counts))] = np.arange(1, len(counts) + 1)
        self.support_ = self.selection_frequencies_ >= self.threshold_
        return self

    def get_metadata_routing(self):
        """How metadata are routed: those of `fit` to the estimator's.

        Returns
        -------
        MetadataRouter
        """
        return MetadataRouter(owner=type(self).__name__).add(
            estimator=self.estimator,
            method_mapping=MethodMapping().add(caller="fit", callee="fit"),
        )

    def _validate_X(self, X):
        table_on_disk(X)  # a path is refused
        if isinstance(X, RowTable):
            raise TypeError(
                "StabilitySelector draws samples from all over X, so X cannot be files on disk. "
                "Pass an array: X[:] reads all rows."
            )
        X = validate_data(
            self,
            X,
            accept_sparse="csr",
            ensure_all_finite=False,  # below, where it is known that the estimator minds
            ensure_min_samples=MIN_SAMPLES,
        )
        # What is made of parts may impute.
        composed = any("__" in name for name in self.estimator.get_params())
        if (
            X.dtype.kind == "f"
            and not composed
            and not self.__sklearn_tags__().input_tags.allow_nan
        ):
            check_finite(X, Summary.of(X), getattr(self, "feature_names_in_", None))
        return X

    def _check_y(self, X, y):
        if y is not None:
            check_length(X, y)
        elif get_tags(self.estimator).target_tags.required:
            raise ValueError(
                f"{type(self.estimator).__name__} requires y to be passed, but the target y is "
                "None."
            )

    def _params_of_fit(self, fit_params) -> dict[str, Any]:
        if _routing_enabled():
            return dict(process_routing(self, "fit", **fit_params).estimator.fit)
        return dict(fit_params)

    def _check_samples(self, classes):
        if len(classes) < MIN_SAMPLES:
            raise ValueError(
                f"sample_weight leaves {len(classes)} sample(s), while at least {MIN_SAMPLES} are "
                "needed: two in each half."
            )
        sizes = np.bincount(classes)
        sizes = sizes[sizes > 0]
        if len(sizes) == 2 and min(sizes) == 1 and not is_regressor(self.estimator):
            raise ValueError(
                "One of the two classes in y has a single sample: one half of every pair would "
                "have one class only."
            )

    def _get_support_mask(self):
        check_is_fitted(self)
        return self.support_

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        of_estimator = get_tags(self.estimator)
        tags.input_tags.sparse = of_estimator.input_tags.sparse
        tags.input_tags.allow_nan = of_estimator.input_tags.allow_nan
        tags.target_tags.required = of_estimator.target_tags.required
        return tags


def _of_pair(estimator, data, rows, classes, q, getter, rng):
    """Features that each half takes, and the sum of the ranks that the two give to all."""
    X, y, params = data
    chosen, ranks = [], np.zeros(X.shape[1])
    for half in complementary_pair(classes, rng):
        half = rows[half]
        fitted = seeded(clone(estimator), rng).fit(
            X[half],
            None if y is None else _safe_indexing(y, half),
            **_check_method_params(X, params, half),
        )
        values, candidates = importances(fitted, getter, X.shape[1])
        if values.dtype == bool and values.sum() > q:
            raise ValueError(
                f"{type(estimator).__name__} selects {values.sum()} features of a half, more than "
                f"q={q}: let it select fewer, or raise 'q'."
            )
        # Chance decides among equals: by index, the same ones would be taken every time.
        order = np.lexsort((rng.random(len(values)), -values.astype(np.float64)))
        chosen.append(order[candidates[order]][:q])
        ranks += rankdata(-values.astype(np.float64))
    return chosen, ranks
