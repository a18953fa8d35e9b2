"""Polynomials of second degree, compared with a regression for every feature that is left out."""

import numpy as np
import pytest
import torch

from sparsefs.data.layout import Parts
from sparsefs.training.polynomials import Polynomials


def literal_costs(z, y, weight, left, units=None, crossed=None, share_of=None):
    """Rise of the penalised error without each feature, one refit for each, (n_folds, n_left).

    The features in `left` have the inputs of the same number in `units`.
    """
    units = np.arange(z.shape[1]) if units is None else units
    crossed = np.ones(z.shape[1], dtype=bool) if crossed is None else crossed
    size = np.ones(z.shape[1]) if share_of is None else np.sqrt(share_of)
    share = weight / weight.sum()

    def design(features):
        features = np.flatnonzero(np.isin(units, features))
        columns = [np.zeros(len(z)), *(z[:, j] for j in features)]
        for i in features:
            for j in features:
                if j <= i and crossed[i] and crossed[j]:
                    term = z[:, i] * z[:, j] / (size[i] * size[j])
                    term = term - share @ term
                    term *= 0.6 / max(np.sqrt(share @ term**2), 0.5)
                    columns.append(term * np.sqrt(size[i] * size[j]))
        return np.column_stack(columns)

    def error(features, used, penalty):
        x, root = design(features)[used], np.sqrt(weight[used])[:, None]
        a, b = x * root, centred[used] * root
        w = np.linalg.solve(a.T @ a + penalty * np.eye(a.shape[1]), a.T @ b)
        return np.sum((b - a @ w) ** 2) + penalty * np.sum(w**2)

    centred = y - share @ y
    costs, total = [], np.sum(weight[:, None] * centred**2)
    for k in range(5):
        used = np.argsort(np.argsort(z.sum(axis=1))) % 5 != k
        x = design(left)[used] * np.sqrt(weight[used])[:, None]
        penalty = 5 * np.sum(x**2) / (0.8 * len(y))
        whole = error(left, used, penalty)
        rises = [error([i for i in left if i != j], used, penalty) - whole for j in left]
        costs.append(np.array(rises) / (0.8 * total))
    return np.array(costs)


@pytest.mark.parametrize("weighted", [False, True])
def test_a_feature_is_worth_what_the_error_rises_by_without_it(weighted):
    rng = np.random.default_rng(0)
    z = rng.standard_normal((300, 6))
    y = np.column_stack([z[:, 0] + z[:, 1] * z[:, 2], z[:, 3] ** 2])
    y += 0.5 * rng.standard_normal(y.shape)
    weight = rng.integers(1, 4, 300) * 1.0 if weighted else np.ones(300)
    weight /= weight.mean()
    polynomials = Polynomials(*(torch.from_numpy(a) for a in (z.T.copy(), y, weight)))
    left, names, gone = list(range(6)), np.arange(6) + 10, []
    removals = polynomials.removals_from_last(names)
    for removal in reversed(removals):
        costs = literal_costs(z, y, weight, left)
        worst = left[int(np.argmin(costs.mean(0)))]
        assert removal.columns == [worst + 10]
        assert removal.cost[0] == pytest.approx(costs.mean(0).min(), rel=1e-6)
        assert 0 <= removal.spread[0] <= removal.cost[0]
        left.remove(worst)
        gone.append(worst)
    assert set(gone[:2]) == {4, 5}  # noise
    assert 0.5 < polynomials.explained < 1


def test_inputs_of_a_feature_are_left_out_together():
    rng = np.random.default_rng(0)
    z = rng.standard_normal((300, 7))
    y = (z[:, 0] + z[:, 1] * z[:, 2] + z[:, 6])[:, None] + 0.5 * rng.standard_normal((300, 1))
    units, crossed = np.array([0, 1, 2, 0, 3, 1, 3]), np.arange(7) < 5
    share = np.array([0.5, 0.7, 1, 0.5, 0.5, 0.3, 0.5])
    z *= np.sqrt(share)
    tensors = (torch.from_numpy(a) for a in (z.T.copy(), y))
    polynomials = Polynomials(*tensors, None, Parts(units, share, crossed))
    left = list(range(4))
    for removal in reversed(polynomials.removals_from_last(np.arange(4))):
        costs = literal_costs(z, y, np.ones(300), left, units, crossed, share).mean(0)
        assert removal.columns == [left[int(np.argmin(costs))]]
        assert removal.cost[0] == pytest.approx(costs.min(), rel=1e-6)
        left.remove(removal.columns[0])


@pytest.mark.parametrize("n", [1, 2, 4, 7, 60])
@pytest.mark.parametrize(
    "change",
    [
        lambda z: z,
        lambda z: np.repeat(z[:, :1], z.shape[1], axis=1),  # all alike
        lambda z: 1e-15 * z,
        lambda z: np.sign(z),  # squares without spread
        lambda z: np.where(np.arange(len(z))[:, None] == 0, 6.0, 0.1) + 0 * z,  # but one row
    ],
    ids=["normal", "copies", "tiny", "two values", "one row"],
)
@pytest.mark.parametrize("target", ["numbers", "fold", "constant"])
def test_samples_without_rank_or_spread_can_be_fitted(n, change, target):
    rng = np.random.default_rng(0)
    z = change(rng.standard_normal((n, 6)))
    y = {
        "numbers": rng.standard_normal((n, 2)),
        "fold": np.eye(5)[np.arange(n) % 5],  # constant in every fifth of the samples
        "constant": np.full((n, 1), 0.3),
    }[target]
    weight = np.where(np.arange(n) % 2, 1e-30, 2.0)
    for weights in (None, torch.from_numpy(weight / weight.mean())):
        polynomials = Polynomials(*(torch.from_numpy(a) for a in (z.T.copy(), y)), weights)
        assert 0 <= polynomials.explained <= 1
        removals = polynomials.removals_from_last(np.arange(6))
        assert sorted(int(removal.columns[0]) for removal in removals) == [*range(6)]
        costs = np.array([removal.cost[0] for removal in removals])
        spreads = np.array([removal.spread[0] for removal in removals])
        assert np.isfinite(costs).all()
        assert (costs > -1e-9).all()
        assert (spreads <= costs + 1e-9).all()
