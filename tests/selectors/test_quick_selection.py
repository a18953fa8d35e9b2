# SPDX-License-Identifier: BSD-3-Clause
"""What is particular to QuickSelectionSelector."""

import numpy as np
import pytest
from scipy import sparse

from sparsefs import QuickSelectionSelector
from tests.selectors.common import quick


def dense(weights):
    return weights.toarray() if sparse.issparse(weights) else weights


def n_connections(selector):
    biases = sum(len(bias) for bias in selector.network_.biases)
    return selector.costs_["parameters"]["sparse"] - biases


@pytest.mark.parametrize("rank_by", ["strength", "degree", "output_strength", "output_degree"])
def test_scores_are_those_of_the_neurons_of_the_fitted_network(rank_by, wide):
    selector = quick(QuickSelectionSelector, rank_by=rank_by).fit(wide)
    first, last = map(dense, selector.network_.weights)
    weights = last.T if "output" in rank_by else first
    # No weight is exactly 0 after the last epoch, in which nothing is rewired.
    expected = (abs(weights) if "strength" in rank_by else weights != 0).sum(axis=0)
    varies = np.ptp(wide, axis=0) > 0
    np.testing.assert_allclose(selector.scores_[varies], expected, rtol=1e-5)


@pytest.mark.parametrize("epsilon", [0.7, 2.5, 1000.0])
def test_epsilon_is_connections_per_neuron(epsilon, wide):
    selector = quick(QuickSelectionSelector, density=None, epsilon=epsilon).fit(wide)
    per_layer = min(round(epsilon * (40 + 16)), 38 * 16)  # two features are constant
    assert n_connections(selector) == 2 * per_layer
    np.testing.assert_array_equal(selector.history_["density"], per_layer / (40 * 16))


def test_density_takes_the_place_of_epsilon(wide):
    selectors = [
        quick(QuickSelectionSelector, density=0.3, epsilon=epsilon).fit(wide)
        for epsilon in (1.0, 13.0)
    ]
    np.testing.assert_array_equal(selectors[0].scores_, selectors[1].scores_)
    assert n_connections(selectors[0]) == 2 * round(0.3 * 40 * 16)


@pytest.mark.parametrize("n_features", [1, 2, 5, 10, 30])
def test_training_on_narrow_data_does_not_diverge(n_features):
    X = np.random.default_rng(0).standard_normal((100, n_features))
    selector = QuickSelectionSelector(
        K=1, max_iter=20, batch_size=20, random_state=0, device="cpu"
    ).fit(X)
    loss = selector.history_["loss"]
    assert loss.max() < 1.5  # 1 is that of predicting nothing
    assert loss[-1] < 0.7 * loss[0]


@pytest.mark.parametrize(("epsilon", "rate"), [(13.0, 0.01), (100.0, 0.01 * 100 / 150)])
def test_the_learning_rate_is_lowered_where_neurons_have_many_connections(
    epsilon, rate, monkeypatch
):
    from sparsefs.training import optimizers

    rates, init = [], optimizers.Optimizer.__init__

    def watched(self, learning_rate, *args, **kwargs):
        rates.append(learning_rate)
        init(self, learning_rate, *args, **kwargs)

    monkeypatch.setattr(optimizers.Optimizer, "__init__", watched)
    X = np.random.default_rng(0).standard_normal((20, 400))
    # Output neurons have epsilon * (400 + 200) / 400 connections on average.
    quick(QuickSelectionSelector, density=None, epsilon=epsilon, hidden_layer_sizes=200).fit(X)
    assert rates == [pytest.approx(rate)]


def test_dropout_silences_hidden_neurons(wide):
    plain, dropped = (quick(QuickSelectionSelector, dropout=p).fit(wide) for p in (0.0, 0.5))
    assert not np.allclose(plain.scores_, dropped.scores_, rtol=1e-3)


def test_tanh_bounds_the_outputs(wide):
    outputs = [
        quick(QuickSelectionSelector, output_activation=name, max_iter=50).fit(wide).network_(wide)
        for name in ("tanh", "identity")
    ]
    assert abs(outputs[0]).max() <= 1 < abs(outputs[1]).max()


def test_connections_move_after_every_epoch_but_the_last(wide):
    changed = quick(QuickSelectionSelector).fit(wide).history_["connections_changed"]
    assert (changed[:-1] > 0).all() and changed[-1] == 0
