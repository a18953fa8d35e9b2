# SPDX-License-Identifier: BSD-3-Clause
"""
Choosing the number of features
===============================

``K="auto"`` chooses the number of features by cross-validation within the fit.
Three rules read the same curve: the best score, the fewest features within one
standard error of the best, and the knee. The data are 900 images of digits.
"""

from functools import partial

import matplotlib.pyplot as plt
from sklearn.datasets import load_digits
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.feature_selection import SelectKBest, mutual_info_classif
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from sparsefs import CrossValidatedK, GradualPruningSelector, KCurveDisplay
from sparsefs.evaluation import k_curve

X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(
    X, y, train_size=900, stratify=y, random_state=0
)

selector = GradualPruningSelector(K="auto", random_state=0).fit(
    X_train, y_train
)
print(f"K = {selector.K_} of {X.shape[1]}")

# %%
# The fit keeps the curve. The band is one standard error on both sides. The
# star is the smallest K whose score is at most one standard error below the
# best.

KCurveDisplay.from_estimator(selector)
plt.show()

# %%
# Another rule uses the same curve, without another fit. The accuracy on new
# images shows how good its choice is. The score *inside* decided the choice, so
# it is not an unbiased estimate. It is also measured with four fifths of the
# images for training.


def accuracy(columns):
    model = make_pipeline(StandardScaler(), SVC()).fit(
        X_train[:, columns], y_train
    )
    return model.score(X_test[:, columns], y_test)


print("rule                  K  inside  accuracy on new images")
for rule in ["best", "one_standard_error", "knee"]:
    selector.set_params(K=CrossValidatedK(rule=rule))
    path = selector.path_
    inside = path.mean[path.Ks == selector.K_].item()
    columns = selector.get_support(indices=True)
    print(
        f"{rule:18s} {selector.K_:4d}  {inside:6.3f}  {accuracy(columns):.3f}"
    )

# %%
# A curve is also a fair way to compare rankings. ``k_curve`` takes any
# estimator that ranks features and ranks again in every fold. The same seed
# gives the same folds. No ranking leads at every K: with one pixel ExtraTrees and
# mutual information are ahead, with four ExtraTrees, and with eight gradual
# pruning. From about 24 pixels on they are level.

rankers = {
    "gradual pruning": selector,
    "ExtraTrees": ExtraTreesClassifier(300),
    "mutual information": SelectKBest(
        partial(mutual_info_classif, random_state=0)
    ),
}
Ks = [1, 2, 4, 6, 8, 12, 16, 24, 32, 48, 64]
curves = {
    name: k_curve(ranker, X_train, y_train, Ks=Ks, random_state=0)
    for name, ranker in rankers.items()
}
KCurveDisplay.from_curve(curves)
plt.show()
