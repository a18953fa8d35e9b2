# SPDX-License-Identifier: BSD-3-Clause
"""Methods compared over data sets: ranks, and tests of whether they differ.

A table has a row per data set and a column per method; higher is better, nan is no result. After
Demšar, "Statistical comparisons of classifiers over multiple data sets", JMLR 2006.
"""

import numpy as np
from scipy import stats


def ranks(table):
    """1 is best; ties share the mean of their ranks, and so do methods without a result, last."""
    return stats.rankdata(-np.nan_to_num(table, nan=-np.inf), axis=1)


def best_on(table):
    """On how many data sets each method is the best, alone or with others."""
    top = np.nan_to_num(table, nan=-np.inf).max(axis=1, keepdims=True)
    return (table == top).sum(axis=0)


def friedman(table):
    """p of the hypothesis that all methods have the same ranks; nan if there are too few."""
    if min(table.shape) < 3:
        return np.nan
    return float(stats.friedmanchisquare(*ranks(table).T).pvalue)


def critical_difference(n_methods, n_sets, alpha=0.05):
    """Nemenyi: mean ranks that differ by less do not differ significantly."""
    q = stats.studentized_range.ppf(1 - alpha, n_methods, np.inf) / np.sqrt(2)
    return float(q * np.sqrt(n_methods * (n_methods + 1) / (6 * n_sets)))


def alike(mean_ranks, difference):
    """(first, last) of the longest runs, in the order of ranks, that differ by at most that."""
    ordered, runs = np.sort(mean_ranks), []
    for first, rank in enumerate(ordered):
        last = int(np.searchsorted(ordered, rank + difference, side="right")) - 1
        if last > first and (not runs or last > runs[-1][1]):
            runs.append((first, last))
    return runs


def wilcoxon(a, b):
    """p of the signed-rank test of two methods over the data sets that both have."""
    both = np.isfinite(a) & np.isfinite(b)
    differences = np.round(a[both] - b[both], 9)  # what rounding makes of a tie is one
    if not differences.any():
        return 1.0
    return float(stats.wilcoxon(differences).pvalue)


def holm(p_values):
    """Adjusted for the number of tests: the smallest times m, the next times m - 1, ..."""
    p_values = np.asarray(p_values, dtype=float)
    order = np.argsort(p_values)
    factors = np.arange(len(p_values), 0, -1)
    adjusted = np.empty_like(p_values)
    adjusted[order] = np.minimum(np.maximum.accumulate(factors * p_values[order]), 1)
    return adjusted
