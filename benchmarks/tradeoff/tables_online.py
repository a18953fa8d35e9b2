# SPDX-License-Identifier: BSD-3-Clause
"""Tables from OpenML, and generated ones for a machine that is offline.

A stand-in has the rows, columns and classes of the table, and nothing else of it: what is measured
on it says that an experiment runs, and how costs scale, not how accurate a method is on the table.
"""

import contextlib
import socket

import numpy as np
from sklearn.datasets import fetch_openml

PATIENCE = 30  # seconds without an answer that mean offline
STAND_IN = "{} (stand-in)"


def table(name, openml, stand_in):
    """X, y and the name that rows and plots have to show."""
    try:
        with _patience(PATIENCE):
            X, y = fetch_openml(data_id=openml, return_X_y=True, as_frame=False, n_retries=1)
    except OSError as error:  # URLError is one
        print(f"# {name}: OpenML cannot be reached ({error}); generated rows stand in for it")
        return *generated(**stand_in), STAND_IN.format(name)
    X = np.asarray(X, dtype=np.float32)
    complete = np.isfinite(X).all(1)
    return X[complete], np.unique(y[complete], return_inverse=True)[1], name


def generated(n_rows, n_features, share_of_second_class, noise=0.5):
    """Two classes that a random network with one hidden layer tells apart, but for some noise."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n_rows, n_features), dtype=np.float32)
    inner = np.maximum(X @ rng.standard_normal((n_features, 32)) + rng.standard_normal(32), 0)
    score = inner @ rng.standard_normal(32)
    score = score / score.std() + noise * rng.standard_normal(n_rows)
    return X, (score > np.quantile(score, 1 - share_of_second_class)).astype(int)


@contextlib.contextmanager
def _patience(seconds):
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(seconds)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)
