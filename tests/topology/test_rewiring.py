# SPDX-License-Identifier: BSD-3-Clause
"""When layers are rewired, by how much, and what a rewiring asks of its rules."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sparsefs.networks import FeedForward
from sparsefs.topology import (
    Growth,
    MagnitudeDrop,
    RandomGrow,
    Rewiring,
    Topology,
    UpdateSchedule,
)


def network(n_layers=2):
    rng = np.random.default_rng(0)
    positions = [np.flatnonzero(rng.random(100) < 0.4) for _ in range(n_layers)]
    return FeedForward.from_positions(
        [10] * (n_layers + 1), positions, ["relu"] * n_layers, rng=rng, kernel="csr"
    )


class NoImportance:
    def of_layer(self, i):
        return None


@pytest.mark.parametrize(
    ("every", "expected"),
    # Never after the last step; not between an epoch's last step and its validation.
    [("batch", range(1, 12)), ("epoch", [4, 8]), (5, [5, 10]), (4, [5, 9]), (13, [])],
)
def test_when_the_topology_changes(every, expected):
    schedule = UpdateSchedule(every)
    assert [step for step in range(1, 13) if schedule.due(step, 4, 12)] == list(expected)


@pytest.mark.parametrize(("until", "last"), [(0.0, 0), (0.5, 6), (0.75, 9), (1.0, 11)])
def test_the_topology_stays_after_a_share_of_training(until, last):
    schedule = UpdateSchedule("batch", until)
    assert [step for step in range(1, 13) if schedule.due(step, 4, 12)] == list(range(1, last + 1))


def test_a_constant_fraction():
    schedule = UpdateSchedule("batch", 0.75)
    assert {schedule.factor(step, 100) for step in range(1, 101)} == {1.0}


@pytest.mark.parametrize(
    ("step", "factor"), [(0, 1.0), (25, (1 + np.sqrt(0.5)) / 2), (50, 0.5), (100, 0.0), (150, 0.0)]
)
def test_a_cosine_falls_to_zero_where_the_topology_stays(step, factor):
    schedule = UpdateSchedule("batch", 0.5, "cosine")
    assert schedule.factor(step, 200) == pytest.approx(factor, abs=1e-12)


@settings(deadline=None)
@given(until=st.floats(0, 1), n_steps=st.integers(1, 1000))
def test_a_cosine_never_rises_nor_leaves_0_to_1(until, n_steps):
    schedule = UpdateSchedule("batch", until, "cosine")
    factors = [schedule.factor(step, n_steps) for step in range(1, n_steps + 1)]
    assert all(0 <= factor <= 1 for factor in factors)
    assert (np.diff(factors) <= 1e-12).all()


def test_the_factor_scales_the_fraction():
    dropped = []
    for factor in (1.0, 0.5, 0.0):
        layer = network(1).layers[0]
        before, _ = layer.connections()
        Rewiring(MagnitudeDrop(), RandomGrow(), 0.5)(layer, None, np.random.default_rng(0), factor)
        dropped.append(len(np.setdiff1d(before, layer.connections()[0])))
    assert dropped[0] > dropped[1] > dropped[2] == 0


def test_without_a_rewiring_a_layer_stays():
    net = network(3)
    before = [layer.connections() for layer in net.layers]
    rewiring = Rewiring(MagnitudeDrop(), RandomGrow(), 0.5)
    topology = Topology([rewiring, None, rewiring], UpdateSchedule(), np.random.default_rng(0))
    moved = topology.after_step(1, 10, 10, net, NoImportance())
    assert moved > 0
    same = [
        np.array_equal(old[0], layer.connections()[0]) for old, layer in zip(before, net.layers)
    ]
    assert same == [False, True, False]
    np.testing.assert_array_equal(net.layers[1].connections()[1], before[1][1])


def test_nothing_moves_when_no_update_is_due():
    net = network()
    topology = Topology([None, None], UpdateSchedule(3), np.random.default_rng(0))
    assert topology.after_step(2, 10, 10, net, NoImportance()) == 0


def test_rules_are_given_the_importance_of_their_layer():
    seen = []

    class Importance:
        def of_layer(self, i):
            return f"of layer {i}"

    def drop(layer, importance, fraction):
        seen.append(importance)
        return np.empty(0, dtype=np.int64)

    def grow(layer, dropped, importance, rng):
        seen.append(importance)
        return Growth(np.zeros(0, bool), np.empty(0, np.int64), np.empty(0, np.int64))

    rewiring = Rewiring(drop, grow, 0.3)
    topology = Topology([rewiring, rewiring], UpdateSchedule(), np.random.default_rng(0))
    assert topology.after_step(1, 10, 10, network(), Importance()) == 0
    assert seen == ["of layer 0"] * 2 + ["of layer 1"] * 2


def test_a_rule_that_grows_another_number_is_refused():
    def too_few(layer, dropped, importance, rng):
        return Growth(np.zeros(len(dropped), bool), np.empty(0, np.int64), np.empty(0, np.int64))

    layer = network(1).layers[0]
    with pytest.raises(ValueError, match="too_few.* grew 0 .* dropped"):
        Rewiring(MagnitudeDrop(), too_few, 0.5)(layer, None, np.random.default_rng(0))
