# SPDX-License-Identifier: BSD-3-Clause
"""
How connections move to informative features
============================================

In the papers' methods, the connections of a sparse network move during the
training: some are dropped, and as many grow elsewhere. With
``connections_every`` a selector counts them for every input neuron. Here three
methods find the pixels of digits in different ways.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from sparsefs import (
    ConnectionsDisplay,
    NeuroFSSelector,
    NeuronAttributionSelector,
    WASTSelector,
)

X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(
    X, y, stratify=y, random_state=0
)
K = 20


def accuracy(columns):
    model = make_pipeline(StandardScaler(), SVC()).fit(
        X_train[:, columns], y_train
    )
    return model.score(X_test[:, columns], y_test)


def watch(selector, epochs):
    selector.set_params(K=K, connections_every=1, random_state=0).fit(
        X_train, y_train
    )
    totals = selector.connections_["counts"].sum(axis=1)
    print(
        f"accuracy with {K} pixels: {accuracy(selector.get_support(indices=True)):.3f}"
    )
    print(
        f"connections of the inputs: {totals[0]} at first, {totals[-1]} at the end"
    )
    ConnectionsDisplay.from_estimator(
        selector, image_shape=(8, 8), epochs=epochs
    )
    plt.show()


# %%
# NeuroFS removes inputs
# ----------------------
# Input neurons lose all their connections, group by group, until K remain. The
# borders, which are white in nearly all images, are removed first. The
# selected pixels are outlined.

watch(
    NeuroFSSelector(hidden_layer_sizes=(200, 200), max_iter=40),
    [0, 10, 20, 40],
)

# %%
# RigL moves connections to large gradients
# -----------------------------------------
# After every ten batches it drops the weakest connections, and as many grow
# where they would lower the loss most. Their number stays the same. The
# selection uses attribution and follows the connections only loosely.

rigl = NeuronAttributionSelector(topology="rigl", density=0.05, max_iter=30)
watch(rigl, [0, 5, 10, 30])

# %%
# WAST fills few inputs
# ---------------------
# WAST uses no labels. A few strong pixels soon have all possible connections,
# and the others share the rest.

watch(WASTSelector(), [0, 1, 3, 10])

# %%
# A simple baseline
# -----------------
# The twenty pixels with most variance cost nothing and are as good on these
# images as those of the three methods. Always compare with this baseline. It
# suits images; on columns of different units, or full of noise, it fails.

most = np.argsort(-X_train.var(axis=0))[:K]
chance = [
    accuracy(np.random.default_rng(seed).permutation(64)[:K])
    for seed in range(10)
]
print(f"accuracy with the pixels with most variance: {accuracy(most):.3f}")
print(
    f"accuracy with random pixels: {np.mean(chance):.3f} ± {np.std(chance):.3f}"
)
