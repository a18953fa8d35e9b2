# SPDX-License-Identifier: BSD-3-Clause
"""Gaussian knockoffs: their law, beside a literal one, and what they keep of every column."""

import numpy as np
import pytest
from scipy.linalg import block_diag
from scipy.optimize import minimize

from sparsefs.meta import gaussian_knockoffs
from sparsefs.meta.gaussian_knockoffs import (
    DenseLaw,
    GaussianKnockoffs,
    LowRankLaw,
    normal_scores,
    reconstructability_distances,
    shrunken_eigenvalues,
    shrunken_spectrum,
)


def correlated(n_samples, n_features, rho=0.7, seed=0):
    """Columns of which neighbours are correlated, and the last two are nearly equal."""
    place = np.arange(n_features)
    covariance = rho ** np.abs(place[:, None] - place)
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n_samples, n_features)) @ np.linalg.cholesky(covariance).T
    X[:, -1] = X[:, -2] + 0.1 * rng.standard_normal(n_samples)
    return X


def conditional_law(covariance, distances, z):
    """Mean and covariance of the knockoffs of a row, from the joint covariance of both."""
    D = np.diag(distances)
    joint = np.block([[covariance, covariance - D], [covariance - D, covariance]])
    p = len(covariance)
    solve = np.linalg.solve(joint[:p, :p], joint[:p, p:])
    return z @ solve, joint[p:, p:] - joint[p:, :p] @ solve


class Noise:
    """Generator whose noise is the identity: rows of a root of the covariance."""

    def __init__(self, noise):
        self.noise = noise

    def standard_normal(self, shape):
        assert self.noise.shape == shape
        return self.noise.copy()


def moments_of(law, z):
    """Mean for each row, and the covariance, as the law draws them."""
    mean = law.draw(Noise(np.zeros(z.shape)))
    roots = []
    for j in range(z.shape[1]):
        noise = np.zeros(z.shape)
        noise[0, j] = 1
        roots.append((law.draw(Noise(noise)) - mean)[0])
    return mean, np.array(roots).T @ np.array(roots)


@pytest.mark.parametrize("shape", [(60, 12), (10, 25), (25, 25), (40, 38)])
@pytest.mark.parametrize("kind", [DenseLaw, LowRankLaw])
def test_laws_are_those_of_the_joint_covariance(kind, shape):
    z = normal_scores(correlated(*shape))
    law = kind(z)
    if kind is DenseLaw:
        covariance, distances = law.covariance, law.distances
        np.testing.assert_allclose(np.diag(covariance), 1)
    else:
        values, vectors, elsewhere = law.spectrum
        covariance = vectors @ np.diag(values - elsewhere) @ vectors.T
        covariance += elsewhere * np.eye(len(covariance))
        distances = np.full(len(covariance), law.distance)
    expected_mean, expected_covariance = conditional_law(covariance, distances, z)
    mean, covariance = moments_of(law, z)
    np.testing.assert_allclose(mean, expected_mean, atol=1e-7)
    np.testing.assert_allclose(covariance, expected_covariance, atol=1e-7)


@pytest.mark.parametrize("most_dense", [0, 1000])
def test_second_moments_are_exchangeable(most_dense, monkeypatch):
    monkeypatch.setattr(gaussian_knockoffs, "_MOST_DENSE", most_dense)
    X = correlated(20000, 8)
    knockoffs = GaussianKnockoffs(X, np.zeros(8, dtype=bool)).draw(np.random.default_rng(1))
    joint = np.corrcoef(X, knockoffs, rowvar=False)
    of_X, of_both = joint[:8, :8], joint[:8, 8:]
    off = ~np.eye(8, dtype=bool)
    np.testing.assert_allclose(joint[8:, 8:], of_X, atol=0.03)
    np.testing.assert_allclose(of_both[off], of_X[off], atol=0.03)
    distances = 1 - np.diag(of_both)
    assert (distances > 0).all()
    # A near-copy must stay close. With one distance for all, so must the others.
    assert distances[-1] < 0.05
    assert (distances[1:5].min() > 0.2) == bool(most_dense)


def test_distances_minimise_the_trace_of_the_inverse():
    covariance = np.corrcoef(correlated(200, 6), rowvar=False)

    def trace(log_distances):
        D = np.diag(np.exp(log_distances))
        joint = np.block([[covariance, covariance - D], [covariance - D, covariance]])
        if np.linalg.eigvalsh(joint)[0] <= 1e-9:
            return 1e9
        return np.trace(np.linalg.inv(joint))

    found = reconstructability_distances(covariance)
    start = np.log(np.full(6, np.linalg.eigvalsh(covariance)[0] / 2))
    best = minimize(trace, start, method="Nelder-Mead", options={"maxfev": 20000, "xatol": 1e-7})
    assert trace(np.log(found)) <= best.fun * (1 + 1e-5)


def test_common_distance_minimises_the_same_trace():
    law = LowRankLaw(normal_scores(correlated(8, 20)))
    values, _, elsewhere = law.spectrum
    all_values = np.append(values, np.full(20 - len(values), elsewhere))

    def trace(distance):
        return 20 / distance + np.sum(1 / (2 * all_values - distance))

    grid = np.linspace(0.01, 2 * all_values.min() - 0.01, 1000)
    assert trace(law.distance) <= min(map(trace, grid)) * (1 + 1e-9)


def test_eigenvalues_are_those_of_a_literal_loop():
    for n_samples, n_features in [(30, 8), (8, 30)]:
        found = np.linspace(0.5, 2, min(n_samples, n_features)) ** 3
        c, inverse = n_features / n_samples, 1 / found
        h = min(c**2, 1 / c**2) ** 0.35 / n_features**0.35
        expected = []
        for i in inverse:
            pull = np.mean([j * (j - i) / ((j - i) ** 2 + h**2 * j**2) for j in inverse])
            near = np.mean([j * h * j / ((j - i) ** 2 + h**2 * j**2) for j in inverse])
            size = pull**2 + near**2
            whole = (1 - c) ** 2 * i + 2 * c * (1 - c) * i * pull + c**2 * i * size
            expected.append(1 / whole if c < 1 else 1 / (i * size))
        values, elsewhere = shrunken_eigenvalues(found, n_samples, n_features)
        np.testing.assert_allclose(values, expected)
        if c > 1:
            assert elsewhere == pytest.approx(1 / ((c - 1) * np.mean(inverse)))


@pytest.mark.parametrize("n_features", [80, 95, 99, 100, 101, 105, 115, 150])
def test_independent_columns_have_independent_knockoffs(n_features):
    """Also with as many samples as features, where the least eigenvalues are near 0."""
    Z = normal_scores(np.random.default_rng(0).standard_normal((100, n_features)))
    assert DenseLaw(Z).distances.mean() > 0.6
    assert LowRankLaw(Z).distance > 0.4


@pytest.mark.parametrize(("n_samples", "n_features"), [(400, 100), (120, 400)])
def test_shrunken_eigenvalues_are_close_to_the_best_ones(n_samples, n_features):
    """The best ones for the eigenvectors of the sample know the true covariance."""
    scale = np.where(np.arange(n_features) < n_features // 4, 5.0, 1.0)
    Z = np.random.default_rng(0).standard_normal((n_samples, n_features)) * np.sqrt(scale)
    found, vectors = np.linalg.eigh(Z.T @ Z / n_samples)
    best = np.einsum("ji,j,ji->i", vectors, scale, vectors)
    kept = found > 1e-9
    values, elsewhere = shrunken_eigenvalues(found[kept], n_samples, n_features)
    # Measured: errors of 0.23 and 0.51; of the eigenvalues of the sample 0.76 and 5.5.
    assert np.sqrt(np.mean((values - best[kept]) ** 2)) < 0.6
    if n_features > n_samples:
        assert elsewhere == pytest.approx(best[~kept].mean(), rel=0.1)
    else:
        assert elsewhere == 1


@pytest.mark.parametrize("n_samples", [3, 5, 11, 40])
@pytest.mark.parametrize("n_features", [1, 2, 5, 41])
def test_few_samples_features_and_copies(n_samples, n_features, monkeypatch):
    X = np.random.default_rng(0).standard_normal((n_samples, n_features))
    X[:, -1] = X[:, 0]
    for most_dense in (0, 1000):
        monkeypatch.setattr(gaussian_knockoffs, "_MOST_DENSE", most_dense)
        knockoffs = GaussianKnockoffs(X, np.zeros(n_features, dtype=bool))
        drawn = knockoffs.draw(np.random.default_rng(0))
        np.testing.assert_array_equal(np.sort(drawn, axis=0), np.sort(X, axis=0))


def test_repeated_rows_are_no_further_samples():
    Z = normal_scores(correlated(20, 60))
    once, twice = shrunken_spectrum(Z), shrunken_spectrum(np.vstack([Z, Z]))
    np.testing.assert_allclose(twice.values, once.values)
    assert twice.elsewhere == pytest.approx(once.elsewhere)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_columns_keep_their_values_whatever_they_are(dtype):
    X = correlated(300, 6).astype(dtype)
    X[:, 1] = X[:, 1] > 0.5
    X[:, 2] = np.exp(5 * X[:, 2])
    X[:, 3] = 7
    X[:, 4] *= 1e30
    knockoffs = GaussianKnockoffs(X, np.zeros(6, dtype=bool)).draw(np.random.default_rng(0))
    assert knockoffs.dtype == dtype
    np.testing.assert_array_equal(np.sort(knockoffs, axis=0), np.sort(X, axis=0))
    np.testing.assert_array_equal(knockoffs[:, 3], 7)
    assert (knockoffs[:, [0, 1, 2, 4]] != X[:, [0, 1, 2, 4]]).mean() > 0.1


@pytest.mark.parametrize("kind", ["one", "two", "as many as samples"])
def test_covariates_stay_and_knockoffs_are_drawn_given_them(kind):
    X = correlated(5000, 8, rho=0.9)
    mask = np.zeros(8, dtype=bool)
    mask[{"one": [2], "two": [2, 5], "as many as samples": [2]}[kind]] = True
    if kind == "as many as samples":
        X = np.hstack([X[:60], np.random.default_rng(1).standard_normal((60, 80))])
        mask = np.append(mask, np.ones(80, dtype=bool))
    knockoffs = GaussianKnockoffs(X, mask).draw(np.random.default_rng(0))
    np.testing.assert_array_equal(knockoffs[:, mask], X[:, mask])
    if kind == "as many as samples":
        return
    of_X = np.corrcoef(X, rowvar=False)
    of_both = np.corrcoef(X, knockoffs, rowvar=False)[:8, 8:]
    off = ~np.eye(8, dtype=bool)
    np.testing.assert_allclose(of_both[off], of_X[off], atol=0.03)
    assert (np.diag(of_both)[~mask] < 1 - 1e-3).all()


def test_no_matrix_of_all_pairs_of_many_features(monkeypatch):
    """Every product of the wide case has at most n_samples rows or columns."""
    monkeypatch.setattr(gaussian_knockoffs, "_MOST_DENSE", 10)
    monkeypatch.setattr(np, "eye", lambda n: pytest.fail("a matrix of all pairs"))
    monkeypatch.setattr(
        gaussian_knockoffs.Spectrum, "correlation", lambda self: pytest.fail("all pairs")
    )
    X = np.random.default_rng(0).standard_normal((20, 3000))
    sampler = GaussianKnockoffs(X, np.zeros(3000, dtype=bool))
    arrays = [value for value in vars(sampler._law).values() if isinstance(value, np.ndarray)]
    assert max(array.size for array in arrays) == 20 * 3000
    assert sampler.draw(np.random.default_rng(0)).shape == X.shape


def test_blocks_of_equal_columns_stay_equal():
    """What the sampler may not tell apart, an estimator cannot either."""
    X = np.repeat(np.random.default_rng(0).standard_normal((200, 3)), 4, axis=1)
    knockoffs = GaussianKnockoffs(X, np.zeros(12, dtype=bool)).draw(np.random.default_rng(0))
    joint = np.corrcoef(X, knockoffs, rowvar=False)[:12, 12:]
    np.testing.assert_allclose(joint, block_diag(*[np.ones((4, 4))] * 3), atol=0.15)
