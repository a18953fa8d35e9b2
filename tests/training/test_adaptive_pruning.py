# SPDX-License-Identifier: BSD-3-Clause
"""When a dense network is pruned, to what, and how it is trained before and after."""

import numpy as np
import pytest
import torch

from sparsefs.importance import ConnectionImportance, Step
from sparsefs.networks import FeedForward
from sparsefs.regularization import AdaptiveSchedule, L1Penalty
from sparsefs.training.adaptive_pruning import AdaptivePruning
from sparsefs.training.batches import Batches
from sparsefs.training.loop import train
from sparsefs.training.losses import SquaredErrorLoss
from sparsefs.training.optimizers import SGD
from sparsefs.training.progress import Epochs
from sparsefs.training.scaling import Scaling
from tests.layers import dense

SIZES = [9, 7, 4]
N = 9 * 7 + 7 * 4
kernels = pytest.mark.parametrize("kernel", ["auto", "csr", "masked"])


def dense_network(seed=0):
    positions = [np.arange(9 * 7), np.arange(7 * 4)]
    return FeedForward.from_positions(
        SIZES, positions, ["tanh", "identity"], rng=np.random.default_rng(seed)
    )


def make_pruning(network, score=lambda: 0.0, optimizer=None, **params):
    setting = {"density": 0.3, "n_epochs": 8, "fine_tune_epochs": 3, **params}
    penalty = setting.pop("penalty", L1Penalty())
    schedule = setting.pop("schedule", AdaptiveSchedule(1, 0.5, 2.0))
    density = setting.pop("density")
    optimizer = optimizer or SGD(0.1, 0.0)
    return AdaptivePruning(network, optimizer, density, penalty, schedule, score, **setting)


def batch():
    return torch.randn(9, 5, generator=torch.Generator().manual_seed(1))


def pruned_weights(network, n_kept):
    """The weights of all layers with all but the largest set to 0, by a full sort."""
    weights = [dense(layer)[0] for layer in network.layers]
    smallest = np.sort(np.concatenate([abs(w).ravel() for w in weights]))[-n_kept]
    return [np.where(abs(w) >= smallest, w, 0) for w in weights]


@kernels
@pytest.mark.parametrize("density", [0.01, 0.3, 1.0])
def test_the_pruned_network_is_the_dense_one_with_its_largest_weights(kernel, density):
    network, x = dense_network(), batch()
    n_kept = round(density * N)
    expected = pruned_weights(network, n_kept)
    pruning = make_pruning(network, density=density, kernel=kernel, n_epochs=1, fine_tune_epochs=0)
    strength = network.layers[0].strength("in")
    biases = [layer.bias.clone() for layer in network.layers]
    assert pruning.after_epoch(0, {}) is True
    assert network.n_connections == n_kept
    for layer, weight in zip(network.layers, expected):
        got, mask = dense(layer)
        np.testing.assert_array_equal(got, weight)
        np.testing.assert_array_equal(mask, weight != 0)
    hidden = torch.tanh(torch.from_numpy(expected[0]) @ x + biases[0])
    output = torch.from_numpy(expected[1]) @ hidden + biases[1]
    torch.testing.assert_close(network.forward(x), output)
    np.testing.assert_array_equal(pruning.strength_before, strength)


@pytest.mark.parametrize(
    ("scores", "after", "copy_of"),
    [
        ([(3, 1), (3, 2), (3, 4)], 3, 3),  # the copy is better
        ([(3, 2), (3, 1), (1, 0)], 3, 1),  # the best copy so far is better
        ([(3, 2), (2, 2), (1, 1)], 3, 2),  # of equals the last; as good is not better
        ([(3, 2), (3, 1), (3, 0), (3, 1)], 4, 1),  # time is up
        ([(3, 1), (3, 1), (3, 2), (3, 2)], 4, 4),
    ],
)
def test_prunes_when_the_best_copy_beats_the_network_or_time_is_up(scores, after, copy_of):
    network = dense_network()
    remaining = iter(np.ravel(scores))
    pruning = make_pruning(network, lambda: next(remaining))
    copies = {}
    assert not pruning.after_epoch(0, {})  # warm-up: nothing is measured
    for epoch in range(1, after + 1):
        assert network.n_connections == N
        for layer, other in zip(network.layers, dense_network(epoch).layers):
            layer.values.copy_(other.values)
            layer.bias.copy_(other.bias)
        copies[epoch] = (
            pruned_weights(network, round(0.3 * N)),
            [layer.bias.clone() for layer in network.layers],
        )
        pruning.after_epoch(epoch, {})
    assert network.n_connections == round(0.3 * N)
    for layer, weight, bias in zip(network.layers, *copies[copy_of]):
        np.testing.assert_array_equal(dense(layer)[0], weight)
        torch.testing.assert_close(layer.bias, bias, rtol=0, atol=0)
    assert next(remaining, None) is None


@pytest.mark.parametrize(("n_epochs", "n_last"), [(8, 3), (4, 3), (5, 0), (1, 0)])
def test_ends_after_the_fine_tuning_that_was_asked_for(n_epochs, n_last):
    network, history = dense_network(), {}
    pruning = make_pruning(network, n_epochs=n_epochs, fine_tune_epochs=n_last)
    sizes, ends = [], []
    for epoch in range(n_epochs):
        ends.append(pruning.after_epoch(epoch, history))
        sizes.append(network.n_connections)
    assert sizes == [N] * (n_epochs - n_last - 1) + [round(0.3 * N)] * (n_last + 1)
    assert ends == [False] * (n_epochs - 1) + [True]


def test_pruning_early_ends_the_training_early():
    network, remaining = dense_network(), iter([1, 2])
    pruning = make_pruning(network, lambda: next(remaining), n_epochs=50, fine_tune_epochs=4)
    ends = [pruning.after_epoch(epoch, {}) for epoch in range(6)]
    assert ends == [False] * 5 + [True]


def test_nothing_is_measured_in_the_warm_up():
    pruning = make_pruning(
        dense_network(),
        lambda: pytest.fail("measured in the warm-up"),
        schedule=AdaptiveSchedule(4, 1.0, 2.0),
    )
    for epoch in range(4):
        assert not pruning.after_epoch(epoch, {})


def test_the_learning_rate_falls_at_half_and_three_quarters_of_the_fine_tuning():
    optimizer = SGD(1.0, 0.0)
    pruning = make_pruning(dense_network(), optimizer=optimizer, n_epochs=10, fine_tune_epochs=8)
    rates = []
    for epoch in range(10):
        rates.append(optimizer.initial_learning_rate)  # of this epoch
        pruning.after_epoch(epoch, {})
    np.testing.assert_allclose(rates, [1.0] * 6 + [0.1] * 2 + [0.01] * 2)


def test_the_penalty_grows_after_the_warm_up_and_ends_with_the_pruning():
    schedule = AdaptiveSchedule(2, 0.5, 3.0)
    pruning, history = make_pruning(dense_network(), schedule=schedule), {}
    for epoch in range(8):
        pruning.after_epoch(epoch, history)
    assert history["penalty_strength"] == [0.0, 0.0, 0.5, 1.5, 4.5, 0.0, 0.0, 0.0]


@pytest.mark.parametrize("apply", ["gradient", "loss"])
@pytest.mark.parametrize("warmup", [0, 1])
def test_the_gradient_of_the_penalty_is_added_with_the_strength_of_the_epoch(apply, warmup):
    network = dense_network()
    schedule = AdaptiveSchedule(warmup, 0.5, 3.0)
    pruning = make_pruning(network, apply=apply, schedule=schedule)
    gradients = network.backward(network.forward(batch()))
    before = [(weight.clone(), bias.clone()) for weight, bias in gradients]
    step = Step(1, 0, batch(), torch.zeros(4, 5), None, SquaredErrorLoss())
    pruning.add_gradients(network, gradients, step)
    strength = 0.0 if warmup else 0.5
    for layer, (weight, bias), (weight_before, bias_before) in zip(
        network.layers, gradients, before
    ):
        expected = weight_before + strength * torch.sign(layer.values)
        torch.testing.assert_close(weight, expected)
        torch.testing.assert_close(bias, bias_before, rtol=0, atol=0)


def test_measuring_leaves_the_network_as_it_was_and_sees_the_pruned_one():
    network, seen = dense_network(), []

    def score():
        seen.append([dense(layer)[0] for layer in network.layers])
        return -len(seen)

    before = [layer.values.clone() for layer in network.layers]
    expected = pruned_weights(network, round(0.3 * N))
    pruning = make_pruning(network, score)
    for epoch in range(2):
        pruning.after_epoch(epoch, {})
    for layer, values in zip(network.layers, before):
        torch.testing.assert_close(layer.values, values, rtol=0, atol=0)
    for got, weight in zip(seen[1], expected):
        np.testing.assert_array_equal(got, weight)


def test_weights_are_restored_if_the_score_raises():
    network, remaining = dense_network(), iter([1])  # the pruned copy cannot be measured
    before = [layer.values.clone() for layer in network.layers]
    pruning = make_pruning(network, lambda: next(remaining))
    pruning.after_epoch(0, {})
    with pytest.raises(StopIteration):
        pruning.after_epoch(1, {})
    for layer, values in zip(network.layers, before):
        torch.testing.assert_close(layer.values, values, rtol=0, atol=0)


@kernels
def test_no_connection_comes_back_after_the_pruning(kernel):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((20, 9)).astype(np.float32)
    y = rng.standard_normal((20, 4)).astype(np.float32)
    batches = Batches(X, Scaling(X, "none"), 5, rng, "cpu", targets=y)
    network, optimizer, masks, weights = dense_network(), SGD(0.05, 0.01), [], []
    pruning = make_pruning(network, optimizer=optimizer, n_epochs=6, kernel=kernel)

    def after_epoch(epoch, history):
        masks.append([layer.connections()[0] for layer in network.layers])
        weights.append([dense(layer)[0] for layer in network.layers])
        for layer in network.layers:
            assert int((layer.values != 0).sum()) <= layer.n_connections
        return pruning.after_epoch(epoch, history)

    history = train(
        network,
        batches,
        SquaredErrorLoss(),
        optimizer,
        epochs=Epochs(6),
        importance=ConnectionImportance(),
        penalty=pruning.add_gradients,
        after_epoch=[after_epoch],
    )
    assert len(history["loss"]) == 6
    for i in range(2):
        assert sum(len(mask[i]) for mask in masks[:3]) == 3 * len(masks[0][i])
        for mask in masks[4:]:
            np.testing.assert_array_equal(mask[i], masks[3][i])
        assert not np.array_equal(weights[3][i], weights[5][i])  # those that exist are trained
    assert sum(len(mask) for mask in masks[3]) == round(0.3 * N)
