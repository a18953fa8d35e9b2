# SPDX-License-Identifier: BSD-3-Clause
"""Stability selection: features that are selected on many random halves of the samples."""

from __future__ import annotations

from numbers import Integral, Real
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from scipy.stats import rankdata
from sklearn.base import is_classifier, is_regressor
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import _num_samples, check_is_fitted

from ..data.inputs import usable_weight
from ..data.target import strata
from ..evaluation.folds import that_knows_the_task
from ..evaluation.groups import classes_of_groups
from ..evaluation.importances import importances
from ..evaluation.subsamples import complementary_pair
from ..utils.warning import warn_user
from .base import MetaSelector, fitted_clone
from .error_control import error_control

if TYPE_CHECKING:
    from ..utils.typing import Bools, Estimator, Getter, RandomState

MIN_SAMPLES = 4  # two in each half


class StabilitySelector(MetaSelector):
    """Stability selection with a bound on false selections.

    It splits the samples `n_pairs` times into two disjoint halves, fits a clone of `estimator` to
    each half and takes its `q` best features. The selection frequency of a feature is the share
    of the ``2 * n_pairs`` fits that take it. Features with a frequency of at least `threshold` are
    selected. The expected number of false selections is then bounded for any estimator: see Notes.

    Two of `q`, `threshold` and `pfer` decide the third. If only one or none is given, the defaults
    are ``threshold=0.75`` and ``pfer=1``.

    Parameters
    ----------
    estimator : estimator
        Selector, or any estimator that scores features; it is cloned and stays as it is. The
        ``random_state`` of the clones and of their parts is set from `random_state`.
    q : int or None, default=None
        Largest number of features to take on every half. None: as many as keep `pfer` at
        `threshold`.
    threshold : float in (0.5, 1] or None, default=None
        Lowest selection frequency of a selected feature. None: the lowest that keeps `pfer` with
        `q` if both are given, otherwise 0.75.
    pfer : float or None, default=None
        Bound on the expected number of false selections (per-family error rate). None: the bound
        that follows from `q` and `threshold`; 1 if `q` is not given either.
    bound : {"worst_case", "unimodal"}, default="worst_case"
        A bound that always holds, or a tighter one under an assumption; see Notes.
    n_pairs : int, default=50
        Pairs of halves; the estimator is fitted twice as many times.
    importance_getter : str or callable, default="auto"
        Where the scores of the features are read from. ``"auto"``: for a selector (an estimator
        with ``get_support``) the first of ``scores_``, ``ranking_`` and ``get_support()``; for
        other estimators ``feature_importances_`` or ``coef_``; for a Pipeline its last step. A str
        names an attribute, also of a part, such as ``"named_steps.clf.coef_"``; a callable
        receives the fitted estimator. In ``scores_`` higher is better, in ``ranking_`` and
        ``pvalues_`` lower. All other values count by their magnitude, as in scikit-learn's
        ``SelectFromModel``, and features of value 0 are not taken. Clip values whose negatives
        mean useless, such as permutation importances: ``.clip(0)``. Several rows, one for each
        output, are summed. Ranks from a callable raise an error. Booleans are the selection
        itself, which must not exceed `q`.
    n_jobs : int or None, default=None
        Pairs at the same time, in processes unless a ``joblib.parallel_config`` context sets
        another backend; None means 1 unless in such a context, -1 all processors. The result does
        not depend on it if the estimator does not depend on the number of threads.
    verbose : int or bool, default=False
        Verbosity of joblib.
    random_state : int, RandomState instance or None, default=None
        Decides the halves, the seeds of the clones, and which of equally good features are taken.

    Attributes
    ----------
    selection_frequencies_ : ndarray of shape (n_features,), dtype float64
        Share of the fits that took the feature.
    scores_ : ndarray of shape (n_features,), dtype float64
        The selection frequencies.
    ranking_ : ndarray of shape (n_features,), dtype int64
        Rank of every feature, 1 is the best. Equal frequencies are ranked by the mean rank over
        all fits, then by index.
    support_ : ndarray of shape (n_features,), dtype bool
        Mask of the features whose frequency is at least `threshold_`.
    feature_importances_ : ndarray of shape (n_features,), dtype float64
        The scores, none below 0, for scikit-learn's ``SelectFromModel`` and ``RFE``.
    q_ : int
        Largest number of features taken on every half.
    threshold_ : float
        Lowest frequency that is selected: `threshold`, rounded up to a multiple of
        ``1 / (2 * n_pairs)``.
    pfer_ : float
        Bound for `q_` and `threshold_`.
    n_features_in_ : int
        Number of features seen in `fit`.
    feature_names_in_ : ndarray of shape (n_features,)
        Their names, if X had string column names.

    Notes
    -----
    A fit that picks q of p features by chance takes each with probability q / p. Let V be the
    number of selected features whose own probability to be taken of a random half is at most
    that. Then ::

        E[V] <= q**2 / ((2 * threshold - 1) * p)

    for independent samples, whatever the estimator and the number of pairs (Shah and Samworth,
    Theorem 1). It bounds the number of selected features without a relation to the target if these
    are taken no more often than by chance. That holds if they are exchangeable and the estimator is
    no worse than guessing (Meinshausen and Buehlmann). Noise that is correlated with true features
    is taken more often, and is not covered by the bound.

    ``bound="unimodal"`` assumes that the share of pairs in which both halves take a feature has a
    unimodal distribution. The bound is then about half as large (Theorem 2). It holds for q / p up
    to 0.58; above that the other bound is used.

    If y contains classes, each half has half of every class. Samples whose ``sample_weight`` is 0
    are in no half. At least 4 samples are needed.

    See Also
    --------
    EnsembleSelector : Averages the scores of fits to all samples that differ in the seed.

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

    support_: Bools
    q_: int
    threshold_: float
    pfer_: float

    _score_label: ClassVar[str] = "selection frequency"  # for the axis of a picture

    _counts = "n_pairs"
    _min_samples = MIN_SAMPLES
    _draws_samples = True

    _parameter_constraints: ClassVar[dict] = {
        **MetaSelector._parameter_constraints,
        "q": [Interval(Integral, 1, None, closed="left"), None],
        "threshold": [Interval(Real, 0.5, 1, closed="right"), None],
        "pfer": [Interval(Real, 0, None, closed="neither"), None],
        "bound": [StrOptions({"worst_case", "unimodal"})],
        "n_pairs": [Interval(Integral, 1, None, closed="left")],
    }

    def __init__(
        self,
        estimator: Estimator,
        *,
        q: int | None = None,
        threshold: float | None = None,
        pfer: float | None = None,
        bound: Literal["worst_case", "unimodal"] = "worst_case",
        n_pairs: int = 50,
        importance_getter: Getter = "auto",
        n_jobs: int | None = None,
        verbose: int = False,
        random_state: RandomState = None,
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

    def _get_support_mask(self):
        check_is_fitted(self)
        return self.support_

    def _n_inner_fits(self):
        return 2 * int(self.n_pairs)

    def _fit(self, X, y, fit_params, groups, reports):
        rows = np.arange(_num_samples(X))
        weight = fit_params.get("sample_weight")
        if weight is not None:
            fit_params["sample_weight"] = weight = usable_weight(weight, X)
            rows = rows[weight != 0]
        estimator = that_knows_the_task(self.estimator, y, weight)
        classes = None if is_regressor(self.estimator) else strata(y, is_classifier(self.estimator))
        classes = np.zeros(len(rows), dtype=np.intp) if classes is None else classes[rows]
        if groups is not None:
            groups = groups[rows]
        self._check_samples(classes, groups)
        n_features = self.n_features_in_
        control = error_control(
            self.q,
            self.threshold,
            self.pfer,
            n_features=n_features,
            n_pairs=self.n_pairs,
            bound=self.bound,
        )
        counts, ranks = np.zeros((2, n_features))
        for chosen, rank in self._in_parallel(
            _of_pair,
            int(self.n_pairs),
            reports,
            estimator,
            (X, y, fit_params),
            n_features,
            rows,
            classes,
            groups,
            control.q,
            self.importance_getter,
        ):
            counts[chosen[0]] += 1
            counts[chosen[1]] += 1
            ranks += rank
        frequencies = counts / (2 * self.n_pairs)
        if frequencies.max() < control.threshold:
            warn_user(
                "No features were selected: the highest selection frequency is "
                f"{frequencies.max():g}, below the threshold of {control.threshold:g}. Lower "
                "'threshold' or raise 'q' or 'pfer', which allows more false selections."
            )
        ranking = np.empty(n_features, dtype=np.int64)
        ranking[np.lexsort((ranks, -counts))] = np.arange(1, n_features + 1)
        return {
            "q_": control.q,
            "threshold_": control.threshold,
            "pfer_": control.pfer,
            "selection_frequencies_": frequencies,
            "scores_": frequencies,
            "ranking_": ranking,
            "support_": frequencies >= control.threshold,
        }

    def _check_samples(self, classes, groups):
        what = "sample"
        if groups is not None:
            groups = np.unique(groups, return_inverse=True)[1]
            classes, what = classes_of_groups(classes, groups), "group"
        if len(classes) < MIN_SAMPLES:
            raise ValueError(
                f"There are {len(classes)} {what}(s) of weight above 0, but at least "
                f"{MIN_SAMPLES} are needed: two in each half."
            )
        sizes = np.bincount(classes)
        sizes = sizes[sizes > 0]
        if len(sizes) == 2 and min(sizes) == 1 and not is_regressor(self.estimator):
            raise ValueError(
                f"One of the two classes in y has a single {what}: one half of every pair "
                "would have one class only."
            )


def _of_pair(rng, reports, estimator, data, n_features, rows, classes, groups, q, getter):
    """Features that each half takes, and the sum of the ranks that the two give to all."""
    chosen, ranks = [], np.zeros(n_features)
    for half, report in zip(complementary_pair(classes, rng, groups), reports, strict=True):
        fitted = fitted_clone(estimator, rng, report, data, rows[half])
        values, candidates = importances(fitted, getter, n_features)
        if values.dtype == bool and values.sum() > q:
            raise ValueError(
                f"{type(estimator).__name__} selects {values.sum()} features of a half, more than "
                f"q={q}: let it select fewer, or raise 'q'."
            )
        # Chance decides among equals: by index, the same ones would be taken every time.
        order = np.lexsort((rng.random(n_features), -values.astype(np.float64)))
        chosen.append(order[candidates[order]][:q])
        ranks += rankdata(-values.astype(np.float64))
    return chosen, ranks
