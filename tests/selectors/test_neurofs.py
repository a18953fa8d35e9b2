# SPDX-License-Identifier: BSD-3-Clause
"""What is particular to NeuroFSSelector."""

import numpy as np
import pytest

from sparsefs import NeuroFSSelector
from sparsefs.training.batches import Batches
from tests.selectors.common import first_ten_informative, fit, quick


def longer(**params):
    return quick(NeuroFSSelector, **{"max_iter": 10, **params})


@pytest.mark.parametrize(("K", "n"), [(1, 1), (5, 5), (0.5, 20), (38, 38)])
def test_the_network_ends_with_the_K_features_that_are_selected(K, n, wide):
    selector = fit(longer(K=K), wide)
    assert len(selector.network_.columns) == n
    np.testing.assert_array_equal(selector.network_.columns, selector.get_support(indices=True))
    assert selector.network_.weights[0].shape == (16, n)


def test_the_features_that_left_do_not_reach_the_network(wide):
    selector = fit(longer(), wide)
    other = wide + 100 * ~selector.support_
    np.testing.assert_array_equal(selector.network_(other), selector.network_(wide))


def test_those_that_are_left_score_by_strength_and_the_others_below(wide):
    selector = fit(longer(), wide)
    weights = selector.network_.weights[0]
    strength = np.asarray(abs(weights).sum(axis=0)).ravel()
    np.testing.assert_allclose(selector.scores_[selector.support_], 1 + strength, rtol=1e-5)
    assert selector.scores_[~selector.support_].max() < 1


def test_who_leaves_later_ranks_better(wide, monkeypatch):
    loaded, use = [], Batches.use_columns
    monkeypatch.setattr(
        Batches, "use_columns", lambda self, columns: loaded.append(columns) or use(self, columns)
    )
    selector = fit(longer(swap_fraction=0.0), wide)
    alive = [columns for columns in loaded if columns is not None]
    assert [len(columns) for columns in alive] == sorted(map(len, alive), reverse=True)
    for columns in alive:
        assert selector.ranking_[columns].max() == len(columns)


@pytest.mark.parametrize("K", [5, 39])
def test_constant_features_never_are_input_neurons(K, wide, monkeypatch):
    loaded, use = [], Batches.use_columns
    monkeypatch.setattr(
        Batches, "use_columns", lambda self, columns: loaded.append(columns) or use(self, columns)
    )
    fit(longer(K=K), wide)
    loaded = [columns for columns in loaded if columns is not None]
    assert len(loaded[0]) == 38
    for columns in loaded:
        assert not np.isin([3, 17], columns).any()


def test_what_left_costs_nothing(wide):
    few, all_of_them = fit(longer(), wide), fit(longer(K=40), wide)
    for cost in ("parameters", "bytes", "inference_flops", "training_flops"):
        assert few.costs_[cost]["dense"] == all_of_them.costs_[cost]["dense"]
    for cost in ("parameters", "inference_flops"):
        assert few.costs_[cost]["sparse"] < all_of_them.costs_[cost]["sparse"]
        assert few.costs_[cost]["sparse"] < few.costs_[cost]["dense"]
    assert few.costs_["training_flops"]["sparse"] < few.costs_["training_flops"]["dense"]


@pytest.mark.parametrize("epsilon", [0.7, 2.5, 1000.0])
def test_epsilon_is_connections_per_neuron(epsilon, wide):
    selector = fit(quick(NeuroFSSelector, density=None, epsilon=epsilon, max_iter=1), wide)
    shapes = [(16, 40), (8, 16), (3, 8)]
    expected = [min(round(epsilon * sum(shape)), np.prod(shape)) for shape in shapes]
    total = selector.costs_["parameters"]["sparse"] - 16 - 8 - 3
    expected[0] = min(expected[0], 38 * 16)  # two features are constant
    assert total == sum(expected)


@pytest.mark.parametrize(
    "option",
    [
        {"density": 0.5},
        {"removed_until": 1.0},
        {"swap_fraction": 0.0},
        {"drop_fraction": 0.0},
        {"activation": "relu"},
        {"momentum": 0.0},
        {"alpha": 0.1},
        {"K": 20},
    ],
    ids=str,
)
def test_every_option_matters(option, wide):
    base, other = fit(longer(), wide), fit(longer(**option), wide)
    assert not np.allclose(base.scores_, other.scores_, rtol=1e-6)


def test_kernels_give_the_same_training(wide):
    csr, masked = (fit(longer(kernel=kernel), wide) for kernel in ("csr", "masked"))
    np.testing.assert_array_equal(csr.ranking_, masked.ranking_)
    np.testing.assert_allclose(csr.scores_, masked.scores_, rtol=1e-3)


def test_informative_features_are_found():
    for seed in range(3):
        X, y = first_ten_informative(seed)
        selector = NeuroFSSelector(
            K=10,
            density=0.3,
            hidden_layer_sizes=(40, 20),
            max_iter=40,
            random_state=seed,
            device="cpu",
        ).fit(X, y)
        assert (selector.get_support(indices=True) < 10).sum() >= 7
