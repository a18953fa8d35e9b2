# SPDX-License-Identifier: BSD-3-Clause
"""Fast drop, grow and rewiring against the literal ones, on layers full of ties."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tools import literal_wast

from sparsefs.topology import (
    ImportanceDrop,
    ImportanceGrow,
    MagnitudeDrop,
    RandomGrow,
    Rewiring,
    nearest_to_zero,
)
from tests.layers import KERNELS, dense, make, random_layers

FRACTIONS = st.sampled_from([0.0, 0.1, 0.3, 0.5, 0.99, 1.0])
kernels = pytest.mark.parametrize("kernel", KERNELS)
sides = pytest.mark.parametrize("side", ["in", "out"])


def literal_drop(layer, importance, side, fraction):
    weight, mask = (torch.from_numpy(a) for a in dense(layer))
    return literal_wast.drop(weight, mask, torch.from_numpy(importance), side, fraction).numpy()


def as_mask(layer, slots):
    mask = np.zeros(layer.shape, bool)
    mask[layer.rows[slots], layer.cols[slots]] = True
    return mask


@kernels
@sides
@settings(deadline=None)
@given(layer=random_layers(), fraction=FRACTIONS)
def test_importance_drop_equals_the_literal_one(kernel, side, layer, fraction):
    shape, positions, values, importance = layer
    layer = make(kernel, shape, positions, values)
    dropped = ImportanceDrop(side)(layer, importance[side], fraction)
    assert (np.diff(dropped) > 0).all()
    expected = literal_drop(layer, importance[side], side, fraction)
    np.testing.assert_array_equal(as_mask(layer, dropped), expected)


@kernels
@settings(deadline=None)
@given(layer=random_layers(), fraction=FRACTIONS)
def test_magnitude_drop_is_importance_drop_with_equal_importance(kernel, layer, fraction):
    shape, positions, values, _ = layer
    layer = make(kernel, shape, positions, values)
    dropped = MagnitudeDrop()(layer, None, fraction)
    expected = literal_drop(layer, np.ones(shape[1]), "in", fraction)
    np.testing.assert_array_equal(as_mask(layer, dropped), expected)


@kernels
@settings(deadline=None)
@given(layer=random_layers(), fraction=FRACTIONS)
def test_magnitude_drop_takes_unused_connections_besides(kernel, layer, fraction):
    shape, positions, values, _ = layer
    layer = make(kernel, shape, positions, values)
    weight, mask = dense(layer)
    dropped = as_mask(layer, MagnitudeDrop(unused=True)(layer, None, fraction))
    nearest = as_mask(layer, MagnitudeDrop()(layer, None, fraction))
    unused = mask & (weight == 0) if fraction else np.zeros_like(mask)
    np.testing.assert_array_equal(dropped, nearest | unused)


@kernels
@sides
@settings(max_examples=200, deadline=None)
@given(layer=random_layers(), fraction=FRACTIONS)
def test_rewiring_equals_the_literal_one_and_carries_state(kernel, side, layer, fraction):
    shape, positions, values, importance = layer
    layer = make(kernel, shape, positions, values)
    weight, mask = dense(layer)
    velocity, _ = dense(layer, layer.buffers["velocity"])
    dropped = literal_drop(layer, importance[side], side, fraction)
    kept = mask & ~dropped
    grown = literal_wast.grow(
        torch.from_numpy(kept), torch.from_numpy(importance[side]), side, int(dropped.sum())
    ).numpy()

    rewire = Rewiring(ImportanceDrop(side), ImportanceGrow(side), fraction)
    moved = rewire(layer, importance[side], np.random.default_rng(0))

    new_weight, new_mask = dense(layer)
    new_velocity, _ = dense(layer, layer.buffers["velocity"])
    np.testing.assert_array_equal(new_mask, kept | grown)
    assert layer.n_connections == len(positions)
    assert moved == (new_mask & ~mask).sum()
    # Dropped and grown back at once: nothing happened to it. New: starts at zero.
    np.testing.assert_array_equal(new_weight, np.where(new_mask & mask, weight, 0))
    np.testing.assert_array_equal(new_velocity, np.where(new_mask & mask, velocity, 0))
    for end in ("in", "out"):
        degree = new_mask.sum(0 if end == "in" else 1)
        np.testing.assert_array_equal(layer.degree(end), degree)


@kernels
@settings(deadline=None)
@given(layer=random_layers(), fraction=FRACTIONS, seed=st.integers(0, 2**31))
def test_random_growth_keeps_the_count_and_the_survivors(kernel, layer, fraction, seed):
    shape, positions, values, _ = layer
    layer = make(kernel, shape, positions, values)
    weight, mask = dense(layer)
    kept = mask & ~literal_drop(layer, np.ones(shape[1]), "in", fraction)
    Rewiring(MagnitudeDrop(), RandomGrow(), fraction)(layer, None, np.random.default_rng(seed))
    new_weight, new_mask = dense(layer)
    assert layer.n_connections == new_mask.sum() == len(positions)
    assert new_mask[kept].all()
    np.testing.assert_array_equal(new_weight, np.where(new_mask & mask, weight, 0))


def test_random_growth_is_uniform_over_the_free_positions():
    positions, values = np.array([0, 5, 6]), np.array([1.0, 2.0, 3.0], dtype=np.float32)
    counts = np.zeros((3, 4))
    rng = np.random.default_rng(0)
    for _ in range(1000):
        layer = make("csr", (3, 4), positions, values)
        Rewiring(MagnitudeDrop(), RandomGrow(), 0.34)(layer, None, rng)
        counts += dense(layer)[1]
    # One of three is dropped (the first), one of the ten free positions is drawn.
    assert counts.flat[5] == counts.flat[6] == 1000
    free = np.delete(counts.ravel(), [5, 6])
    assert abs(free - 100).max() < 5 * np.sqrt(100)


@settings(deadline=None)
@given(
    scores=st.lists(st.floats(-3, 3, width=32, allow_nan=False), max_size=40), fraction=FRACTIONS
)
def test_nearest_to_zero_takes_the_floor_of_each_sign(scores, fraction):
    scores = np.array(scores, dtype=np.float32)
    taken = nearest_to_zero(scores, fraction)
    for sign in (1, -1):
        of_sign = np.flatnonzero(sign * scores > 0)
        mine = taken[sign * scores[taken] > 0]
        assert len(mine) == int(fraction * len(of_sign))
        if len(mine):
            left = np.setdiff1d(of_sign, mine)
            assert abs(scores[mine]).max() <= min(abs(scores[left]), default=np.inf)


@sides
def test_importance_growth_over_many_neurons_equals_the_literal_one(side):
    """Wide enough that only the top of the ranking is sorted, and has to be extended."""
    rng = np.random.default_rng(3)
    for n_features, n_partners, density in ((700, 3, 0.6), (300, 20, 0.9), (500, 4, 0.05)):
        shape = (n_partners, n_features) if side == "in" else (n_features, n_partners)
        positions = np.flatnonzero(rng.random(n_features * n_partners) < density)
        values = rng.standard_normal(len(positions)).astype(np.float32)
        importance = np.round(rng.random(n_features), 1)  # many ties
        layer = make("csr", shape, positions, values)
        _, mask = dense(layer)
        dropped = literal_drop(layer, importance, side, 0.5)
        kept = mask & ~dropped
        grown = literal_wast.grow(
            torch.from_numpy(kept), torch.from_numpy(importance), side, int(dropped.sum())
        )
        Rewiring(ImportanceDrop(side), ImportanceGrow(side), 0.5)(layer, importance, rng)
        np.testing.assert_array_equal(dense(layer)[1], kept | grown.numpy())
