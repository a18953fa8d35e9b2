# SPDX-License-Identifier: BSD-3-Clause
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sparsefs.topology import (
    UpdateSchedule,
    epsilon_density,
    erdos_renyi_densities,
    erk_densities,
    sample_positions,
    uniform_densities,
)

SHAPES = [(1000, 784), (100, 1000), (10, 100)]


@settings(deadline=None)
@given(
    shape=st.tuples(st.integers(1, 30), st.integers(1, 30)),
    density=st.floats(0, 1),
    seed=st.integers(0, 99),
)
def test_positions_are_distinct_ascending_and_exactly_as_many(shape, density, seed):
    positions = sample_positions(shape, density, np.random.default_rng(seed))
    assert len(positions) == round(density * shape[0] * shape[1])
    assert (np.diff(positions) > 0).all()
    assert len(positions) == 0 or (positions[0] >= 0 and positions[-1] < shape[0] * shape[1])


def test_positions_are_uniform():
    rng = np.random.default_rng(0)
    counts = np.zeros(20)
    for _ in range(5000):
        counts[sample_positions((4, 5), 0.3, rng)] += 1
    assert abs(counts - 1500).max() < 5 * np.sqrt(1500 * 0.7)


def test_huge_layers_take_memory_for_their_connections_only():
    positions = sample_positions((10**6, 10**6), 1e-8, np.random.default_rng(0))
    assert len(positions) == 10_000


@pytest.mark.parametrize("densities", [erdos_renyi_densities, erk_densities, uniform_densities])
@pytest.mark.parametrize("density", [0.01, 0.1, 0.5, 0.9, 1.0])
def test_densities_add_up(densities, density):
    per_layer = densities(SHAPES, density)
    sizes = [np.prod(s) for s in SHAPES]
    assert np.dot(per_layer, sizes) == pytest.approx(density * sum(sizes))
    assert all(0 <= d <= 1 for d in per_layer)


def test_erdos_renyi_gives_small_layers_more():
    first, middle, last = erdos_renyi_densities(SHAPES, 0.05)
    assert first < middle < last
    # Below 1, density is proportional to (n_in + n_out) / (n_in * n_out).
    assert middle / first == pytest.approx((1100 / 100_000) / (1784 / 784_000))


def test_erk_counts_the_kernel_sizes_of_convolutions():
    shapes = [(64, 3, 3, 3), (64, 64, 3, 3)]
    first, second = erk_densities(shapes, 0.1)
    plain = erdos_renyi_densities(shapes, 0.1)
    assert (first, second) != tuple(plain)
    assert first * 64 * 27 + second * 64 * 576 == pytest.approx(0.1 * (64 * 27 + 64 * 576))


def test_epsilon_gives_epsilon_times_the_neurons():
    assert epsilon_density((1000, 784), 13) * 784_000 == pytest.approx(13 * 1784)
    assert epsilon_density((3, 2), 13) == 1.0


def test_schedule_after_every_batch_every_epoch_every_n_steps_and_until():
    def due(schedule):
        return [step for step in range(1, 13) if schedule.due(step, 4, 12)]

    assert due(UpdateSchedule("batch")) == list(range(1, 12))  # nor after the last
    assert due(UpdateSchedule("epoch")) == [4, 8]  # not after the last
    assert due(UpdateSchedule(5)) == [5, 10]
    assert due(UpdateSchedule(2)) == [2, 5, 6, 9, 10]  # one later where an epoch ends
    assert due(UpdateSchedule("batch", until=0.5)) == [1, 2, 3, 4, 5, 6]
    assert due(UpdateSchedule("batch", until=0.0)) == []
