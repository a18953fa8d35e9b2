# SPDX-License-Identifier: BSD-3-Clause
"""What is measured when, and how it is averaged."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from sparsefs.importance import (
    AttributionImportance,
    AveragedImportance,
    ConnectionImportance,
    Importance,
    Step,
    StrengthImportance,
    attribution,
)
from tests.importance.test_attribution import inputs, random_network


class Number(AveragedImportance):
    """Measures the number of the step."""

    def measure(self, network, step):
        return np.array([step.number, -step.number])


def run(importance, n_epochs, steps_per_epoch, network=None):
    for number in range(1, n_epochs * steps_per_epoch + 1):
        step = Step(number, (number - 1) // steps_per_epoch, torch.ones(2, 1), None, None, None)
        importance.before_update(network, step)
        importance.after_update(network, step)
    return importance


@settings(deadline=None)
@given(n_epochs=st.integers(1, 4), per_epoch=st.integers(1, 5), every=st.integers(1, 7))
def test_all_averages_every_nth_step_and_the_first(n_epochs, per_epoch, every):
    importance = run(Number("all", every), n_epochs, per_epoch)
    numbers = range(1, n_epochs * per_epoch + 1)
    expected = np.mean([n for n in numbers if n == 1 or n % every == 0])
    np.testing.assert_allclose(importance.scores(None), [expected, -expected])


@settings(deadline=None)
@given(n_epochs=st.integers(1, 4), per_epoch=st.integers(1, 5), every=st.integers(1, 7))
def test_last_epoch_averages_the_steps_of_the_last_epoch(n_epochs, per_epoch, every):
    importance = run(Number("last_epoch", every), n_epochs, per_epoch)
    first = (n_epochs - 1) * per_epoch + 1
    numbers = range(first, n_epochs * per_epoch + 1)
    expected = np.mean([n for n in numbers if n == first or n % every == 0])
    np.testing.assert_allclose(importance.scores(None), [expected, -expected])


def test_last_iteration_measures_the_network_at_the_end():
    network = random_network("csr", [6, 5, 3], "tanh")
    first, last = inputs(network, 4, seed=1), inputs(network, 4, seed=2)
    importance = AttributionImportance("last_iteration")
    for number, x in enumerate((first, last), start=1):
        network.forward(x)
        importance.before_update(network, Step(number, 0, x, x, None, None))
    network.layers[0].values.mul_(0.5)  # after the last step
    scores = importance.scores(network)
    network.forward(last)
    np.testing.assert_array_equal(scores, attribution(network))


def test_last_iteration_measures_nothing_on_the_way():
    importance = run(Number("last_iteration"), 2, 3)
    network = random_network("csr", [2, 3, 1])
    np.testing.assert_array_equal(importance.scores(network), [6, -6])


def test_scores_are_known_after_every_step():
    importance = Number("all", every=100)
    run(importance, 1, 1)
    np.testing.assert_array_equal(importance.scores(None), [1, -1])


def test_no_scores_before_the_first_step():
    with pytest.raises(RuntimeError, match="no training step"):
        Number().scores(None)


def test_what_is_measured_may_change_afterwards():
    """A measurement may be an array of the network's own, which a rewiring changes in place."""

    class Degree(AveragedImportance):
        def measure(self, network, step):
            return network.layers[0].degree("in")

    network = random_network("csr", [4, 3, 2], density=1.0)
    importance = run(Degree(), 1, 1, network)
    layer = network.layers[0]
    layer.rewire(np.flatnonzero(layer.cols == 0), np.empty(0, np.int64), np.empty(0, np.int64))
    np.testing.assert_array_equal(importance.scores(network), [3, 3, 3, 3])


def test_single_precision_measurements_are_summed_in_double():
    class Third(AveragedImportance):
        def measure(self, network, step):
            return np.full(2, 1 / 3, dtype=np.float32)

    scores = run(Third(), 1, 3000).scores(None)
    assert scores.dtype == np.float64
    np.testing.assert_allclose(scores, np.float32(1 / 3), rtol=1e-12)


@pytest.mark.parametrize("kernel", ["csr", "masked", "block-in"])
def test_strength_averages_the_absolute_weights(kernel):
    network = random_network(kernel, [6, 5, 3])
    before = network.layers[0].strength("in").copy()
    importance = StrengthImportance()
    importance.before_update(network, Step(1, 0, torch.ones(6, 1), None, None, None))
    network.layers[0].values.mul_(3)
    importance.before_update(network, Step(2, 0, torch.ones(6, 1), None, None, None))
    np.testing.assert_allclose(importance.scores(network), 2 * before, rtol=1e-6)


@pytest.mark.parametrize("what", ["strength", "degree"])
@pytest.mark.parametrize(("where", "layer", "side"), [("input", 0, "in"), ("output", -1, "out")])
def test_connections_of_the_input_or_output_neurons(what, where, layer, side):
    network = random_network("csr", [6, 4, 6])
    expected = getattr(network.layers[layer], what)(side)
    scores = ConnectionImportance(what, where).scores(network)
    np.testing.assert_array_equal(scores, expected)


def test_an_importance_need_only_say_its_scores():
    class Constant(Importance):
        def scores(self, network):
            return np.ones(2)

    importance = run(Constant(), 1, 2)
    assert importance.of_layer(0) is None
    np.testing.assert_array_equal(importance.scores(None), [1, 1])
