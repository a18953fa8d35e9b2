# SPDX-License-Identifier: BSD-3-Clause
"""Bound on the expected number of false selections of stability selection."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

DEFAULT_THRESHOLD = 0.75
DEFAULT_PFER = 1.0


class ErrorControl(NamedTuple):
    """Settings of stability selection that depend on each other.

    Attributes
    ----------
    q : int
        Features taken on every subsample.
    threshold : float
        Smallest frequency that is selected, a multiple of 1 / (2 * n_pairs).
    pfer : float
        Bound on the expected number of false selections.
    """

    q: int
    threshold: float
    pfer: float


def pfer_bound(q, n_times, n_features: int, n_pairs: int, bound: str):
    """Return a bound on the expected number of false selections (per-family error rate).

    Parameters
    ----------
    q : int or ndarray of int
        Features taken on every subsample.
    n_times : int or ndarray of int
        Features taken on at least this many of the 2 * n_pairs subsamples are selected; more
        than n_pairs.
    n_features, n_pairs : int
    bound : {"worst_case", "unimodal"}
        Theorem 1 or 2 of Shah and Samworth (2013).

    Returns
    -------
    float or ndarray of float
    """
    q, n_times = np.asarray(q, dtype=np.float64), np.asarray(n_times)
    # 2 * threshold - 1 is (n_times - n_pairs) / n_pairs: this way whole numbers stay exact.
    worst = q**2 * n_pairs / ((n_times - n_pairs) * n_features)
    if bound == "worst_case":
        return worst
    threshold, theta, step = n_times / (2 * n_pairs), q / n_features, 1 / (2 * n_pairs)
    lowest = np.minimum(0.5 + theta**2, 0.5 + step + 0.75 * theta**2)
    factor = np.where(
        threshold <= 0.75,
        1 / (2 * (2 * threshold - 1 - step)),
        4 * (1 - threshold + step) / (1 + 2 * step),
    )
    holds = (theta <= 1 / np.sqrt(3)) & (threshold > lowest) & (n_times >= n_pairs + 2)
    return np.where(holds, np.minimum(factor * q**2 / n_features, worst), worst)


def error_control(q, threshold, pfer, *, n_features: int, n_pairs: int, bound: str) -> ErrorControl:
    """Find the missing ones of `q`, `threshold` and `pfer`.

    Raises
    ------
    ValueError
        If all three are given, or the given ones cannot be kept.
    """
    if q is not None and threshold is not None and pfer is not None:
        raise ValueError(
            "Two of 'q', 'threshold' and 'pfer' decide the third: leave one of them None. Got "
            f"q={q!r}, threshold={threshold!r} and pfer={pfer!r}."
        )
    if q is not None and q > n_features:
        raise ValueError(f"q={q} is greater than n_features={n_features}.")

    def pfer_of(q, n_times):
        return pfer_bound(q, n_times, n_features, n_pairs, bound)

    if q is not None and pfer is not None:
        possible = np.arange(n_pairs + 1, 2 * n_pairs + 1)
        kept = np.flatnonzero(pfer_of(q, possible) <= pfer)
        if len(kept) == 0:
            raise ValueError(
                f"pfer={pfer} cannot be kept with q={q} and n_features={n_features} by any "
                f"threshold up to 1, where the bound is {float(pfer_of(q, 2 * n_pairs)):.3g}: "
                "lower 'q' or raise 'pfer'."
            )
        return _together(q, possible[kept[0]], pfer_of, n_pairs)

    # Frequencies are multiples of 1 / (2 * n_pairs), so a threshold is rounded up to the next one.
    n_times = int(np.ceil(2 * n_pairs * (threshold or DEFAULT_THRESHOLD) - 1e-9))
    n_times = max(n_times, n_pairs + 1)
    if q is None:
        pfer = DEFAULT_PFER if pfer is None else pfer
        kept = np.flatnonzero(pfer_of(np.arange(1, n_features + 1), n_times) <= pfer)
        if len(kept) == 0:
            raise ValueError(
                f"pfer={pfer} cannot be kept at threshold={n_times / (2 * n_pairs):g} with "
                f"n_features={n_features}: the bound is {float(pfer_of(1, n_times)):.3g} if one "
                "feature is taken on every subsample. Raise 'pfer' or 'threshold'."
            )
        q = kept[-1] + 1
    return _together(q, n_times, pfer_of, n_pairs)


def _together(q, n_times, pfer_of, n_pairs):
    return ErrorControl(int(q), float(n_times / (2 * n_pairs)), float(pfer_of(q, n_times)))
