# SPDX-License-Identifier: BSD-3-Clause
"""p-values of selections from tables of noise, which should be uniform.

``random_subsets`` compares the flagship's selection with random ones, and ``permutation_test`` the
F-test's with those of permuted labels.
"""

import numpy as np
from scipy.stats import kstest
from sklearn.feature_selection import SelectKBest

from benchmarks.formatting import numbers, show
from benchmarks.results import Results
from sparsefs import GradualPruningSelector
from sparsefs.evaluation import permutation_test, random_subsets

SHAPE, K = (60, 200), 10
TESTS = {
    "random_subsets": lambda X, y, seed: random_subsets(
        GradualPruningSelector(device="cpu"), X, y, K=K, n_subsets=39, random_state=seed
    ),
    "permutation_test": lambda X, y, seed: permutation_test(
        SelectKBest(), X, y, K=K, n_permutations=39, random_state=seed
    ),
}


def add_arguments(parser):
    parser.add_argument("--tests", nargs="+", default=[*TESTS], choices=TESTS)
    parser.add_argument("--seeds", nargs="+", type=int, default=range(1000, 1100))


def run(arguments):
    results = Results("chance", ["test", "seed"])
    for seed in arguments.seeds:
        X = np.random.default_rng(seed).standard_normal(SHAPE)
        for test in arguments.tests:
            if not results.has(test=test, seed=seed):
                p_value = TESTS[test](X, np.arange(len(X)) % 2, seed).p_value
                results.add(test=test, seed=seed, p_value=round(p_value, 4))
    lines = []
    for test in arguments.tests:
        values = numbers(results.where(test=test), "p_value")
        below = f"{np.mean(values <= 0.05):.2f}"
        lines.append([test, len(values), below, f"{kstest(values, 'uniform').pvalue:.2f}"])
    show(["test", "tables", "share of p <= .05", "Kolmogorov-Smirnov p"], lines)
