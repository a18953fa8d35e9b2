# SPDX-License-Identifier: BSD-3-Clause
"""Every kernel against dense matrices."""

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from sparsefs.networks import choose_kernel, layer_of, make_sparse_linear
from sparsefs.topology import MagnitudeDrop, RandomGrow, Rewiring
from tests.layers import KERNELS, dense, make, make_network, random_layers

kernels = pytest.mark.parametrize("kernel", KERNELS)


@kernels
@settings(deadline=None)
@given(layer=random_layers(), n_samples=st.integers(1, 5))
def test_products_and_gradients_equal_dense_ones(kernel, layer, n_samples):
    shape, positions, values, _ = layer
    layer = make(kernel, shape, positions, values)
    layer.bias += torch.arange(shape[0]).view(-1, 1)
    weight, mask = (torch.from_numpy(a) for a in dense(layer))
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(shape[1], n_samples, generator=generator)
    grad = torch.randn(shape[0], n_samples, generator=generator)
    torch.testing.assert_close(layer.forward(x), weight @ x + layer.bias)
    torch.testing.assert_close(layer.backward(grad), weight.t() @ grad)
    got, _ = dense(layer, layer.weight_grad(grad, x))
    np.testing.assert_allclose(got, ((grad @ x.t()) * mask).numpy(), rtol=1e-5, atol=1e-6)
    for side, axis in (("in", 0), ("out", 1)):
        np.testing.assert_allclose(layer.strength(side), abs(weight.numpy()).sum(axis))
        np.testing.assert_array_equal(layer.degree(side), mask.numpy().sum(axis))


@kernels
def test_products_follow_weights_changed_in_place_and_rewiring(kernel):
    layer = make(kernel, (3, 4), np.array([0, 3, 6, 9]), np.arange(1, 5, dtype=np.float32))
    x, grad = torch.eye(4), torch.eye(3)
    layer.values.mul_(2)
    np.testing.assert_array_equal(layer.forward(x), dense(layer)[0])
    removed = np.flatnonzero(layer.slot_values() == 4)
    layer.rewire(removed, np.array([0, 2]), np.array([1, 3]))
    assert layer.n_connections == 5
    np.testing.assert_array_equal(layer.forward(x), dense(layer)[0])
    np.testing.assert_array_equal(layer.backward(grad), dense(layer)[0].T)


@kernels
def test_a_layer_without_connections_gains_some(kernel):
    layer = make(kernel, (3, 4), np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float32))
    layer.buffers["mean"] = torch.zeros_like(layer.values)
    layer.rewire(np.empty(0, dtype=np.int64), np.array([0, 2]), np.array([1, 3]))
    positions, values = layer.connections()
    np.testing.assert_array_equal(positions, [1, 11])
    assert not values.any() and not layer.buffers["mean"].any()


@kernels
def test_partners_of_a_neuron(kernel):
    layer = make(kernel, (3, 4), np.array([0, 3, 6, 9]), np.ones(4, dtype=np.float32))
    np.testing.assert_array_equal(
        layer.connected("in", np.array([3, 1])), [[True, False, False], [False, False, True]]
    )
    np.testing.assert_array_equal(
        layer.connected("out", np.array([1])), [[False, False, True, False]]
    )


@kernels
def test_network_gradients_equal_autograd(kernel):
    rng = np.random.default_rng(0)
    sizes, activations = [12, 9, 7, 5], ["relu", "tanh", "logistic"]
    positions = [np.flatnonzero(rng.random(a * b) < 0.4) for a, b in itertools.pairwise(sizes)]
    network = make_network(kernel, sizes, positions, activations, rng)
    x = torch.randn(12, 6, generator=torch.Generator().manual_seed(1))
    weights = [torch.from_numpy(dense(layer)[0]).requires_grad_() for layer in network.layers]
    biases = [layer.bias.clone().requires_grad_() for layer in network.layers]
    out = x
    for w, b, f in zip(weights, biases, (torch.relu, torch.tanh, torch.sigmoid)):
        out = f(w @ out + b)
    (out**3).sum().backward()

    got = network.forward(x)
    torch.testing.assert_close(got, out.detach())
    for layer, (weight_grad, bias_grad), w, b in zip(
        network.layers, network.backward(3 * got**2), weights, biases
    ):
        mask = dense(layer)[1]
        np.testing.assert_allclose(
            dense(layer, weight_grad)[0], w.grad.numpy() * mask, rtol=1e-4, atol=1e-6
        )
        torch.testing.assert_close(bias_grad, b.grad)


def test_automatic_kernel_follows_density_size_and_device():
    assert choose_kernel((200, 5000), 0.05) == "csr"
    assert choose_kernel((200, 5000), 0.5) == "masked"
    assert choose_kernel((200, 50_000), 0.15) == "csr"
    assert choose_kernel((10, 10), 0.05) == "masked"
    assert choose_kernel((200, 5000), 0.25, filled_side="in") == "block"
    assert choose_kernel((200, 5000), 0.5, filled_side="in") == "masked"
    assert choose_kernel((200, 5000), 0.05, "mps") == "masked"


def test_csr_memory_follows_the_connections():
    rng = np.random.default_rng(0)
    shape, positions = (1000, 2000), np.arange(0, 2_000_000, 100)
    csr = make_sparse_linear(shape, positions, bound=0.1, rng=rng, kernel="csr")
    masked = make_sparse_linear(shape, positions, bound=0.1, rng=rng, kernel="masked")
    assert csr.n_connections == masked.n_connections == 20_000
    assert csr.n_bytes < masked.n_bytes / 50
    assert masked.density == csr.density == 0.01


@kernels
@settings(max_examples=40, deadline=None)
@given(layer=random_layers(), seed=st.integers(0, 99))
def test_compressed_weights_are_the_matrix_also_after_rewiring(kernel, layer, seed):
    shape, positions, values, _ = layer
    layer = make(kernel, shape, positions, values)
    rewire = Rewiring(MagnitudeDrop(), RandomGrow(), 0.5)
    for _ in range(2):
        compressed = layer.compressed()
        assert compressed.has_sorted_indices
        assert compressed.nnz == layer.n_connections
        np.testing.assert_array_equal(compressed.toarray(), dense(layer)[0])
        rewire(layer, None, np.random.default_rng(seed))


@kernels
def test_gradients_at_the_inputs_in_chunks_are_the_whole(kernel):
    rng = np.random.default_rng(0)
    positions = np.flatnonzero(rng.random(9 * 12) < 0.4)
    layer = make(kernel, (9, 12), positions, rng.standard_normal(len(positions)).astype("f4"))
    grad = torch.randn(9, 4, generator=torch.Generator().manual_seed(0))
    parts = list(layer.backward_chunks(grad))
    expected = layer.backward(grad).clone()
    torch.testing.assert_close(
        torch.cat([part for _, part in layer.backward_chunks(grad)]), expected
    )
    assert [i for where, _ in parts for i in range(*where.indices(12))] == list(range(12))


@pytest.mark.parametrize("kernel", ["csr", "block"])
def test_connections_that_indices_cannot_count_are_refused(kernel, monkeypatch):
    monkeypatch.setattr("sparsefs.networks.csr._MAX_CONNECTIONS", 9)
    with pytest.raises(ValueError, match="10 connections is too large: lower density"):
        layer_of((3, 4), np.arange(10), np.ones(10, np.float32), np.zeros(3), "cpu", kernel)
