# SPDX-License-Identifier: BSD-3-Clause
"""Dropout, dense gradients, snapshots and the count of operations."""

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import tests.layers
from sparsefs.topology import GradientGrow, MagnitudeDrop, RandomGrow, Rewiring
from sparsefs.training.noise import Dropout
from sparsefs.training.optimizers import Adam
from tests.layers import KERNELS, dense, make, random_layers

kernels = pytest.mark.parametrize("kernel", KERNELS)
SIZES = [12, 9, 7, 5]


def make_network(kernel="csr", dropout=None, activations=("relu", "tanh", "logistic"), density=0.4):
    rng = np.random.default_rng(0)
    positions = [np.flatnonzero(rng.random(a * b) < density) for a, b in itertools.pairwise(SIZES)]
    network = tests.layers.make_network(kernel, SIZES, positions, activations, rng)
    network.dropout = dropout
    return network


def batch(n_samples=6):
    return torch.randn(12, n_samples, generator=torch.Generator().manual_seed(1))


def autograd(network, x, masks=(None, None, None)):
    """Outputs, and dense gradients of the sum of their cubes by weights and biases."""
    weights = [torch.from_numpy(dense(layer)[0]).requires_grad_() for layer in network.layers]
    biases = [layer.bias.clone().requires_grad_() for layer in network.layers]
    for w, b, f, mask in zip(weights, biases, (torch.relu, torch.tanh, torch.sigmoid), masks):
        x = f(w @ x + b)
        x = x if mask is None else x * mask
    (x**3).sum().backward()
    return x.detach(), [w.grad for w in weights], [b.grad for b in biases]


class FixedMasks:
    """Dropout whose masks are known to the test."""

    def __init__(self):
        generator = torch.Generator().manual_seed(3)
        self.masks = [
            (torch.rand(n, 6, generator=generator) < 0.6).float() / 0.6 for n in SIZES[1:3]
        ]
        self.left = list(self.masks)

    def mask(self, shape):
        mask = self.left.pop(0)
        assert mask.shape == shape
        return mask


@kernels
def test_gradients_with_dropout_equal_autograd_with_the_same_masks(kernel):
    dropout = FixedMasks()
    network, x = make_network(kernel, dropout), batch()
    expected, weight_grads, bias_grads = autograd(network, x, [*dropout.masks, None])
    got = network.forward(x, training=True)
    torch.testing.assert_close(got, expected)
    gradients = network.backward(3 * got**2)
    for layer, (weight_grad, bias_grad), w, b in zip(
        network.layers, gradients, weight_grads, bias_grads
    ):
        mask = dense(layer)[1]
        np.testing.assert_allclose(
            dense(layer, weight_grad)[0], w.numpy() * mask, rtol=1e-4, atol=1e-6
        )
        torch.testing.assert_close(bias_grad, b)


def test_dropout_is_for_training_only():
    network, plain, x = make_network(dropout=FixedMasks()), make_network(), batch()
    torch.testing.assert_close(network.forward(x), plain.forward(x), rtol=0, atol=0)


def test_the_last_layer_is_never_dropped():
    rng = np.random.default_rng(0)
    network = make_network(dropout=Dropout(0.9, rng, "cpu"))
    assert (network.forward(batch(), training=True) > 0).all()  # logistic


def test_the_outputs_of_a_layer_are_those_before_dropout():
    network, x = make_network(dropout=FixedMasks()), batch()
    network.forward(x, training=True)
    first = network.layers[0]
    expected = torch.relu(torch.from_numpy(dense(first)[0]) @ x + first.bias)
    torch.testing.assert_close(network.outputs[0], expected)


@kernels
@pytest.mark.parametrize("rows", [slice(None), slice(2, 4), slice(4, 100)])
def test_dense_gradient_equals_autograds(kernel, rows):
    network, x = make_network(kernel), batch()
    _, weight_grads, _ = autograd(network, x)
    network.backward(3 * network.forward(x) ** 2)
    for layer, expected in zip(network.layers, weight_grads):
        torch.testing.assert_close(layer.dense_grad(rows), expected[rows], rtol=1e-4, atol=1e-6)


def test_dense_gradient_needs_a_training_step():
    with pytest.raises(RuntimeError, match="no training step"):
        make_network().layers[0].dense_grad()


def test_operations_of_training_are_three_products_and_the_dense_gradients():
    network = make_network()
    assert network.training_flops == 0
    n_connections = sum(len(layer.connections()[0]) for layer in network.layers)
    for n_samples in (6, 4):
        network.backward(network.forward(batch(n_samples)))
    assert network.training_flops == 6 * n_connections * (6 + 4)
    network.layers[0].dense_grad()
    network.layers[1].dense_grad(slice(2, 4))
    dense_gradients = 2 * (9 * 12 + 2 * 9) * 4  # of the last batch
    assert network.training_flops == 6 * n_connections * 10 + dense_gradients


def test_operations_without_training_are_not_counted():
    network = make_network()
    network.forward(batch())
    assert network.training_flops == 0


def test_operations_of_gradient_growth_are_one_dense_gradient():
    network = make_network()
    network.backward(network.forward(batch()))
    before = network.training_flops
    rewire = Rewiring(MagnitudeDrop(), GradientGrow(), 0.5)
    rewire(network.layers[0], None, np.random.default_rng(0))
    assert network.training_flops - before == 2 * 9 * 12 * 6


@kernels
@settings(deadline=None)
@given(layer=random_layers(), seed=st.integers(0, 99))
def test_connections_come_by_ascending_position(kernel, layer, seed):
    shape, positions, values, _ = layer
    layer = make(kernel, shape, positions, values)
    where, weights = layer.connections()
    np.testing.assert_array_equal(where, positions)
    np.testing.assert_array_equal(weights, values)
    Rewiring(MagnitudeDrop(), RandomGrow(), 0.5)(layer, None, np.random.default_rng(seed))
    weight, mask = dense(layer)
    where, weights = layer.connections()
    np.testing.assert_array_equal(where, np.flatnonzero(mask))
    np.testing.assert_array_equal(weights, weight.ravel()[where])


@kernels
@settings(deadline=None)
@given(layer=random_layers(), seed=st.integers(0, 99))
def test_a_layer_goes_back_to_its_snapshot_after_rewiring(kernel, layer, seed):
    shape, positions, values, _ = layer
    layer = make(kernel, shape, positions, values)
    layer.bias += 1
    x, grad = torch.eye(shape[1]), torch.eye(shape[0])
    forward, backward = layer.forward(x).clone(), layer.backward(grad).clone()
    snapshot = layer.snapshot()
    rng = np.random.default_rng(seed)
    for _ in range(2):
        for _ in range(3):
            layer.values.mul_(2)
            Rewiring(MagnitudeDrop(), RandomGrow(), 0.5)(layer, None, rng)
            layer.degree("in"), layer.degree("out")
        layer.bias += 1
        layer.restore(snapshot)
        torch.testing.assert_close(layer.forward(x), forward)
        torch.testing.assert_close(layer.backward(grad), backward)
        np.testing.assert_array_equal(layer.connections()[0], positions)
        mask = dense(layer)[1]
        for side, axis in (("in", 0), ("out", 1)):
            np.testing.assert_array_equal(layer.degree(side), mask.sum(axis))
        assert layer.n_connections == len(positions)
        assert not layer.buffers["velocity"].any()


@kernels
def test_training_goes_on_after_a_snapshot_is_restored(kernel):
    network, optimizer, x = make_network(kernel), Adam(0.01, 0.0), batch()
    snapshots = [layer.snapshot() for layer in network.layers]
    rewire = Rewiring(MagnitudeDrop(), RandomGrow(), 0.5)
    for _ in range(2):
        for _ in range(3):
            optimizer.step(network, network.backward(3 * network.forward(x) ** 2))
            for layer in network.layers:
                rewire(layer, None, np.random.default_rng(0))
        for layer, snapshot in zip(network.layers, snapshots):
            layer.restore(snapshot)
    network.backward(3 * network.forward(x) ** 2)
    _, weight_grads, _ = autograd(network, x)
    for layer, expected in zip(network.layers, weight_grads):
        torch.testing.assert_close(layer.dense_grad(), expected, rtol=1e-4, atol=1e-6)
