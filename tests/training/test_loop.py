# SPDX-License-Identifier: BSD-3-Clause
"""The order in which the loop asks its parts, and the mean loss of a data set."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from sparsefs.importance import Importance
from sparsefs.networks import FeedForward
from sparsefs.training.batches import Batches
from sparsefs.training.loop import evaluate, train
from sparsefs.training.losses import BinaryCrossEntropyLoss, CrossEntropyLoss, SquaredErrorLoss
from sparsefs.training.noise import NoisePool
from sparsefs.training.optimizers import SGD
from sparsefs.training.progress import Epochs
from sparsefs.training.scaling import Scaling

N_SAMPLES, N_FEATURES = 10, 4
X = np.random.default_rng(0).standard_normal((N_SAMPLES, N_FEATURES)).astype(np.float32)
Y = np.random.default_rng(1).integers(0, 3, N_SAMPLES)


def make_network():
    rng = np.random.default_rng(0)
    sizes = [N_FEATURES, 5, 3]
    positions = [np.arange(20), np.arange(15)]
    return FeedForward.from_positions(sizes, positions, ["tanh", "identity"], rng=rng)


def make_batches(batch_size=4, rng=None, targets=Y, **options):
    return Batches(X, Scaling(X, "none"), batch_size, rng, "cpu", targets=targets, **options)


class Watcher(Importance):
    """Stands in for every part, and writes down who is asked."""

    def __init__(self):
        self.log, self.steps = [], []

    def before_update(self, network, step):
        self.log.append("before_update")
        self.steps.append(step)
        self.weights = network.layers[0].values.clone()
        assert network.layers[0].seen is not None
        assert network.outputs[0].shape[1] == step.x.shape[1]

    def after_update(self, network, step):
        self.log.append("after_update")
        assert (network.layers[0].values != self.weights).any()

    def scores(self, network):
        return np.zeros(N_FEATURES)

    def penalty(self, network, gradients, step):
        self.log.append("penalty")
        assert len(gradients) == len(network.layers)

    def after_step(self, step, steps_per_epoch, n_steps, network, importance):
        self.log.append("topology")
        assert (steps_per_epoch, n_steps) == (3, 6)
        assert importance is self
        return step

    def after_epoch(self, epoch, history):
        self.log.append(f"after_epoch {epoch}")
        return False


@pytest.fixture
def watched():
    watcher = Watcher()
    history = train(
        make_network(),
        make_batches(),
        CrossEntropyLoss(),
        SGD(0.1, 0.0),
        epochs=Epochs(2),
        importance=watcher,
        topology=watcher,
        penalty=watcher.penalty,
        after_epoch=[watcher.after_epoch],
    )
    return watcher, history


def test_every_part_is_asked_in_its_turn(watched):
    step = ["penalty", "before_update", "after_update", "topology"]
    expected = [*(3 * step), "after_epoch 0", *(3 * step), "after_epoch 1"]
    assert watched[0].log == expected


def test_steps_are_numbered_from_1_and_epochs_from_0(watched):
    assert [(s.number, s.epoch) for s in watched[0].steps] == [
        *((1, 0), (2, 0), (3, 0), (4, 1), (5, 1), (6, 1))
    ]


def test_history_has_one_entry_per_epoch(watched):
    _, history = watched
    assert set(history) == {"loss", "density", "connections_changed", "seconds"}
    assert all(isinstance(v, np.ndarray) and v.shape == (2,) for v in history.values())
    np.testing.assert_array_equal(history["connections_changed"], [1 + 2 + 3, 4 + 5 + 6])
    np.testing.assert_array_equal(history["density"], [1.0, 1.0])
    assert (history["seconds"] > 0).all()


def run(network, epochs=None, loss=None, **parts):
    return train(
        network,
        parts.pop("batches", None) or make_batches(),
        loss or CrossEntropyLoss(),
        parts.pop("optimizer", SGD(0.1, 0.0)),
        epochs=epochs or Epochs(5),
        importance=parts.pop("importance", Watcher()),
        **parts,
    )


def test_the_loss_of_an_epoch_is_the_mean_over_its_samples():
    network = make_network()
    expected = evaluate(network, make_batches(10), CrossEntropyLoss())
    history = run(network, Epochs(1), optimizer=SGD(1e-7, 0.0))
    assert history["loss"][0] == pytest.approx(expected, rel=1e-5)


def test_after_epoch_may_add_to_the_history_and_end_the_training():
    def after_epoch(epoch, history):
        history.setdefault("mine", []).append(epoch)
        return epoch == 2

    history = run(make_network(), after_epoch=[after_epoch])
    np.testing.assert_array_equal(history["mine"], [0, 1, 2])
    assert len(history["loss"]) == 3


def test_the_epochs_may_end_the_training():
    class Impatient(Epochs):
        def __iter__(self):
            for epoch in super().__iter__():
                yield epoch
                self.stop()

    assert len(run(make_network(), Impatient(5))["loss"]) == 1


def test_epochs_are_counted_from_0():
    assert list(Epochs(3)) == [0, 1, 2]


def test_noise_is_added_to_the_inputs_and_not_to_the_targets():
    class Look(Watcher):
        def before_update(self, network, step):
            noisy, _ = network.layers[0].seen
            assert (noisy - step.x).std() > 1
            assert step.target is step.x

        def after_update(self, network, step):
            pass

    rng = np.random.default_rng(0)
    network = FeedForward.from_positions([4, 4], [np.arange(16)], ["identity"], rng=rng)
    batches = make_batches(targets=None)
    noise = NoisePool(3.0, rng, "cpu")
    optimizer = SGD(1e-3, 0.0)
    run(
        network,
        Epochs(2),
        SquaredErrorLoss(),
        batches=batches,
        noise=noise,
        importance=Look(),
        optimizer=optimizer,
        topology=None,
    )


def test_a_penalty_moves_the_weights():
    def shrink(network, gradients, step):
        for layer, (weight_grad, _) in zip(network.layers, gradients):
            weight_grad.copy_(layer.values)

    network = make_network()
    before = network.layers[0].strength("in").copy()
    run(network, Epochs(1), penalty=shrink, optimizer=SGD(0.1, 0.0, momentum=0.0))
    np.testing.assert_allclose(network.layers[0].strength("in"), 0.9**3 * before, rtol=1e-5)


def test_a_loss_that_is_not_finite_ends_the_training():
    def loss(output, target, sample_weight):
        return float("nan"), output

    with pytest.raises(FloatingPointError, match="became nan in epoch 1"):
        run(make_network(), loss=loss)


@settings(deadline=None, max_examples=30)
@given(batch_size=st.integers(1, 12), shuffled=st.booleans(), weighted=st.booleans())
@pytest.mark.parametrize("kind", ["classes", "labels", "numbers"])
def test_evaluation_is_the_mean_loss_whatever_the_batches(kind, batch_size, shuffled, weighted):
    rng = np.random.default_rng(2)
    numbers = rng.standard_normal((N_SAMPLES, 3)).astype(np.float32)
    loss, targets, reference = {
        "classes": (CrossEntropyLoss(), Y, torch.nn.functional.cross_entropy),
        "labels": (
            BinaryCrossEntropyLoss(),
            (numbers > 0).astype(np.float32),
            torch.nn.functional.binary_cross_entropy_with_logits,
        ),
        "numbers": (SquaredErrorLoss(), numbers, torch.nn.functional.mse_loss),
    }[kind]
    weight = rng.random(N_SAMPLES) * 3 if weighted else None
    network = make_network()
    outputs = network.forward(torch.from_numpy(X.T.copy())).t()
    each = reference(outputs, torch.from_numpy(targets), reduction="none").numpy()
    each = each if each.ndim == 1 else each.mean(1)
    batches = make_batches(
        batch_size, rng if shuffled else None, targets=targets, sample_weight=weight
    )
    expected = np.average(each, weights=weight)
    assert evaluate(network, batches, loss) == pytest.approx(expected, rel=1e-4)


def test_evaluation_is_no_training():
    network = make_network()
    before = network.layers[0].values.clone()
    evaluate(network, make_batches(), CrossEntropyLoss())
    assert network.training_flops == 0
    assert network.layers[0].seen is None
    torch.testing.assert_close(network.layers[0].values, before, rtol=0, atol=0)
