# SPDX-License-Identifier: BSD-3-Clause
"""Scorer: default estimators, weights, and rankings scored on rows they have not seen."""

import numpy as np
import pytest
from scipy import sparse
from sklearn import config_context
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import make_classification
from sklearn.ensemble import AdaBoostClassifier, BaggingClassifier, VotingClassifier
from sklearn.feature_selection import RFECV, SequentialFeatureSelector
from sklearn.linear_model import LogisticRegression, LogisticRegressionCV
from sklearn.metrics import accuracy_score, make_scorer
from sklearn.model_selection import GridSearchCV
from sklearn.multiclass import OneVsRestClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.semi_supervised import SelfTrainingClassifier
from sklearn.svm import SVC

from sparsefs.data.target import Target
from sparsefs.evaluation.scorer import Scorer, held_out_scores


def data(n_features):
    X, y = make_classification(
        240,
        n_features,
        n_informative=6,
        n_redundant=0,
        n_clusters_per_class=1,
        shuffle=False,
        random_state=0,
    )
    order = np.random.default_rng(0).permutation(240)
    X, y = X[order], y[order]
    return (X[:160], y[:160]), (X[160:], y[160:])


@pytest.mark.parametrize("n_features", [40, 600])
def test_it_is_an_svc_on_standardised_features(n_features):
    train, held_out = data(n_features)
    order = np.random.default_rng(0).permutation(n_features)
    found = held_out_scores(order, [3, n_features], train, held_out)
    for K, value in zip([3, n_features], found.values):
        columns = order[:K]
        model = make_pipeline(StandardScaler(), SVC()).fit(train[0][:, columns], train[1])
        assert value == model.score(held_out[0][:, columns], held_out[1])
    assert found.metric == "accuracy" and found[2:4] == (160, 80)
    of_csr = [(sparse.csr_array(X), y) for X, y in (train, held_out)]
    assert held_out_scores(order, [3, n_features], *of_csr).values == found.values


def test_whole_numbers_as_a_quantity_and_no_target():
    train, held_out = data(40)
    order = np.arange(40)
    found = held_out_scores(order, [6], train, held_out, task="regression")
    assert found.metric == "R2"
    without = held_out_scores(order, [6], (train[0], None), (held_out[0], None))
    assert without.metric == "explained variance" and 0 <= without.values[0] < 0.5


def test_many_rows_are_fewer(monkeypatch):
    monkeypatch.setattr("sparsefs.evaluation.scorer.MOST_ROWS", 50)
    train, held_out = data(40)
    found = held_out_scores(np.arange(40), [6], train, held_out)
    assert found[2:4] == (50, 50) and found.values[0] > 0.6


# Weights.


class Weighed(LogisticRegression):
    """Keeps, outside of itself, the numbers of weights that its fits were given."""

    seen: list = []  # noqa: RUF012

    def fit(self, X, y, sample_weight=None):
        self.seen.append(None if sample_weight is None else len(sample_weight))
        return super().fit(X, y, sample_weight)


def search(inner, **params):
    return GridSearchCV(inner, {}, cv=2, **params)


AROUND = {
    "alone": lambda inner: inner,
    "pipeline": lambda inner: make_pipeline(StandardScaler(), inner),
    "nested": lambda inner: make_pipeline(MinMaxScaler(), make_pipeline(StandardScaler(), inner)),
    "search": search,
    "search of a pipeline": lambda inner: search(make_pipeline(StandardScaler(), inner)),
    "search by a scorer": lambda inner: search(inner, scoring="balanced_accuracy"),
    "search by several": lambda inner: search(inner, scoring=["accuracy", "f1"], refit="f1"),
    "search by a function": lambda inner: search(inner, scoring=lambda e, X, y: e.score(X, y)),
    "bagging": lambda inner: BaggingClassifier(inner, n_estimators=2),
    "voting": lambda inner: VotingClassifier([("one", inner), ("two", SVC())]),
    "calibrated": lambda inner: CalibratedClassifierCV(inner, cv=2),
    "one against the rest": OneVsRestClassifier,
}


def scored(estimator, weight, scoring=None):
    """Score of all features of 50 rows on 30 others."""
    X = np.random.default_rng(0).standard_normal((80, 6))
    y = (X[:, 0] + X[:, 1] > 0).astype(int)
    target = Target.of(y, "classification")
    scorer = Scorer.of(y, target, weight, estimator=estimator, scoring=scoring)
    rows, columns = [np.arange(50), np.arange(50, 80)], np.arange(6)
    return scorer.scores(columns, [6], rows, [X[:50], X[50:]], columns)[0]


@pytest.mark.parametrize("routing", [False, True])
@pytest.mark.parametrize("name", AROUND)
def test_weights_reach_what_takes_them_however_deep_it_stands(name, routing):
    weight = 1.0 + np.arange(80) % 3
    with config_context(enable_metadata_routing=routing):
        for scoring in (None, "accuracy", lambda e, X, y: e.score(X, y)):
            Weighed.seen.clear()
            assert 0.5 < scored(AROUND[name](Weighed()), weight, scoring) <= 1
            assert Weighed.seen and None not in Weighed.seen
            scored(AROUND[name](KNeighborsClassifier()), weight, scoring)  # takes none


class Unweighed(LogisticRegression):
    """Takes no weights at all."""

    def fit(self, X, y):
        return super().fit(X, y)

    def score(self, X, y):
        return super().score(X, y)


@pytest.mark.parametrize("routing", [False, True])
@pytest.mark.parametrize("weight", [None, np.ones(80)], ids=["no weights", "weights"])
@pytest.mark.parametrize("name", AROUND)
def test_what_takes_no_weights_is_given_none(name, weight, routing):
    with config_context(enable_metadata_routing=routing):
        assert 0.5 < scored(AROUND[name](Unweighed()), weight) <= 1


@pytest.mark.parametrize("routing", [False, True])
@pytest.mark.parametrize(
    "estimator",
    [
        GridSearchCV(Pipeline([("c", SVC())]), {"c": [Weighed(), KNeighborsClassifier()]}, cv=2),
        LogisticRegressionCV(cv=2),
        RFECV(LogisticRegression(), cv=2),
        make_pipeline(SequentialFeatureSelector(Weighed(), cv=2), Weighed()),
        AdaBoostClassifier(n_estimators=2),
        make_pipeline(StandardScaler(), AdaBoostClassifier(n_estimators=2)),
        SelfTrainingClassifier(LogisticRegression()),
    ],
    ids=lambda estimator: type(estimator).__name__,
)
@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore:y contains no unlabeled samples")
def test_weights_do_no_harm(estimator, routing):
    with config_context(enable_metadata_routing=routing):
        assert 0.5 < scored(estimator, 1.0 + np.arange(80) % 3) <= 1


def test_self_training_learns_from_rows_without_a_label():
    X = np.random.default_rng(0).standard_normal((80, 6))
    y = np.where(np.arange(80) % 4 == 0, -1, X[:, 0] > 0)
    target, estimator = Target.of(y, "classification"), SelfTrainingClassifier(LogisticRegression())
    scorer = Scorer.of(y, target, np.ones(80), estimator=estimator)
    rows, columns = [np.arange(50), np.arange(50, 80)], np.arange(6)
    assert scorer.scores(columns, [6], rows, [X[:50], X[50:]], columns)[0] > 0.5


def test_a_request_of_the_user_is_kept():
    with config_context(enable_metadata_routing=True):
        inner = Weighed().set_fit_request(sample_weight=False)
        scorer = make_scorer(accuracy_score).set_score_request(sample_weight=False)
    Weighed.seen.clear()
    scored(search(inner, scoring=scorer), np.ones(80))
    assert set(Weighed.seen) == {None}


@pytest.mark.parametrize("unit", [2.0**-1000, 2.0**-600, 2.0**900])
def test_R2_does_not_depend_on_the_unit_of_y(unit):
    (X, y), (X_test, y_test) = data(10)
    order, noise = np.arange(10), np.random.default_rng(0).standard_normal(160)
    y, y_test = X[:, 0] + noise, X_test[:, 0]
    expected, got = (
        held_out_scores(order, [2, 5], (X, y * u), (X_test, y_test * u), task="regression").values
        for u in (1.0, unit)
    )
    assert got == expected and 0 < min(got) < max(got) < 1


def test_the_default_classifier_leaves_the_global_generator_alone():
    train, held_out = data(10)
    before = np.random.get_state()[2]
    held_out_scores(np.arange(10), [2], train, held_out)
    assert np.random.get_state()[2] == before
