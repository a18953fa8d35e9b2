# SPDX-License-Identifier: BSD-3-Clause
"""Stability selection: features that are selected on many random halves of the samples."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral, Real
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from scipy.stats import rankdata
from sklearn.base import is_regressor
from sklearn.utils._param_validation import (
    Interval,
    StrOptions,
)
from sklearn.utils.validation import _num_samples

from ..data.inputs import usable_weight
from ..data.roles import column_mask
from ..evaluation.folds import strata_of, that_knows_the_task
from ..evaluation.groups import classes_of_groups
from ..evaluation.importances import importances
from ..evaluation.rates import q_values_of
from ..evaluation.subsamples import complementary_pair
from ..utils.warning import warn_user
from .base import MetaSelector, fitted_clone
from .error_control import error_control
from .integrated_paths import IntegratedPaths, length_of_path
from .units import Units

if TYPE_CHECKING:
    from ..utils.typing import Data, Estimator, Floats, Getter, RandomState

MIN_SAMPLES = 4  # two in each half


class StabilitySelector(MetaSelector):
    """Stability selection with control of false selections.

    It splits the samples `n_pairs` times into two disjoint halves, fits a clone of `estimator` to
    each half and takes its best features. What happens then depends on `control`:

    - ``"pfer"``: features that at least a share `threshold` of the halves has among its `q` best
      are selected. The expected number of false selections is bounded for any estimator. Two of
      `q`, `threshold` and `pfer` decide the third. If only one or none is given, the defaults are
      ``threshold=0.75`` and ``pfer=1``.
    - ``"fdr"``: every feature gets a q-value, the lowest false discovery rate at which it is
      selected. Features with a q-value of at most `level` are selected. ``set_params(level=...)``
      changes the selection without a new fit.

    Both may select nothing. See Notes for what they assume.

    Parameters
    ----------
    estimator : estimator
        Selector, or any estimator that scores features; it is cloned and stays as it is. The
        ``random_state`` of the clones and of their parts is set from `random_state`.
    control : {"pfer", "fdr"}, default="pfer"
        What is controlled: the number of false selections, or their share of the selection.
    level : float in (0, 1), default=0.1
        False discovery rate for ``control="fdr"``: the expected share of false selections.
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
    adjust_for : list of str or int, or None, default=None
        Names or indices of covariates, such as age or batch. The estimator sees them in every fit,
        but they are never selected, so that the selected features add to them. This works if the
        estimator models all columns together, as networks, trees and linear models do.
    feature_groups : array-like of shape (n_features,), dict, list of lists, or None, default=None
        A label for every feature, such as :func:`sparsefs.evaluation.feature_groups` returns; or
        names or indices of the features of each group. Features of one group are counted as one,
        which is as good as its best, and are selected together: near-copies then do not take each
        other's votes. `q` and the expected number of false selections count groups.
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
    verbose : bool, default=False
        Whether to show a progress bar.
    random_state : int, RandomState instance or None, default=None
        Decides the halves, the seeds of the clones, and which of equally good features are taken.

    Attributes
    ----------
    selection_frequencies_ : ndarray of shape (n_features,), dtype float64
        Share of the fits that have the feature among their `q_` best.
    scores_ : ndarray of shape (n_features,), dtype float64
        The selection frequencies; for ``control="fdr"`` their integral over the logarithm of the
        number of best features, from 1 to `q_`: 1 if the feature is the best of every half.
    ranking_ : ndarray of shape (n_features,), dtype int64
        Rank of every feature, 1 is the best. Equal scores are ranked by the mean rank over all
        fits, then by index.
    support_ : ndarray of shape (n_features,), dtype bool
        Mask of the features whose frequency is at least `threshold_`, or whose q-value is at most
        `level`.
    p_values_, q_values_ : ndarray of shape (n_features,), dtype float64
        For ``control="fdr"``. `p_values_`: how likely a feature without a relation to the target
        has at least this score; `q_values_`: the same, corrected for the number of features by
        the method of Benjamini and Hochberg. 1 for covariates.
    expected_false_ : float
        Expected number of false selections in `support_`: `pfer_`, or for ``control="fdr"`` the
        number of features times the largest p-value of a selected one.
    feature_importances_ : ndarray of shape (n_features,), dtype float64
        The scores, none below 0, for scikit-learn's ``SelectFromModel`` and ``RFE``.
    q_ : int
        Largest number of features taken on every half.
    threshold_ : float
        For ``control="pfer"``: lowest frequency that is selected, which is `threshold`, rounded up
        to a multiple of ``1 / (2 * n_pairs)``.
    pfer_ : float
        For ``control="pfer"``: bound for `q_` and `threshold_`.
    n_features_in_ : int
        Number of features seen in `fit`.
    feature_names_in_ : ndarray of shape (n_features,)
        Their names, if X had string column names.

    Notes
    -----
    ``control="pfer"``: a fit that picks q of p features by chance takes each with probability
    q / p. Let V be the number of selected features whose own probability to be taken of a random
    half is at most that. Then ::

        E[V] <= q**2 / ((2 * threshold - 1) * p)

    for independent samples, whatever the estimator and the number of pairs (Shah and Samworth,
    Theorem 1). It bounds the number of selected features without a relation to the target if these
    are taken no more often than by chance. That holds if they are exchangeable and the estimator is
    no worse than guessing (Meinshausen and Buehlmann). Noise that is correlated with true features
    is taken more often, and is not covered by the bound.

    ``bound="unimodal"`` assumes that the share of pairs in which both halves take a feature has a
    unimodal distribution. The bound is then about half as large (Theorem 2). It holds for q / p up
    to 0.58; above that the other bound is used.

    ``control="fdr"``: the scores are integrated stability paths (Melikechi and Miller). Their
    bound with cubes of frequencies fails for stable estimators, as all halves come from the same
    samples: chance correlations of a noise feature recur in many of them. The p-values take this
    into account. In a half, the importance of a noise feature is taken for the size of a normal
    variable, part of which is the same in all halves. That part is at most a half; how large it
    is, and how many of the best places noise takes, is measured on the features with q-values
    above 0.2 in the worst case. Noise features must be exchangeable: no more often among the best
    by their nature, such as columns with many values in trees. As above, noise that is correlated
    with true features counts as true; :class:`KnockoffSelector` tells them apart. If more than
    about a sixth of all features are true, few are found. Features that the estimator scores 0
    are not taken. 25 pairs are enough for most data.

    If y contains classes, each half has half of every class; if it contains events and times, half
    of the events. Samples whose ``sample_weight`` is 0
    are in no half. At least 4 samples are needed.

    See Also
    --------
    EnsembleSelector : Averages the scores of fits to all samples that differ in the seed.

    References
    ----------
    Benjamini, Y. and Hochberg, Y. "Controlling the false discovery rate." Journal of the Royal
    Statistical Society, Series B 57, 1995.

    Meinshausen, N. and Buehlmann, P. "Stability selection." Journal of the Royal Statistical
    Society, Series B 72, 2010.

    Melikechi, O. and Miller, J. W. "Integrated path stability selection." Journal of the American
    Statistical Association, 2025.

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
    >>> selector.set_params(control="fdr").fit(X, y).get_support(indices=True)
    array([0, 1, 2, 3])
    >>> bool((selector.q_values_[4:] > 0.2).all())
    True
    """

    q_: int
    threshold_: float
    pfer_: float
    p_values_: Floats
    q_values_: Floats
    _n_tested: int

    _counts = "n_pairs"
    _min_samples = MIN_SAMPLES

    _parameter_constraints: ClassVar[dict] = {
        **MetaSelector._parameter_constraints,
        "control": [StrOptions({"pfer", "fdr"})],
        "level": [Interval(Real, 0, 1, closed="neither")],
        "adjust_for": ["array-like", None],
        "feature_groups": ["array-like", dict, None],
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
        control: Literal["pfer", "fdr"] = "pfer",
        level: float = 0.1,
        q: int | None = None,
        threshold: float | None = None,
        pfer: float | None = None,
        bound: Literal["worst_case", "unimodal"] = "worst_case",
        n_pairs: int = 50,
        adjust_for: Sequence[str | int] | None = None,
        feature_groups: Data | None = None,
        importance_getter: Getter = "auto",
        n_jobs: int | None = None,
        verbose: bool = False,
        random_state: RandomState = None,
    ):
        self.estimator = estimator
        self.control = control
        self.level = level
        self.q = q
        self.threshold = threshold
        self.pfer = pfer
        self.bound = bound
        self.n_pairs = n_pairs
        self.adjust_for = adjust_for
        self.feature_groups = feature_groups
        self.importance_getter = importance_getter
        self.n_jobs = n_jobs
        self.verbose = verbose
        self.random_state = random_state

    def _chosen(self):
        if not hasattr(self, "q_values_"):
            return self.selection_frequencies_ >= self.threshold_
        return self.q_values_ <= self._checked_level()

    @property
    def expected_false_(self) -> float:
        """Expected number of false selections, float."""
        selected = self._get_support_mask()
        if not hasattr(self, "q_values_"):
            return self.pfer_
        return float(self._n_tested * self.p_values_[selected].max(initial=0.0))

    @property
    def _score_label(self):  # for the axis of a picture
        return "integrated path" if hasattr(self, "q_values_") else "selection frequency"

    def _n_inner_fits(self):
        return 2 * int(self.n_pairs)

    def _fit(self, X, y, fit_params, groups, reports):
        rows = np.arange(_num_samples(X))
        weight = fit_params.get("sample_weight")
        if weight is not None:
            fit_params["sample_weight"] = weight = usable_weight(weight, X)
            rows = rows[weight != 0]
        estimator = that_knows_the_task(self.estimator, y, weight)
        classes = strata_of(estimator, y)
        classes = np.zeros(len(rows), dtype=np.intp) if classes is None else classes[rows]
        if groups is not None:
            groups = groups[rows]
        self._check_samples(classes, groups)
        n_features = self.n_features_in_
        names = getattr(self, "feature_names_in_", None)
        covariates = column_mask(self.adjust_for, names, n_features)
        units = Units(covariates, self._groups(), names)
        control = self._error_control(units.n)
        q = control.q if control else length_of_path(units.n)
        paths, counts, ranks = IntegratedPaths(units.n), np.zeros(units.n), np.zeros(n_features)
        for chosen, rank in self._in_parallel(
            _of_pair,
            int(self.n_pairs),
            reports,
            estimator,
            (X, y, fit_params),
            n_features,
            units,
            rows,
            classes,
            groups,
            q,
            self.importance_getter,
        ):
            counts[chosen[0]] += 1
            counts[chosen[1]] += 1
            ranks += rank
            if control is None:
                paths.add(*chosen)
        frequencies = counts / (2 * self.n_pairs)
        scores = frequencies if control else paths.scores
        fitted = {
            "q_": q,
            "selection_frequencies_": units.of_features(frequencies),
            "scores_": units.of_features(scores),
            "ranking_": units.ranking(scores, ranks),
        }
        if control:
            if frequencies.max() < control.threshold:
                warn_user(
                    "No features were selected: the highest selection frequency is "
                    f"{frequencies.max():g}, below the threshold of {control.threshold:g}. Lower "
                    "'threshold' or raise 'q' or 'pfer', which allows more false selections."
                )
            return {**fitted, "threshold_": control.threshold, "pfer_": control.pfer}
        p_values = paths.p_values()
        q_values = q_values_of(p_values)
        if q_values.min() > self.level:
            warn_user(
                f"No features were selected: the smallest q-value is {q_values.min():.2g}, above "
                f"level={self.level:g}. set_params(level=...) raises the level without a new fit."
            )
        return {
            **fitted,
            "p_values_": units.of_features(p_values, 1.0),
            "q_values_": units.of_features(q_values, 1.0),
            "_n_tested": units.n,
        }

    def _groups(self):
        """Groups of features: its own, else those of the estimator."""
        groups = self.feature_groups
        return getattr(self.estimator, "feature_groups", None) if groups is None else groups

    def _error_control(self, n_tested):
        """Return q, threshold and bound; None where the rate is controlled."""
        if self.control == "fdr":
            if not (self.q is self.threshold is self.pfer is None):
                raise ValueError(
                    "'q', 'threshold' and 'pfer' are for control='pfer'. Leave them None and set "
                    "'level', or pass control='pfer'."
                )
            return None
        return error_control(
            self.q,
            self.threshold,
            self.pfer,
            n_features=n_tested,
            n_pairs=self.n_pairs,
            bound=self.bound,
        )

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


def _of_pair(rng, reports, estimator, data, n_features, units, rows, classes, groups, q, getter):
    """Units that each half takes, the best first, and the sum of the ranks of the features."""
    chosen, ranks = [], np.zeros(n_features)
    for half, report in zip(complementary_pair(classes, rng, groups), reports, strict=True):
        fitted = fitted_clone(estimator, rng, report, data, rows[half])
        values, candidates = importances(fitted, getter, n_features)
        ranks += rankdata(-values.astype(np.float64))
        values, candidates = units.best(values), units.best(candidates)
        if values.dtype == bool and values.sum() > q:
            raise ValueError(
                f"{type(estimator).__name__} selects {values.sum()} features of a half, more than "
                f"q={q}: let it select fewer, or raise 'q'."
            )
        # Chance decides among equals: by index, the same ones would be taken every time.
        order = np.lexsort((rng.random(units.n), -values.astype(np.float64)))
        chosen.append(order[candidates[order]][:q])
    return chosen, ranks
