# SPDX-License-Identifier: BSD-3-Clause
"""How good a selection is: classifiers, regressors and clusters on it, in percent.

Features are standardised by the training rows. The columns of CSR that are selected become dense.
All features of CSR stay CSR and are not centred, which changes no distance between rows.
"""

import numpy as np
from scipy import sparse
from scipy.optimize import linear_sum_assignment
from sklearn.cluster import KMeans
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import (
    accuracy_score,
    normalized_mutual_info_score,
    r2_score,
    recall_score,
    roc_auc_score,
)
from sklearn.metrics.cluster import contingency_matrix
from sklearn.model_selection import train_test_split
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from sparsefs.evaluation.rivals import light_gbm

MOST_ROWS = 10_000  # an SVC's time grows with the square of the rows
ROWS_TO_STOP = 500  # above which a tenth of them tells a network when to stop


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
    """`data` with the chosen features only, or all of them, standardised."""
    X_train, X_test, y_train, y_test = of_chosen(data, chosen)
    scaler = StandardScaler(with_mean=not sparse.issparse(X_train))
    return scaler.fit_transform(X_train), scaler.transform(X_test), y_train, y_test


def of_chosen(data, chosen):
    """`data` with the chosen features only, dense, or with all of them."""
    X_train, X_test, y_train, y_test = data
    if chosen is not None:
        X_train, X_test = X_train[:, chosen], X_test[:, chosen]
        if sparse.issparse(X_train):
            X_train, X_test = X_train.toarray(), X_test.toarray()
    return X_train, X_test, y_train, y_test


def svc(X, seed):
    if not sparse.issparse(X):
        return SVC()
    # What "scale" would be for centred columns: their mean variance is the share that varies.
    squares = np.asarray(X.multiply(X).mean(axis=0)).ravel()
    varies = squares - np.asarray(X.mean(axis=0)).ravel() ** 2 > 1e-6
    return SVC(gamma=1 / max(varies.sum(), 1))


def mlp(model, X, seed):
    return model(early_stopping=X.shape[0] > ROWS_TO_STOP, random_state=seed)


CLASSIFIERS = {
    "svc": svc,
    "nn": lambda X, seed: KNeighborsClassifier(1),
    "trees": lambda X, seed: ExtraTreesClassifier(100, n_jobs=1, random_state=seed),
    "linear": lambda X, seed: LogisticRegression(),
    "lightgbm": lambda X, seed: light_gbm(X.shape[0], "classification", seed),
    "mlp": lambda X, seed: mlp(MLPClassifier, X, seed),
}
REGRESSORS = {
    "linear": lambda X, seed: Ridge(),
    "lightgbm": lambda X, seed: light_gbm(X.shape[0], "regression", seed),
    "mlp": lambda X, seed: mlp(MLPRegressor, X, seed),
}
MAIN = "svc"  # the classifier that scores at every K
OPINIONS = ("nn", "trees", "linear", "mlp")  # LightGBM takes seconds where there are many classes


def predicted(data, make, seed):
    """(y, predictions, values for `auc`) on the test rows."""
    X_train, X_test, y_train, y_test = data
    model = make(X_train, seed).fit(X_train, y_train)
    decide = getattr(model, "decision_function", None) or getattr(model, "predict_proba", None)
    return y_test, model.predict(X_test), decide(X_test) if decide else None


def accuracies(data, seed, names=tuple(CLASSIFIERS)):
    """{name: accuracy} of classifiers on standardised data."""
    return {name: scores(data, CLASSIFIERS[name], seed)[""] for name in names}


def scores(data, make, seed):
    """{"": accuracy, "_balanced": ..., "_auc": ...} of a classifier on standardised data."""
    y, found, values = predicted(data, make, seed)
    return {
        "": 100 * accuracy_score(y, found),
        "_balanced": 100 * recall_score(y, found, labels=np.unique(y), average="macro"),
        "_auc": 100 * auc(y, values),
    }


def r2(data, make, seed):
    """Share of the variance that a regressor explains."""
    y, found, _ = predicted(data, make, seed)
    return 100 * r2_score(y, found)


def auc(y, values):
    """Area under the ROC curve; of several classes, the mean of each against the rest."""
    values = np.asarray(values)
    if values.ndim == 1:
        return roc_auc_score(y, values)
    if values.shape[1] == 2:
        return roc_auc_score(y, values[:, 1])
    return np.mean([roc_auc_score(y == c, values[:, c]) for c in np.unique(y)])


def raw_svc(data, chosen):
    """Accuracy of an SVC on the selected features as they are, as in the papers."""
    X_train, X_test, y_train, y_test = of_chosen(data, chosen)
    return 100 * SVC().fit(X_train, y_train).score(X_test, y_test)


def ranked(scores, n):
    """The n highest, best first, without those that share the lowest score."""
    scores = np.asarray(scores)
    first = best(scores, n)
    return first[scores[first] > scores.min()]


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
