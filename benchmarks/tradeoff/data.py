# SPDX-License-Identifier: BSD-3-Clause
"""The rows of an experiment: files of the shared data sets, and tables."""

from typing import NamedTuple

import numpy as np
from sklearn.model_selection import train_test_split
from tools.datasets import load as load_file
from tools.datasets import official_n_train

from benchmarks.tradeoff.tables_online import table


class Split(NamedTuple):
    """`name` is what every row and plot shows: it says of a stand-in that it is one."""

    name: str
    X_train: np.ndarray
    X_test: np.ndarray
    y_train: np.ndarray
    y_test: np.ndarray


def load(configuration):
    source = configuration.data
    if "file" in source:
        X, y = load_file(source["file"])
        n = official_n_train(source["file"])
        rows = slice(source.get("n_train", n))
        return Split(configuration.name, X[:n][rows], X[n:], y[:n][rows], y[n:])
    X, y, name = table(configuration.name, source["openml"], source["stand_in"])
    return Split(name, *train_test_split(X, y, test_size=0.2, stratify=y, random_state=0))


def fewer(split, n_samples, seed):
    """At most so many training rows, drawn with every class."""
    if n_samples is None or n_samples >= len(split.y_train):
        return split
    X, _, y, _ = train_test_split(
        split.X_train,
        split.y_train,
        train_size=n_samples,
        stratify=split.y_train,
        random_state=seed,
    )
    return split._replace(X_train=X, y_train=y)
