# SPDX-License-Identifier: BSD-3-Clause
"""The Cox regression that scores features."""

import numpy as np
import pytest
import torch

from sparsefs.evaluation.cox import RidgeCox
from sparsefs.evaluation.scorer import held_out_scores
from tests.training.test_cox import literal_minus_log


def data(n=60, p=5, n_times=20):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n, p))
    y = np.empty(n, dtype=[("event", bool), ("time", float)])
    y["event"] = rng.random(n) < 0.6
    y["time"] = np.ceil(n_times * rng.exponential(np.exp(-X[:, 0])))
    return X, y, rng.random(n)


@pytest.mark.parametrize("alpha", [0.1, 10.0])
@pytest.mark.parametrize("weighted", [False, True])
def test_it_minimises_the_literal_likelihood_with_the_penalty(alpha, weighted):
    X, y, weight = data()
    fitted = RidgeCox(alpha).fit(X, y, weight if weighted else None)
    weight = weight if weighted else np.ones(len(y))
    coef = torch.tensor(fitted.coef_, requires_grad=True)
    value = literal_minus_log(
        torch.from_numpy(X) @ coef, y["event"].astype(float), y["time"], weight
    )
    (gradient,) = torch.autograd.grad(value + alpha / 2 * coef @ coef, coef)
    assert gradient.abs().max() < 2e-3
    assert fitted.coef_[0] > 0.3


def test_more_columns_than_samples_and_no_signal():
    X, y, _ = data(40, 300)
    fitted = RidgeCox().fit(X, y)
    assert np.isfinite(fitted.coef_).all() and 0.8 < fitted.score(X, y) <= 1
    assert RidgeCox().fit(0 * X, y).score(0 * X, y) == 0.5


def test_it_is_the_default_estimator_of_survival():
    X, y, _ = data(300, 4)
    found = held_out_scores(np.arange(4), [1, 4], (X[:200], y[:200]), (X[200:], y[200:]))
    assert found.metric == "concordance" and found.n_fitted == 200
    z = (X - X[:200].mean(axis=0)) / X[:200].std(axis=0)
    model = RidgeCox().fit(z[:200], y[:200])
    assert found.values[1] == pytest.approx(model.score(z[200:], y[200:]), abs=1e-3)
    assert found.values[0] > 0.65
