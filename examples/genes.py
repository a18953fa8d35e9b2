# SPDX-License-Identifier: BSD-3-Clause
"""
Thousands of genes, few patients
================================

Which genes distinguish a tumour from healthy tissue? With a hundred patients
the standard error of an accuracy is large, and two good lists of genes may have
little in common. Both can be measured.
"""

import os
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import fetch_openml, load_breast_cancer
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.feature_selection import SelectKBest
from sklearn.model_selection import RepeatedStratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler
from sklearn.svm import SVC

from sparsefs import GradualPruningSelector, KCurveDisplay
from sparsefs.evaluation import k_curve, stability

# %%
# The data
# --------
# scikit-learn contains no gene expression data. If the environment variable
# ``SPARSEFS_DATA`` names a folder with ``prostate_ge.npz`` (arrays ``X`` and
# ``y``; 102 patients, 5966 genes), we use that file. With ``DOWNLOAD = True``
# we use leukemia from openml.org (72 patients, 7129 genes), which needs a
# network connection once. Otherwise we use 72 patients of scikit-learn's breast
# cancer data: their 30 measurements and all products of up to three of them,
# 5455 columns that are as redundant as genes.

DOWNLOAD = False


def patients():
    file = Path(os.environ.get("SPARSEFS_DATA", "")) / "prostate_ge.npz"
    if file.is_file():
        with np.load(file) as arrays:
            return "prostate_ge, gene expression", arrays["X"], arrays["y"]
    if DOWNLOAD:
        try:
            X, y = fetch_openml(
                "leukemia", version=1, return_X_y=True, as_frame=False
            )
            return "leukemia, gene expression", X, y
        except OSError as error:
            print(f"Cannot reach openml.org ({error}).")
    X, y = load_breast_cancer(return_X_y=True)
    rows = np.random.default_rng(0).permutation(len(y))[:72]
    products = PolynomialFeatures(3, include_bias=False)
    return (
        "breast cancer cells (a stand-in)",
        products.fit_transform(X[rows] / X.std(0)),
        y[rows],
    )


name, X, y = patients()
most_frequent = np.array(
    [np.unique(column, return_counts=True)[1].max() for column in X.T]
)
X = X[
    :, most_frequent < 0.8 * len(X)
]  # columns that hardly vary are left out, without use of the labels
print(f"{name}: {X.shape[0]} patients, {X.shape[1]} columns")

# %%
# Accuracy and its standard error
# -------------------------------
# We use five folds, twice. Every ranking uses the training patients of a fold
# only. Look at the width of the bands before the order of the lines. The dotted
# line is an SVC on all columns.

folds = RepeatedStratifiedKFold(n_splits=5, n_repeats=2, random_state=0)
rankers = {
    "gradual pruning": GradualPruningSelector(),
    "ExtraTrees": ExtraTreesClassifier(300),
    "F-test": SelectKBest(),
}
curves = {
    name: k_curve(
        ranker, X, y, Ks=[2, 5, 10, 20, 50, 100], cv=folds, random_state=0
    )
    for name, ranker in rankers.items()
}
everything = cross_val_score(
    make_pipeline(StandardScaler(), SVC()), X, y, cv=folds
).mean()
KCurveDisplay.from_curve(curves, all_features=everything)
plt.show()

# %%
# Stability of the selection
# --------------------------
# Are the same twenty columns selected in every fold? If so, the stability index
# is 1; it is 0 if folds agree only by chance. A method that keeps one of several
# near-copies may keep another one in the next fold. Gradual pruning is therefore
# the least stable here, at the same accuracy. Do not read such a list as *the*
# genes. :doc:`stability` shows how to find features that are selected reliably.

print("20 columns        accuracy      stability   seconds a fit")
for name, curve in curves.items():
    at_20 = curve.Ks == 20
    print(
        f"{name:16s}  {curve.mean[at_20].item():.3f} ± {curve.se[at_20].item():.3f}",
        f"{stability(curve.rankings <= 20).value:9.2f}",
        f"{np.median(curve.fit_seconds):12.2f}",
    )
