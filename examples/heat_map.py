# SPDX-License-Identifier: BSD-3-Clause
"""
Heat maps of pixels
===================

Which pixels of an image are informative? We draw the scores of the pixels of
handwritten digits as an image, for several selectors and then for each digit.
"""

from functools import partial

import matplotlib.pyplot as plt
from sklearn.datasets import load_digits
from sklearn.feature_selection import SelectKBest, mutual_info_classif
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from sparsefs import GradualPruningSelector, ImportanceImageDisplay

X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(
    X, y, stratify=y, random_state=0
)


def score(selector, labels, labels_of_test):
    """Balanced accuracy of a classifier with the selected pixels, on images it has not seen."""
    model = make_pipeline(StandardScaler(), SVC(class_weight="balanced"))
    model.fit(selector.transform(X_train), labels)
    return balanced_accuracy_score(
        labels_of_test, model.predict(selector.transform(X_test))
    )


# %%
# All digits at once
# ------------------
# Mutual information scores every pixel alone. Neighbouring pixels are similar,
# so they have similar scores and are selected together. Gradual pruning measures
# what a pixel adds to the remaining ones, which spreads the selection. Its map
# shows *which pixels to keep*; the other map shows which pixels are related to
# the digit. Labels do not help here: pixels that predict the others are as good
# for recognising digits.

K = 12
selectors = {
    "gradual pruning": GradualPruningSelector(K=K, random_state=0),
    "without labels": GradualPruningSelector(
        K=K, supervised=False, random_state=0
    ),
    "mutual information": SelectKBest(
        partial(mutual_info_classif, random_state=0), k=K
    ),
}
figure, axes = plt.subplots(1, 3, figsize=(9, 3.4), layout="constrained")
for ax, (name, selector) in zip(axes, selectors.items(), strict=True):
    selector.fit(X_train, y_train)
    print(
        f"{name:19s} accuracy with {K} pixels: {score(selector, y_train, y_test):.3f}"
    )
    ImportanceImageDisplay.from_estimator(
        selector, (8, 8), ax=ax, colorbar=False, legend=False
    )
    ax.set_title(name)
plt.show()

# %%
# Digit by digit
# --------------
# One selector per digit learns to distinguish it from the nine others. The mean
# image of the digit is shown in grey below. A pixel may be selected because it
# is always dark in this digit, or because it is never dark. The title shows the
# balanced accuracy with four pixels; 0.5 is guessing.

K = 4
figure, axes = plt.subplots(2, 5, figsize=(9, 4.2), layout="constrained")
scores = []
for digit, ax in enumerate(axes.flat):
    selector = GradualPruningSelector(K=K, n_networks=4, random_state=0)
    selector.fit(X_train, y_train == digit)
    scores.append(score(selector, y_train == digit, y_test == digit))
    mean = X_train[y_train == digit].mean(axis=0)
    ImportanceImageDisplay.from_estimator(
        selector, (8, 8), background=mean, ax=ax, colorbar=False, legend=False
    )
    ax.set_title(f"{digit}: {scores[-1]:.2f}")
print(
    f"balanced accuracy with {K} pixels: from {min(scores):.2f} to {max(scores):.2f}"
)
plt.show()
