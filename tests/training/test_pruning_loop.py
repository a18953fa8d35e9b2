# SPDX-License-Identifier: BSD-3-Clause
"""Gradual pruning: its parts against literal ones, and the order in which features go."""

import numpy as np
import pytest
import torch
from scipy import sparse
from scipy.stats import norm

from sparsefs import open_shards
from sparsefs.data.summary import Summary
from sparsefs.data.target import Target
from sparsefs.networks.shared_inputs import Parameter, SharedInputNetworks
from sparsefs.networks.sparse_inputs import SparseInputs
from sparsefs.training import normal_scores, shrinking_batches
from sparsefs.training.losses import CrossEntropyLoss, SquaredErrorLoss
from sparsefs.training.objective import Objective, OfEach, principal_components
from sparsefs.training.optimizers import AdamW
from sparsefs.training.progress import Epochs
from sparsefs.training.pruning_loop import GradualPruning, InputImportance, PruningSchedule
from sparsefs.training.scaling import Clipping, Scaling
from sparsefs.training.shrinking_batches import ShrinkingBatches
from tests.shards import write_npy


@pytest.fixture
def X():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((90, 20)) * rng.uniform(0.1, 30, 20) + rng.uniform(-5, 5, 20)
    X[:, 3] = 2.5
    X[:, 7] = rng.random(90) < 0.02  # rare
    X[0, 11] = 1e4  # an outlier
    return X.astype(np.float32)


@pytest.fixture
def counts():
    return sparse.random(90, 20, 0.1, "csr", np.float32, random_state=0) * 3


@pytest.fixture(autouse=True)
def a_knot_for_every_row(monkeypatch):
    monkeypatch.setattr(normal_scores, "_N_KNOTS", 90)


def normal(*shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(len(shape)))


def clipping_of(X, weight=None, **options):
    summary = Summary.of(X, weight)
    constant = summary.used_low == summary.used_high
    scaling = Scaling(X, "feature", weight, summary)
    return Clipping(X, scaling, weight, constant, **options), constant


def all_scaled(clipping, X, columns):
    blocks = list(clipping.blocks(X, np.arange(X.shape[0]), columns))
    np.testing.assert_array_equal(np.concatenate([rows for rows, _ in blocks]), range(X.shape[0]))
    return np.concatenate([block for _, block in blocks])


def literal_scaling(X, weight=None):
    X = np.asarray(X.toarray() if sparse.issparse(X) else X, dtype=np.float64)
    w = np.ones(len(X)) if weight is None else weight
    constant = np.ptp(X[w > 0], axis=0) == 0
    mean = np.average(X, axis=0, weights=w)
    std = np.sqrt(np.average((X - mean) ** 2, axis=0, weights=w))
    z = np.clip((X - mean) / np.where(constant, 1, std), -3, 3)
    for j in np.flatnonzero(~constant):  # with heavy tails: normal scores of the ranks
        share = np.array([w[X[:, j] == x].sum() for x in X[:, j]]) / w.sum()
        before = np.array([w[X[:, j] < x].sum() for x in X[:, j]]) / w.sum()
        left = np.average((z[:, j] - np.average(z[:, j], weights=w)) ** 2, weights=w)
        if left < 0.5 and share[w > 0].max() < 0.5:
            z[:, j] = norm.ppf(before + share / 2).clip(-3, 3)
    again = np.sqrt(np.average((z - np.average(z, axis=0, weights=w)) ** 2, axis=0, weights=w))
    return (z - np.average(z, axis=0, weights=w)) / np.where(constant, 1, np.maximum(again, 0.5))


@pytest.mark.parametrize("weighted", [False, True])
def test_scaling_is_the_literal_one(X, counts, weighted):
    weight = (np.arange(90) % 3) * 1.5 if weighted else None
    for data in (X, counts, np.float64(X)):
        clipping, constant = clipping_of(data, weight)
        columns = np.flatnonzero(~constant)
        got = all_scaled(clipping, data, columns)
        assert got.dtype == np.float32
        used = slice(None) if weight is None else weight > 0
        expected = literal_scaling(data, weight)[:, columns]
        np.testing.assert_allclose(got[used], expected[used], atol=2e-4)
        assert np.abs(got).max() <= 12  # 6 each side of the mean


def test_sparse_and_dense_are_scaled_alike(counts):
    (of_sparse, _), (of_dense, _) = clipping_of(counts), clipping_of(counts.toarray())
    for name in ("mean", "scale", "clipped_mean", "clipped_scale"):
        np.testing.assert_allclose(getattr(of_sparse, name), getattr(of_dense, name), rtol=1e-6)


def test_root_scaling_keeps_the_root_of_the_spread(X):
    X = X[:, [0, 1, 2, 4, 5, 6]]
    clipping, _ = clipping_of(X, keep_spread=True)
    got = all_scaled(clipping, X, np.arange(6)).std(axis=0) ** 2
    np.testing.assert_allclose(got / got[0], X.std(axis=0) / X.std(axis=0)[0], rtol=1e-3)
    assert got.mean() == pytest.approx(1, rel=1e-3)


def heavy_tails(n=90):
    z = np.random.default_rng(0).standard_normal((n, 6))
    X = np.exp(z * [3, 1, 0.1, 6, 0, 4])
    X[:, 5] = np.rint(X[:, 5])  # many are 0 or 1
    return X


def test_heavy_tails_become_normal_scores_however_X_is_stored(tmp_path, monkeypatch):
    monkeypatch.setattr(normal_scores, "_MOST_NUMBERS", 100)  # a column at a time
    X = heavy_tails()
    columns, expected = np.array([0, 1, 2, 3, 5]), literal_scaling(X)
    tables = [X, sparse.csr_array(X), open_shards(write_npy(tmp_path / "shards", X))]
    for data in (*tables, np.float32(X)):
        clipping, _ = clipping_of(data)
        assert {0, 3, 5} <= set(clipping.scores.columns) <= {0, 1, 3, 5}
        atol = 2e-4 if data.dtype == np.float64 else 2e-2
        np.testing.assert_allclose(
            all_scaled(clipping, data, columns), expected[:, columns], atol=atol
        )


def test_ranks_need_no_knot_for_every_row(monkeypatch):
    monkeypatch.undo()
    X = heavy_tails(5000)[:, [0, 3]]  # found on 2,000 of the rows
    got = all_scaled(clipping_of(X)[0], X, np.arange(2))
    ranks = norm.ppf((X.argsort(0).argsort(0) + 0.5) / 5000)
    for a, b in zip(got.T, ranks.T, strict=True):
        assert np.corrcoef(a, b)[0, 1] > 0.99


def test_a_rare_feature_keeps_its_values():
    X = np.column_stack([np.arange(90) % 30 == 0, np.arange(90) % 7]).astype(float)
    assert clipping_of(X)[0].scores.columns.size == 0


def dense(parts):
    if isinstance(parts, SparseInputs):
        return parts[:]
    return torch.cat([some for _, some in parts])


@pytest.mark.parametrize("held", [10**9, 700, 0])
@pytest.mark.parametrize("kind", ["dense", "csr", "heavy tails", "heavy tails, csr"])
def test_batches_are_the_scaled_rows_of_the_columns_left(X, counts, kind, held, monkeypatch):
    monkeypatch.setattr(shrinking_batches, "HELD", held)
    data = {"dense": X, "csr": counts, "heavy tails": heavy_tails()}
    data["heavy tails, csr"] = sparse.csr_matrix(data["heavy tails"])
    data = data[kind]
    clipping, constant = clipping_of(data)
    columns = np.flatnonzero(~constant)
    expected = literal_scaling(data)
    weight = np.where(np.arange(90) == 5, 0.0, 1.0)
    rng = np.random.default_rng(0)
    batches = ShrinkingBatches(data, clipping, columns, 30, rng, "cpu", weight)
    endless, seen = iter(batches), []
    for step in range(9):
        rows, parts = next(endless)
        seen.append(rows)
        for _ in range(2):  # as often as one likes
            x = dense(parts)
            np.testing.assert_allclose(x.T, expected[np.ix_(rows, columns)], atol=2e-4)
        if step % 3 == 2:  # an epoch of 89 rows
            assert sorted(np.concatenate(seen[-3:])) == [i for i in range(90) if i != 5]
            kept = torch.arange(0, len(columns), 2)
            columns = columns[::2]
            batches.keep(columns, kept)


def test_batches_are_the_same_whether_held_or_not(X, counts):
    seen = []
    for data in (counts, counts.toarray()):  # dense data are held from the beginning
        clipping, constant = clipping_of(data)
        columns = np.flatnonzero(~constant)
        batches = ShrinkingBatches(data, clipping, columns, 30, np.random.default_rng(0), "cpu")
        endless, rows = iter(batches), []
        for step in range(7):
            rows.append(next(endless)[0])
            if step == 3:  # in the middle of an epoch
                batches.keep(columns[:3], torch.arange(3))
        assert batches.held is not None
        seen.append(np.concatenate(rows))
    np.testing.assert_array_equal(*seen)


def test_a_column_that_differs_by_rounding_only_does_not_silence_the_others():
    X = np.random.default_rng(0).standard_normal((50, 4)) * 1e-12
    X[:, 3] = 1e-13 + np.r_[np.zeros(49), 1.4e-29]
    clipping, _ = clipping_of(X, keep_spread=True)
    scaled = all_scaled(clipping, X, np.arange(4))
    assert 0.5 < scaled[:, :3].std(axis=0).mean() < 2


def test_few_rows_are_taken_all_at_once(X):
    clipping, _ = clipping_of(X)
    batches = ShrinkingBatches(X, clipping, np.arange(3), 60, np.random.default_rng(0), "cpu")
    endless = iter(batches)
    for _ in range(3):
        np.testing.assert_array_equal(next(endless)[0], np.arange(90))


def test_parts_of_a_wide_batch_make_up_the_batch(monkeypatch):
    monkeypatch.setattr(shrinking_batches, "HELD", 0)
    monkeypatch.setattr("sparsefs.training.batches._MANY", 1000)
    data = np.random.default_rng(0).standard_normal((40, 5000)).astype(np.float32)
    clipping, _ = clipping_of(data)
    rng = np.random.default_rng(0)
    batches = ShrinkingBatches(data, clipping, np.arange(5000), 20, rng, "cpu")
    rows, parts = next(iter(batches))
    got = [(part, some.clone()) for part, some in parts]
    assert len(got) == 3
    x = torch.cat([some for _, some in got])
    np.testing.assert_allclose(x.T, literal_scaling(data)[rows], atol=2e-4)


def test_schedule_falls_from_all_to_the_last():
    schedule = PruningSchedule()
    left = [schedule.n_inputs(1000, step / 100) for step in range(101)]
    assert left[:4] == [1000] * 4
    assert (np.diff(left) <= 0).all()
    assert left[80] == 20
    assert left[97:] == [5] * 4
    # Half of the logarithm has gone before a third of the pruning.
    assert left[3 + 23] < np.sqrt(1000 * 20)
    assert [schedule.n_inputs(8, p) for p in (0, 0.5, 0.8, 1)] == [8, 8, 8, 5]
    assert [schedule.n_inputs(1, p) for p in (0, 0.5, 0.8, 1)] == [1, 1, 1, 1]


def test_importance_is_the_running_mean_of_shares():
    rng = torch.Generator().manual_seed(0)
    importance = InputImportance(6, 2, 0.9, "cpu")
    expected = np.zeros((6, 2))
    for _ in range(3):
        weights, gradient = torch.randn(2, 6, 2, 5, generator=rng)
        importance.look_at((weights * gradient).sum(2))
        change = np.abs((weights * gradient).sum(2).numpy())
        expected = 0.9 * expected + 0.1 * change / change.sum(axis=0)
    np.testing.assert_allclose(importance.values, expected, rtol=1e-5)
    importance.keep(torch.tensor([0, 5]))
    np.testing.assert_allclose(importance.values, expected[[0, 5]], rtol=1e-5)
    quiet = InputImportance(6, 2, 0.9, "cpu")
    quiet.look_at(0 * weights.sum(2))  # nothing to learn is not an error
    assert (quiet.values == 0).all()


def test_components_are_those_of_the_scaled_data(X):
    clipping, constant = clipping_of(X)
    columns, rows = np.flatnonzero(~constant), np.arange(90)
    scores = principal_components(X, clipping, columns, rows, 4, np.random.default_rng(0))
    z = all_scaled(clipping, X, columns).astype(np.float64)
    u, s, _ = np.linalg.svd(z, full_matrices=False)
    expected = u[:, :4] * np.sqrt(s[:4])
    expected /= np.sqrt((expected**2).mean())
    np.testing.assert_allclose(np.abs(scores), np.abs(expected), atol=0.05)  # randomised


def test_a_weight_is_a_number_of_copies_to_the_components(X):
    weight = np.arange(90) % 3 * 1.0
    copies = np.repeat(np.arange(90), weight.astype(int))
    columns = np.array([0, 1, 2, 4, 5])
    rows = np.flatnonzero(weight)
    a = principal_components(
        X, clipping_of(X, weight)[0], columns, rows, 3, np.random.default_rng(0), weight
    )
    b = principal_components(
        X[copies], clipping_of(X[copies])[0], columns, np.arange(len(copies)), 3,
        np.random.default_rng(0),
    )  # fmt: skip
    ratio = a[copies] / b
    np.testing.assert_allclose(ratio, np.median(ratio), rtol=2e-2)
    assert (a[weight == 0] == 0).all()


@pytest.mark.parametrize("weighted", [False, True])
def test_objective_is_the_loss_of_every_network(weighted):
    rng = np.random.default_rng(0)
    y = rng.integers(3, size=20)
    weight = rng.random(20) if weighted else None
    objective = Objective(CrossEntropyLoss(), y, weight, "cpu")
    rows = np.array([3, 4, 9, 12])
    outputs = normal(2, 3, 4).requires_grad_()
    loss, grad = objective(outputs.detach(), rows)
    w = torch.ones(4) if weight is None else torch.from_numpy(weight[rows]).float()
    entropy = torch.nn.functional.cross_entropy(
        outputs.permute(0, 2, 1).flatten(0, 1), torch.from_numpy(np.tile(y[rows], 2)),
        reduction="none",
    ).view(2, 4)  # fmt: skip
    ((entropy * w).mean(1)).sum().backward()
    torch.testing.assert_close(grad, outputs.grad, rtol=1e-4, atol=1e-5)
    assert float(loss) == pytest.approx(float((entropy * w).mean().detach()), rel=1e-4)


def test_a_loss_for_one_network_serves_several():
    outputs, target = normal(3, 2, 7), normal(2, 7)
    losses, gradients = OfEach(SquaredErrorLoss())(outputs.clone(), target)
    expected, grad = SquaredErrorLoss()(outputs.clone(), target)
    torch.testing.assert_close(losses.double(), expected.double())
    torch.testing.assert_close(gradients, grad)


def training_of(X, y, **options):
    clipping, constant = clipping_of(X)
    columns = np.flatnonzero(~constant)
    target = Target.of(y, "auto")
    objective = Objective(CrossEntropyLoss(), target.values, None, "cpu")
    networks = SharedInputNetworks(
        len(columns), 4, 2, target.n_outputs, torch.Generator().manual_seed(0)
    )
    rng = np.random.default_rng(0)
    batches = ShrinkingBatches(X, clipping, columns, 30, rng, "cpu")
    options = {
        "width": lambda n: 2 if n > 9 else 4,
        "noise_std": torch.full((4, 1, 1), 0.5),
        "loss_of_constant": None,
        "regressions": None,
        **options,
    }
    return GradualPruning(
        networks, batches, columns, objective, PruningSchedule(),
        optimizer=AdamW(0.01, 1.0, 40), memory=0.9, n_steps=2, **options,
    )  # fmt: skip


def test_steps_are_those_of_adam_with_a_decay_that_stays():
    optimizer, parameter = AdamW(0.01, 1.0, 5), Parameter(normal(4, 3))
    reference = torch.nn.Parameter(parameter.value.clone())
    adam = torch.optim.Adam([reference], betas=(0.9, 0.99))
    for step in range(1, 6):
        gradient = normal(4, 3) * step
        adam.param_groups[0]["lr"] = 0.01 * (1 + np.cos(np.pi * (step - 1) / 5)) / 2
        reference.grad = gradient.clone()
        with torch.no_grad():
            reference.mul_(1 - 0.01 * 1.0)
        adam.step()
        optimizer.update([(parameter.value, gradient, parameter.buffers)])
        torch.testing.assert_close(parameter.value, reference.detach())


def test_every_feature_goes_once_and_the_networks_grow(X):
    training = training_of(X, np.arange(90) % 3)
    history = training.run(Epochs(20))
    removals = training.removals_from_last()
    assert sorted(np.concatenate([r.columns for r in removals])) == sorted(set(range(20)) - {3})
    assert len(removals[0].columns) == training.networks.n_inputs == 5
    assert training.networks.n_hidden == 4
    for removal in removals[1:]:  # the best of those that go comes first
        assert (np.diff(removal.cost) <= 0).all()
    assert len(history["loss"]) == 20
    assert (np.diff(history["n_inputs"]) <= 0).all()
    assert history["n_inputs"][-1] == 5
    assert training.n_samples_seen == 20 * 2 * 30


def test_a_loss_that_is_not_finite_ends_the_training(X):
    training = training_of(X, np.arange(90) % 3)
    training.networks.second.value[:] = float("nan")
    with pytest.raises(FloatingPointError, match="loss became infinite or NaN"):
        training.run(Epochs(3))
