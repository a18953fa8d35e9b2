# SPDX-License-Identifier: BSD-3-Clause
"""Parameters and operations against counts by hand, and against torch's own counter."""

import copy
import pickle

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from sparsefs.modules import layer_costs, module_costs, prunable_weights
from sparsefs.modules.flop_counter import FlopCounter
from sparsefs.networks.costs import training_flops_per_sample

from .networks import INFERENCE_FLOPS, NETWORKS, batch, make

every_network = pytest.mark.parametrize("name", NETWORKS)


def example(name, n=1):
    return torch.zeros(n, *NETWORKS[name].sample)


@every_network
def test_a_dense_network(name):
    costs = module_costs(make(name), example(name))
    n, flops = NETWORKS[name].parameters, INFERENCE_FLOPS[name]
    assert costs == {
        "parameters": {"sparse": n, "dense": n},
        "inference_flops": {"sparse": flops, "dense": flops},
    }


@every_network
def test_layers_of_a_dense_network(name):
    _, _, _, weights, places = NETWORKS[name]
    rows = layer_costs(make(name), example(name))
    assert {row["name"]: row["n_possible"] for row in rows} == weights
    assert {row["name"]: row["n_connections"] for row in rows} == weights
    assert {row["density"] for row in rows} == {1.0}
    flops = {row["name"]: row["inference_flops"] for row in rows}
    by_hand = {name: 2 * weights[name] * places[name] for name in weights}
    assert flops == {name: {"sparse": n, "dense": n} for name, n in by_hand.items()}


@every_network
@pytest.mark.parametrize("n", [1, 5])
def test_torch_counts_as_many(name, n):
    module = make(name)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        module(example(name, n))
    costs = module_costs(module, example(name, n))
    assert counter.get_total_flops() == n * costs["inference_flops"]["dense"]


@every_network
def test_a_sparse_network(name):
    _, _, parameters, weights, places = NETWORKS[name]
    module = make(name)
    # Every third connection of each layer.
    masks = {
        key: (torch.arange(weight.numel()) % 3 == 0).view(weight.shape)
        for key, weight in prunable_weights(module).items()
    }
    existing = {key: (n + 2) // 3 for key, n in weights.items()}
    costs = module_costs(module, example(name), masks=masks)
    lost = sum(weights.values()) - sum(existing.values())
    assert costs["parameters"] == {"sparse": parameters - lost, "dense": parameters}
    by_hand = sum(2 * existing[key] * places[key] for key in weights)
    assert costs["inference_flops"] == {"sparse": by_hand, "dense": INFERENCE_FLOPS[name]}


def test_a_sparse_residual_network_by_hand():
    module = make("residual")
    masks = {
        "conv1.weight": torch.zeros(8, 4, 3, 3),
        "conv2.weight": torch.zeros(8, 8, 3, 3, dtype=torch.bool),
    }
    masks["conv1.weight"][:2] = 1  # 72 connections
    masks["conv2.weight"][0, 0] = True  # 9 connections
    costs = module_costs(module, example("residual"), masks=masks)
    assert costs["parameters"]["sparse"] == 955 - (288 - 72) - (576 - 9)
    assert costs["inference_flops"]["sparse"] == 2 * (9 * (72 + 9 + 32) + 24)


def test_counting_leaves_no_trace():
    module = nn.Sequential(
        nn.Conv2d(4, 8, 3), nn.BatchNorm2d(8), nn.Dropout(), nn.Flatten(), nn.Linear(128, 2)
    )
    module[1].eval()
    before = {name: value.clone() for name, value in module.state_dict().items()}
    modes = [part.training for part in module.modules()]
    random = torch.get_rng_state()
    layer_costs(module, torch.randn(3, 4, 6, 6, generator=torch.Generator().manual_seed(0)))
    assert torch.equal(random, torch.get_rng_state())
    assert [part.training for part in module.modules()] == modes
    for name, value in module.state_dict().items():
        assert torch.equal(value, before[name])
    assert not any(part._forward_hooks or part._forward_pre_hooks for part in module.modules())
    assert all(parameter.grad is None for parameter in module.parameters())


@pytest.fixture(autouse=True)
def own_random_state():
    with torch.random.fork_rng():
        yield


def test_counting_restores_the_modes_of_a_module_that_fails():
    module = make("mlp")
    with pytest.raises(RuntimeError):
        layer_costs(module, torch.zeros(1, 3))
    assert all(part.training for part in module.modules())
    assert not module[0]._forward_hooks


@pytest.mark.parametrize("inputs", [(), (torch.zeros(0, 10),), (3,)])
def test_inputs_without_samples_are_refused(inputs):
    with pytest.raises(ValueError, match="example_inputs"):
        layer_costs(make("mlp"), *inputs)


@pytest.mark.parametrize(
    ("masks", "message"),
    [
        ({"0.bias": torch.ones(20)}, "no linear .* weight is called '0.bias'"),
        ({"0.weight": torch.ones(10, 20)}, r"masks\['0.weight'\] must .* \(20, 10\)"),
    ],
)
def test_wrong_masks_are_refused(masks, message):
    with pytest.raises(ValueError, match=message):
        layer_costs(make("mlp"), example("mlp"), masks=masks)


def test_samples_may_be_in_keywords_and_nested():
    class Reader(nn.Module):
        def __init__(self):
            super().__init__()
            self.linear = nn.Linear(4, 3)

        def forward(self, flag, inputs):
            return self.linear(inputs["x"][0])

    module = Reader()
    assert module_costs(module, True, {"x": [torch.zeros(5, 4)]})["inference_flops"] == {
        "sparse": 24,
        "dense": 24,
    }


# Training


def train_step(module, name, n, input_gradient=False):
    X, y = batch(name, n)
    X.requires_grad_(input_gradient)
    nn.functional.cross_entropy(module(X), y).backward()


@every_network
def test_training_is_three_products(name):
    module = make(name)
    weights = prunable_weights(module)
    counter = FlopCounter(module, weights)
    counter.attach()
    with FlopCounterMode(display=False) as torchs:
        for n in (3, 7):  # gradients are accumulated
            train_step(module, name, n, input_gradient=True)
    n_connections = {key: weight.numel() // 2 for key, weight in weights.items()}
    counter.settle(n_connections)
    assert sum(counter.dense.values()) == 3 * 10 * INFERENCE_FLOPS[name]
    places = NETWORKS[name].places
    assert counter.sparse == {key: 6 * 10 * n_connections[key] * places[key] for key in weights}
    if name != "convolutional":  # torch forgets the groups in a gradient of the weights
        assert torchs.get_total_flops() == sum(counter.dense.values())


def test_what_is_not_propagated_back_is_not_training():
    module = make("residual")
    weights = prunable_weights(module)
    counter = FlopCounter(module, weights)
    counter.attach()
    X, _ = batch("residual")
    module(X)
    with torch.no_grad():
        module(X)
    module.eval()
    module(X)
    counter.settle(dict.fromkeys(weights, 1))
    assert not counter.dense


def test_frozen_layers_have_fewer_products():
    module = make("mlp")
    module[2].requires_grad_(False)
    counter = FlopCounter(module, prunable_weights(module))
    counter.attach()
    train_step(module, "mlp", 2)
    counter.settle({"0.weight": 200, "2.weight": 60})
    assert counter.dense == {"0.weight": 2 * 3 * 400, "2.weight": 2 * 2 * 120}
    module.requires_grad_(True)
    module[0].requires_grad_(False)  # nothing is propagated back through it
    train_step(module, "mlp", 2)
    counter.settle({"0.weight": 200, "2.weight": 60})
    assert counter.dense == {"0.weight": 2 * 4 * 400, "2.weight": 2 * 5 * 120}


def test_copies_of_the_module_are_not_counted():
    module = make("mlp")
    counter = FlopCounter(module, prunable_weights(module))
    counter.attach()
    for twin in (copy.deepcopy(module), pickle.loads(pickle.dumps(module))):
        train_step(twin, "mlp", 4)
    counter.settle({"0.weight": 1, "2.weight": 1})
    assert not counter.dense
    counter.remove()
    assert not any(part._forward_hooks or part._forward_pre_hooks for part in module.modules())


# The published formulas


def test_formulas():
    assert training_flops_per_sample("dense", 10, 100) == 300
    assert training_flops_per_sample("set", 10, 100) == 30
    assert training_flops_per_sample("static", 10, 100, update_every=5) == 30
    # Of four steps three cost 30, and one 10 + 10 + 100.
    assert training_flops_per_sample("rigl", 10, 100, update_every=3) == (90 + 120) / 4


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("snip", 1, 2, 3), "topology must be"),
        (("rigl", 1, 2), "update_every must be"),
        (("rigl", 1, 2, 0), "update_every must be"),
    ],
)
def test_formulas_refuse(arguments, message):
    with pytest.raises(ValueError, match=message):
        training_flops_per_sample(*arguments)
