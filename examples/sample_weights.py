# SPDX-License-Identifier: BSD-3-Clause
"""
Sample weights for a biased sample
==================================

The data contain many images of the digits 0 to 4 and few of 5 to 9. In use, all
digits are equally frequent. With weights, an image that stands for ten counts ten
times.
"""

import matplotlib.pyplot as plt
import numpy as np
import sklearn
from sklearn.datasets import load_digits
from sklearn.model_selection import cross_validate, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from sparsefs import GradualPruningSelector

pixels, y = load_digits(return_X_y=True)
rng = np.random.default_rng(0)
# As in the quick start, the columns include shuffled copies of the pixels.
X = np.hstack([pixels, *(rng.permuted(pixels, axis=0) for _ in range(3))])
X_train, X_test, y_train, y_test = train_test_split(
    X, y, test_size=0.4, stratify=y, random_state=0
)
rare = y_train >= 5
collected = ~rare | (rng.random(len(y_train)) < 0.1)
X_train, y_train, rare = (
    X_train[collected],
    y_train[collected],
    rare[collected],
)
weight = np.where(rare, 10.0, 1.0)
print(f"{(~rare).sum()} images of 0 to 4, {rare.sum()} of 5 to 9")

# %%
# Selector and classifier both accept weights. Most of the gain comes from the
# classifier. But the classifier cannot repair a selection that had no reason to
# distinguish a 7 from a 9. Weights in both are best.


def accuracy(K, of_selector, of_classifier):
    columns = (
        selectors[of_selector is not None]
        .set_params(K=K)
        .get_support(indices=True)
    )
    scale = StandardScaler().fit(
        X_train[:, columns], sample_weight=of_classifier
    )
    model = SVC().fit(
        scale.transform(X_train[:, columns]),
        y_train,
        sample_weight=of_classifier,
    )
    return model.score(scale.transform(X_test[:, columns]), y_test)


selectors = [
    GradualPruningSelector(random_state=0).fit(
        X_train, y_train, sample_weight=each
    )
    for each in (None, weight)
]
Ks = [4, 6, 8, 12, 16, 24, 32]
uses = {
    "weights nowhere": (None, None),
    "in the selector": (weight, None),
    "in the classifier": (None, weight),
    "in both": (weight, weight),
}
figure, ax = plt.subplots(figsize=(6.3, 3.6), layout="constrained")
styles = zip(
    [":", "-.", "--", "-"],
    ["0.4", "#e69f00", "#009e73", "#0072b2"],
    "osv^",
    strict=True,
)
print("accuracy on new images with", ", ".join(map(str, Ks)), "features")
for (name, use), (dashes, color, marker) in zip(
    uses.items(), styles, strict=True
):
    scores = [accuracy(K, *use) for K in Ks]
    print(f"{name:18s}", "  ".join(f"{score:.2f}" for score in scores))
    ax.plot(Ks, scores, ls=dashes, color=color, marker=marker, label=name)
ax.set(
    xlabel="number of features K", ylabel="accuracy, equally frequent digits"
)
ax.legend(frameon=False)
plt.show()

# %%
# Through a pipeline
# ------------------
# Metadata routing passes weights to the steps, to the folds and to the score. Every
# step requests them. The weighted score of this cross-validation estimates the
# accuracy on new images. Without ``set_score_request`` it would be the accuracy on
# the biased sample, mostly 0 to 4.

with sklearn.config_context(enable_metadata_routing=True):
    model = make_pipeline(
        GradualPruningSelector(K=16, random_state=0).set_fit_request(
            sample_weight=True
        ),
        StandardScaler().set_fit_request(sample_weight=True),
        SVC()
        .set_fit_request(sample_weight=True)
        .set_score_request(sample_weight=True),
    )
    folds = cross_validate(
        model, X_train, y_train, cv=3, params={"sample_weight": weight}
    )
    print(f"accuracy, weighted: {folds['test_score'].mean():.3f}")
