# SPDX-License-Identifier: BSD-3-Clause
"""How good a selection is: classifiers and clusters on the selected features, in percent.

Features are standardised by the training rows. The columns of CSR that are selected become dense.
All features of CSR stay CSR and are not centred, which changes no distance between rows.
"""

import numpy as np
from scipy import sparse
from scipy.optimize import linear_sum_assignment
from sklearn.cluster import KMeans
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.metrics import normalized_mutual_info_score
from sklearn.metrics.cluster import contingency_matrix
from sklearn.model_selection import train_test_split
from sklearn.neighbors import KNeighborsClassifier
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


def drawn(X, y, n, seed):
    """At most n of the rows, stratified."""
    if len(y) <= n:
        return X, y
    rows, _ = train_test_split(np.arange(len(y)), train_size=n, stratify=y, random_state=seed)
    return X[rows], y[rows]


def standardised(data, chosen=None):
    """`data` with the chosen features only, or all of them."""
    X_train, X_test, y_train, y_test = data
    if chosen is not None:
        X_train, X_test = X_train[:, chosen], X_test[:, chosen]
        if sparse.issparse(X_train):
            X_train, X_test = X_train.toarray(), X_test.toarray()
    scaler = StandardScaler(with_mean=not sparse.issparse(X_train))
    return scaler.fit_transform(X_train), scaler.transform(X_test), y_train, y_test


def svc(X, seed):
    if not sparse.issparse(X):
        return SVC()
    # What "scale" would be for centred columns: their mean variance is the share that varies.
    squares = np.asarray(X.multiply(X).mean(axis=0)).ravel()
    varies = squares - np.asarray(X.mean(axis=0)).ravel() ** 2 > 1e-6
    return SVC(gamma=1 / max(varies.sum(), 1))


CLASSIFIERS = {
    "svc": svc,
    "nn": lambda X, seed: KNeighborsClassifier(1),
    "trees": lambda X, seed: ExtraTreesClassifier(100, n_jobs=1, random_state=seed),
}


def accuracies(data, seed, names=tuple(CLASSIFIERS)):
    """{name: accuracy} of classifiers on standardised data."""
    X_train, X_test, y_train, y_test = data
    return {
        name: 100 * CLASSIFIERS[name](X_train, seed).fit(X_train, y_train).score(X_test, y_test)
        for name in names
    }


def clusters(X, y, seed):
    """{"kmeans": clustering accuracy, "nmi": ...} of as many clusters as there are classes."""
    found = KMeans(len(np.unique(y)), n_init=10, random_state=seed).fit_predict(X)
    return {
        "kmeans": clustering_accuracy(y, found),
        "nmi": 100 * normalized_mutual_info_score(y, found),
    }


def clustering_accuracy(y, found):
    """Accuracy if every cluster is named after another class, in the best way there is."""
    table = contingency_matrix(y, found)
    return 100 * table[linear_sum_assignment(-table)].sum() / len(y)
