# SPDX-License-Identifier: BSD-3-Clause
"""Adaptive regularisation from hooks on the optimiser, and what it counts."""

import copy
import pickle

import pytest
import torch
from torch import nn

from sparsefs.modules import AdaptiveRegularization, prunable_weights
from tests.modules.networks import INFERENCE_FLOPS, NETWORKS, batch, make

SOON = {"warmup_epochs": 1, "initial_strength": 1e-3, "growth": 2}


def gradients(module, name, seed, art):
    module.zero_grad()
    X, y = batch(name, 16, seed)
    loss = nn.functional.cross_entropy(module(X), y) + art.penalty()
    loss.backward()
    return loss.item()


def sgd(module):
    return torch.optim.SGD(module.parameters(), lr=0.05, momentum=0.9, weight_decay=1e-3)


def train(name, attach, apply="gradient", optimizer=sgd):
    """Two epochs of two steps with penalty, after one without; then three steps pruned."""
    module = make(name)
    art = AdaptiveRegularization(module, 0.2, **SOON, apply=apply)
    losses = []
    for n_epochs in (3, 1):
        opt = optimizer(module)
        if attach:
            art.attach(opt)
        for epoch in range(n_epochs):
            for seed in range(2):
                losses.append(gradients(module, name, 10 * epoch + seed, art))
                if not attach:
                    art.after_backward()
                opt.step()
                if not attach:
                    art.after_step()
            if n_epochs > 1:
                art.end_epoch(lambda: 0.0)
        if n_epochs > 1:
            art.prune()
    return module, art, losses


@pytest.mark.parametrize("name", ["mlp", "residual"])
@pytest.mark.parametrize("apply", ["gradient", "loss"])
def test_attached_is_what_the_calls_do(name, apply):
    module, art, losses = train(name, True, apply)
    twin, other, expected = train(name, False, apply)
    assert losses == expected
    for key, value in module.state_dict().items():
        assert torch.equal(value, twin.state_dict()[key])
    assert art.density == other.density
    assert other.training_flops == {"sparse": 0, "dense": 0}  # counted while attached only


@pytest.mark.parametrize("name", NETWORKS)
def test_flops_are_dense_until_pruned(name):
    module, art, _ = train(name, True)
    places = NETWORKS[name].places
    n = {key: int(w.count_nonzero()) for key, w in prunable_weights(module).items()}
    left = sum(2 * n[key] * places[key] for key in n)
    dense = INFERENCE_FLOPS[name]
    assert art.training_flops == {
        "sparse": 3 * 16 * (6 * dense + 2 * left),
        "dense": 3 * 16 * 8 * dense,
    }
    costs = art.costs()
    assert costs["inference_flops"] == {"sparse": left, "dense": dense}
    assert costs["training_flops"] == art.training_flops
    lost = sum(NETWORKS[name].weights.values()) - sum(n.values())
    parameters = NETWORKS[name].parameters
    assert costs["parameters"] == {"sparse": parameters - lost, "dense": parameters}
    rows = art.layer_costs()
    assert {row["name"]: row["n_connections"] for row in rows} == n
    for kind in ("sparse", "dense"):
        assert sum(r["training_flops"][kind] for r in rows) == art.training_flops[kind]
    assert art.costs(batch(name, 3)[0]) == costs


def test_costs_before_any_step():
    module = make("residual")
    art = AdaptiveRegularization(module, 0.2)
    with pytest.raises(RuntimeError, match="not called yet"):
        art.costs()
    costs = art.costs(batch("residual", 1)[0])
    assert costs["bytes"] == {"sparse": 4 * 955, "dense": 4 * 955}
    assert costs["inference_flops"]["sparse"] == INFERENCE_FLOPS["residual"]


def test_the_handle_takes_the_hooks_off():
    module = make("mlp")
    art = AdaptiveRegularization(module, 0.2, warmup_epochs=0, initial_strength=1.0)
    optimizer = torch.optim.SGD(module.parameters(), lr=0.0)
    with art.attach(optimizer) as handle:
        gradients(module, "mlp", 0, art)
        plain = module[0].weight.grad.clone()
        optimizer.step()
        assert not torch.equal(module[0].weight.grad, plain)
    gradients(module, "mlp", 0, art)
    optimizer.step()
    assert torch.equal(module[0].weight.grad, plain)
    assert art.training_flops["dense"] == 3 * 16 * 520
    assert not any(part._forward_hooks or part._forward_pre_hooks for part in module.modules())
    handle.remove()
    assert not optimizer._optimizer_step_pre_hooks and not optimizer._optimizer_step_post_hooks


def test_a_new_optimizer_takes_the_place_of_the_old_one():
    module = make("mlp")
    art = AdaptiveRegularization(module, 0.2)
    old, new = sgd(module), sgd(module)
    first = art.attach(old)
    second = art.attach(new)
    assert not old._optimizer_step_pre_hooks
    first.remove()  # too late: it is off already, and the new one stays on
    gradients(module, "mlp", 0, art)
    new.step()
    assert art.training_flops["dense"] == 3 * 16 * 520
    second.remove()
    with pytest.raises(ValueError, match="optimizer must be"):
        art.attach(module)


@pytest.mark.parametrize("fused", [False, True])
def test_a_gradient_scaler_does_not_scale_the_penalty(fused):
    modules = []
    for scale in (1.0, 64.0):
        module = make("mlp")
        art = AdaptiveRegularization(module, 0.2, warmup_epochs=0, initial_strength=0.1)
        optimizer = torch.optim.SGD(module.parameters(), lr=0.1, fused=fused)
        art.attach(optimizer)
        scaler = torch.amp.GradScaler("cpu", init_scale=scale)
        for seed in range(3):
            optimizer.zero_grad()
            X, y = batch("mlp", 16, seed)
            loss = nn.functional.cross_entropy(module(X), y)
            scaler.scale(loss).backward()
            scaler.step(optimizer)
            scaler.update()
        modules.append(module)
    for one, other in zip(*(module.parameters() for module in modules)):
        torch.testing.assert_close(one, other)


@pytest.mark.parametrize("again", [copy.deepcopy, lambda art: pickle.loads(pickle.dumps(art))])
def test_a_copy_is_not_attached(again):
    module = make("mlp")
    art = AdaptiveRegularization(module, 0.2)
    optimizer = sgd(module)
    art.attach(optimizer)
    other = again(art)
    gradients(module, "mlp", 0, art)
    optimizer.step()
    assert art.training_flops["dense"] == 3 * 16 * 520
    assert other.training_flops["dense"] == 0
    optimizer = sgd(other.module)
    other.attach(optimizer)
    gradients(other.module, "mlp", 0, other)
    optimizer.step()
    assert other.training_flops["dense"] == 3 * 16 * 520
