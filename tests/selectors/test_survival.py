# SPDX-License-Identifier: BSD-3-Clause
"""Survival targets: what selectors find, what chooses K, and what is refused."""

import warnings

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import BaseEstimator
from sklearn.model_selection import KFold

from sparsefs import (
    CrossValidatedK,
    EnsembleSelector,
    GradualPruningSelector,
    KnockoffSelector,
    StabilitySelector,
)
from sparsefs.evaluation import k_curve, permutation_test, random_subsets, repeated_selections
from sparsefs.training.cox import CoxLoss
from tests.no_waiting import no_waiting
from tests.selectors.common import every_supervised, quick


def study(n, p, seed=0, *, effect=0.8, n_true=5, hazard=None, censoring=2.0):
    """X, y and the true columns; about half of the samples are censored."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, p))
    true = rng.permutation(p)[:n_true]
    if hazard is None:
        log_hazard = effect * X[:, true] @ rng.choice([-1, 1], n_true)
    else:
        log_hazard = hazard(X[:, true])
    time = rng.exponential(np.exp(-log_hazard))
    end = rng.exponential(censoring * np.median(time), n)
    y = np.empty(n, dtype=[("died", bool), ("days", float)])
    y["died"], y["days"] = time <= end, np.minimum(time, end)
    return X, y, np.sort(true)


def two_columns(y):
    return pd.DataFrame({"days": y["days"], "died": y["died"].astype(int)})


def selector(K=5, **params):
    return GradualPruningSelector(K, random_state=0, device="cpu", **params)


def n_found(fitted, true):
    return len(np.intersect1d(fitted.get_support(indices=True), true))


# What is found.


def test_features_of_wide_data_are_found():
    found = []
    for seed in range(5):
        X, y, true = study(200, 1000, seed)
        found.append(n_found(selector().fit(X, y), true))
    assert np.mean(found) >= 4.2  # measured: 5, 5, 4, 5, 5


def test_features_of_tall_data_are_found():
    for censoring in (0.2, 1e9):
        X, y, true = study(1500, 80, censoring=censoring)
        assert n_found(selector().fit(X, y), true) == 5


def test_features_without_a_linear_effect_are_found():
    X, y, true = study(2000, 40, n_true=2, hazard=lambda z: 2 * np.sign(z[:, 0] * z[:, 1]))
    assert n_found(selector(2).fit(X, y), true) == 2
    X, y, true = study(2000, 40, n_true=2, hazard=lambda z: (z**2).sum(axis=1))
    assert n_found(selector(2).fit(X, y), true) == 2


@every_supervised
def test_every_form_of_y_is_the_same_and_the_order_of_times_counts(Selector):
    X, y, _ = study(80, 20)
    fitted = quick(Selector).fit(X, y)
    assert fitted._target.task == "survival" and np.isfinite(fitted.scores_).all()
    later = y.copy()
    later["days"] = np.exp(y["days"] / y["days"].max())
    for other, params in [
        (two_columns(y), {"task": "survival"}),
        (two_columns(y).to_numpy(), {"loss": "cox"}),
        (y[["days", "died"]], {}),
        (later, {}),
    ]:
        again = quick(Selector, **params).fit(X, other)
        np.testing.assert_array_equal(fitted.scores_, again.scores_)
    if hasattr(fitted, "score"):
        assert 0 <= fitted.score(X, y) <= 1
        assert fitted.score(X, y) == fitted.score(X, two_columns(y))


@every_supervised
def test_weights_of_zero_leave_samples_out(Selector):
    X, y, _ = study(80, 20)
    weight = np.ones(80)
    weight[:30] = 0
    y[:30] = (True, 1e6)
    kept = quick(Selector).fit(X, y, sample_weight=weight)
    y[:30] = (False, 0.0)
    np.testing.assert_array_equal(
        kept.scores_, quick(Selector).fit(X, y, sample_weight=weight).scores_
    )


def test_a_sample_twice_is_a_sample_of_weight_two_in_closed_form():
    X, y, _ = study(60, 300)
    weight = np.ones(60)
    weight[:20] = 2
    rows = np.r_[0:60, 0:20]
    np.testing.assert_allclose(
        selector().fit(X, y, sample_weight=weight).scores_,
        selector().fit(X[rows], y[rows]).scores_,
        rtol=1e-3,
        atol=1e-6,
    )


def test_many_ties_few_events_and_outliers():
    X, y, true = study(1000, 40, effect=1.2)
    tied = y.copy()
    tied["days"] = np.ceil(4 * y["days"] / y["days"].max())
    assert n_found(selector().fit(X, tied), true) == 5
    y["days"][3] = 1e300
    X[7] = 1e6
    assert n_found(selector().fit(X, y), true) == 5
    few = y.copy()
    few["died"] &= np.cumsum(few["died"]) <= 8
    assert np.isfinite(selector(batch_size=32).fit(X, few).scores_).all()


def test_events_decide_whether_regressions_suffice():
    X, y, true = study(800, 100, effect=1.2, censoring=0.008)
    assert y["died"].sum() <= 50
    fitted = selector().fit(X, y)
    np.testing.assert_array_equal(fitted.scores_, selector(noise_std=2.0).fit(X, y).scores_)
    assert n_found(fitted, true) >= 4


def test_a_loss_of_the_users():
    X, y, true = study(600, 30, effect=1.2)

    def exponential(outputs, target):
        event, rank = target.T
        return outputs[:, 0].exp() * rank / 600 - event * outputs[:, 0]

    for loss in (exponential, CoxLoss()):
        assert n_found(selector(loss=loss, n_networks=2).fit(X, y), true) >= 4


# What is refused.


def test_what_does_not_suit_is_refused():
    X, y, _ = study(60, 10)
    with pytest.raises(ValueError, match="class_weight='balanced' needs a y of classes"):
        selector(class_weight="balanced").fit(X, y)
    for params in ({"loss": "squared_error"}, {"task": "classification"}):
        with pytest.raises(ValueError, match="holds events and times"):
            selector(**params).fit(X, y)
    with pytest.raises(ValueError, match="does not suit task='regression'"):
        selector(task="regression", loss="cox").fit(X, y)
    with pytest.raises(ValueError, match="needs events and times"):
        selector(task="survival").fit(X, y["days"])
    y["days"][11] = -2
    with pytest.raises(ValueError, match="negative in row 11: -2"):
        selector().fit(X, y)


# The choice of K, and estimators around selectors.


def test_k_is_chosen_by_the_concordance():
    X, y, true = study(400, 30, effect=1.0)
    fitted = selector("auto", max_iter=20, n_networks=2).fit(X, y)
    assert fitted.path_.metric == "concordance"
    assert 5 <= fitted.K_ <= 8 and n_found(fitted, true) == 5
    assert 0.8 < fitted.path_.mean.max() < 1
    scores = fitted.path_.scores
    again = fitted.set_params(task="survival").fit(X, two_columns(y))
    np.testing.assert_array_equal(scores, again.path_.scores)


class FirstColumn(BaseEstimator):
    """Predicts the survival by its first column; `y` must be events and times."""

    def fit(self, X, y):
        assert y.dtype.names == ("event", "time")
        self.sign_ = np.sign(np.corrcoef(X[:, 0], y["time"])[0, 1])
        return self

    def score(self, X, y):
        return np.corrcoef(self.sign_ * X[:, 0], y["time"])[0, 1]


def mean_event(estimator, X, y):
    return float(y["event"].mean())


def test_estimators_and_scorings_of_the_users():
    X, y, _ = study(200, 400, effect=1.2)
    for target, params in [(y, {}), (two_columns(y), {"task": "survival"})]:
        chosen = CrossValidatedK(estimator=FirstColumn())
        fitted = selector(chosen, **params).fit(X, target)
        assert fitted.path_.metric == "score" and fitted.path_.mean[0] > 0.1
        chosen = CrossValidatedK(scoring=mean_event)
        fitted = selector(chosen, **params).fit(X, target)
        # Events keep their share in every fold.
        assert np.ptp(fitted.path_.scores) <= 1 / 40
        assert fitted.path_.metric == "mean_event"


def test_folds_without_events_are_refused():
    X, y, _ = study(60, 10)
    y["died"] = np.arange(60) < 30
    with pytest.raises(ValueError, match="training part has no events"):
        selector(CrossValidatedK(cv=KFold(2))).fit(X, y)


def test_curves_subsets_and_permutations():
    X, y, _ = study(120, 240, effect=1.5)
    curve = k_curve(selector(max_iter=20), X, y, Ks=[1, 5], random_state=0)
    assert curve.metric == "concordance" and curve.mean[1] > 0.75
    frame, columns = two_columns(y), selector(task="survival", max_iter=20)
    again = k_curve(columns, X, frame, Ks=[1, 5], random_state=0)
    np.testing.assert_array_equal(curve.scores, again.scores)
    chance = random_subsets(selector(max_iter=20), X, y, K=5, n_subsets=19, random_state=0)
    assert chance.score == pytest.approx(curve.mean[1]) and chance.p_value == 0.05
    found = permutation_test(columns, X, frame, K=5, n_permutations=19, random_state=0)
    assert found.p_value == 0.05 and 0.4 < found.mean < 0.6


@pytest.mark.parametrize("form", ["structured", "columns"])
def test_estimators_around_selectors(form):
    X, y, true = study(300, 700, effect=1.2)
    base = selector(max_iter=20)
    if form == "columns":
        y, base = two_columns(y), base.set_params(task="survival")
    stable = StabilitySelector(base, n_pairs=5, random_state=0).fit(X, y)
    assert set(true) <= set(stable.get_support(indices=True))
    knockoffs = KnockoffSelector(base, level=0.5, random_state=0).fit(X, y)
    assert set(true) <= set(knockoffs.get_support(indices=True))
    assert n_found(EnsembleSelector(base, K=5, n_fits=2).fit(X, y), true) == 5
    halves = repeated_selections(base, X, y, n_repeats=4, random_state=0)
    assert halves[:, true].mean() > 0.9


def test_halves_have_half_of_the_events():
    X, y, _ = study(200, 10)
    y["died"] = np.arange(200) < 8

    class Count(BaseEstimator):
        def fit(self, X, y):
            self.feature_importances_ = np.full(10, y["died"].sum(), dtype=float)
            return self

    def four(estimator):
        assert (estimator.feature_importances_ == 4).all()
        return estimator.feature_importances_

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        StabilitySelector(Count(), n_pairs=3, importance_getter=four, random_state=0).fit(X, y)


def test_no_step_waits_for_a_gpu(monkeypatch):
    monkeypatch.setattr("sparsefs.utils.device._CPU_IS_REMOTE", True)
    outputs, weight = torch.zeros(1, 5), torch.ones(5)
    target = torch.tensor([[1.0, 0, 1, 0, 1], [0, 1, 1, 2, 3]])
    with no_waiting():
        CoxLoss()(outputs, target, weight)
