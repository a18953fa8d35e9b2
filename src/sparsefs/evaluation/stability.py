# SPDX-License-Identifier: BSD-3-Clause
"""Agreement of selections that differ in the seed or in the samples."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
from scipy import sparse
from scipy.stats import norm
from sklearn.base import clone
from sklearn.utils import _safe_indexing, indexable
from sklearn.utils.validation import has_fit_parameter

from ..data import RowTable
from ..data.inputs import check_length, table_on_disk
from ..data.kinds import on_host
from ..data.layout import with_kinds
from ..data.table import rows_of
from ..utils.checks import MOST_FITS, check_size
from ..utils.parallel import calls, parallel, results
from ..utils.random import generators, seed_of, seeded
from .folds import strata_of, that_knows_the_task
from .groups import checked_groups, warn_of_lost_groups
from .subsamples import complementary_pair

if TYPE_CHECKING:
    from ..utils.typing import Bools, Data, Estimator, RandomState


class Stability(NamedTuple):
    """Agreement of selections with a confidence interval, see :func:`stability`.

    Attributes
    ----------
    value : float
        1 if all selections are the same, 0 on average for random selections.
    low, high : float
        Confidence interval of `value`.
    """

    value: float
    low: float
    high: float


def stability(selections: Data, *, confidence: float = 0.95) -> Stability:
    """Return the stability of selections by the measure of Nogueira, Sechidis and Brown.

    Selections may differ in their numbers of features. The measure is corrected for chance: a
    larger share of selected features does not raise it.

    Parameters
    ----------
    selections : array-like of shape (n_selections, n_features)
        Selected features of each selection, as booleans or zeros and ones; at least two
        selections.
    confidence : float in (0, 1), default=0.95
        Level of the interval, which is approximate: normal, for independent selections.

    Returns
    -------
    Stability
        ``(value, low, high)``; NaN if no feature is ever selected, or all always are.

    Raises
    ------
    ValueError
        If `selections` or `confidence` is unusable.

    References
    ----------
    Nogueira, S., Sechidis, K. and Brown, G. "On the stability of feature selection algorithms."
    Journal of Machine Learning Research 18, 2018.

    Examples
    --------
    >>> from sparsefs.evaluation import stability
    >>> found = stability([[1, 1, 0, 0, 0], [1, 1, 0, 0, 0], [1, 0, 1, 0, 0]])
    >>> round(found.value, 3)
    0.444
    """
    Z = zeros_and_ones(selections)
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must be between 0 and 1. Got {confidence!r}.")
    n_selections, n_features = Z.shape
    frequency = Z.mean(axis=0)
    share = frequency.mean()  # of the features, in a selection
    by_chance = share * (1 - share)  # variance of a feature that is selected by chance
    if by_chance == 0:
        return Stability(np.nan, np.nan, np.nan)
    unbiased = n_selections / (n_selections - 1)
    value = 1 - unbiased * (frequency * (1 - frequency)).mean() / by_chance
    shares = Z.mean(axis=1)
    influence = (
        Z @ frequency / n_features
        - shares * share
        + value / 2 * (2 * shares * share - shares - share + 1)
    ) / by_chance
    variance = 4 / n_selections**2 * np.square(influence - influence.mean()).sum()
    margin = norm.ppf((1 + confidence) / 2) * np.sqrt(variance)
    return Stability(float(value), float(value - margin), float(value + margin))


def repeated_selections(
    selector: Estimator,
    X: Data,
    y: Data | None = None,
    *,
    K: int | None = None,
    n_repeats: int = 10,
    vary: Literal["seed", "half"] = "seed",
    groups: Data | None = None,
    n_jobs: int | None = None,
    random_state: RandomState = None,
) -> Bools:
    """Fit a selector several times, with other seeds or on other halves of the samples.

    Parameters
    ----------
    selector : estimator
        Estimator with ``get_support``; it is cloned and stays as it is.
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
    y : array-like of shape (n_samples,) or (n_samples, n_outputs), default=None
    K : int or None, default=None
        Number of features in all fits; None keeps the selector's own.
    n_repeats : int, default=10
        Number of fits, at least 2.
    vary : {"seed", "half"}, default="seed"
        ``"seed"``: the fits differ in every ``random_state``. ``"half"``: each fit also sees a
        random half of the samples (of every class, if there are classes).
    groups : array-like of shape (n_samples,) or None, default=None
        Labels of samples that belong together: a half contains all or none of a group.
        Passed to the selector's ``fit`` if it takes groups.
    n_jobs : int or None, default=None
        Fits at the same time, in processes unless a ``joblib.parallel_config`` context sets
        another backend; None means 1 unless in such a context.
    random_state : int, RandomState instance or None, default=None
        Decides the seeds and the halves.

    Returns
    -------
    ndarray of shape (n_repeats, n_features), dtype bool
        Selected features of each fit.

    Raises
    ------
    TypeError
        If X is a path, or the selector has no ``get_support``.
    ValueError
        If a parameter is unusable.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sparsefs import WASTSelector
    >>> from sparsefs.evaluation import repeated_selections, stability
    >>> X, _ = load_digits(return_X_y=True)
    >>> selections = repeated_selections(WASTSelector(K=20), X, n_repeats=3, random_state=0)
    >>> selections.shape
    (3, 64)
    >>> 0 < stability(selections).value < 1
    True
    """
    if vary not in ("seed", "half"):
        raise ValueError(f"vary must be 'seed' or 'half'. Got {vary!r}.")
    if isinstance(n_repeats, bool) or n_repeats != int(n_repeats) or n_repeats < 2:
        raise ValueError(f"n_repeats must be an int of at least 2. Got {n_repeats!r}.")
    check_size("n_repeats", int(n_repeats), MOST_FITS)
    X, y = on_host(X), on_host(y)
    if not hasattr(selector, "get_support"):
        raise TypeError(f"selector must have get_support. Got {type(selector).__name__}.")
    selector = clone(selector)
    if K is not None:
        selector.set_params(K=K)
    table_on_disk(X)  # a path is refused
    if not isinstance(X, RowTable):
        (rows,) = indexable(X)
        X = rows.tocsr() if sparse.issparse(rows) else rows
        if hasattr(selector, "_training_data"):
            X = with_kinds(X, selector)
    if y is not None:
        check_length(X, y)
    if y is not None:
        selector = that_knows_the_task(selector, y)
    classes = strata_of(selector, y) if vary == "half" else None
    if vary == "half" and classes is None:
        classes = np.zeros(X.shape[0] if hasattr(X, "shape") else len(X), dtype=np.intp)
    groups = checked_groups(groups, X)
    passed = groups is not None and has_fit_parameter(selector, "groups")
    if groups is not None and not passed:
        warn_of_lost_groups(selector)
    rngs = generators(seed_of(random_state), int(n_repeats))
    with warnings.catch_warnings():  # jobs in threads would leave the filters changed
        jobs = calls(_selection, zip(rngs), selector, X, y, classes, groups, passed)
        return np.array(list(results(parallel(n_jobs)(jobs))))


def _selection(rng, selector, X, y, classes, groups, passed):
    """Mask of the features that a clone selects; its fit may be passed the groups."""
    if classes is not None:
        half, _ = complementary_pair(classes, rng, groups)
        X = rows_of(X, half)
        y = None if y is None else _safe_indexing(y, half)
        groups = None if groups is None else groups[half]
    params = {"groups": groups} if passed else {}
    return seeded(clone(selector), rng).fit(X, y, **params).get_support()


def zeros_and_ones(selections) -> np.ndarray:
    """Return selections as zeros and ones, (n_selections, n_features), float64; refuse others."""
    Z = np.asarray(selections)
    if Z.ndim != 2 or len(Z) < 2:
        raise ValueError(
            "selections must have at least two rows, one for each selection. Got the shape "
            f"{Z.shape}."
        )
    if not np.isin(Z, (0, 1)).all():
        raise ValueError("selections must contain booleans, or zeros and ones.")
    return Z.astype(np.float64)
