# SPDX-License-Identifier: BSD-3-Clause
"""Input neurons that leave and come back, against a literal, dense version."""

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from sparsefs.networks import FeedForward
from sparsefs.topology import InputEvolution, Topology, UpdateSchedule, inputs
from sparsefs.training.batches import Batches
from sparsefs.training.scaling import Scaling
from tests.layers import dense


class Dense:
    """The same on matrices over all features, with full sorts."""

    def __init__(self, weight, mask, n_keep, n_epochs, until, swap_fraction):
        self.weight, self.mask = weight.copy(), mask.copy()
        self.alive = list(range(weight.shape[1]))
        self.protected = set()
        self.n_all, self.n_keep, self.n_epochs = weight.shape[1], n_keep, n_epochs
        self.until, self.swap_fraction = until, swap_fraction

    def n_alive_after(self, epoch):
        n_to_remove = self.n_all - self.n_keep
        last = min(max(round(self.until * self.n_epochs), 2), self.n_epochs - 1)
        if epoch < 2:
            return self.n_all
        if epoch >= last:
            return self.n_keep
        return self.n_all - round((epoch - 1) / (last - 1) * n_to_remove)

    def evolve(self, epoch, gradient):
        """Return how many connections moved."""
        size, before = abs(gradient), int(self.mask.sum())
        gone = [j for j in range(self.n_all) if j not in self.alive]
        degree = round(before / len(self.alive))
        n_leave = len(self.alive) - self.n_alive_after(epoch)
        share = self.swap_fraction * (1 - epoch / self.n_epochs)
        n_swap = int(share * min(len(gone), len(self.alive)))
        n_swap = max(0, min(n_swap, len(self.alive) - len(self.protected) - n_leave))
        strength = abs(self.weight).sum(0)
        by_strength = sorted(self.alive, key=lambda j: (j in self.protected, strength[j], -j))
        leaving = by_strength[: n_leave + n_swap]
        back = sorted(gone, key=lambda j: (-size[:, j].sum(), j))[:n_swap]
        lost = int(self.mask[:, leaving].sum())
        self.mask[:, leaving] = False
        self.weight[:, leaving] = 0
        self.alive = sorted({*self.alive, *back} - set(leaving))
        self.protected = set(back)
        for j in back:
            steepest = np.argsort(-size[:, j], kind="stable")[: max(1, degree)]
            self.mask[steepest, j] = True
        free = [
            (-size[i, j], i, j)
            for i in range(len(self.mask))
            for j in self.alive
            if not self.mask[i, j]
        ]
        for _, i, j in sorted(free)[: max(0, before - int(self.mask.sum()))] if leaving else ():
            self.mask[i, j] = True
        return lost


class Run:
    """A training whose steps are random weights and gradients, and both evolutions of it."""

    def __init__(
        self,
        n_features=12,
        n_hidden=4,
        n_keep=3,
        n_epochs=8,
        until=0.65,
        swap_fraction=0.5,
        density=0.5,
        kernel="csr",
        seed=0,
    ):
        self.rng = np.random.default_rng(seed)
        self.X = self.rng.standard_normal((9, n_features)).astype(np.float32)
        self.batches = Batches(self.X, Scaling(self.X, "none"), 5, self.rng, "cpu")
        positions = np.flatnonzero(self.rng.random(n_hidden * n_features) < density)
        self.network = FeedForward.from_positions(
            [n_features, n_hidden, 2],
            [positions, np.arange(2 * n_hidden)],
            ["tanh", "identity"],
            rng=self.rng,
            kernel=kernel,
        )
        self.n_epochs = n_epochs
        self.evolution = InputEvolution(
            Topology([None, None], UpdateSchedule("epoch"), self.rng),
            self.batches,
            np.arange(n_features),
            n_keep,
            n_epochs,
            until=until,
            swap_fraction=swap_fraction,
            kernel=kernel,
        )
        self.oracle = Dense(*dense(self.network.layers[0]), n_keep, n_epochs, until, swap_fraction)

    def epochs(self, new_weights=True):
        """Run; (number of epochs so far, connections that moved, the oracle's number)."""
        for epoch in range(1, self.n_epochs + 1):
            n_steps = len(self.batches)
            for x, _, _ in self.batches:
                output = self.network.forward(x)
                gradient = self.rng.standard_normal(output.shape).astype(np.float32)
                self.network.backward(torch.from_numpy(gradient))
            if new_weights:
                self.update()
            # The loaded features come from the Batches, the rest is literal.
            rows, grad = self.batches.last_rows, self.network.layers[0].seen[1].numpy()
            gradient = grad @ self.X[rows]
            moved = self.evolution.after_step(
                epoch * n_steps, n_steps, self.n_epochs * n_steps, self.network, None
            )
            due = 2 <= epoch < self.n_epochs
            yield epoch, moved, self.oracle.evolve(epoch, gradient) if due else 0

    def update(self):
        """New weights for the connections there are, of which some are 0."""
        alive, weight = self.evolution.alive, self.oracle.weight
        drawn = self.rng.integers(-8, 9, weight.shape) * self.oracle.mask
        weight[:] = drawn
        layer = self.network.layers[0]
        layer.values.copy_(torch.from_numpy(drawn[layer.rows, alive[layer.cols]]))

    def whole(self):
        """(weights, mask) of the network's first layer over all features."""
        weight, mask = np.zeros_like(self.oracle.weight), np.zeros_like(self.oracle.mask)
        alive = self.evolution.alive
        weight[:, alive], mask[:, alive] = dense(self.network.layers[0])
        return weight, mask


@pytest.mark.parametrize("kernel", ["csr", "masked"])
@pytest.mark.parametrize("chunk", [1, 2**20])
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_evolution_equals_the_literal_one(kernel, chunk, data):
    n_features = data.draw(st.integers(1, 14), "n_features")
    run = Run(
        n_features,
        n_hidden=data.draw(st.integers(1, 5), "n_hidden"),
        n_keep=data.draw(st.integers(1, n_features), "n_keep"),
        n_epochs=data.draw(st.integers(1, 9), "n_epochs"),
        until=data.draw(st.sampled_from([0.1, 0.65, 1.0]), "until"),
        swap_fraction=data.draw(st.sampled_from([0.0, 0.2, 0.7, 1.0]), "swap_fraction"),
        density=data.draw(st.sampled_from([0.1, 0.5, 1.0]), "density"),
        kernel=kernel,
        seed=data.draw(st.integers(0, 99), "seed"),
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(inputs, "_CHUNK", chunk)
        for _, moved, expected in run.epochs():
            np.testing.assert_array_equal(run.evolution.alive, run.oracle.alive)
            weight, mask = run.whole()
            np.testing.assert_array_equal(mask, run.oracle.mask)
            np.testing.assert_array_equal(weight, run.oracle.weight)
            assert moved == expected


@pytest.mark.parametrize(
    ("n_epochs", "until", "n_alive"),
    [
        (10, 0.65, [20, 17, 14, 10, 7, 4, 4, 4, 4, 4]),  # round(6.5) is 6
        (
            10,
            1.0,
            [20, 18, 16, 14, 12, 10, 8, 6, 4, 4],
        ),  # the last epoch trains those that are left
        (6, 0.1, [20, 4, 4, 4, 4, 4]),
        (3, 0.65, [20, 4, 4]),
        (2, 0.65, [20, 20]),  # nothing leaves before the second epoch, nor after the last
    ],
)
def test_the_plan(n_epochs, until, n_alive):
    run = Run(20, n_keep=4, n_epochs=n_epochs, until=until)
    assert [len(run.evolution.alive) for _ in run.epochs()] == n_alive


def test_all_stay_if_there_are_no_more_than_are_kept():
    run = Run(5, n_keep=9)
    for _, moved, _ in run.epochs():
        assert moved == 0
        np.testing.assert_array_equal(run.evolution.alive, np.arange(5))


def test_without_swaps_none_comes_back():
    run, before = Run(20, swap_fraction=0.0), set(range(20))
    for _ in run.epochs():
        assert set(run.evolution.alive) <= before
        before = set(run.evolution.alive)


def test_what_came_back_is_safe_for_an_epoch_and_no_longer():
    # Its weights stay 0 here, so that it is the weakest.
    run = Run(40, n_keep=10, n_epochs=20, swap_fraction=0.3)
    alive = [set(run.evolution.alive) for _ in run.epochs(new_weights=False)]
    back = [after - before for before, after in itertools.pairwise(alive)]
    for came, next_alive in zip(back, alive[2:]):
        assert came <= next_alive
    assert any(came - later for came, later in zip(back, alive[3:]))


def test_the_safety_ends_in_an_epoch_in_which_none_leaves():
    for seed in range(10):  # one feature leaves after every third epoch
        run = Run(4, n_keep=1, n_epochs=11, swap_fraction=1.0, seed=seed)
        for _ in run.epochs():
            np.testing.assert_array_equal(run.evolution.alive, run.oracle.alive)


def test_who_came_back_leaves_last_if_the_plan_cannot_be_kept_without():
    run = Run(12, n_keep=2, swap_fraction=0.0)
    epochs, evolution = run.epochs(), run.evolution
    next(epochs)
    evolution._protected, evolution.until = np.arange(5), 0.1  # all have to leave at once
    next(epochs)
    assert len(evolution.alive) == 2
    assert set(evolution.alive) <= set(range(5))


def test_features_that_left_are_not_loaded():
    run = Run(12)
    for _ in run.epochs():
        rows = np.arange(3)
        x = run.batches.batch(rows).x
        np.testing.assert_array_equal(x.numpy(), run.X[rows][:, run.evolution.alive].T)
    assert x.shape == (3, 3)


def test_memory_does_not_grow_with_the_number_that_left(monkeypatch):
    monkeypatch.setattr(inputs, "_CHUNK", 20)
    run, sizes = Run(60, n_keep=3, swap_fraction=1.0), []
    features = run.batches.features
    monkeypatch.setattr(
        run.batches, "features", lambda columns: sizes.append(len(columns)) or features(columns)
    )
    n_alive = 60
    for _ in run.epochs():
        # Chunks of those that left, with gradients at 4 neurons of 4 samples; and once those
        # that are there.
        assert max(sizes, default=0) <= max(5, n_alive)
        assert sum(n > 5 for n in sizes) <= 1
        n_alive = len(run.evolution.alive)
        sizes.clear()


def test_who_left_later_or_was_stronger_has_the_larger_number():
    run = Run(30, n_keep=5, swap_fraction=0.0)
    left = {}
    for epoch, _, _ in run.epochs():
        gone = np.setdiff1d(np.arange(30), run.evolution.alive)
        left |= {j: epoch for j in gone if j not in left}
    removed_at = run.evolution.removed_at
    np.testing.assert_array_equal(np.floor(removed_at[list(left)]), list(left.values()))
    assert (removed_at[run.evolution.alive] == 0).all()
    assert len(np.unique(removed_at[list(left)])) == len(left) == 25


def test_dense_gradients_are_counted_as_operations():
    run = Run(12, swap_fraction=0.0)
    epochs = run.epochs()
    next(epochs)
    flops = run.network.training_flops
    n_connections = run.network.n_connections
    next(epochs)
    alive, n_last = len(run.evolution.alive), len(run.batches.last_rows)
    steps = 6 * n_connections * 9
    assert run.network.training_flops - flops == steps + 2 * 4 * alive * n_last
