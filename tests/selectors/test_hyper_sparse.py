# SPDX-License-Identifier: BSD-3-Clause
"""What is particular to HyperSparseSelector."""

import numpy as np
import pytest
from scipy import sparse

from sparsefs import HyperSparseSelector
from sparsefs.regularization import L1Penalty, L2Penalty, Penalty
from tests.selectors.common import first_ten_informative, fit, quick

N = 40 * 16 + 16 * 8 + 8 * 3  # possible connections of the quick network


def penalised(**params):
    """With a penalty that has its way within six epochs."""
    setting = {"max_iter": 8, "fine_tune_epochs": 2, "initial_strength": 0.01, **params}
    return quick(HyperSparseSelector, **setting)


def dense(weights):
    return weights.toarray() if sparse.issparse(weights) else weights


class HalfSquares(Penalty):
    """What L2Penalty would be if it were the user's."""

    def _value(self, weights):
        return L2Penalty()(weights)

    def _gradients(self, weights):
        return L2Penalty().gradients(weights)


@pytest.mark.parametrize("kernel", ["csr", "masked"])
@pytest.mark.parametrize("density", [0.01, 0.1, 0.5, 1.0])
def test_the_fitted_network_has_the_density(density, kernel, wide):
    selector = fit(penalised(density=density, kernel=kernel), wide)
    n_at_first = N - 2 * 16  # the two constant features have no connections
    n = min(round(density * N), n_at_first)
    assert selector.costs_["parameters"]["sparse"] == n + 16 + 8 + 3
    densities = selector.history_["density"]
    assert densities[0] == n_at_first / N and densities[-1] == n / N


def test_features_with_connections_rank_first(wide):
    selector = fit(penalised(density=0.2, initial_strength=0.001), wide)
    varies = np.ptp(wide, axis=0) > 0
    first = np.zeros((16, 40))
    first[:, varies] = dense(selector.network_.weights[0])
    alive = (first != 0).any(axis=0) & varies
    assert 0 < alive.sum() < 38
    assert selector.ranking_[alive].max() == alive.sum()
    strength = abs(first).sum(axis=0)
    np.testing.assert_allclose(selector.scores_[alive], 1 + strength[alive], rtol=1e-5)
    others = ~alive & varies
    assert selector.scores_[others].max() <= 1
    assert len(np.unique(selector.scores_[others])) == others.sum()  # by strength before


def test_penalties_differ(wide):
    scores = [fit(penalised(penalty=name), wide).scores_ for name in ("hypersparse", "l1", "l2")]
    for i in range(3):
        assert not np.allclose(scores[i], scores[i - 1], rtol=1e-3)


@pytest.mark.parametrize(("own", "name"), [(L1Penalty, "l1"), (HalfSquares, "l2")])
def test_a_penalty_of_ones_own(own, name, wide):
    expected = fit(penalised(penalty=name), wide).scores_
    np.testing.assert_array_equal(fit(penalised(penalty=own()), wide).scores_, expected)


def test_a_penalty_that_returns_nonsense_is_refused_before_training(wide):
    class Nonsense(L1Penalty):
        def _gradients(self, weights):
            return [weight / 0 for weight in weights]

    with pytest.raises(ValueError, match="'penalty' parameter: gradient 0 .* not finite"):
        fit(penalised(penalty=Nonsense()), wide)


def test_a_penalty_in_the_loss_is_the_same_as_in_the_gradient(wide):
    gradient, loss = (fit(penalised(apply=apply), wide) for apply in ("gradient", "loss"))
    np.testing.assert_allclose(loss.scores_, gradient.scores_, rtol=1e-4)
    weaker = fit(penalised(initial_strength=0.0), wide).scores_
    assert not np.allclose(weaker, gradient.scores_, rtol=1e-2)


def test_the_strength_of_the_penalty_is_in_the_history(wide):
    strength = fit(penalised(growth=2.0, warmup_epochs=2), wide).history_["penalty_strength"]
    n_dense = np.flatnonzero(strength)[-1] + 1
    assert 3 <= n_dense <= 6
    np.testing.assert_allclose(strength[:n_dense], [0, 0, 0.01, 0.02, 0.04, 0.08][:n_dense])
    assert (strength[n_dense:] == 0).all()


@pytest.mark.parametrize("max_iter", [3, 4])
def test_epochs_that_leave_none_before_the_pruning_are_refused(max_iter, wide):
    with pytest.raises(ValueError, match=f"max_iter={max_iter} and fine_tune_epochs=4"):
        fit(quick(HyperSparseSelector, max_iter=max_iter, fine_tune_epochs=4), wide)


@pytest.mark.parametrize("kind", ["numbers", "labels"])
def test_what_has_no_accuracy_is_compared_by_its_loss(kind, wide):
    rng = np.random.default_rng(0)
    y = wide[:, [0, 8]] + 0.1 * rng.standard_normal((60, 2))
    y = y if kind == "numbers" else y > 0
    selector = penalised(max_iter=30, density=0.3).fit(wide, y)
    assert selector.history_["density"][-1] == round(0.3 * (N - 8)) / (N - 8)
    # Some networks know one class only, which is right in 0.52 of the labels.
    more = (penalised(max_iter=30, density=0.3, random_state=seed) for seed in range(1, 5))
    assert np.median([each.fit(wide, y).score(wide, y) for each in more]) > 0.6


def test_informative_features_are_found():
    for seed in range(3):
        X, y = first_ten_informative(seed)
        selector = HyperSparseSelector(
            K=10,
            hidden_layer_sizes=(40, 20),
            max_iter=40,
            fine_tune_epochs=10,
            random_state=seed,
            device="cpu",
        ).fit(X, y)
        assert (selector.get_support(indices=True) < 10).sum() >= 9


def test_columns_of_few_values_rank_before_noise():
    found = []
    for seed in range(3):
        rng = np.random.default_rng(seed)
        useful = np.column_stack([rng.integers(0, k, 1000) for k in (2, 2, 2, 3, 3, 4, 4, 5, 5, 8)])
        z = (useful - useful.mean(axis=0)) / useful.std(axis=0)
        y = z.sum(axis=1) + 2 * rng.standard_normal(1000) > 0
        X = np.hstack([useful, rng.standard_normal((1000, 10))])
        found.append(HyperSparseSelector(K=10, random_state=seed).fit(X, y).support_[:10].mean())
    assert np.mean(found) > 0.75  # by chance 0.5
