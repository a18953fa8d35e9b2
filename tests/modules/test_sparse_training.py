# SPDX-License-Identifier: BSD-3-Clause
"""Sparse training of modules: against a literal one, and what holds after every step."""

import copy
import gc
import io
import itertools
import math
import pickle
import weakref

import numpy as np
import pytest
import torch
from torch import nn

from sparsefs.modules import AdaptiveRegularization, SparseTraining, prunable_weights
from sparsefs.modules.parameter_layer import ParameterLayer
from sparsefs.networks.costs import training_flops_per_sample
from sparsefs.topology import RandomGrow, erk_densities, free_positions, growth_at
from sparsefs.utils import device as _device
from tests.no_waiting import no_waiting

from .networks import INFERENCE_FLOPS, NETWORKS, batch, make
from .oracle import LiteralSparseTraining

OPTIMIZERS = {
    "sgd": lambda p: torch.optim.SGD(p, lr=0.1),
    "momentum": lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.9, weight_decay=1e-3),
    "nesterov": lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.9, nesterov=True),
    "adam": lambda p: torch.optim.Adam(p, lr=0.01, weight_decay=1e-3, amsgrad=True),
    "adamw": lambda p: torch.optim.AdamW(p, lr=0.01),
}
moving = pytest.mark.parametrize("topology", ["set", "rigl"])
every_topology = pytest.mark.parametrize("topology", ["set", "rigl", "static", "dense"])
every_network = pytest.mark.parametrize("name", NETWORKS)


@pytest.fixture(params=[False, True], ids=["host", "device"])
def remote(request, monkeypatch):
    """With the rules that run where the network is, acted out on the CPU."""
    monkeypatch.setattr(_device, "_CPU_IS_REMOTE", request.param)
    return request.param


def gradients(module, name, seed, n=16):
    module.zero_grad()
    X, y = batch(name, n, seed)
    loss = nn.functional.cross_entropy(module(X), y)
    loss.backward()
    return loss.item()


def steps(module, optimizer, name, n, first=0):
    losses = []
    for seed in range(first, first + n):
        losses.append(gradients(module, name, seed))
        optimizer.step()
    return losses


def begin(name, topology="rigl", optimizer="momentum", **params):
    module = make(name)
    opt = OPTIMIZERS[optimizer](module.parameters())
    params = {"density": 0.3, "n_steps": 20, "update_every": 2, "random_state": 0, **params}
    return module, opt, SparseTraining(module, opt, topology=topology, **params)


def assert_same_weights(module, other):
    for (name, value), expected in zip(module.state_dict().items(), other.state_dict().values()):
        assert torch.equal(value, expected), name


def states_of(optimizer, weight):
    """What is kept of every weight of a layer."""
    state = optimizer.state[weight].values()
    return [t for t in state if torch.is_tensor(t) and t.shape == weight.shape]


# Against the literal training


@pytest.mark.parametrize(
    ("name", "optimizer"),
    [*itertools.product(["mlp", "residual"], OPTIMIZERS), ("sequence", "adam")],
)
@moving
def test_trains_as_the_literal_one(name, optimizer, topology):
    module, opt, sparse = begin(name, topology, optimizer)
    state = sparse.state_dict()
    rng = np.random.default_rng()
    rng.bit_generator.state = state["random_state"]

    twin = make(name)
    twin_opt = OPTIMIZERS[optimizer](twin.parameters())
    literal = LiteralSparseTraining(
        prunable_weights(twin),
        twin_opt,
        state["masks"],
        topology,
        rng,
        fraction=0.3,
        due=lambda step: step % 2 == 0 and step <= 15,
        factor=lambda step: (1 + math.cos(math.pi * step / 15)) / 2 if topology == "rigl" else 1,
    )
    assert_same_weights(module, twin)
    for seed in range(18):
        assert gradients(module, name, seed) == gradients(twin, name, seed)
        opt.step()
        literal.step()
        assert_same_weights(module, twin)
        for key, mask in sparse.masks.items():
            assert torch.equal(mask, literal.masks[key].bool())
            weight, other = prunable_weights(module)[key], prunable_weights(twin)[key]
            for mine, theirs in zip(states_of(opt, weight), states_of(twin_opt, other)):
                assert torch.equal(mine, theirs)
    assert sparse.n_updates == 7
    assert sparse.connections_changed == literal.n_changed > 0


def test_the_rules_on_the_device_do_the_same(monkeypatch):
    losses = []
    for remote in (False, True):
        monkeypatch.setattr(_device, "_CPU_IS_REMOTE", remote)
        module, opt, sparse = begin("residual", "rigl", "adam")
        losses.append(steps(module, opt, "residual", 18))
        losses.append([sparse.connections_changed, sparse.training_flops])
    assert losses[:2] == losses[2:]


@moving
def test_a_step_does_not_wait_for_the_device(topology, monkeypatch):
    monkeypatch.setattr(_device, "_CPU_IS_REMOTE", True)
    module, opt, sparse = begin("residual", topology)
    X, y = batch("residual")
    with no_waiting():
        for _ in range(6):
            opt.zero_grad()
            nn.functional.cross_entropy(module(X), y).backward()
            opt.step()
    assert sparse.n_updates == 3 and sparse.connections_changed > 0


# After every step


@every_network
@every_topology
@pytest.mark.parametrize("optimizer", ["momentum", "adamw"])
def test_densities_are_exact_after_every_step(name, topology, optimizer, remote):
    module, opt, sparse = begin(name, topology, optimizer, density=0.4)
    densities = sparse.densities
    for seed in range(18):
        gradients(module, name, seed)
        opt.step()
        assert sparse.densities == densities
        n = 0
        for key, weight in prunable_weights(module).items():
            mask = sparse.masks[key]
            assert int(mask.sum()) == round(densities[key] * weight.numel())
            n += int(mask.sum())
            assert not weight[~mask].any()
            assert not any(state[~mask].any() for state in states_of(opt, weight))
        assert sparse.n_connections == n
        assert sparse.density == n / sum(NETWORKS[name].weights.values())


def test_first_connections_keep_their_weights():
    module, _, sparse = begin("convolutional")
    for key, weight in prunable_weights(make("convolutional")).items():
        assert torch.equal(prunable_weights(module)[key], weight * sparse.masks[key])


def test_static_connections_stay():
    module, opt, sparse = begin("convolutional", "static", n_steps=None)
    before = sparse.masks
    steps(module, opt, "convolutional", 12)
    assert all(torch.equal(mask, before[key]) for key, mask in sparse.masks.items())
    assert sparse.n_updates == sparse.connections_changed == 0
    assert sparse.n_steps_done == 12


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_dense_is_plain_training(optimizer):
    module, opt, sparse = begin("residual", "dense", optimizer)
    twin = make("residual")
    losses = steps(module, opt, "residual", 10)
    assert losses == steps(twin, OPTIMIZERS[optimizer](twin.parameters()), "residual", 10)
    assert_same_weights(module, twin)
    assert sparse.density == 1
    costs = sparse.costs()
    assert all(cost["sparse"] == cost["dense"] for cost in costs.values())


def test_a_connection_that_comes_back_keeps_weight_and_momentum():
    """Where all but one exist, what is dropped comes back at once, or takes the free place."""
    module, opt, sparse = begin("mlp", "set", density=199 / 200, init="uniform", update_every=1)
    for seed in range(10):
        before = sparse.masks["0.weight"]
        gradients(module, "mlp", seed)
        opt.step()
        now, weight = sparse.masks["0.weight"], module[0].weight
        momentum = opt.state[weight]["momentum_buffer"]
        stayed, new = before & now, now & ~before
        assert int(new.sum()) <= 1
        assert (weight[stayed] != 0).all() and (momentum[stayed] != 0).all()
        assert not weight[new].any() and not momentum[new].any()


# How densities are shared


def test_erk_shares():
    module, _, sparse = begin("residual", density=0.2)
    shapes = [tuple(weight.shape) for weight in prunable_weights(module).values()]
    expected = erk_densities(shapes, 0.2)
    for density, share, shape in zip(sparse.densities.values(), expected, shapes):
        assert density == round(share * math.prod(shape)) / math.prod(shape)
    # By hand: raw shares 18/288, 22/576, 14/32 (with 8 + 4 + 1 + 1) and 11/24, so many ...
    raw = np.array([18, 22, 14, 11])
    sizes = np.array([288, 576, 32, 24])
    scale = 0.2 * sizes.sum() / raw.sum()
    assert scale > 24 / 11  # ... that the head would have more than all: it is dense
    scale = (0.2 * sizes.sum() - 24) / raw[:3].sum()
    assert scale > 32 / 14  # and so is the shortcut
    scale = (0.2 * sizes.sum() - 24 - 32) / raw[:2].sum()
    n = [round(18 * scale), round(22 * scale), 32, 24]
    assert [int(mask.sum()) for mask in sparse.masks.values()] == n
    assert sparse.n_connections == sum(n) == 0.2 * 920


def test_uniform_shares():
    _, _, sparse = begin("convolutional", init="uniform", density=0.25)
    assert set(sparse.densities.values()) == {0.25}


def test_shares_of_the_users_own():
    seen = []

    def init(shapes, density):
        seen.append((shapes, density))
        return [0.5, 1]

    module, opt, sparse = begin("mlp", init=init)
    assert seen == [([(20, 10), (3, 20)], 0.3)]
    assert sparse.densities == {"0.weight": 0.5, "2.weight": 1.0}
    steps(module, opt, "mlp", 4)
    assert sparse.masks["2.weight"].all()


@pytest.mark.parametrize("ignore", ["head", ["head.weight"], ("head", "shortcut")])
def test_ignored_layers_stay_dense(ignore):
    module, opt, sparse = begin("residual", ignore=ignore, init="uniform")
    steps(module, opt, "residual", 4)
    names = [ignore] if isinstance(ignore, str) else list(ignore)
    left = [n for n in NETWORKS["residual"].weights if n.split(".")[0] not in "".join(names)]
    assert list(sparse.densities) == list(sparse.masks) == left
    assert sparse.density == pytest.approx(0.3, abs=0.002)
    assert (module.head.weight != 0).all()
    rows = {row["name"]: row for row in sparse.layer_costs()}
    assert rows["head.weight"]["density"] == 1
    assert rows["head.weight"]["training_flops"] == {"sparse": 9216, "dense": 9216}


def test_whole_parts_and_shared_weights_can_be_ignored():
    module = nn.ModuleDict({"a": make("mlp"), "b": make("recurring")})
    optimizer = torch.optim.SGD(module.parameters(), lr=0.1)
    sparse = SparseTraining(
        module, optimizer, 0.5, "static", ignore=["a", "b.second"], random_state=0
    )
    assert list(sparse.densities) == ["b.head.weight"]


# Costs


@every_network
@every_topology
def test_training_flops_by_hand(name, topology):
    module, opt, sparse = begin(name, topology, update_every=5, n_steps=100, drop_decay="constant")
    n = {key: int(mask.sum()) for key, mask in sparse.masks.items()}
    weights, places = NETWORKS[name].weights, NETWORKS[name].places
    sizes = [
        3,
        16,
        8,
        1,
        5,
        7,
        2,
        4,
        6,
        16,
        11,
        9,
    ]  # batches, of which every fifth precedes an update
    for seed, size in enumerate(sizes):
        gradients(module, name, seed, size)
        opt.step()
    forward = sum(2 * n[key] * places[key] for key in weights)
    dense = INFERENCE_FLOPS[name]
    expected = 3 * forward * sum(sizes)
    if topology == "rigl":
        expected += (sizes[4] + sizes[9]) * (dense - forward)
    assert sparse.training_flops == {"sparse": expected, "dense": 3 * dense * sum(sizes)}
    rows = sparse.layer_costs()
    for kind in ("sparse", "dense"):
        assert sum(r["training_flops"][kind] for r in rows) == sparse.training_flops[kind]
    costs = sparse.costs()
    assert costs["inference_flops"] == {"sparse": forward, "dense": dense}
    assert costs["training_flops"] == sparse.training_flops
    lost = sum(weights.values()) - sum(n.values())
    total = NETWORKS[name].parameters
    assert costs["parameters"] == {"sparse": total - lost, "dense": total}


@every_network
@every_topology
def test_training_flops_follow_the_published_formulas(name, topology):
    interval = 4
    module, opt, sparse = begin(
        name,
        topology,
        update_every=interval + 1,  # one step in so many looks at the dense gradient
        update_until=1.0,
        n_steps=100,
        drop_decay="constant",
    )
    for _ in range(3):
        steps(module, opt, name, interval + 1)
        cost = sparse.costs()["inference_flops"]
        per_sample = training_flops_per_sample(
            topology, cost["sparse"], cost["dense"], update_every=interval
        )
        n_samples = 16 * sparse.n_steps_done
        assert sparse.training_flops["sparse"] == pytest.approx(per_sample * n_samples, rel=1e-12)
        assert sparse.training_flops["dense"] == n_samples * training_flops_per_sample(
            "dense", cost["sparse"], cost["dense"]
        )


def test_accumulated_gradients_count_every_batch():
    module, opt, sparse = begin("mlp", "rigl", update_every=1, n_steps=10)
    for seed in range(3):
        X, y = batch("mlp", 4, seed)
        nn.functional.cross_entropy(module(X), y).backward()
    assert sparse.training_flops == {"sparse": 0, "dense": 0}
    opt.step()
    forward = sparse.costs()["inference_flops"]["sparse"]
    assert sparse.training_flops == {"sparse": 12 * (2 * forward + 520), "dense": 12 * 3 * 520}


def test_bytes_are_what_torch_holds():
    module, opt, sparse = begin("residual", "set", "adam")
    parameters = 4 * 955
    sparse_weights = [k for k, mask in sparse.masks.items() if not mask.all()]
    masks = 4 * sum(NETWORKS["residual"].weights[key] for key in sparse_weights)
    assert sparse.costs(batch("residual", 1)[0])["bytes"] == {
        "sparse": parameters + masks,
        "dense": parameters,
    }
    steps(module, opt, "residual", 1)
    n_counters = 4 * len(list(module.parameters()))  # steps, in Adam's state
    dense = 4 * parameters + n_counters  # weights and three of their size
    assert sparse.costs()["bytes"] == {"sparse": dense + masks, "dense": dense}


def test_costs_need_the_size_of_a_sample():
    _, _, sparse = begin("residual")
    for method in (sparse.costs, sparse.layer_costs):
        with pytest.raises(RuntimeError, match="not called yet"):
            method()
    by_example = sparse.costs(batch("residual", 2)[0])
    assert by_example["inference_flops"]["dense"] == INFERENCE_FLOPS["residual"]
    assert by_example["training_flops"] == {"sparse": 0, "dense": 0}


def test_a_layer_that_is_never_called_is_told():
    with torch.random.fork_rng():
        module = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 3))
    optimizer = torch.optim.SGD(module.parameters(), lr=0.1)
    sparse = SparseTraining(module, optimizer, 0.5, "static", random_state=0)
    functional = nn.functional.linear(module[0](torch.ones(2, 4)), module[1].weight)
    functional.sum().backward()
    with pytest.warns(UserWarning, match="1.weight are not counted"):
        optimizer.step()
    optimizer.step()  # once
    assert sparse.training_flops["dense"] == 3 * 2 * 2 * 16


# Loops of all kinds


def test_random_state_alone_decides():
    def train(random_state, noise=0):
        torch.manual_seed(noise)
        np.random.seed(noise)
        module, opt, _ = begin("convolutional", "set", random_state=random_state)
        return steps(module, opt, "convolutional", 12)

    with torch.random.fork_rng():
        first = train(0)
        assert train(0, 1) == first
        assert train(np.random.default_rng(0), 2) == first
        assert train(1) != first


def test_nothing_global_changes():
    def state():
        return (
            torch.get_rng_state().tolist(),
            np.random.get_state()[1].tolist(),
            torch.get_default_dtype(),
            torch.get_num_threads(),
            torch.is_grad_enabled(),
        )

    before = state()
    for topology in ("set", "rigl"):
        module, opt, sparse = begin("convolutional", topology)
        steps(module, opt, "convolutional", 6)
        sparse.costs(batch("convolutional", 1)[0])
    assert state() == before


def test_parameter_groups_and_schedulers():
    module = make("residual")
    norms = [*module.norm1.parameters(), *module.norm2.parameters(), module.head.bias]
    others = [p for p in module.parameters() if not any(p is n for n in norms)]
    optimizer = torch.optim.SGD(
        [{"params": norms, "weight_decay": 0}, {"params": others, "lr": 0.05}],
        lr=0.1,
        momentum=0.9,
        weight_decay=1e-2,
    )
    sparse = SparseTraining(module, optimizer, n_steps=20, update_every=2, random_state=0)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 20)
    for seed in range(12):
        gradients(module, "residual", seed)
        optimizer.step()
        scheduler.step()
    assert sparse.n_updates == 6
    for key, mask in sparse.masks.items():
        assert not prunable_weights(module)[key][~mask].any()


def test_a_closure():
    module, opt, _ = begin("mlp", "rigl", "adam")
    twin, twin_opt, _ = begin("mlp", "rigl", "adam")
    losses = steps(module, opt, "mlp", 6)
    for form in ("positional", "keyword"):
        for seed in range(3):
            seed += 3 * (form == "keyword")

            def closure(seed=seed):
                with torch.enable_grad():
                    return gradients(twin, "mlp", seed)

            loss = (
                twin_opt.step(closure) if form == "positional" else twin_opt.step(closure=closure)
            )
            assert loss == losses[seed]
    assert_same_weights(module, twin)


@moving
def test_gradients_can_be_masked_before_they_are_clipped(topology):
    """Clipping that only measures changes nothing; it sees what the step will use."""
    module, opt, _ = begin("residual", topology)
    losses = steps(module, opt, "residual", 8)
    twin, twin_opt, sparse = begin("residual", topology)
    for seed in range(8):
        assert gradients(twin, "residual", seed) == losses[seed]
        weight, mask = twin.conv2.weight, sparse.masks["conv2.weight"]
        expected = weight.grad[mask].norm()
        assert weight.grad.norm() > 1.1 * expected
        sparse.mask_gradients()
        torch.testing.assert_close(nn.utils.clip_grad_norm_([weight], torch.inf), expected)
        twin_opt.step()
    assert_same_weights(module, twin)


@moving
def test_gradients_can_be_masked_after_every_batch(topology):
    """Of those that are accumulated: the growth sees the sum of what they are in all places."""
    parts = [begin("residual", topology) for _ in range(2)]
    for step in range(8):
        for module, opt, sparse in parts:
            opt.zero_grad()
            for seed in (2 * step, 2 * step + 1):
                X, y = batch("residual", seed=seed)
                nn.functional.cross_entropy(module(X), y).backward()
                if sparse is parts[1][2]:
                    sparse.mask_gradients()
            opt.step()
    (module, _, sparse), (twin, _, masked) = parts
    assert sparse.connections_changed == masked.connections_changed > 0
    assert_same_weights(module, twin)


def test_gradients_of_a_step_that_is_left_out_are_forgotten():
    module, opt, sparse = begin("mlp", "rigl", update_every=1)
    twin, twin_opt, spoilt = begin("mlp", "rigl", update_every=1)
    for seed in range(4):
        gradients(twin, "mlp", seed)
        for weight in prunable_weights(twin).values():
            weight.grad.fill_(torch.inf)
        spoilt.mask_gradients()  # and no step
        for network, optimizer, training in [(module, opt, sparse), (twin, twin_opt, spoilt)]:
            gradients(network, "mlp", seed)
            training.mask_gradients()
            optimizer.step()
    assert_same_weights(module, twin)


@pytest.mark.parametrize("fused", [False, True])
def test_a_gradient_scaler(fused):
    """Steps that it skips are no steps."""
    module = make("mlp")
    optimizer = torch.optim.AdamW(module.parameters(), lr=0.01, fused=fused)
    sparse = SparseTraining(module, optimizer, 0.3, n_steps=20, update_every=2, random_state=0)
    scaler = torch.amp.GradScaler("cpu", init_scale=8.0)
    for seed in range(8):
        optimizer.zero_grad()
        X, y = batch("mlp", seed=seed)
        loss = nn.functional.cross_entropy(module(X), y)
        if seed in (3, 4):
            loss = loss * torch.inf
        scaler.scale(loss).backward()
        scaler.step(optimizer)
        scaler.update()
    assert sparse.n_steps_done == 6
    assert sparse.n_updates == 3
    assert all(weight.isfinite().all() for weight in module.parameters())
    for key, mask in sparse.masks.items():
        assert not prunable_weights(module)[key][~mask].any()


def test_autocast():
    module, opt, sparse = begin("residual", "rigl")
    for seed in range(4):
        opt.zero_grad()
        X, y = batch("residual", seed=seed)
        with torch.autocast("cpu", torch.bfloat16):
            loss = nn.functional.cross_entropy(module(X), y)
        loss.backward()
        opt.step()
    assert sparse.n_updates == 2
    assert sparse.training_flops["dense"] == 4 * 16 * 3 * INFERENCE_FLOPS["residual"]


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
@moving
def test_other_types(dtype, topology, remote):
    module = make("residual").to(dtype)
    optimizer = torch.optim.SGD(module.parameters(), lr=0.05, momentum=0.9)
    sparse = SparseTraining(
        module, optimizer, 0.3, topology, n_steps=20, update_every=1, random_state=0
    )
    for seed in range(4):
        optimizer.zero_grad()
        X, y = batch("residual", seed=seed)
        nn.functional.cross_entropy(module(X.to(dtype)).float(), y).backward()
        optimizer.step()
    assert sparse.connections_changed > 0
    for key, mask in sparse.masks.items():
        assert int(mask.sum()) == round(sparse.densities[key] * mask.numel())


@pytest.mark.parametrize("bad", [torch.inf, torch.nan])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@moving
@pytest.mark.parametrize("early", [False, True])
def test_what_is_not_finite_stays_out_of_missing_places(bad, dtype, topology, early, remote):
    module = make("residual").to(dtype)
    optimizer = torch.optim.SGD(module.parameters(), lr=0.01, momentum=0.9)
    sparse = SparseTraining(
        module, optimizer, 0.3, topology, n_steps=20, update_every=2, random_state=0
    )
    anywhere = torch.Generator().manual_seed(0)
    for seed in range(4):
        optimizer.zero_grad()
        X, y = batch("residual", seed=seed)
        nn.functional.cross_entropy(module(X.to(dtype)).float(), y).backward()
        for key, mask in sparse.masks.items():
            gradient = prunable_weights(module)[key].grad
            gradient[~mask & (torch.rand(mask.shape, generator=anywhere) < 0.5)] = bad
        if early:
            sparse.mask_gradients()
            assert all(parameter.grad.isfinite().all() for parameter in module.parameters())
        optimizer.step()
        assert all(parameter.isfinite().all() for parameter in module.parameters())
        for key, mask in sparse.masks.items():
            weight = prunable_weights(module)[key]
            assert int(mask.sum()) == round(sparse.densities[key] * mask.numel())
            assert not weight[~mask].any()
            assert all(state.isfinite().all() for state in states_of(optimizer, weight))


@pytest.mark.parametrize("bad", [torch.inf, torch.nan])
def test_what_is_not_finite_goes_with_the_weights_that_go(bad):
    module = make("mlp")
    optimizer = OPTIMIZERS["adam"](module.parameters())
    steps(module, optimizer, "mlp", 1)
    weight = module[0].weight
    with torch.no_grad():
        for tensor in (weight, *states_of(optimizer, weight)):
            tensor[0] = bad
    keep = np.ones((20, 10), dtype=bool)
    keep[0] = False
    ParameterLayer("0.weight", weight, keep, optimizer)
    assert all(tensor.isfinite().all() for tensor in (weight, *states_of(optimizer, weight)))


@moving
def test_the_memory_format_changes_nothing(topology, remote):
    masks = []
    for memory_format in (torch.contiguous_format, torch.channels_last):
        module = make("residual").double().to(memory_format=memory_format)
        optimizer = torch.optim.Adam(module.parameters(), lr=0.01)
        sparse = SparseTraining(
            module, optimizer, 0.3, topology, n_steps=20, update_every=1, random_state=0
        )
        for seed in range(6):
            optimizer.zero_grad()
            X, y = batch("residual", seed=seed)
            nn.functional.cross_entropy(module(X.double()), y).backward()
            optimizer.step()
        assert module.conv2.weight.is_contiguous(memory_format=memory_format)
        masks.append(sparse.masks)
    for key in masks[0]:
        assert torch.equal(masks[0][key], masks[1][key])


def test_a_module_may_change_its_type_and_format_later():
    module, _, sparse = begin("residual", "set")
    module.double().to(memory_format=torch.channels_last)
    optimizer = sparse.optimizer
    for seed in range(4):
        optimizer.zero_grad()
        X, y = batch("residual", seed=seed)
        nn.functional.cross_entropy(module(X.double()), y).backward()
        optimizer.step()
    for key, mask in sparse.masks.items():
        assert not prunable_weights(module)[key][~mask].any()


@moving
def test_a_layer_without_part_in_a_step_stays(topology):
    class Either(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = nn.Linear(6, 6), nn.Linear(6, 6)

        def forward(self, x, a):
            return self.a(x) if a else self.b(x)

    with torch.random.fork_rng():
        module = Either()
    optimizer = torch.optim.Adam(module.parameters(), lr=0.01)
    sparse = SparseTraining(
        module, optimizer, 0.5, topology, n_steps=20, update_every=1, random_state=0
    )
    for seed in range(6):
        before = sparse.masks
        optimizer.zero_grad()
        module(batch("recurring", seed=seed)[0], seed % 2).square().sum().backward()
        optimizer.step()
        still = "b.weight" if seed % 2 else "a.weight"
        assert torch.equal(sparse.masks[still], before[still])
    assert sparse.training_flops["dense"] == 6 * 16 * 3 * 2 * 36


def test_a_growth_rule_of_the_users_own():
    class TopRows:
        """Random places; looks at the gradients of the first two outputs."""

        def __call__(self, layer, dropped, importance, rng):
            assert importance is None
            assert layer.dense_grad(slice(0, 2)).shape == (2, layer.shape[1])
            assert layer.dense_grad(slice(1, 2)).shape == (1, layer.shape[1])  # counted already
            free = free_positions(layer, dropped, len(dropped), rng)
            return growth_at(layer, dropped, free)

    module, opt, sparse = begin("mlp", TopRows(), update_every=1, init="uniform", density=0.5)
    twin, twin_opt, set_ = begin(
        "mlp", "set", update_every=1, init="uniform", density=0.5, drop_decay="constant"
    )
    free = [int((~mask[:2]).sum()) for mask in sparse.masks.values()]
    steps(module, opt, "mlp", 1)
    steps(twin, twin_opt, "mlp", 1)
    assert_same_weights(module, twin)
    more = sparse.training_flops["sparse"] - set_.training_flops["sparse"]
    assert more == 16 * 2 * sum(free)


def test_random_growth_given_as_a_rule_is_set():
    module, opt, _ = begin("residual", RandomGrow())
    twin, twin_opt, _ = begin("residual", "set")
    assert steps(module, opt, "residual", 6) == steps(twin, twin_opt, "residual", 6)


def test_training_longer_than_said():
    module, opt, sparse = begin("mlp", "rigl", n_steps=4, update_every=1, update_until=1.0)
    steps(module, opt, "mlp", 8)
    assert (sparse.n_updates, sparse.n_steps_done) == (3, 8)


def test_an_optimizer_that_has_a_state_already():
    module = make("mlp")
    optimizer = torch.optim.Adam(module.parameters(), lr=0.01)
    steps(module, optimizer, "mlp", 3)
    sparse = SparseTraining(module, optimizer, 0.2, n_steps=20, random_state=0)
    for key, mask in sparse.masks.items():
        weight = prunable_weights(module)[key]
        assert not any(state[~mask].any() for state in states_of(optimizer, weight))


# Beginning and end


def test_remove():
    module, opt, sparse = begin("mlp", "set")
    with sparse as entered:
        assert entered is sparse
        steps(module, opt, "mlp", 4)
    flops = sparse.training_flops
    assert int(module[0].weight.count_nonzero()) <= int(sparse.masks["0.weight"].sum())
    steps(module, opt, "mlp", 4)
    assert sparse.n_steps_done == 4 and sparse.training_flops == flops
    assert (module[0].weight != 0).sum() > sparse.masks["0.weight"].sum()
    assert not any(part._forward_hooks or part._forward_pre_hooks for part in module.modules())
    assert not opt._optimizer_step_pre_hooks and not opt._optimizer_step_post_hooks
    sparse.remove()


def test_two_at_once():
    module, optimizer, sparse = begin("residual")
    with pytest.raises(ValueError, match="conv1.weight is already in a sparse training"):
        SparseTraining(module, optimizer, 0.1, "static")
    with pytest.raises(ValueError, match="already"):
        SparseTraining(module.conv2, optimizer, 0.1, "static")
    sparse.remove()
    SparseTraining(module.conv2, optimizer, 0.1, "static", random_state=0)
    SparseTraining(module.conv1, optimizer, 0.5, "static", random_state=0)
    steps(module, optimizer, "residual", 2)
    assert int(module.conv1.weight.count_nonzero()) == 144
    assert int(module.conv2.weight.count_nonzero()) == 58


@pytest.mark.parametrize("first", ["sparse", "art"])
@pytest.mark.parametrize("second", ["sparse", "art"])
def test_two_at_once_with_optimizers_of_their_own(first, second):
    """Each would undo what the other does; the one that comes second changes nothing."""
    module = make("residual")

    def start(kind, optimizer):
        if kind == "sparse":
            return SparseTraining(module, optimizer, 0.5, "static", random_state=0)
        art = AdaptiveRegularization(module, 0.5, warmup_epochs=0, initial_strength=1.0)
        return art.attach(optimizer)

    def sgd():
        return torch.optim.SGD(module.parameters(), lr=0.1)

    one, other = sgd(), sgd()
    training = start(first, one)
    before = copy.deepcopy(module)
    for optimizer in (one, other):
        with pytest.raises(ValueError, match="conv1.weight is already in a sparse training"):
            start(second, optimizer)
    assert_same_weights(module, before)
    assert not other._optimizer_step_pre_hooks
    training.remove()
    start(second, other)


def test_one_that_nobody_holds_any_more_does_not_keep_others_out():
    module, opt, sparse = begin("residual")
    del opt, sparse
    SparseTraining(module, torch.optim.SGD(module.parameters(), lr=0.1), 0.5, "static")


def test_a_refused_one_leaves_no_hooks():
    module = make("residual")
    optimizer = torch.optim.SGD(module.conv1.parameters(), lr=0.1)
    with pytest.raises(ValueError, match="not among its parameters"):
        SparseTraining(module, optimizer, 0.5, "static")
    assert not any(part._forward_hooks or part._forward_pre_hooks for part in module.modules())


@pytest.mark.parametrize("twin_of", [copy.copy, copy.deepcopy, pickle.dumps])
def test_it_cannot_be_copied(twin_of):
    _, _, sparse = begin("mlp")
    with pytest.raises(TypeError, match=r"state_dict\(\) of this one"):
        twin_of(sparse)


def test_works_without_being_kept_and_goes_with_the_optimizer():
    module, opt, sparse = begin("mlp", "static")
    n, alive = sparse.n_connections, weakref.ref(sparse)
    del sparse
    steps(module, opt, "mlp", 3)
    assert sum(int(w.count_nonzero()) for w in prunable_weights(module).values()) == n
    del opt, module
    gc.collect()
    assert alive() is None


def test_the_module_can_be_copied_and_pickled():
    module, opt, sparse = begin("residual")
    steps(module, opt, "residual", 2)
    flops = sparse.training_flops
    for twin in (copy.deepcopy(module), pickle.loads(pickle.dumps(module))):
        assert_same_weights(twin, module)
        gradients(twin, "residual", 0)
    assert sparse.training_flops == flops
    steps(module, opt, "residual", 1)
    assert sparse.training_flops["dense"] == flops["dense"] * 3 // 2


@pytest.mark.parametrize("n_before", [5, 6])  # before an update, and after it
@every_topology
def test_a_resumed_training_is_the_uninterrupted_one(n_before, topology, remote):
    module, opt, sparse = begin("residual", topology, "adam")
    losses = steps(module, opt, "residual", 18)

    first, first_opt, interrupted = begin("residual", topology, "adam")
    assert steps(first, first_opt, "residual", n_before) == losses[:n_before]
    stored = io.BytesIO()
    parts = (first, first_opt, interrupted)
    torch.save([part.state_dict() for part in parts], stored)

    twin, twin_opt, resumed = begin("residual", topology, "adam", random_state=7)
    stored.seek(0)
    for part, state in zip((twin, twin_opt, resumed), torch.load(stored, weights_only=True)):
        part.load_state_dict(state)
    assert steps(twin, twin_opt, "residual", 18 - n_before, n_before) == losses[n_before:]
    assert_same_weights(twin, module)
    assert all(torch.equal(mask, resumed.masks[key]) for key, mask in sparse.masks.items())
    assert resumed.costs() == sparse.costs()
    for name in ("n_updates", "n_steps_done", "connections_changed", "densities"):
        assert getattr(resumed, name) == getattr(sparse, name)


def test_a_state_of_another_network_is_refused():
    _, _, sparse = begin("mlp")
    _, _, other = begin("residual")
    with pytest.raises(ValueError, match="state is of other layers"):
        sparse.load_state_dict(other.state_dict())


# Bad input


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"density": 0}, "density must be"),
        ({"density": 1.1}, "density must be"),
        ({"density": "0.1"}, "density must be"),
        ({"density": 0.001}, "density=0.001 leaves .* without a connection"),
        ({"topology": "prune"}, "topology must be"),
        ({"topology": None}, "topology must be"),
        ({"init": "er"}, "init must be"),
        ({"init": [0.1]}, "init must be"),
        ({"init": lambda shapes, density: [0.1]}, "init must return a density for each of the 4"),
        (
            {"init": lambda shapes, density: [0.1, 0.1, 2, 0.1]},
            "init must return a density for each .* Got 2",
        ),
        ({"n_steps": None}, "n_steps must be given"),
        ({"n_steps": 0}, "n_steps must be"),
        ({"n_steps": 10.0}, "n_steps must be"),
        ({"update_every": 0}, "update_every must be"),
        ({"update_every": "epoch"}, "update_every must be"),
        ({"update_until": 1.5}, "update_until must be"),
        ({"drop_fraction": -0.1}, "drop_fraction must be"),
        ({"drop_fraction": math.nan}, "drop_fraction must be"),
        ({"drop_decay": "linear"}, "drop_decay must be"),
        ({"ignore": "fc"}, "ignore: 'fc' is not a .* conv1.weight"),
        ({"ignore": ["conv1", "conv2", "shortcut", "head"]}, "ignore leaves no layer"),
        ({"random_state": -1}, "random_state must be"),
        ({"random_state": "0"}, "random_state must be"),
    ],
)
def test_arguments_are_checked_and_nothing_changes(params, message):
    module = make("residual")
    before = copy.deepcopy(module)
    optimizer = torch.optim.SGD(module.parameters(), lr=0.1)
    with pytest.raises(ValueError, match=message):
        SparseTraining(module, optimizer, **{"n_steps": 10, "random_state": 0, **params})
    assert_same_weights(module, before)
    assert not optimizer._optimizer_step_pre_hooks
    assert not module.conv1._forward_hooks


def test_modules_and_optimizers_are_checked():
    module = make("residual")
    optimizer = torch.optim.SGD(module.parameters(), lr=0.1)
    with pytest.raises(ValueError, match="module must be"):
        SparseTraining(torch.nn.functional.relu, optimizer, n_steps=10)
    with pytest.raises(ValueError, match="module must contain"):
        SparseTraining(nn.ReLU(), optimizer, n_steps=10)
    with pytest.raises(ValueError, match="optimizer must be"):
        SparseTraining(module, 0.1, n_steps=10)
    with pytest.raises(ValueError, match="LBFGS"):
        SparseTraining(module, torch.optim.LBFGS(module.parameters()), n_steps=10)
    few = torch.optim.SGD([module.conv1.weight], lr=0.1)
    with pytest.raises(ValueError, match="optimizer: conv2.weight is not among its parameters"):
        SparseTraining(module, few, n_steps=10)
    module.conv2.requires_grad_(False)
    with pytest.raises(ValueError, match="conv2.weight is frozen; put it into ignore"):
        SparseTraining(module, optimizer, n_steps=10)
    SparseTraining(module, optimizer, n_steps=10, ignore="conv2", random_state=0)


def test_weights_that_diverge_name_their_layer():
    module, opt, _ = begin("mlp", update_every=1)
    gradients(module, "mlp", 0)
    module[2].weight.grad += torch.nan
    with pytest.raises(FloatingPointError, match=r"2.weight.*Lower the learning rate"):
        opt.step()


@pytest.mark.slow
def test_a_compiled_module_is_counted_as_the_plain_one():
    module, opt, sparse = begin("residual", "rigl")
    compiled = torch.compile(module, backend="eager")
    for seed in range(4):
        X, y = batch("residual", seed=seed)
        opt.zero_grad()
        nn.functional.cross_entropy(compiled(X), y).backward()
        opt.step()
    twin, twin_opt, plain = begin("residual", "rigl")
    steps(twin, twin_opt, "residual", 4)
    assert sparse.costs() == plain.costs()
    assert sparse.connections_changed == plain.connections_changed
