# SPDX-License-Identifier: BSD-3-Clause
"""False discovery rates."""

from __future__ import annotations

import numpy as np


def q_values_of(p_values: np.ndarray) -> np.ndarray:
    """Return the lowest false discovery rates at which hypotheses are rejected.

    By the step-up procedure of Benjamini and Hochberg.

    Parameters
    ----------
    p_values : ndarray of shape (n,)

    Returns
    -------
    ndarray of shape (n,)
    """
    order = np.argsort(-p_values, kind="stable")
    n = len(p_values)
    rates = np.minimum.accumulate(p_values[order] * n / np.arange(n, 0, -1))
    q_values = np.empty(n)
    q_values[order] = np.minimum(rates, 1.0)
    return q_values
