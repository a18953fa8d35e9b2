# SPDX-License-Identifier: BSD-3-Clause
"""
Several outputs: complete the lower half of an image
====================================================

Which pixels of the upper half of a digit predict its lower half best? The
target contains one number for every pixel below, and one selection serves all
of them.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.ensemble import ExtraTreesRegressor
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import MultiTaskLassoCV
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sparsefs import GradualPruningSelector

images, _ = load_digits(return_X_y=True)
upper, lower = images[:, :32], images[:, 32:]
varies = lower.std(axis=0) > 2  # the others are nearly always white
X_train, X_test, y_train, y_test = train_test_split(
    upper, lower[:, varies], random_state=0
)
print(
    f"{X_train.shape[1]} features, {y_train.shape[1]} outputs, {len(X_train)} images"
)

# %%
# Pixels are whole numbers from 0 to 16, which could also be classes.
# ``task="regression"`` says that they are numbers. Every output counts the same.

selector = GradualPruningSelector(K=8, task="regression", random_state=0)
selector.fit(X_train, y_train)
forest = ExtraTreesRegressor(100, random_state=0).fit(X_train, y_train)
lasso = MultiTaskLassoCV(cv=3).fit(
    StandardScaler().fit_transform(X_train), y_train
)
rankings = {
    "gradual pruning": np.argsort(selector.ranking_),
    "ExtraTrees": np.argsort(-forest.feature_importances_),
    "multi-task lasso": np.argsort(-np.linalg.norm(lasso.coef_, axis=0)),
}

# %%
# The same model completes the image from each selection. R2 is the mean over
# the outputs.
#
# The three methods are level, and better than random pixels.

Ks = [2, 4, 8, 16, 32]


def completed_by(columns):
    model = make_pipeline(
        StandardScaler(), KernelRidge(kernel="rbf", alpha=0.3)
    )
    mean = y_train.mean(axis=0)
    model.fit(X_train[:, columns], y_train - mean)
    return model, model.score(X_test[:, columns], y_test - mean)


print("R2 score of pixels:", "".join(f"{K:7d}" for K in Ks))
for name, order in rankings.items():
    print(
        f"{name:18s}",
        "".join(f"{completed_by(order[:K])[1]:7.2f}" for K in Ks),
    )
orders = [np.random.default_rng(seed).permutation(32) for seed in range(5)]
chance = [
    np.mean([completed_by(order[:K])[1] for order in orders]) for K in Ks
]
print(f"{'at random':18s}", "".join(f"{score:7.2f}" for score in chance))

# %%
# Eight pixels (in orange) give a blurred idea of the lower half. Where the upper
# half is ambiguous, as between 3 and 5 or 8 and 9, the completion is a mixture.

columns = selector.get_support(indices=True)
model, _ = completed_by(columns)
shown, below = X_test[:8], 32 + np.flatnonzero(varies)
real = np.hstack([shown, np.zeros((8, 32))])
completed = real.copy()
real[:, below] = y_test[:8]
completed[:, below] = model.predict(shown[:, columns]) + y_train.mean(axis=0)

figure, axes = plt.subplots(2, 8, figsize=(9, 2.8), layout="constrained")
for row, (name, drawn) in enumerate(
    [("real", real), ("completed", completed)]
):
    for ax, image in zip(axes[row], drawn, strict=True):
        ax.imshow(image.reshape(8, 8), cmap="Greys", vmin=0, vmax=16)
        ax.axhline(3.5, color="black", lw=0.8)
        ax.scatter(
            columns % 8,
            columns // 8,
            marker="s",
            s=30,
            fc="none",
            ec="#d55e00",
        )
        ax.set(xticks=[], yticks=[])
    axes[row, 0].set_ylabel(name)
plt.show()
