# SPDX-License-Identifier: BSD-3-Clause
"""
Select pixels of handwritten digits
===================================

Keeps 15 of 64 pixels, with the help of the labels and without, and compares a classifier on them
with the same classifier on 15 random pixels, on the 15 of most variance, and on all of them. Needs
no network.
"""

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from sparsefs import GradualPruningSelector

K = 15
X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, stratify=y, random_state=0)

pipeline = Pipeline(
    [
        ("fs", GradualPruningSelector(K=K, random_state=0)),
        ("scale", StandardScaler()),
        ("clf", SVC()),
    ]
)
pipeline.fit(X_train, y_train)
selector = pipeline["fs"]
unsupervised = GradualPruningSelector(K=K, supervised=False, random_state=0).fit(X_train)


def accuracy(columns):
    model = Pipeline([("scale", StandardScaler()), ("clf", SVC())])
    return model.fit(X_train[:, columns], y_train).score(X_test[:, columns], y_test)


rng = np.random.default_rng(0)
random = [accuracy(rng.choice(64, size=K, replace=False)) for _ in range(20)]
print(f"accuracy with the {K} selected pixels:  {pipeline.score(X_test, y_test):.3f}")
without_labels = accuracy(unsupervised.get_support(indices=True))
print(f"accuracy with {K} chosen without labels: {without_labels:.3f}")
print(f"accuracy with {K} random pixels:        {np.mean(random):.3f} (mean of 20 draws)")
variance = np.argsort(-X_train.var(axis=0))[:K]
print(f"accuracy with the {K} of most variance: {accuracy(variance):.3f}")
print(f"accuracy with all 64 pixels:           {accuracy(np.arange(64)):.3f}")
n_left = selector.history_["n_inputs"]
print(f"the networks had {n_left[0]} inputs after the first round, {n_left[-1]} after the last")

# One fit serves every K.
print("the 5 best pixels:", selector.set_params(K=5).get_support(indices=True))
selector.set_params(K=K)

try:
    import matplotlib.pyplot as plt
except ImportError:
    print("Install matplotlib (pip install 'sparsefs[plot]') for the picture of the importance.")
else:
    figure, axes = plt.subplots(1, 2, figsize=(7, 3), layout="constrained")
    image = axes[0].imshow(selector.scores_.reshape(8, 8), cmap="viridis")
    figure.colorbar(image, ax=axes[0], label="importance (no unit)")
    axes[0].set_title("Importance of every pixel")
    axes[1].imshow(X_train.mean(0).reshape(8, 8), cmap="Greys")
    rows, columns = np.divmod(selector.get_support(indices=True), 8)
    axes[1].scatter(columns, rows, marker="s", facecolors="none", edgecolors="tab:orange", s=180)
    axes[1].set_title(f"The {K} selected, on the mean digit")
    for axis in axes:
        axis.set(xlabel="column", ylabel="row")
    figure.savefig("importance.png", dpi=150)
    print("saved importance.png")
