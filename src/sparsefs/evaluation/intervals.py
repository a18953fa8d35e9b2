# SPDX-License-Identifier: BSD-3-Clause
"""Confidence intervals of scores on held-out rows, and of differences between them."""

from __future__ import annotations

from numbers import Real

import numpy as np
from scipy import stats

from ..utils.checks import check_integer


def wilson_interval(
    accuracy: float, n_samples: int, *, confidence: float = 0.95
) -> tuple[float, float]:
    """Return Wilson's score interval of an accuracy.

    It stays within [0, 1] and keeps a width where all samples, or none, are predicted right.

    Parameters
    ----------
    accuracy : float in [0, 1]
        Share of the samples that are predicted right. It is rounded to a whole number of samples,
        which matters where it is the mean of several splits.
    n_samples : int
        Number of different held-out samples.
    confidence : float in (0, 1), default=0.95
        Level of the interval.

    Returns
    -------
    low, high : float

    Raises
    ------
    ValueError
        If a parameter is unusable.

    Examples
    --------
    >>> from sparsefs.evaluation import wilson_interval
    >>> low, high = wilson_interval(1.0, 20)
    >>> round(low, 3), high
    (0.839, 1.0)
    """
    if not isinstance(accuracy, Real) or not 0 <= accuracy <= 1:
        raise ValueError(f"accuracy must be a number from 0 to 1. Got {accuracy!r}.")
    if not isinstance(confidence, Real) or not 0 < confidence < 1:
        raise ValueError(f"confidence must be between 0 and 1. Got {confidence!r}.")
    n_samples = check_integer("n_samples", n_samples, 1)
    right = round(float(accuracy) * n_samples)
    interval = stats.binomtest(right, n_samples).proportion_ci(float(confidence), "wilson")
    return float(interval.low), float(interval.high)


def interval_of_splits(scores, n_train: int, n_test: int, confidence: float = 0.95):
    """Return the interval of a mean over repeated random splits; None for one split.

    Splits share rows, so that the variance of their mean is larger than that of independent
    scores. Nadeau and Bengio (2003) add the ratio of the parts: (1 / n_splits + n_test / n_train).
    """
    n_splits = len(scores)
    if n_splits < 2:
        return None
    error = np.std(scores, ddof=1) * np.sqrt(1 / n_splits + n_test / n_train)
    margin = stats.t.ppf((1 + confidence) / 2, n_splits - 1) * error
    return float(np.mean(scores) - margin), float(np.mean(scores) + margin)


def tied_with_best(scores) -> np.ndarray:
    """Return which methods are not different from the best over the same folds.

    The test is the corrected resampled t-test: zero is within the 95 % interval of
    :func:`interval_of_splits` for the difference from the best, fold by fold.

    Parameters
    ----------
    scores : array-like of shape (n_methods, n_folds)
        At least two folds.

    Returns
    -------
    ndarray of shape (n_methods,), dtype bool
    """
    scores = np.asarray(scores, dtype=np.float64)
    best = scores[np.argmax(scores.mean(axis=1))]
    n_folds = len(best)
    lows = [interval_of_splits(best - of_method, n_folds - 1, 1)[0] for of_method in scores]
    return np.array(lows) <= 0
