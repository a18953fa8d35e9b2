# SPDX-License-Identifier: BSD-3-Clause
"""
Keep what is selected again and again
=====================================

600 digits with 500 columns of noise beside the 64 pixels. One network ranks
all features, and says nothing about where the useful ones end. Over 20 halves
of the samples, the pixels that matter are among the best again and again, and
noise hardly ever.
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
# ``q`` features of every half have a vote. With the threshold that goes with
# it, a bound on the number of false selections follows, whatever the network.

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
print(
    f"on the average {stable.pfer_:.1f} false ones are to be expected at most"
)
print("highest frequency of noise:", stable.selection_frequencies_[64:].max())

# %%
# All that was ever selected, by how often. The frequencies fall gradually, so
# it matters where the threshold is, and the bound says what it is worth. What
# lies below is not noise for certain: most of it are pixels, too, of which
# another half prefers a neighbour.

StabilityDisplay.from_estimator(stable)
plt.show()

# %%
# A single fit, for comparison: its 64 best features hold some noise, and
# nothing tells which.

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
# The price is twenty fits. For accuracy alone it need not be paid: as many of
# the best of one fit are about as good. What you get is a list to rely on, and
# where it ends.
