# SPDX-License-Identifier: BSD-3-Clause
"""
Quick start: find the real pixels
=================================

The columns are the 64 pixels of small images of digits, and five shuffled
copies of each pixel: 384 columns, of which 64 are informative. No column
alone shows which. We select 30 columns and measure how good they are.
"""

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from sparsefs import GradualPruningSelector

K, COPIES = 30, 5
pixels, y = load_digits(return_X_y=True)
rng = np.random.default_rng(0)
shuffled = [rng.permuted(pixels, axis=0) for _ in range(COPIES)]
X = np.hstack([pixels, *shuffled])
X_train, X_test, y_train, y_test = train_test_split(
    X, y, stratify=y, random_state=0
)

# %%
# A selector is a step of a pipeline. We fit one with labels and one without.

pipeline = Pipeline(
    [
        ("fs", GradualPruningSelector(K=K, random_state=0)),
        ("scale", StandardScaler()),
        ("clf", SVC()),
    ]
)
pipeline.fit(X_train, y_train)
selector = pipeline["fs"]
unsupervised = GradualPruningSelector(
    K=K, supervised=False, random_state=0
).fit(X_train)

# %%
# The same classifier uses these columns and others, and is scored on new
# images. *All columns* include the shuffled ones and are worse than the 30
# selected columns.


def report(name, columns):
    model = Pipeline([("scale", StandardScaler()), ("clf", SVC())])
    accuracy = model.fit(X_train[:, columns], y_train).score(
        X_test[:, columns], y_test
    )
    n_pixels = np.count_nonzero(np.asarray(columns) < 64)
    print(
        f"{name:32s} accuracy {accuracy:.3f}, {n_pixels} of {len(columns)} are pixels"
    )


report("selected with labels", selector.get_support(indices=True))
report("selected without labels", unsupervised.get_support(indices=True))
report("chosen at random", rng.choice(X.shape[1], size=K, replace=False))
report("most variance", np.argsort(-X_train.var(axis=0))[:K])
report("all columns", np.arange(X.shape[1]))
print(f"accuracy of the pipeline:        {pipeline.score(X_test, y_test):.3f}")

# %%
# One fit ranks all columns, so another K needs no other fit.

print("the 5 best pixels:", selector.set_params(K=5).get_support(indices=True))
selector.set_params(K=K)

# %%
# The selected pixels lie where the digits differ. Pixels that are always white
# score 0; they have no colour on the logarithmic scale.

try:
    import matplotlib.pyplot as plt
except ImportError:
    print(
        "Install matplotlib (pip install 'sparsefs[plot]') for the picture of the importance."
    )
else:
    figure, axes = plt.subplots(1, 2, figsize=(8, 3.2), layout="constrained")
    image = axes[0].imshow(
        selector.scores_[:64].reshape(8, 8),
        cmap="cividis",
        norm="log",
        vmin=1e-3,
    )
    figure.colorbar(
        image, ax=axes[0], label="rise of the loss without it (share)"
    )
    axes[0].set_title("Score of each pixel")
    axes[1].imshow(pixels.mean(0).reshape(8, 8), cmap="Greys")
    chosen = selector.get_support(indices=True)
    rows, columns = np.divmod(chosen[chosen < 64], 8)
    axes[1].scatter(
        columns,
        rows,
        marker="s",
        facecolors="none",
        edgecolors="#d55e00",
        s=180,
    )
    axes[1].set_title("Selected pixels, mean image")
    for axis in axes:
        axis.set(xlabel="column", ylabel="row")
    figure.savefig("importance.png", dpi=150)
    print("saved importance.png")
