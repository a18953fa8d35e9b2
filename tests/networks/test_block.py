# SPDX-License-Identifier: BSD-3-Clause
"""The block kernel through long sequences of rewirings, in which its layout changes."""

import numpy as np
import pytest
import torch
from tools import literal_wast

from sparsefs.topology import ImportanceDrop, ImportanceGrow, RandomGrow, Rewiring
from tests.layers import dense, make


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize("side", ["in", "out"])
def test_many_rewirings_equal_the_literal_ones(seed, side):
    rng = np.random.default_rng(seed)
    torch_rng = torch.Generator().manual_seed(seed)
    n_own, n_partners = int(rng.integers(3, 60)), int(rng.integers(2, 30))
    shape = (n_partners, n_own) if side == "in" else (n_own, n_partners)
    positions = np.flatnonzero(rng.random(n_own * n_partners) < rng.uniform(0.05, 0.6))
    values = rng.standard_normal(len(positions)).astype(np.float32)
    layer = make(f"block-{side}", shape, positions, values)
    importance = rng.random(n_own)
    rewire = Rewiring(ImportanceDrop(side), ImportanceGrow(side), 0.3)
    for _ in range(25):
        importance += 0.05 * rng.random(n_own)
        weight, mask = dense(layer)
        velocity, _ = dense(layer, layer.buffers["velocity"])
        own = torch.from_numpy(importance)
        dropped = literal_wast.drop(*map(torch.from_numpy, (weight, mask)), own, side, 0.3).numpy()
        kept = mask & ~dropped
        grown = literal_wast.grow(torch.from_numpy(kept), own, side, int(dropped.sum())).numpy()

        rewire(layer, importance, rng)

        new_weight, new_mask = dense(layer)
        np.testing.assert_array_equal(new_mask, kept | grown)
        np.testing.assert_array_equal(new_weight, np.where(mask & new_mask, weight, 0))
        new_velocity, _ = dense(layer, layer.buffers["velocity"])
        np.testing.assert_array_equal(new_velocity, np.where(mask & new_mask, velocity, 0))
        # Slots without a connection hold zeros, and training must leave them so.
        dead = ~layer.exists
        assert not layer.slot_values()[dead].any()
        assert not layer.buffers["velocity"].numpy()[dead].any()
        x = torch.randn(shape[1], 3, generator=torch_rng)
        grad = torch.randn(shape[0], 3, generator=torch_rng)
        gradient = layer.weight_grad(grad, x)
        assert not gradient.numpy()[dead].any()
        expected = torch.from_numpy(new_weight)
        torch.testing.assert_close(layer.forward(x), expected @ x)
        torch.testing.assert_close(layer.backward(grad), expected.t() @ grad)
        layer.values.add_(gradient, alpha=0.05)
        layer.buffers["velocity"].add_(gradient)


def test_random_growth_works_too():
    rng = np.random.default_rng(0)
    layer = make("block-in", (8, 30), np.arange(0, 240, 5), np.ones(48, dtype=np.float32))
    for _ in range(20):
        layer.values.add_(torch.from_numpy(layer.exists).float() * 0.1)
        Rewiring(ImportanceDrop("in"), RandomGrow(), 0.3)(layer, np.ones(30), rng)
        assert dense(layer)[1].sum() == layer.n_connections == 48


def test_block_rows_hold_the_best_connected_neurons():
    """After many updates the work is done densely for few neurons."""
    rng = np.random.default_rng(0)
    positions = np.flatnonzero(rng.random(20 * 300) < 0.1)
    layer = make("block-in", (20, 300), positions, rng.standard_normal(len(positions)).astype("f"))
    rewire = Rewiring(ImportanceDrop("in"), ImportanceGrow("in"), 0.3)
    importance = np.linspace(2, 1, 300)
    for _ in range(30):
        rewire(layer, importance, rng)
        layer.values.add_(
            torch.from_numpy(layer.exists * rng.normal(0, 0.1, len(layer.rows))).float()
        )
    full = layer.degree("in") == 20
    assert 5 < full.sum() < 60
    assert full[:5].all()
    assert layer._n_csr < len(positions)
