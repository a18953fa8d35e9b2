# SPDX-License-Identifier: BSD-3-Clause
"""Generated data whose true features are known, and how many of them a ranking finds.

``make(name, n_samples, seed)`` gives X in float32, y, and the truth: groups of features of which
one each is to be found, most often groups of one. The columns are in random order, so that a
method that breaks ties by index does not win by it.
"""

from collections.abc import Callable
from typing import NamedTuple
from zlib import crc32

import numpy as np
from sklearn.datasets import make_classification, make_friedman1

from benchmarks.evaluation import best

SIZES = (100, 500, 1000, 10_000)
N_COPIES = 10


class Problem(NamedTuple):
    """``draw(n_samples, rng)`` gives X, y, groups; `about` is a title."""

    draw: Callable
    about: str
    is_regression: bool = False
    sizes: tuple = SIZES


def singles(features):
    return [[int(j)] for j in features]


def classification(n_samples, rng, n_features=100, n_informative=10, n_redundant=0):
    X, y = make_classification(
        n_samples,
        n_features,
        n_informative=n_informative,
        n_redundant=n_redundant,
        shuffle=False,
        random_state=int(rng.integers(2**31)),
    )
    return X, y, singles(range(n_informative))


def redundant(n_samples, rng):
    """Sums of informative features follow them, and do not count."""
    return classification(n_samples, rng, n_redundant=20)


def half_informative(n_samples, rng):
    return classification(n_samples, rng, n_features=200, n_informative=100)


def xor(n_samples, rng):
    """Neither of the two features says anything by itself."""
    X = rng.standard_normal((n_samples, 1000))
    return X, ((X[:, 0] > 0) != (X[:, 1] > 0)).astype(int), singles([0, 1])


def blocks(n_samples, rng, n_blocks=30, n_true=5):
    """Blocks of near-copies; the first five decide on the class."""
    Z = rng.standard_normal((n_samples, n_blocks))
    X = np.repeat(Z, N_COPIES, axis=1) + 0.1 * rng.standard_normal((n_samples, n_blocks * N_COPIES))
    y = Z[:, :n_true].sum(axis=1) + 0.5 * rng.standard_normal(n_samples) > 0
    groups = np.arange(n_true * N_COPIES).reshape(n_true, N_COPIES).tolist()
    return X, y.astype(int), groups


def friedman(n_samples, rng):
    seed = int(rng.integers(2**31))
    X, y = make_friedman1(n_samples, 100, noise=1.0, random_state=seed)
    return X, y, singles(range(5))


def linear(n_samples, rng, n_features=200, n_true=10, n_outputs=None):
    """Neighbours correlate (0.7 to the power of their distance); half of the variance is noise."""
    X = np.empty((n_samples, n_features))
    step = rng.standard_normal(X.shape)
    X[:, 0] = step[:, 0]
    for j in range(1, n_features):
        X[:, j] = 0.7 * X[:, j - 1] + np.sqrt(1 - 0.7**2) * step[:, j]
    true = np.arange(n_true) * (n_features // n_true)
    shape = (n_true,) if n_outputs is None else (n_true, n_outputs)
    signal = X[:, true] @ (rng.choice([-1, 1], shape) * rng.uniform(0.5, 1.5, shape))
    return X, signal + signal.std(axis=0) * rng.standard_normal(signal.shape), singles(true)


def several_outputs(n_samples, rng):
    return linear(n_samples, rng, n_features=100, n_outputs=3)


PROBLEMS = {
    "classification": Problem(classification, "make_classification: 10 informative of 100"),
    "redundant": Problem(redundant, "make_classification: 10 informative, 20 redundant of 100"),
    "half_informative": Problem(half_informative, "make_classification: 100 informative of 200"),
    "xor": Problem(xor, "XOR of two among 1000", sizes=(500, 1000, 10_000)),
    "blocks": Problem(blocks, "5 of 30 blocks of 10 near-copies; one of each is enough"),
    "friedman": Problem(friedman, "Friedman 1: 5 of 100", True),
    "linear": Problem(linear, "linear, correlated neighbours: 10 of 200", True),
    "several_outputs": Problem(several_outputs, "the same with 3 outputs: 10 of 100", True),
}


def make(name, n_samples, seed):
    rng = np.random.default_rng([seed, n_samples, crc32(name.encode())])
    X, y, groups = PROBLEMS[name].draw(n_samples, rng)
    order = rng.permutation(X.shape[1])
    place = np.argsort(order)  # of each column in the shuffled table
    return X[:, order].astype(np.float32), y, [place[group].tolist() for group in groups]


def share_found(scores, groups):
    """Share of the groups that have a feature among the best, which are as many as the groups."""
    chosen = set(best(scores, len(groups)).tolist())
    return float(np.mean([not chosen.isdisjoint(group) for group in groups]))
