# SPDX-License-Identifier: BSD-3-Clause
"""A layer with other inputs against the same done to dense matrices."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from sparsefs.networks import with_inputs
from tests.layers import KERNELS, dense, make, make_network, random_layers

NONE = np.empty(0, dtype=np.int64)
kernels = pytest.mark.parametrize("kernel", KERNELS)
targets = pytest.mark.parametrize("target", ["csr", "masked"])


@st.composite
def resizings(draw):
    """(shape, positions, values), source, and positions that are free in the new layer."""
    shape, positions, values, _ = draw(random_layers())
    n_in = shape[1]
    stays = draw(st.lists(st.booleans(), min_size=n_in, max_size=n_in))
    source = np.flatnonzero(stays)
    for place in draw(st.lists(st.integers(0, n_in), max_size=3)):
        source = np.insert(source, min(place, len(source)), -1)
    mask = np.zeros(shape, bool)
    mask.flat[positions] = True
    taken = np.where(source >= 0, mask[:, source], False)
    free = np.flatnonzero(~taken.ravel()).tolist()
    new = draw(st.lists(st.sampled_from(free), unique=True)) if free else []
    return (shape, positions, values), source, np.array(new, dtype=np.int64)


@kernels
@targets
@settings(max_examples=50, deadline=None)
@given(resizing=resizings())
def test_connections_that_stay_keep_weight_and_state_and_new_ones_start_at_zero(
    kernel, target, resizing
):
    layer, source, new = resizing
    layer = make(kernel, *layer)
    layer.bias += torch.arange(1.0, layer.shape[0] + 1).view(-1, 1)
    layer.extra_flops = 17
    is_new = np.zeros((layer.shape[0], len(source)), bool)
    is_new.flat[new] = True
    old = source >= 0

    got = with_inputs(layer, source, *np.divmod(new, max(1, len(source))), kernel=target)

    assert isinstance(got, KERNELS[target])
    assert got.shape == is_new.shape
    _, mask = dense(layer)
    np.testing.assert_array_equal(dense(got)[1], np.where(old, mask[:, source], False) | is_new)
    assert got.n_connections == dense(got)[1].sum()
    for before, after in (
        (layer.values, got.values),
        (layer.buffers["velocity"], got.buffers["velocity"]),
    ):
        expected = np.where(old, dense(layer, before)[0][:, source], 0)
        np.testing.assert_array_equal(dense(got, after)[0], expected)
    torch.testing.assert_close(got.bias, layer.bias, rtol=0, atol=0)
    assert got.extra_flops == 17


@kernels
@targets
@settings(max_examples=30, deadline=None)
@given(layer=random_layers())
def test_all_the_inputs_in_their_order_change_nothing(kernel, target, layer):
    shape, positions, values, _ = layer
    layer = make(kernel, shape, positions, values)
    got = with_inputs(layer, np.arange(shape[1]), NONE, NONE, kernel=target)
    for before, after in zip(layer.connections(), got.connections()):
        np.testing.assert_array_equal(after, before)
    np.testing.assert_array_equal(
        dense(got, got.buffers["velocity"])[0], dense(layer, layer.buffers["velocity"])[0]
    )


@kernels
@targets
def test_outputs_and_gradients_stay_when_unused_inputs_leave(kernel, target):
    rng = np.random.default_rng(0)
    used = np.array([0, 2, 3, 5])
    positions = np.sort((np.arange(6)[:, None] * 7 + used).ravel())[::2]
    network = make_network(kernel, [7, 6, 3], [positions, np.arange(18)], ["tanh", "identity"], rng)
    kept = np.flatnonzero(network.layers[0].degree("in"))
    assert 0 < len(kept) < 7
    x = torch.randn(7, 5, generator=torch.Generator().manual_seed(0))
    expected = network.forward(x).clone()
    gradients = network.backward(expected)
    first = dense(network.layers[0], gradients[0][0])[0][:, kept]
    network.replace_inputs(kept, NONE, NONE, target)
    got = network.forward(x[kept])
    torch.testing.assert_close(got, expected)
    gradient = network.backward(expected)[0][0]
    np.testing.assert_allclose(dense(network.layers[0], gradient)[0], first, rtol=1e-5, atol=1e-7)


def test_the_kernel_follows_the_density_by_default():
    positions = np.arange(0, 200 * 300, 50)
    layer = make("csr", (200, 300), positions, np.ones(len(positions), dtype=np.float32))
    few = with_inputs(layer, np.arange(300), NONE, NONE)
    full = with_inputs(layer, np.arange(0, 300, 50), NONE, NONE)
    assert isinstance(few, KERNELS["csr"])
    assert isinstance(full, KERNELS["masked"])
