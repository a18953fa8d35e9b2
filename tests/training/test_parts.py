# SPDX-License-Identifier: BSD-3-Clause
"""Noise, loss, optimisers and threads."""

import threading

import numpy as np
import pytest
import torch

from sparsefs.networks import FeedForward
from sparsefs.training.losses import ReconstructionLoss
from sparsefs.training.noise import NoisePool
from sparsefs.training.optimizers import SGD, Adam
from sparsefs.utils.device import single_threaded
from tests.layers import dense


def test_noise_has_the_standard_deviation_and_is_fresh():
    pool = NoisePool(0.2, np.random.default_rng(0), "cpu")
    x = torch.ones(30, 1000)
    first = pool.add(x).clone()
    second = pool.add(x)
    assert (first - x).std().item() == pytest.approx(0.2, rel=0.02)
    assert abs((first - x).mean().item()) < 0.005
    assert abs(torch.corrcoef(torch.stack([first.view(-1), second.view(-1)]))[0, 1]) < 0.05
    assert (x == 1).all()


def test_noise_covers_batches_larger_than_the_pool():
    noisy = NoisePool(1.0, np.random.default_rng(0), "cpu").add(torch.zeros(3000, 500))
    # Every block of samples has noise of its own.
    assert noisy.std(dim=1).min() > 0.8
    assert noisy.std().item() == pytest.approx(1.0, rel=0.01)


def test_loss_is_the_mean_squared_error_with_its_gradient():
    generator = torch.Generator().manual_seed(0)
    output, target = (torch.randn(4, 6, generator=generator) for _ in range(2))
    reference = output.clone().requires_grad_()
    expected = torch.nn.functional.mse_loss(reference, target)
    expected.backward()
    loss = ReconstructionLoss()
    value, grad = loss(output.clone(), target)
    assert value == pytest.approx(expected.item())
    torch.testing.assert_close(grad, reference.grad)
    np.testing.assert_allclose(
        (loss.absolute / loss.n_samples), (output - target).abs().mean(1), rtol=1e-5
    )


def test_loss_with_weights_counts_samples_as_often():
    generator = torch.Generator().manual_seed(0)
    output, target = (torch.randn(4, 3, generator=generator) for _ in range(2))
    times = [2, 1, 3]
    repeated = [t.repeat_interleave(torch.tensor(times), dim=1) for t in (output, target)]
    loss = ReconstructionLoss()
    expected, grad_repeated = loss(*repeated)
    expected_error = loss.absolute / loss.n_samples
    weight = torch.tensor(times) / 2.0  # mean 1
    value, grad = loss(output.clone(), target, weight)
    assert value == pytest.approx(expected)
    np.testing.assert_allclose((loss.absolute / loss.n_samples), expected_error, rtol=1e-5)
    torch.testing.assert_close(grad[:, 0], 2 * grad_repeated[:, 0])


@pytest.mark.parametrize("kernel", ["csr", "block", "masked"])
@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (lambda: SGD(0.1, 0.0, momentum=0.0), lambda p: torch.optim.SGD(p, 0.1)),
        (
            lambda: SGD(0.1, 0.01),
            lambda p: torch.optim.SGD(p, 0.1, momentum=0.9, nesterov=True, weight_decay=0.01),
        ),
        (lambda: Adam(0.01, 0.0), lambda p: torch.optim.Adam(p, 0.01)),
        (lambda: Adam(0.01, 0.1), lambda p: torch.optim.Adam(p, 0.01, weight_decay=0.1)),
    ],
    ids=["sgd", "nesterov", "adam", "adam with L2"],
)
def test_optimisers_equal_torchs(kernel, ours, theirs):
    rng = np.random.default_rng(0)
    positions = [np.flatnonzero(rng.random(60) < 0.4)]
    network = FeedForward.from_positions([10, 6], positions, ["identity"], rng=rng, kernel=kernel)
    layer = network.layers[0]
    weight, mask = (torch.from_numpy(a) for a in dense(layer))
    parameters = [weight.clone().requires_grad_(), layer.bias.clone().requires_grad_()]
    optimizer, reference = ours(), theirs(parameters)
    x = torch.randn(10, 8, generator=torch.Generator().manual_seed(0))
    for _ in range(5):
        out = network.forward(x)
        optimizer.step(network, network.backward(2 * out))
        reference.zero_grad()
        ((parameters[0] * mask @ x + parameters[1]) ** 2).sum().backward()
        reference.step()
    np.testing.assert_allclose(dense(layer)[0], (parameters[0] * mask).detach(), rtol=1e-4)
    torch.testing.assert_close(layer.bias, parameters[1].detach(), rtol=1e-4, atol=1e-6)


def test_a_step_of_adam_that_float32_cannot_hold_is_shortened():
    network = FeedForward.from_positions(
        [2, 2], [np.arange(4)], ["identity"], rng=np.random.default_rng(0)
    )
    network.forward(torch.ones(2, 1))
    Adam(3e38, 0.0).step(network, network.backward(torch.ones(2, 1)))
    largest = torch.finfo(torch.float32).max
    torch.testing.assert_close(network.layers[0].values, torch.full((4,), -0.1 * largest))


def test_linear_decay_reaches_zero_after_the_last_step():
    network = FeedForward.from_positions(
        [2, 2], [np.arange(4)], ["identity"], rng=np.random.default_rng(0)
    )
    optimizer, rates = SGD(0.4, 0.0, decay_steps=4), []
    for _ in range(5):
        network.forward(torch.ones(2, 1))
        optimizer.step(network, network.backward(torch.zeros(2, 1)))
        rates.append(optimizer.learning_rate)
    np.testing.assert_allclose(rates, [0.4, 0.3, 0.2, 0.1, 0.0])


def test_overlapping_fits_restore_the_thread_count():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        inside = threading.Event()
        done = threading.Event()

        def other_fit():
            with single_threaded():
                inside.set()
                done.wait(60)

        thread = threading.Thread(target=other_fit)
        with single_threaded():
            assert torch.get_num_threads() == 1
            thread.start()
            inside.wait(60)
        done.set()
        thread.join()
        with single_threaded():
            with single_threaded():
                pass
            assert torch.get_num_threads() == 1
        assert torch.get_num_threads() == 2
        with pytest.raises(KeyboardInterrupt), single_threaded():
            raise KeyboardInterrupt
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_a_threads_own_setting_is_restored():
    found = []

    def fit_with_four():
        torch.set_num_threads(4)
        with single_threaded():
            pass
        found.append(torch.get_num_threads())

    with single_threaded():
        thread = threading.Thread(target=fit_with_four)
        thread.start()
        thread.join()
    assert found == [4]
