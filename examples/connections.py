# SPDX-License-Identifier: BSD-3-Clause
"""
Watch connections move to the features that matter
==================================================

In the papers' methods the connections of a sparse network move while it
trains: some are dropped, and as many grow elsewhere. With
``connections_every`` a selector keeps count of them for every input neuron. On
images of digits one can watch three methods find the pixels, each in its own
way.
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
        f"connections of the inputs, at first {totals[0]}, in the end {totals[-1]}"
    )
    ConnectionsDisplay.from_estimator(
        selector, image_shape=(8, 8), epochs=epochs
    )
    plt.show()


# %%
# NeuroFS takes inputs away
# -------------------------
# Input neurons lose all their connections, one group after another, until K
# are left. The first to go are the borders, which are white in nearly all
# images. The selected pixels are outlined.

watch(
    NeuroFSSelector(hidden_layer_sizes=(200, 200), max_iter=40),
    [0, 10, 20, 40],
)

# %%
# RigL moves connections to where the gradient is
# -----------------------------------------------
# Every epoch it drops the weakest connections, and as many grow where they
# would lower the loss most. Their number stays the same. The selection is by
# attribution, and follows the connections loosely.

rigl = NeuronAttributionSelector(topology="rigl", density=0.05, max_iter=30)
watch(rigl, [0, 5, 10, 30])

# %%
# WAST fills few inputs
# ---------------------
# It never looks at labels. A few strong pixels soon have every connection
# there may be, and the others share what remains.

watch(WASTSelector(), [0, 1, 3, 10])

# %%
# Is it worth it?
# ---------------
# Twenty pixels of most variance, which cost nothing, are as good on these
# images as those of any of the three: the first thing to compare with. Images
# suit it. On columns of different units, or full of noise, it fails.

most = np.argsort(-X_train.var(axis=0))[:K]
chance = [
    accuracy(np.random.default_rng(seed).permutation(64)[:K])
    for seed in range(10)
]
print(f"accuracy with the pixels of most variance: {accuracy(most):.3f}")
print(
    f"accuracy with pixels at random: {np.mean(chance):.3f} ± {np.std(chance):.3f}"
)
