# SPDX-License-Identifier: BSD-3-Clause
"""
Regression: where it wins, and where not
========================================

Two real targets. How rugged the outline of a cell is (its fractal dimension)
follows from its other measurements, but not along straight lines. How a
diabetes progresses in a year nearly does, and there the lasso is the better
choice.
"""

import matplotlib.pyplot as plt
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.ensemble import ExtraTreesRegressor
from sklearn.feature_selection import SelectKBest, f_regression
from sklearn.linear_model import LassoCV, RidgeCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler
from sklearn.svm import SVR

from sparsefs import GradualPruningSelector, KCurveDisplay
from sparsefs.evaluation import k_curve

# %%
# Numbers in ``y`` make it a regression. ``loss="squared_error"`` says so where
# they could be taken for classes, as whole numbers can. The selector
# standardises columns and target itself; the lasso needs the columns
# standardised.

rankers = {
    "gradual pruning": GradualPruningSelector(loss="squared_error"),
    "ExtraTrees": ExtraTreesRegressor(100),
    "F-test": SelectKBest(f_regression),
    "lasso": make_pipeline(StandardScaler(), LassoCV(max_iter=50_000)),
}


def curves(X, y, Ks, estimator):
    found = {}
    print("R2 scores with  ", "".join(f"{K:5d} " for K in Ks), " seconds")
    for name, ranker in rankers.items():
        found[name] = k_curve(
            ranker, X, y, Ks=Ks, estimator=estimator, random_state=0
        )
        scores = " ".join(f"{score:5.2f}" for score in found[name].mean)
        print(f"{name:16s} {scores} {found[name].fit_seconds.mean():9.2f}")
    return found


# %%
# The outline of cells
# --------------------
# From 19 other measurements of each of 569 tumours. R2 with 2, 3, 4, ... of
# them, by a support vector machine that learns curves.

cells = load_breast_cancer(as_frame=True)
y = cells.data["mean fractal dimension"]
X = cells.data.filter(regex="^mean|error$").drop(
    columns="mean fractal dimension"
)
curved = make_pipeline(
    StandardScaler(), SVR(C=10 * y.std(), epsilon=0.02 * y.std())
)
of_cells = curves(X, y, [2, 3, 4, 5, 6, 8, 12, 19], curved)

# %%
# Diabetes
# --------
# Ten measurements of 442 patients, their squares and products: 65 columns, and
# ridge regression on those that are selected.

X, y = load_diabetes(return_X_y=True)
X = PolynomialFeatures(2, include_bias=False).fit_transform(X)
of_diabetes = curves(
    X, y, [2, 3, 5, 8, 16, 32, 65], make_pipeline(StandardScaler(), RidgeCV())
)

# %%
# What to learn from it
# ---------------------
# - On the cells the F-test takes the measurements that are correlated with the
#   target, which are near-copies of each other, and misses the one that
#   completes them. Gradual pruning and ExtraTrees find it with four.
# - With two or three features the lasso is far ahead on the cells, and it
#   takes a fraction of the time.
# - On diabetes, nearly linear in few columns, all are level from five columns
#   on. Below, gradual pruning is the worst: what it keeps to the end are
#   columns that are of use together, such as the product of two blood values,
#   and say little alone. Do not use it for two or three features of a
#   regression.
#
# So: try the lasso first on numbers, and gradual pruning where you expect
# curves.

figure, axes = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
for ax, found, name in [
    (axes[0], of_cells, "cells"),
    (axes[1], of_diabetes, "diabetes"),
]:
    KCurveDisplay.from_curve(found, ax=ax)
    ax.set_xlabel(f"number of features K ({name})")
plt.show()
