# SPDX-License-Identifier: BSD-3-Clause
"""q-values: the paths against a literal loop, the law of noise against simulated halves."""

import numpy as np
import pytest
from scipy.stats import false_discovery_control

from sparsefs.evaluation.rates import q_values_of
from sparsefs.meta.integrated_paths import IntegratedPaths, length_of_path


def order_of_half(size, length):
    return np.argsort(-size)[:length]


def noise_paths(rng, n_features, n_pairs, persistent=0.5, n_true=0):
    """Halves of a table of noise: sizes of normal variables, part of which is in all of them."""
    paths = IntegratedPaths(n_features)
    full = rng.standard_normal(n_features)
    for _ in range(n_pairs):
        own = rng.standard_normal((2, n_features))
        if persistent == 0.5:
            own[1] = -own[0]  # halves without common samples are independent
        sizes = np.abs(np.sqrt(persistent) * full + np.sqrt(1 - persistent) * own)
        sizes[:, :n_true] += 9
        paths.add(*(order_of_half(size, paths.length) for size in sizes))
    return paths


def test_scores_are_integrals_of_frequencies():
    rng = np.random.default_rng(0)
    n_features = 12
    paths = IntegratedPaths(n_features)
    halves = [rng.permutation(n_features)[: paths.length] for _ in range(6)]
    for first, second in zip(halves[::2], halves[1::2]):
        paths.add(first, second)
    q = np.arange(1, paths.length + 1)
    expected = [
        sum(np.mean([j in half[:k] for half in halves]) / k for k in q) / (1 / q).sum()
        for j in range(n_features)
    ]
    np.testing.assert_allclose(paths.scores, expected)


def test_halves_that_take_few_features():
    paths = IntegratedPaths(50)
    paths.add(np.array([3]), np.array([], dtype=int))
    np.testing.assert_allclose(paths.scores, np.eye(50)[3] / 2)
    p_values = paths.p_values()
    assert p_values[3] < 0.2 and (np.delete(p_values, 3) == 1).all()


@pytest.mark.parametrize("n_features", [1, 2, 7, 8, 9, 5000])
def test_length(n_features):
    length = length_of_path(n_features)
    assert 1 <= length <= n_features and (length <= 10 or length <= n_features // 4)
    paths = IntegratedPaths(n_features)
    everything = np.arange(n_features)[:length]
    paths.add(everything, everything)
    assert paths.scores[0] == pytest.approx(1) and np.isfinite(paths.p_values()).all()


def test_q_values_are_those_of_benjamini_and_hochberg():
    p_values = np.random.default_rng(0).random(200) ** 3
    np.testing.assert_allclose(q_values_of(p_values), false_discovery_control(p_values))


@pytest.mark.parametrize("persistent", [0.5, 0.35, 0.2])
def test_p_values_of_noise_are_no_smaller_than_chance(persistent):
    """And not much larger, although the law does not know what part persists."""
    rng, shares = np.random.default_rng(1), []
    for _ in range(60):
        p_values = noise_paths(rng, 500, 20, persistent).p_values()
        shares.append([(p_values <= at).mean() / at for at in (0.05, 0.01, 0.002)])
    ratio = np.mean(shares, axis=0)
    assert (ratio < [1.1, 1.15, 1.3]).all() and (ratio[:2] > 0.4).all()


def test_nothing_is_found_in_noise_and_all_that_stands_out():
    rng = np.random.default_rng(2)
    q_values = [q_values_of(noise_paths(rng, 200, 20).p_values()) for _ in range(100)]
    assert sum(q.min() <= 0.1 for q in q_values) <= 17  # 10 expected; 17 is a chance of .02
    for n_true in (1, 5, 20):
        found = q_values_of(noise_paths(rng, 200, 20, n_true=n_true).p_values())
        assert (found[:n_true] <= 0.1).all()


def test_places_that_true_features_take_are_not_those_of_noise():
    """With 20 true features, noise among the rest is judged by the places that are left."""
    rng, shares = np.random.default_rng(3), []
    for _ in range(40):
        p_values = noise_paths(rng, 200, 20, n_true=20).p_values()[20:]
        shares.append((p_values <= 0.05).mean() / 0.05)
    assert 0.3 < np.mean(shares) < 1.15


def test_one_pair_and_few_features_take_the_worst_case():
    rng = np.random.default_rng(4)
    one = noise_paths(rng, 100, 1)
    np.testing.assert_array_equal(one.p_values(), one._tail(one.scores, 1.0, 0.5))
    few = noise_paths(rng, 10, 10)
    np.testing.assert_array_equal(few.p_values(), few._tail(few.scores, 1.0, 0.5))
