# SPDX-License-Identifier: BSD-3-Clause
"""Several networks as one, against each by itself."""

import numpy as np
import pytest
import torch
from sparsefs.training.stopping_each import StoppingOfEach

from sparsefs.importance import (
    AttributionImportance,
    ReconstructionImportance,
    StrengthImportance,
)
from sparsefs.networks import FeedForward, ReplicatedFeedForward
from sparsefs.topology import (
    GradientGrow,
    ImportanceDrop,
    ImportanceGrow,
    MagnitudeDrop,
    Rewiring,
    Topology,
    UpdateSchedule,
    sample_positions,
)
from sparsefs.training.batches import Batches
from sparsefs.training.loop import Epochs, train
from sparsefs.training.losses import BinaryCrossEntropyLoss, CrossEntropyLoss, ReconstructionLoss
from sparsefs.training.noise import NoisePool
from sparsefs.training.optimizers import SGD, Adam
from sparsefs.training.scaling import Scaling
from sparsefs.utils import device as _device
from tests.layers import dense

N_REPLICAS = 3


@pytest.fixture(autouse=True)
def remote(monkeypatch):
    monkeypatch.setattr(_device, "_CPU_IS_REMOTE", True)


def networks(sizes, activations):
    """Networks that differ in connections and weights."""
    made = []
    for seed in range(N_REPLICAS):
        rng = np.random.default_rng(seed)
        shapes = zip(sizes[1:], sizes[:-1])
        positions = [sample_positions(shape, 0.3, rng) for shape in shapes]
        made.append(
            FeedForward.from_positions(sizes, positions, activations, rng=rng, kernel="masked")
        )
    return made


def wast(network, wide, weight):
    importance = ReconstructionImportance(40, 0.4, "mean")
    rewirings = [Rewiring(ImportanceDrop(s), ImportanceGrow(s), 0.3) for s in ("in", "out")]
    history = train(
        network,
        Batches(wide, Scaling(wide, "global"), 16, np.random.default_rng(1), "cpu", weight),
        ReconstructionLoss(),
        SGD(0.1, 0.001),
        epochs=Epochs(3),
        importance=importance,
        topology=Topology(rewirings, UpdateSchedule("batch"), np.random.default_rng(2)),
        noise=NoisePool(0.2, np.random.default_rng(3), "cpu"),
    )
    return history, importance.scores(network)


def rigl(network, wide, weight, importance, loss=None, targets=None):
    rewiring = Rewiring(MagnitudeDrop(), GradientGrow(), 0.3)
    history = train(
        network,
        Batches(
            wide, Scaling(wide, "feature"), 16, np.random.default_rng(1), "cpu", weight,
            np.arange(60) % 3 if targets is None else targets, even=True,
        ),
        loss or CrossEntropyLoss(),
        Adam(0.01, 0.001),
        epochs=Epochs(3),
        importance=importance,
        # Not often: where gradients nearly tie, rounding decides what grows.
        topology=Topology([rewiring] * len(network.layers), UpdateSchedule("epoch"), None),
    )  # fmt: skip
    return history, importance.scores(network)


LABELS = np.eye(3, dtype=np.float32)[np.arange(60) % 3]
MLP = [40, 12, 7, 3], ["relu", "tanh", "identity"]
TRAININGS = {
    "WAST": ([40, 12, 40], ["logistic", "identity"], wast),
    "attribution": (*MLP, lambda *a: rigl(*a, AttributionImportance("all", 2, 5))),
    "attribution at the end": (*MLP, lambda *a: rigl(*a, AttributionImportance("last_iteration"))),
    "attribution of a linear model": (
        [40, 3], ["identity"],
        lambda *a: rigl(*a, AttributionImportance("last_epoch")),
    ),
    "strength": (*MLP, lambda *a: rigl(*a, StrengthImportance())),
    "labels": (
        *MLP,
        lambda *a: rigl(*a, StrengthImportance(), BinaryCrossEntropyLoss(), LABELS),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", TRAININGS)
@pytest.mark.parametrize("weighted", [False, True])
def test_each_network_trains_as_by_itself(name, weighted, wide):
    sizes, activations, training = TRAININGS[name]
    weight = np.linspace(0.5, 1.5, 60) if weighted else None
    alone = networks(sizes, activations)
    together = ReplicatedFeedForward(networks(sizes, activations))
    assert together.density == pytest.approx(alone[0].density)
    histories, scores = zip(*(training(network, wide, weight) for network in alone))
    history, of_each = training(together, wide, weight)
    np.testing.assert_allclose(of_each, scores, rtol=1e-3)
    for quantity in ("loss", "connections_changed"):
        expected = np.stack([h[quantity] for h in histories], axis=1)
        np.testing.assert_allclose(history[quantity], expected, rtol=1e-3)
    assert together.training_flops == sum(network.training_flops for network in alone)
    for number, network in enumerate(alone):
        copy = together.replica(number)
        for one, other in zip(copy.layers, network.layers):
            for a, b in zip(dense(one), dense(other)):
                np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-5)
            np.testing.assert_allclose(one.bias, other.bias, rtol=1e-3, atol=1e-5)
            assert one.n_bytes == other.n_bytes
            for side in ("in", "out"):
                np.testing.assert_array_equal(one.degree(side), other.degree(side))
    for side in ("in", "out"):
        expected = [network.layers[0].degree(side) for network in alone]
        np.testing.assert_array_equal(together.layers[0].degree(side), expected)
        expected = [network.layers[0].strength(side) for network in alone]
        np.testing.assert_allclose(together.layers[0].strength(side), expected, rtol=1e-3)


def test_each_network_stops_by_itself_and_goes_back_to_its_best():
    network = ReplicatedFeedForward(networks([5, 4], ["identity"]))
    (layer,) = network.batches
    # Losses epoch by epoch: the best are those of epochs 1, 0 and 3.
    losses = iter(np.array([[3.0, 1, 9], [1, 2, 8], [2, 3, 7], [9, 0, 6]]))
    stopping = StoppingOfEach(network, lambda: next(losses), 2, lambda: layer.strength("in"))
    states, history = [], {}
    for epoch in range(4):
        layer.values.add_(layer._mask)  # what a training does
        states.append(layer.strength("in"))
        if stopping.after_epoch(epoch, history):
            break
    stopping.restore()
    np.testing.assert_array_equal(stopping.n_epochs, [4, 3, 4])
    assert len(history["validation_loss"]) == 4
    expected = [states[1][0], states[0][1], states[3][2]]
    np.testing.assert_allclose(stopping.scores(), expected, rtol=1e-6)
    np.testing.assert_allclose(layer.strength("in"), expected, rtol=1e-6)


def test_shared_and_own_inputs_give_the_same():
    network = ReplicatedFeedForward(networks([5, 4], ["identity"]))
    (layer,) = network.batches
    x = torch.randn(5, 6, generator=torch.Generator().manual_seed(0))
    own = x.expand(N_REPLICAS, 5, 6).contiguous()
    shared = layer.forward(x).clone()
    torch.testing.assert_close(layer.forward(own), shared)
    torch.testing.assert_close(layer.weight_grad(shared, own), layer.weight_grad(shared, x))
