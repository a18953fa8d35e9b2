# SPDX-License-Identifier: BSD-3-Clause
"""The closed form of neuron attribution against automatic differentiation."""

import importlib
import itertools

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.func import jacrev, vmap

from sparsefs.importance import AttributionImportance, Step, attribution
from tests.layers import KERNELS, dense, make_network

module = importlib.import_module("sparsefs.importance.attribution")
kernels = pytest.mark.parametrize("kernel", KERNELS)
TORCH = {
    "relu": torch.relu,
    "tanh": torch.tanh,
    "logistic": torch.sigmoid,
    "identity": lambda z: z,
}


def random_network(kernel, sizes, hidden="relu", output="identity", density=0.6, seed=0):
    rng = np.random.default_rng(seed)
    positions = [np.flatnonzero(rng.random(a * b) < density) for a, b in itertools.pairwise(sizes)]
    activations = [hidden] * (len(sizes) - 2) + [output]
    return make_network(kernel, sizes, positions, activations, rng)


def inputs(network, n_samples, seed=1):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(network.layers[0].shape[1], n_samples, generator=generator)


def jacobians(network, x):
    """Derivative of every output, before its activation, by every input of every sample."""
    weights = [torch.from_numpy(dense(layer)[0]).double() for layer in network.layers]
    biases = [layer.bias[:, 0].double() for layer in network.layers]

    def outputs(sample):
        for i, (w, b) in enumerate(zip(weights, biases)):
            sample = w @ sample + b
            if i < len(weights) - 1:
                sample = TORCH[network.activations[i]](sample)
        return sample

    return vmap(jacrev(outputs))(x.t().double()).numpy()  # (samples, outputs, inputs)


def step_of(x, number=1, epoch=0, weight=None):
    return Step(number, epoch, x, x, weight, None)


@kernels
@pytest.mark.parametrize("hidden_sizes", [[], [5], [6, 4], [5, 4, 3]])
@pytest.mark.parametrize("hidden", ["relu", "tanh", "logistic", "identity"])
def test_attribution_equals_the_jacobian_of_autograd(kernel, hidden_sizes, hidden):
    network = random_network(kernel, [7, *hidden_sizes, 3], hidden)
    x = inputs(network, 6)
    network.forward(x)
    expected = abs(jacobians(network, x)).mean(0).sum(0)
    np.testing.assert_allclose(attribution(network), expected, rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize("output", ["logistic", "tanh", "relu"])
def test_outputs_are_taken_before_their_own_activation(output):
    network = random_network("csr", [7, 5, 3], output=output)
    x = inputs(network, 6)
    network.forward(x)
    expected = abs(jacobians(network, x)).mean(0).sum(0)
    np.testing.assert_allclose(attribution(network), expected, rtol=1e-4)


@settings(deadline=None, max_examples=40)
@given(
    n_samples=st.integers(1, 12),
    n_outputs=st.integers(1, 5),
    n_weighted=st.booleans(),
    start=st.integers(0, 3),
    stride=st.integers(1, 4),
    chunk=st.sampled_from([1, 4, 7, 512]),
    seed=st.integers(0, 1000),
)
def test_strided_weighted_samples_in_any_chunks(
    n_samples, n_outputs, n_weighted, start, stride, chunk, seed
):
    network = random_network("csr", [6, 5, 4, n_outputs], "tanh", seed=seed)
    x = inputs(network, n_samples, seed)
    network.forward(x)
    samples = slice(min(start, n_samples - 1), None, stride)
    weight = np.random.default_rng(seed).random(n_samples).astype(np.float32) + 0.1
    each = abs(jacobians(network, x)).sum(1)[samples]
    expected = np.average(each, axis=0, weights=weight[samples] if n_weighted else None)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_CHUNK", chunk)
        patch.setattr(module, "_CHUNK_DENSE", chunk)
        got = attribution(network, samples, torch.from_numpy(weight) if n_weighted else None)
    assert got.dtype == np.float64
    np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-7)


def test_weights_do_not_matter_to_a_linear_network():
    network = random_network("masked", [6, 3])
    network.forward(inputs(network, 4))
    weight = torch.tensor([0.5, 1.0, 1.5, 1.0])
    expected = abs(dense(network.layers[0])[0]).sum(0)
    np.testing.assert_allclose(attribution(network, sample_weight=weight), expected, rtol=1e-6)


@kernels
def test_a_feature_without_connections_scores_zero(kernel):
    network = random_network(kernel, [6, 5, 3], "logistic", density=1.0)
    layer = network.layers[0]
    layer.rewire(np.flatnonzero(layer.cols == 2), np.empty(0, np.int64), np.empty(0, np.int64))
    network.forward(inputs(network, 4))
    scores = attribution(network)
    assert scores[2] == 0
    assert (np.delete(scores, 2) > 0).all()


def test_the_network_is_left_as_it_was():
    network = random_network("csr", [6, 5, 4, 3])
    network.forward(inputs(network, 4))
    outputs = [output.clone() for output in network.outputs]
    attribution(network)
    for before, after in zip(outputs, network.outputs):
        torch.testing.assert_close(before, after, rtol=0, atol=0)


@pytest.mark.parametrize("n_samples", [None, 20, 30])
def test_importance_takes_all_samples_of_a_small_batch(n_samples):
    network = random_network("csr", [6, 5, 3])
    x = inputs(network, 20)
    network.forward(x)
    measured = AttributionImportance(n_samples=n_samples).measure(network, step_of(x))
    np.testing.assert_array_equal(measured, attribution(network))


@pytest.mark.parametrize("in_batch", [21, 100])
def test_importance_spreads_its_samples_and_visits_all_in_turn(in_batch, monkeypatch):
    network = random_network("csr", [6, 5, 3])
    x = inputs(network, in_batch)
    network.forward(x)
    seen = []

    def spy(network, samples, sample_weight):
        seen.append(samples.numpy())
        return np.zeros(6)

    monkeypatch.setattr(module, "_attribution", spy)
    importance = AttributionImportance(every=3, n_samples=8)
    for number in range(1, 200):
        importance.before_update(network, step_of(x, number))
    assert all((np.diff(rows) >= in_batch // 8).all() and len(rows) == 8 for rows in seen)
    np.testing.assert_array_equal(np.unique(np.concatenate(seen)), np.arange(in_batch))


def test_importance_of_some_samples_is_their_average():
    network = random_network("csr", [6, 5, 3], "tanh")
    x = inputs(network, 10)
    network.forward(x)
    weight = torch.linspace(0.1, 1.9, 10)
    measured = AttributionImportance(n_samples=3).measure(network, step_of(x, weight=weight))
    rows = [0, 4, 7]  # 10 / 3 apart, from 1 / 4 of that
    expected = np.average(abs(jacobians(network, x)).sum(1)[rows], axis=0, weights=weight[rows])
    np.testing.assert_allclose(measured, expected, rtol=1e-4)


def test_importance_weights_its_samples():
    network = random_network("csr", [6, 5, 3], "tanh")
    x = inputs(network, 10)
    network.forward(x)
    weight = torch.linspace(0.1, 1.9, 10)
    measured = AttributionImportance().measure(network, step_of(x, weight=weight))
    expected = np.average(abs(jacobians(network, x)).sum(1), axis=0, weights=weight)
    np.testing.assert_allclose(measured, expected, rtol=1e-4)
