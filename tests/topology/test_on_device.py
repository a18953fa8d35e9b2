# SPDX-License-Identifier: BSD-3-Clause
"""The rules as mask arithmetic, against the rules of the host."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from sparsefs.topology import (
    GradientGrow,
    ImportanceDrop,
    ImportanceGrow,
    MagnitudeDrop,
    RandomGrow,
    Rewiring,
)
from sparsefs.topology.on_device import largest, nearest_to_zero
from sparsefs.topology.rules import largest as largest_on_host
from sparsefs.topology.rules import nearest_to_zero as nearest_on_host
from sparsefs.utils import device as _device
from tests.layers import WEIGHTS, dense, make, random_layers
from tests.no_waiting import no_waiting

FRACTIONS = st.sampled_from([0.0, 0.1, 0.3, 0.5, 1.0])


def rewired(layer, rule, fraction, importance, remote, seed=0):
    """(matrix, mask, velocity, number of connections moved) after a rewiring."""
    made = make("masked", *layer)
    n_out, n_in = made.shape
    rng = np.random.default_rng(seed)
    numbers = rng.integers(-2, 3, size=(n_in + n_out, 5)).astype(np.float32)  # with ties
    made.seen = torch.from_numpy(numbers[:n_in]), torch.from_numpy(numbers[n_in:])
    made.degree("in")  # what is remembered must follow
    if remote:
        importance = None if importance is None else torch.from_numpy(importance)
        _device._CPU_IS_REMOTE = True
        try:
            with no_waiting():
                moved = Rewiring(*rule, fraction)(made, importance, rng)
        finally:
            _device._CPU_IS_REMOTE = False
    else:
        moved = Rewiring(*rule, fraction)(made, importance, rng)
    matrix, mask = dense(made)
    assert made.n_connections == mask.sum()
    np.testing.assert_array_equal(made.degree("in"), mask.sum(0))
    np.testing.assert_array_equal(made.degree("out"), mask.sum(1))
    velocity = dense(made, made.buffers["velocity"])[0]
    assert not made.values.view(made.shape)[~torch.from_numpy(mask)].any()
    return matrix, mask, velocity, int(moved)


@pytest.mark.parametrize("side", ["in", "out"])
@pytest.mark.parametrize("by", ["importance", "gradient"])
@settings(max_examples=60, deadline=None)
@given(layer=random_layers(), fraction=FRACTIONS, weighted=st.booleans(), unused=st.booleans())
def test_rewiring_is_that_of_the_host(side, by, layer, fraction, weighted, unused):
    *layer, importance = layer
    drop = ImportanceDrop(side) if weighted else MagnitudeDrop(unused)
    grow = ImportanceGrow(side) if by == "importance" else GradientGrow()
    args = layer, (drop, grow), fraction, importance[side]
    for one, other in zip(rewired(*args, remote=True), rewired(*args, remote=False), strict=True):
        np.testing.assert_array_equal(one, other)


@settings(max_examples=60, deadline=None)
@given(layer=random_layers(), fraction=FRACTIONS)
def test_random_growth_drops_the_same_and_grows_as_many(layer, fraction):
    *layer, _ = layer
    before = dense(make("masked", *layer))[1]
    rule = MagnitudeDrop(), RandomGrow()
    matrix, mask, _, moved = rewired(layer, rule, fraction, None, remote=True)
    assert mask.sum() == before.sum()
    assert moved == (mask & ~before).sum() == (before & ~mask).sum()
    kept = mask & before
    np.testing.assert_array_equal(matrix[kept], dense(make("masked", *layer))[0][kept])
    assert not matrix[mask & ~before].any()


def test_random_growth_is_uniform_over_the_free_places():
    # 6 of 12 connections, 3 of them dropped: 9 places are free, 3 of which grow.
    layer = (3, 4), np.arange(6), np.array([1, 2, 3, 4, 5, 6], np.float32)
    counts = np.zeros((3, 4))
    for seed in range(300):
        counts += rewired(layer, (MagnitudeDrop(), RandomGrow()), 0.5, None, True, seed)[1]
    kept = np.array([[0, 0, 0, 1], [1, 1, 0, 0], [0, 0, 0, 0]], bool)
    assert (counts[kept] == 300).all()
    # Of 300 draws each free place should be taken 100 +- 8 times.
    assert np.abs(counts[~kept] - 100).max() < 5 * 8


@settings(max_examples=60, deadline=None)
@given(numbers=st.lists(WEIGHTS, min_size=1, max_size=30), fraction=FRACTIONS, data=st.data())
def test_masks_are_the_indices_of_the_host(numbers, fraction, data):
    numbers = np.array(numbers, np.float32)
    n = data.draw(st.integers(1, len(numbers)))
    dropped = nearest_to_zero(torch.from_numpy(numbers), fraction)
    top = largest(torch.from_numpy(numbers), torch.tensor(n))
    np.testing.assert_array_equal(np.flatnonzero(dropped), nearest_on_host(numbers, fraction))
    np.testing.assert_array_equal(np.flatnonzero(top), largest_on_host(numbers, n))


def test_rules_of_the_users_own_are_given_arrays(monkeypatch):
    monkeypatch.setattr(_device, "_CPU_IS_REMOTE", True)
    layer = make("masked", (3, 4), np.arange(6), np.arange(1, 7, dtype=np.float32))
    seen = []

    class Grow(RandomGrow):
        def __call__(self, layer, dropped, importance, rng):
            seen.extend([dropped, importance, layer.exists])
            return super().__call__(layer, dropped, importance, rng)

    rule = Rewiring(MagnitudeDrop(), Grow(), 0.5)
    rule(layer, torch.ones(4), np.random.default_rng(0))
    assert [type(item) for item in seen] == [np.ndarray] * 3
