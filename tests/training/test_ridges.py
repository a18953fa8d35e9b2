"""Ridge regressions on features and their squares, compared with refits in double precision."""

import numpy as np
import pytest
import torch

from sparsefs.training.elimination import Elimination
from sparsefs.training.progress import Epochs
from sparsefs.training.removals import Removal, scores_of
from sparsefs.training.ridges import Ridges


def problem(n, d, n_outputs=3, weighted=False):
    """Features, scaled by the weights, outputs, and weights of mean 1."""
    rng = np.random.default_rng(n + d)
    weight = rng.integers(1, 4, n).astype(float) if weighted else np.ones(n)
    weight /= weight.mean()
    z = rng.standard_normal((n, d))
    z -= np.average(z, axis=0, weights=weight)
    z /= np.sqrt(np.average(z**2, axis=0, weights=weight))
    y = z[:, :n_outputs] + 0.5 * z[:, [3]] ** 2 + rng.standard_normal((n, n_outputs))
    return z, y, weight


def ridges_of(z, y, weight):
    return Ridges(
        *(torch.from_numpy(a.astype(np.float32)) for a in (z.T.copy(), y, weight)), (3.0, 30.0)
    )


class Literal:
    """The same, with a refit for every sample that is left out."""

    def __init__(self, z, y, weight):
        share = weight / weight.sum()
        squares = z**2 - share @ z**2
        squares *= 0.6 / np.maximum(np.sqrt(share @ squares**2), 0.5)
        self.design, self.y, self.weight = np.hstack([z, squares]), y, weight
        self.d = z.shape[1]

    def fit(self, design, y, weight, penalty):
        """Weights and intercept, the intercept without penalty."""
        with_ones = np.column_stack([design, np.ones(len(design))])
        hessian = with_ones.T * weight @ with_ones
        hessian[range(len(hessian) - 1), range(len(hessian) - 1)] += penalty
        return np.linalg.solve(hessian, with_ones.T * weight @ y)

    def votes(self):
        shares, errors = [], []
        size = np.sum(self.weight[:, None] * self.design**2) / len(self.y)
        for c in (3.0, 30.0):
            fitted = self.fit(self.design, self.y, self.weight, c * size)[:-1]
            each = (fitted**2).sum(1).reshape(2, self.d).sum(0)
            shares.append(each / each.sum())
            error = 0.0
            for i in range(len(self.y)):
                others = np.delete(np.arange(len(self.y)), i)
                left = self.fit(self.design[others], self.y[others], self.weight[others], c * size)
                predicted = np.append(self.design[i], 1) @ left
                error += self.weight[i] * np.sum((self.y[i] - predicted) ** 2)
            errors.append(error)
        centred = self.y - np.average(self.y, axis=0, weights=self.weight)
        explained = 1 - min(errors) / np.sum(self.weight[:, None] * centred**2)
        return np.array(shares).T, max(0.0, explained)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(("n", "d"), [(20, 60), (60, 12), (40, 20)])
def test_weights_and_left_out_errors_are_those_of_refits(n, d, weighted):
    parts = problem(n, d, weighted=weighted)
    ridges = ridges_of(*parts)
    votes, (expected, explained) = ridges.votes(), Literal(*parts).votes()
    np.testing.assert_allclose(votes.numpy(), expected, rtol=2e-3, atol=1e-6)
    assert ridges.explained == pytest.approx(explained, abs=2e-3)


@pytest.mark.parametrize("block", [1, 100, 2**18])  # numbers: one feature, some, all
@pytest.mark.parametrize("weighted", [False, True])
def test_removed_features_leave_no_trace(block, weighted, monkeypatch):
    monkeypatch.setattr("sparsefs.training.ridges._BLOCK", block)
    z, y, weight = problem(30, 80, weighted=weighted)
    ridges, left = ridges_of(z, y, weight), np.arange(80)
    for n_kept in (60, 40, 16, 9, 4, 1):  # from a matrix of samples to one of features
        ridges.votes()
        order = np.random.default_rng(n_kept).permutation(len(left))
        kept, gone = np.sort(order[:n_kept]), order[n_kept:]
        left = left[kept]
        ridges.keep(torch.from_numpy(kept), torch.from_numpy(gone))
        fresh = ridges_of(z[:, left], y, weight)
        np.testing.assert_allclose(ridges.votes(), fresh.votes(), rtol=1e-3, atol=1e-5)
        assert ridges.explained == pytest.approx(fresh.explained, abs=1e-3)


@pytest.mark.parametrize("size", [1e4, 1e12])
def test_large_features_that_are_removed_leave_no_rounding(size):
    z, y, weight = problem(30, 80)
    kept, gone = torch.arange(50), torch.arange(50, 80)
    large = z.copy()
    large[:, 50:] *= size  # as "root" makes features with more spread
    ridges = ridges_of(large, y, weight)
    ridges.votes()
    ridges.keep(kept, gone)
    fresh = ridges_of(z[:, :50], y, weight)
    np.testing.assert_allclose(ridges.votes(), fresh.votes(), rtol=1e-3, atol=1e-5)
    assert ridges.explained == pytest.approx(fresh.explained, abs=1e-3)


@pytest.mark.parametrize(("n", "d"), [(20, 60), (60, 12)])
@pytest.mark.parametrize(
    "change",
    [
        lambda z: np.repeat(z[:, :1], z.shape[1], axis=1),  # all alike
        lambda z: z @ np.outer(np.ones(z.shape[1]), np.ones(z.shape[1])),
        lambda z: 1e-15 * z,
        lambda z: 0 * z,
        lambda z: np.where(np.arange(len(z))[:, None] == 0, 6.0, -6 / (len(z) - 1)) + 0 * z,
    ],
    ids=["copies", "rank 1", "tiny", "zero", "one row"],
)
def test_features_without_rank_or_spread_can_be_fitted(n, d, change):
    z, y, weight = problem(n, d, weighted=True)
    ridges = ridges_of(change(z), y, weight)
    for n_kept in (d, d // 2, 3, 1):
        left = torch.arange(len(ridges.votes()))
        votes = ridges.votes().numpy()
        assert np.isfinite(votes).all()
        assert (votes >= 0).all()
        assert 0 <= ridges.explained <= 1
        ridges.keep(left[:n_kept], left[n_kept:])


def test_asking_again_changes_and_costs_nothing():
    ridges = ridges_of(*problem(30, 80))
    expected, flops = ridges.votes().clone(), ridges.flops
    elimination = Elimination(ridges, np.arange(80))
    for _ in range(3):
        elimination.removals_from_last()
    np.testing.assert_array_equal(ridges.votes(), expected)
    assert ridges.flops == flops > 0


def test_the_loss_of_a_round_is_known_where_nothing_is_removed():
    z, y, weight = problem(60, 12)
    elimination = Elimination(ridges_of(z, y, weight), np.arange(12))
    history = elimination.run(Epochs(160))
    same = np.flatnonzero(history["n_inputs"] == 12)
    assert len(same) > 1
    ridges = ridges_of(z, y, weight)
    ridges.votes()
    np.testing.assert_array_equal(history["loss"][same], 1 - ridges.explained)
    assert history["loss"][-1] == 1 - elimination.ridges.explained > history["loss"][0]


def test_the_useful_features_are_removed_last():
    z, y, weight = problem(100, 300)
    elimination = Elimination(ridges_of(z, y, weight), np.arange(300))
    history = elimination.run(Epochs(50))
    removals = elimination.removals_from_last()
    order = np.concatenate([removal.columns for removal in removals])
    assert sorted(order) == [*range(300)]
    assert {*order[:4]} == {0, 1, 2, 3}
    assert history["n_inputs"][-1] == 1
    assert (np.diff(history["n_inputs"]) <= 0).all()


def test_scores_fall_along_the_ranking_and_bound_the_spread():
    removals = [
        Removal.of(np.array([2]), torch.tensor([[1.0, 1.0]]), 0.5),
        Removal.of(np.array([0, 4]), torch.tensor([[0.3, 0.1], [0.0, 0.4]]), 0.8),
        Removal.of(np.array([1, 3]), torch.tensor([[0.2, 0.4], [0.0, 0.0]]), 0.9),
    ]
    scores, spread = scores_of(removals, 6)
    np.testing.assert_array_equal(np.argsort(-scores), [2, 0, 4, 1, 3, 5])
    # What is removed later for less is worth what the earlier removal cost.
    np.testing.assert_allclose(scores, [0.27, 0.27, 0.5, 0, 0.27, 0], atol=1e-9)
    assert (spread <= scores).all()
