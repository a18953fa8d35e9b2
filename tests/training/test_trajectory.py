# SPDX-License-Identifier: BSD-3-Clause
"""Whole training steps against the literal program."""

import numpy as np
import pytest
import torch
from tools.literal_wast import LiteralWAST

from sparsefs.importance import ReconstructionImportance, Step
from sparsefs.networks import FeedForward
from sparsefs.topology import (
    ImportanceDrop,
    ImportanceGrow,
    Rewiring,
    Topology,
    UpdateSchedule,
    sample_positions,
)
from sparsefs.training.losses import ReconstructionLoss
from sparsefs.training.optimizers import SGD
from tests.layers import dense

N_FEATURES, N_HIDDEN = 60, 20


@pytest.mark.parametrize("kernel", ["csr", "block", "masked"])
@pytest.mark.parametrize("mixing", ["mean", "sum"])
@pytest.mark.parametrize("density", [0.05, 0.3])
def test_training_follows_the_literal_program(kernel, mixing, density):
    rng = np.random.default_rng(0)
    shapes = [(N_HIDDEN, N_FEATURES), (N_FEATURES, N_HIDDEN)]
    network = FeedForward.from_positions(
        [N_FEATURES, N_HIDDEN, N_FEATURES],
        [sample_positions(shape, density, rng) for shape in shapes],
        ["logistic", "identity"],
        rng=rng,
        kernel=kernel,
        filled_sides=["in", "out"],
    )
    pairs = [dense(layer) for layer in network.layers]
    literal = LiteralWAST(
        [torch.from_numpy(w) for w, _ in pairs],
        [torch.from_numpy(m).float() for _, m in pairs],
        [layer.bias[:, 0] for layer in network.layers],
        lam=0.4,
        mixing=mixing,
    )
    importance = ReconstructionImportance(0.4, mixing)
    topology = Topology(
        [Rewiring(ImportanceDrop(side), ImportanceGrow(side), 0.3) for side in ("in", "out")],
        UpdateSchedule("batch"),
        rng,
    )
    optimizer, loss = SGD(0.1, 0.0), ReconstructionLoss()
    data = torch.from_numpy(rng.standard_normal((40 * 32, N_FEATURES)).astype(np.float32))
    data *= torch.linspace(0.2, 2, N_FEATURES)
    for step in range(40):
        x = data[32 * step : 32 * (step + 1)]
        noise = 0.2 * torch.from_numpy(rng.standard_normal(x.shape).astype(np.float32))
        expected = literal.step(x, noise)
        target = x.t().contiguous()
        value, grad = loss(network.forward((x + noise).t().contiguous()), target)
        now = Step(step + 1, 0, target, target, None, loss)
        gradients = network.backward(grad)
        importance.before_update(network, now)
        optimizer.step(network, gradients)
        importance.after_update(network, now)
        topology.after_step(step + 1, 100, 100, network, importance)

        assert value == pytest.approx(expected, rel=1e-5)
        for i, layer in enumerate(network.layers):
            weight, mask = dense(layer)
            np.testing.assert_array_equal(mask, literal.masks[i].numpy().astype(bool))
            np.testing.assert_allclose(
                weight, literal.weights[i].detach().numpy(), rtol=1e-3, atol=1e-6
            )
        np.testing.assert_allclose(importance.inputs, literal.importance[0], rtol=1e-5)
        np.testing.assert_allclose(importance.outputs, literal.importance[1], rtol=1e-5)
