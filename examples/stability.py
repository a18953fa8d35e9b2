# SPDX-License-Identifier: BSD-3-Clause
"""
Features that are selected again and again
==========================================

The data are 600 digits with 500 columns of noise and the 64 pixels. One
network ranks all features, but does not show where the useful ones end. Over 20
halves of the samples, informative pixels are often among the best, and noise
almost never.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from sparsefs import (
    NeuronAttributionSelector,
    StabilityDisplay,
    StabilitySelector,
)

digits, y = load_digits(return_X_y=True)
noise = np.random.default_rng(0).standard_normal((len(y), 500))
X = np.hstack([digits / digits.std(), noise])
X_train, X_test, y_train, y_test = train_test_split(
    X, y, train_size=600, stratify=y, random_state=0
)

# %%
# Each half selects its ``q`` best features. Together with the threshold this bounds
# the number of false selections, whatever the network.

network = NeuronAttributionSelector(
    hidden_layer_sizes=100, topology="dense", max_iter=20, batch_size=32
)
stable = StabilitySelector(
    network, q=40, bound="unimodal", n_pairs=10, random_state=0
)
stable.fit(X_train, y_train)
found = stable.get_support(indices=True)
print(
    f"{np.sum(found < 64)} pixels and {np.sum(found >= 64)} columns of noise are stable;"
)
print(f"expected number of false ones: at most {stable.pfer_:.1f}")
print("highest frequency of noise:", stable.selection_frequencies_[64:].max())

# %%
# The plot shows all features that were ever selected, by frequency. The frequencies
# fall gradually, so the threshold matters, and the bound shows how reliable it is.
# Features below it are not necessarily noise: most are pixels too, which compete
# with a neighbour.

StabilityDisplay.from_estimator(stable)
plt.show()

# %%
# A single fit for comparison: its 64 best features contain some noise, and it does
# not show which.

network.set_params(K=64, random_state=0).fit(X_train, y_train)
best = network.get_support(indices=True)
print(f"of the 64 best features of one network {np.sum(best >= 64)} are noise")


def accuracy(columns):
    model = make_pipeline(StandardScaler(), SVC()).fit(
        X_train[:, columns], y_train
    )
    return model.score(X_test[:, columns], y_test)


print(f"accuracy with the stable features:     {accuracy(found):.3f}")
print(f"accuracy with the 64 best of one fit:  {accuracy(best):.3f}")
print(
    f"accuracy with as many of one fit:      {accuracy(network.ranking_ <= len(found)):.3f}"
)
print(
    f"accuracy with all features:            {accuracy(np.arange(X.shape[1])):.3f}"
)

# %%
# Stability selection costs twenty fits. For accuracy alone a single fit is about as
# good, with the same number of features. Stability selection gives a reliable list,
# and shows where it ends.
