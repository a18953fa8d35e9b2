# SPDX-License-Identifier: BSD-3-Clause
"""How good a selection is: the accuracy of an SVC on the selected features."""

import numpy as np
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

MOST_ROWS = 10_000  # an SVC's time grows with the square of the rows


def best(scores, K):
    """Indices of the K highest scores; ties go to the lower index, as in the selectors."""
    return np.argsort(-np.asarray(scores), kind="stable")[:K]


def svc_accuracy(data, chosen):
    """Accuracy in percent of an SVC with scikit-learn's defaults on standardised features.

    `data` is (X_train, X_test, y_train, y_test), `chosen` the features: indices or a mask.
    """
    X_train, X_test, y_train, y_test = data
    svc = make_pipeline(StandardScaler(), SVC())
    svc.fit(X_train[:MOST_ROWS, chosen], y_train[:MOST_ROWS])
    return 100 * svc.score(X_test[:, chosen], y_test)
