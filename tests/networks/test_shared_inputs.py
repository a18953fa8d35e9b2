# SPDX-License-Identifier: BSD-3-Clause
"""Networks that share their inputs, against autograd and against noise that is really drawn."""

import numpy as np
import pytest
import torch
from scipy import sparse

from sparsefs.networks.shared_inputs import SharedInputNetworks
from sparsefs.networks.sparse_inputs import SparseInputs

N_INPUTS, N_NETWORKS, N_HIDDEN, N_OUTPUTS, N_SAMPLES = 13, 3, 4, 2, 50


def networks(seed=0, n_inputs=N_INPUTS):
    generator = torch.Generator().manual_seed(seed)
    made = SharedInputNetworks(n_inputs, N_NETWORKS, N_HIDDEN, N_OUTPUTS, generator)
    for parameter in made.parameters:  # biases too are something
        parameter.value += 0.3 * torch.randn(parameter.value.shape, generator=generator)
    return made


def inputs(n_inputs=N_INPUTS, n_samples=N_SAMPLES):
    return torch.randn(n_inputs, n_samples, generator=torch.Generator().manual_seed(9))


def in_parts(x, size):
    return [(slice(i, min(i + size, len(x))), x[i : i + size]) for i in range(0, len(x), size)]


def few_stored():
    """Sparse inputs, and the same as a dense tensor."""
    stored = inputs() * (inputs(N_SAMPLES, N_INPUTS).t() > 1)
    constant = inputs(n_samples=1)
    added = sparse.csr_array(stored.numpy().T)
    return SparseInputs(constant[:, 0].numpy(), added), constant + stored


def literal(made, x, added=0.0):
    """The outputs network by network; `added` is noise at the hidden neurons."""
    first, first_bias, second, second_bias = (parameter.value for parameter in made.parameters)
    outputs = []
    for m in range(N_NETWORKS):
        z = first[:, m].T @ x + first_bias[m] + (0 if isinstance(added, float) else added[m])
        outputs.append(second[m] @ torch.relu(z) + second_bias[m])
    return torch.stack(outputs)


def test_sparse_inputs_give_the_outputs_and_gradients_of_dense_ones():
    made, (few, x) = networks(), few_stored()
    outputs = made.forward(few, N_SAMPLES)
    torch.testing.assert_close(outputs, literal(made, x))
    grad = torch.randn(outputs.shape, generator=torch.Generator().manual_seed(3))
    got = [gradient.clone() for gradient in made.backward(few, grad)]
    made.forward([(slice(None), x)], N_SAMPLES)
    torch.testing.assert_close(got, made.backward([(slice(None), x)], grad))


@pytest.mark.parametrize("size", [5, 13])
def test_outputs_are_those_of_each_network(size):
    made, x = networks(), inputs()
    torch.testing.assert_close(made.forward(in_parts(x, size), N_SAMPLES), literal(made, x))


@pytest.mark.parametrize("noisy", [False, True])
@pytest.mark.parametrize("size", [5, 13])
def test_gradients_are_those_of_autograd(noisy, size):
    made, x = networks(), inputs()
    parts = in_parts(x, size)
    noise_std = torch.tensor([0.5, 1.0, 2.0])[:, None, None] if noisy else None
    outputs = made.forward(parts, N_SAMPLES, noise_std)
    grad = torch.randn(outputs.shape, generator=torch.Generator().manual_seed(3))
    gradients = made.backward(parts, grad)
    without = gradients[0].clone()
    made.add_noise(gradients[0])
    assert torch.equal(without, gradients[0]) != noisy

    for parameter in made.parameters:
        parameter.value.requires_grad_()
    added = 0.0
    if noisy:
        # The same noise at the inputs: factor @ noise = W^T e for e = W (W^T W)^-1 factor @ noise.
        factor, noise = made._noise
        first = made.first.value
        added = torch.stack(
            [
                first[:, m].T
                @ (
                    first[:, m]
                    @ torch.linalg.inv(first[:, m].T @ first[:, m])
                    @ (factor @ noise)[m]
                ).detach()
                for m in range(N_NETWORKS)
            ]
        )
    (literal(made, x, added) * grad).sum().backward()
    for parameter, got in zip(made.parameters, gradients):
        tolerance = {"rtol": 5e-3, "atol": 5e-2} if noisy else {"rtol": 1e-4, "atol": 1e-4}
        torch.testing.assert_close(got, parameter.value.grad, **tolerance)


def test_noise_has_the_distribution_that_noise_on_the_inputs_has():
    made, n = networks(), 200_000
    zeros = torch.zeros(N_INPUTS, n)
    std = torch.tensor([0.5, 1.0, 2.0])[:, None, None]
    made.forward([(slice(None), zeros)], n, std)
    noise = made._z - made.first_bias.value
    for m in range(N_NETWORKS):
        weights = made.first.value[:, m]
        expected = std[m, 0, 0] ** 2 * (weights.T @ weights)
        got = torch.cov(noise[m])
        torch.testing.assert_close(got, expected, rtol=0.05, atol=0.03 * expected.max().item())


def test_dependent_hidden_neurons_do_not_stop_the_noise():
    made = networks(n_inputs=2)  # more hidden neurons than inputs: W^T W is singular
    made.first.value[:] = 0
    outputs = made.forward([(slice(None), inputs(2))], N_SAMPLES, torch.ones(3, 1, 1))
    assert outputs.isfinite().all()


def test_new_hidden_neurons_change_no_output_at_first():
    made, x = networks(), inputs()
    before = made.forward([(slice(None), x)], N_SAMPLES)
    made.widen(7)
    torch.testing.assert_close(made.forward([(slice(None), x)], N_SAMPLES), before)
    assert made.n_hidden == 7
    assert made.n_connections == [N_INPUTS * N_NETWORKS * 7, N_NETWORKS * N_OUTPUTS * 7]
    for parameter in made.parameters:
        assert all(state.shape == parameter.value.shape for state in parameter.buffers.values())
    made.widen(3)  # never narrower
    assert made.n_hidden == 7


def test_removed_inputs_take_their_weights_and_moments_along():
    made, x = networks(), inputs()
    made.first.buffers["mean"] = torch.zeros_like(made.first.value)
    made.first.buffers["mean"] += torch.arange(N_INPUTS)[:, None, None]
    kept = torch.tensor([1, 4, 12])
    made.first.value[[i for i in range(N_INPUTS) if i not in kept]] = 0
    expected = made.forward([(slice(None), x)], N_SAMPLES)
    made.keep(kept)
    assert made.n_inputs == 3
    torch.testing.assert_close(made.forward([(slice(None), x[kept])], N_SAMPLES), expected)
    np.testing.assert_array_equal(made.first.buffers["mean"][:, 0, 0], kept)
