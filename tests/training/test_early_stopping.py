# SPDX-License-Identifier: BSD-3-Clause
"""When a training ends early, and which network is left."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from sparsefs.topology import MagnitudeDrop, RandomGrow, Rewiring
from sparsefs.training.early_stopping import EarlyStopping
from tests.networks.test_feedforward import batch, make_network


def watch(losses, patience, network=None):
    """(stopping, its history, epochs until it asked to end), the network changing meanwhile."""
    network = network or make_network()
    remaining = iter(losses)
    stopping = EarlyStopping(network, lambda: next(remaining), patience)
    history = {"loss": []}
    rewire = Rewiring(MagnitudeDrop(), RandomGrow(), 0.3)
    for epoch in range(len(losses)):
        for i, layer in enumerate(network.layers):
            layer.values.add_((layer.values != 0) * (epoch + 1.0))
            layer.bias.add_(1)
            rewire(layer, None, np.random.default_rng(10 * epoch + i))
        if stopping.after_epoch(epoch, history):
            break
    return stopping, history, epoch + 1


@pytest.mark.parametrize(
    ("losses", "patience", "n_epochs"),
    [
        ([3, 2, 1, 0], 1, 4),  # always better
        ([1, 2, 0, 0], 1, 2),
        ([1, 2, 0, 3, 3, 3], 2, 5),  # counted anew after an improvement
        ([1, 1, 1, 1], 2, 3),  # the same is no improvement
    ],
)
def test_ends_after_so_many_epochs_without_improvement(losses, patience, n_epochs):
    assert watch(losses, patience)[2] == n_epochs


@pytest.mark.parametrize("loss", [float("nan"), float("inf")])
def test_a_loss_that_is_not_finite_is_an_error(loss):
    with pytest.raises(FloatingPointError, match=f"validation loss became {loss} in epoch 2"):
        watch([1, loss, 2], 5)


def test_the_loss_is_recorded_beside_the_rest_of_the_history():
    _, history, _ = watch([3, 1, 2], 5)
    assert history == {"loss": [], "validation_loss": [3, 1, 2]}


@given(losses=st.lists(st.integers(0, 3), min_size=1, max_size=6))
def test_the_network_of_the_first_lowest_loss_is_restored(losses):
    best = int(np.argmin(losses))
    expected, network, x = make_network(), make_network(), batch()
    watch(losses[: best + 1], 100, expected)
    stopping, _, _ = watch(losses, 100, network)
    stopping.restore()
    torch.testing.assert_close(network.forward(x), expected.forward(x), rtol=0, atol=0)
    for got, layer in zip(network.layers, expected.layers):
        np.testing.assert_array_equal(got.connections()[0], layer.connections()[0])
