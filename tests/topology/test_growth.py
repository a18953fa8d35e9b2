# SPDX-License-Identifier: BSD-3-Clause
"""Growth by gradients against a literal, dense version; the helpers for rules of one's own."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from sparsefs.topology import (
    GradientGrow,
    MagnitudeDrop,
    RandomGrow,
    Rewiring,
    free_positions,
    growth_at,
    kept_positions,
    rules,
)
from tests.layers import KERNELS, dense, make, random_layers

FRACTIONS = st.sampled_from([0.0, 0.3, 0.5, 1.0])
kernels = pytest.mark.parametrize("kernel", KERNELS)


def ties(n_neurons, n_samples, rng):
    """Activations of few distinct values, so that many gradients are equal."""
    return torch.from_numpy(rng.integers(-1, 2, (n_neurons, n_samples)).astype(np.float32))


def see(layer, seed, n_samples=3):
    """Let the layer have seen a training step; its dense gradient."""
    rng = np.random.default_rng(seed)
    n_out, n_in = layer.shape
    layer.seen = ties(n_in, n_samples, rng), ties(n_out, n_samples, rng)
    return (layer.seen[1] @ layer.seen[0].t()).numpy()


def literal_gradient_growth(gradient, kept, n):
    """Mask of the n free positions with the largest absolute gradients, the lower if equal."""
    size = np.where(kept.ravel(), -1.0, abs(gradient).ravel())
    grown = np.zeros(size.shape, bool)
    grown[np.argsort(-size, kind="stable")[:n]] = True
    return grown.reshape(kept.shape)


@kernels
@pytest.mark.parametrize("chunk", [1, 5, 2**20])
@settings(max_examples=60, deadline=None)
@given(layer=random_layers(), fraction=FRACTIONS, seed=st.integers(0, 99))
def test_gradient_growth_equals_the_literal_one(kernel, chunk, layer, fraction, seed):
    shape, positions, values, _ = layer
    layer = make(kernel, shape, positions, values)
    gradient = see(layer, seed)
    weight, mask = dense(layer)
    velocity, _ = dense(layer, layer.buffers["velocity"])
    dropped = MagnitudeDrop()(layer, None, fraction)
    kept = mask.copy()
    kept[layer.rows[dropped], layer.cols[dropped]] = False
    grown = literal_gradient_growth(gradient, kept, len(dropped))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rules, "_CHUNK", chunk)
        moved = Rewiring(MagnitudeDrop(), GradientGrow(), fraction)(layer, None, None)

    new_weight, new_mask = dense(layer)
    new_velocity, _ = dense(layer, layer.buffers["velocity"])
    np.testing.assert_array_equal(new_mask, kept | grown)
    assert layer.n_connections == len(positions)
    assert moved == (new_mask & ~mask).sum()
    # Dropped and grown back at once: nothing happened to it. New: starts at zero.
    np.testing.assert_array_equal(new_weight, np.where(new_mask & mask, weight, 0))
    np.testing.assert_array_equal(new_velocity, np.where(new_mask & mask, velocity, 0))


@pytest.mark.parametrize("chunk", [1, 700, 2**20])
def test_gradient_growth_on_a_large_layer_in_several_chunks(chunk, monkeypatch):
    rng = np.random.default_rng(0)
    shape = (40, 300)
    positions = np.flatnonzero(rng.random(40 * 300) < 0.2)
    values = rng.standard_normal(len(positions)).astype(np.float32)
    layer = make("csr", shape, positions, values)
    gradient = see(layer, seed=0, n_samples=8)
    dropped = MagnitudeDrop()(layer, None, 0.3)
    kept = dense(layer)[1]
    kept[layer.rows[dropped], layer.cols[dropped]] = False
    monkeypatch.setattr(rules, "_CHUNK", chunk)
    Rewiring(MagnitudeDrop(), GradientGrow(), 0.3)(layer, None, None)
    expected = kept | literal_gradient_growth(gradient, kept, len(dropped))
    np.testing.assert_array_equal(dense(layer)[1], expected)


def test_gradient_growth_asks_for_no_gradient_when_nothing_is_dropped():
    layer = make("csr", (2, 3), np.array([0, 4]), np.ones(2, dtype=np.float32))
    growth = GradientGrow()(layer, np.empty(0, dtype=np.int64), None, None)
    assert len(growth.rows) == len(growth.regrown) == layer.extra_flops == 0


def test_gradient_growth_needs_a_training_step():
    layer = make("csr", (2, 3), np.array([0, 4]), np.ones(2, dtype=np.float32))
    with pytest.raises(RuntimeError, match="no training step"):
        GradientGrow()(layer, np.array([0]), None, None)


@kernels
@settings(deadline=None)
@given(layer=random_layers(), fraction=FRACTIONS)
def test_kept_positions_are_those_that_are_not_dropped(kernel, layer, fraction):
    shape, positions, values, _ = layer
    layer = make(kernel, shape, positions, values)
    dropped = MagnitudeDrop()(layer, None, fraction)
    expected = np.setdiff1d(positions, layer.positions(dropped))
    np.testing.assert_array_equal(kept_positions(layer, dropped), expected)


@kernels
@settings(deadline=None)
@given(layer=random_layers(), fraction=FRACTIONS, n=st.integers(0, 60))
def test_free_positions_are_drawn_among_those_that_are_not_kept(kernel, layer, fraction, n):
    shape, positions, values, _ = layer
    layer = make(kernel, shape, positions, values)
    dropped = MagnitudeDrop()(layer, None, fraction)
    free = np.setdiff1d(np.arange(shape[0] * shape[1]), kept_positions(layer, dropped))
    drawn = free_positions(layer, dropped, n, np.random.default_rng(0))
    assert len(drawn) == min(n, len(free))
    assert (np.diff(drawn) > 0).all()
    assert np.isin(drawn, free).all()


@kernels
@settings(deadline=None)
@given(layer=random_layers(), fraction=FRACTIONS, data=st.data())
def test_growth_at_creates_what_it_is_told_in_any_order(kernel, layer, fraction, data):
    shape, positions, values, _ = layer
    layer = make(kernel, shape, positions, values)
    dropped = MagnitudeDrop()(layer, None, fraction)
    kept = kept_positions(layer, dropped)
    free = np.setdiff1d(np.arange(shape[0] * shape[1]), kept)
    grown = np.array(data.draw(st.permutations(free.tolist()))[: len(dropped)], dtype=np.int64)
    growth = growth_at(layer, dropped, grown)
    layer.rewire(dropped[~growth.regrown], growth.rows, growth.cols)
    np.testing.assert_array_equal(layer.connections()[0], np.union1d(kept, grown))


@pytest.mark.parametrize(
    ("grown", "message"),
    [
        ([1], "1 positions to grow for 2"),
        ([1, 1], "differ"),
        ([1, 3], r"must be free. Taken already: \[3\]"),
        ([-1, 1], r"range\(6\)"),
        ([1, 6], r"range\(6\)"),
    ],
)
def test_growth_at_refuses_unusable_positions(grown, message):
    layer = make("csr", (2, 3), np.array([0, 2, 3]), np.ones(3, dtype=np.float32))
    with pytest.raises(ValueError, match=message):
        growth_at(layer, np.array([0, 1]), grown)


def test_random_growth_on_a_full_layer_takes_back_what_it_lost():
    layer = make("csr", (2, 2), np.arange(4), np.arange(1, 5, dtype=np.float32))
    growth = RandomGrow()(layer, np.array([0, 1]), None, np.random.default_rng(0))
    assert growth.regrown.all()
    assert len(growth.rows) == 0
