# SPDX-License-Identifier: BSD-3-Clause
"""
Pipelines, names and grid search
================================

A selector is a scikit-learn transformer. Here it takes a data frame, keeps the
names of its columns, and is tuned together with the classifier behind it. The
data are 30 measurements of cells from 569 breast tumours; the label says which
tumours are malignant.
"""

import tempfile

from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from sparsefs import GradualPruningSelector, ImportanceDisplay

X, y = load_breast_cancer(return_X_y=True, as_frame=True)
X_train, X_test, y_train, y_test = train_test_split(
    X, y, stratify=y, random_state=0
)

pipeline = Pipeline(
    [
        ("fs", GradualPruningSelector(K=5, random_state=0)),
        ("scale", StandardScaler()),
        ("clf", LogisticRegression()),
    ]
)
pipeline.fit(X_train, y_train)

# %%
# The selector keeps names and, with ``set_output``, data frames.

print("selected:", ", ".join(pipeline["fs"].get_feature_names_out()))
print(f"accuracy with 5 features: {pipeline.score(X_test, y_test):.3f}")
print(
    pipeline["fs"]
    .set_output(transform="pandas")
    .transform(X_test)
    .head(3)
    .round(2)
)

# %%
# The grid varies K and the regularisation of the classifier. ``memory`` caches
# the first step, so the selector is fitted once per K and fold. (One fit serves
# every K, but a grid search does not know that; :doc:`K="auto" <choosing_k>`
# does.)

with tempfile.TemporaryDirectory() as cache:
    search = GridSearchCV(
        pipeline.set_params(memory=cache),
        {"fs__K": [3, 6, 12, 24], "clf__C": [0.1, 1, 10]},
        cv=3,
    )
    search.fit(X_train, y_train)
table = search.cv_results_["mean_test_score"].reshape(
    3, 4
)  # the last name varies fastest
print("best:", search.best_params_)
for C, scores in zip([0.1, 1, 10], table, strict=True):
    print(f"C = {C:4}:", "  ".join(f"{score:.3f}" for score in scores))

# %%
# On these data the selection does not improve the accuracy: logistic regression
# on all 30 measurements is as good. Most of them are redundant (radius, perimeter
# and area of the same cells), which its regularisation can handle. A grid search
# takes the best mean, whatever the cost of K: look at the table before you keep
# that many features. :doc:`accuracy_against_cost` searches for both.

everything = Pipeline(
    [("scale", StandardScaler()), ("clf", LogisticRegression())]
)
everything.fit(X_train, y_train)
best = search.best_estimator_
print(
    f"accuracy with {best['fs'].K_:2d} features: {search.score(X_test, y_test):.3f}"
)
print(f"accuracy with 30 features: {everything.score(X_test, y_test):.3f}")

# %%
# This is the ranking of all features, with the cut at K. The bars show
# the rise of the loss without a feature, as a share of the loss without any.

import matplotlib.pyplot as plt

ImportanceDisplay.from_estimator(best["fs"])
plt.show()
