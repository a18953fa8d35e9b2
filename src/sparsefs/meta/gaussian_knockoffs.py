# SPDX-License-Identifier: BSD-3-Clause
"""Gaussian knockoffs: copies that keep all correlations and know nothing of the target."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.linalg.blas import dger
from scipy.optimize import brentq
from scipy.special import ndtri
from scipy.stats import rankdata

_MOST_DENSE = 1000  # features, of which each has a distance of its own
_ZERO, _LEAST = 1e-8, 1e-4  # eigenvalues: no less than rounding, and after the shrinkage
_FEW, _TOO_CLOSE = 20, (0.9, 1.12)  # features, and their number for each sample
_MOST_SWEEPS, _TOLERANCE = 30, 1e-3  # of the coordinate descent; relative change
_INSIDE = 1 - 1e-9  # of the interval in which the joint covariance is positive definite


class GaussianKnockoffs:
    """Sampler of knockoffs for a table.

    Each column is replaced by the normal scores of its ranks. Their joint law is taken for
    Gaussian, with a shrunken covariance. The scores of the knockoffs are drawn given those of X.
    Each column of the knockoffs then has the values of the column of X, in the order of its scores.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features), dtype float
    covariates : ndarray of shape (n_features,), dtype bool
        Columns without knockoffs. Those of the others are drawn given them.
    """

    def __init__(self, X: np.ndarray, covariates: np.ndarray):
        constant = X.min(axis=0) == X.max(axis=0)
        self._X, self._columns = X, np.flatnonzero(~constant & ~covariates)
        Z = normal_scores(X[:, self._columns])
        self._given = np.zeros((1, 1))
        if (covariates & ~constant).any():
            self._given = _regression(normal_scores(X[:, covariates & ~constant]), Z)
            Z = Z - self._given
        self._spread = Z.std(axis=0)
        self._spread[self._spread == 0] = 1.0
        law = DenseLaw if Z.shape[1] <= _MOST_DENSE else LowRankLaw
        self._law = law(Z / self._spread) if len(self._columns) else None

    def draw(self, rng: np.random.Generator) -> np.ndarray:
        """Return knockoffs, in the shape and type of X; covariates and constants are as in X."""
        knockoffs = self._X.copy()
        if self._law is not None:
            scores = self._given + self._spread * self._law.draw(rng)
            order = np.argsort(scores, axis=0, kind="stable")
            values = np.sort(self._X[:, self._columns], axis=0)
            drawn = np.empty_like(values)
            np.put_along_axis(drawn, order, values, axis=0)
            knockoffs[:, self._columns] = drawn
        return knockoffs


class DenseLaw:
    """Law of knockoffs given X, each at a distance of its own.

    For a covariance S and distances d, the knockoffs of a row x have the mean ``x - x S^-1 D``
    and the covariance ``2 D - D S^-1 D`` with ``D = diag(d)``.

    Parameters
    ----------
    Z : ndarray of shape (n_samples, n_features), dtype float64
        Columns of mean 0 and variance 1.
    """

    def __init__(self, Z: np.ndarray):
        self.covariance = covariance = shrunken_spectrum(Z).correlation()
        self.distances = reconstructability_distances(covariance)
        shift = np.linalg.solve(covariance, np.diag(self.distances))
        self._mean = Z - Z @ shift
        rest = 2 * np.diag(self.distances) - self.distances[:, None] * shift
        self._root = np.linalg.cholesky((rest + rest.T) / 2)

    def draw(self, rng: np.random.Generator) -> np.ndarray:
        """Return knockoffs of all rows, ndarray of shape (n_samples, n_features)."""
        return self._mean + rng.standard_normal(self._mean.shape) @ self._root.T


class LowRankLaw:
    """The same law with one distance for all features, without a matrix of all pairs of them.

    The shrunken covariance has as many eigenvalues of their own as there are samples, at most, and
    one in all other directions. With one distance, the mean and the covariance of the knockoffs
    are diagonal in the same eigenvectors.

    Parameters
    ----------
    Z : ndarray of shape (n_samples, n_features), dtype float64
        Columns of mean 0 and variance 1.
    """

    def __init__(self, Z: np.ndarray):
        self.spectrum = values, vectors, elsewhere = shrunken_spectrum(Z)
        self.distance = d = _common_distance(*self.spectrum)
        self._vectors = vectors
        self._mean = (1 - d / elsewhere) * Z
        self._mean += (Z @ vectors * (d / elsewhere - d / values)) @ vectors.T
        self._spread = np.sqrt((2 * d - d**2 / values).clip(0))
        self._spread_elsewhere = np.sqrt(max(0.0, 2 * d - d**2 / elsewhere))

    def draw(self, rng: np.random.Generator) -> np.ndarray:
        """Return knockoffs of all rows, ndarray of shape (n_samples, n_features)."""
        noise = rng.standard_normal(self._mean.shape)
        more = noise @ self._vectors * (self._spread - self._spread_elsewhere)
        noise *= self._spread_elsewhere
        noise += more @ self._vectors.T
        noise += self._mean
        return noise


class Spectrum(NamedTuple):
    """Covariance by its eigenvalues.

    Attributes
    ----------
    values : ndarray of shape (n_values,), dtype float64
        All above 0.
    vectors : ndarray of shape (n_features, n_values), dtype float64
    elsewhere : float
        Eigenvalue in all directions that are orthogonal to the vectors.
    """

    values: np.ndarray
    vectors: np.ndarray
    elsewhere: float

    def correlation(self) -> np.ndarray:
        """Return the matrix, with its rows and columns scaled to a diagonal of ones."""
        more = self.vectors * (self.values - self.elsewhere)
        covariance = more @ self.vectors.T
        covariance.flat[:: len(covariance) + 1] += self.elsewhere
        scale = np.sqrt(np.diag(covariance))
        return covariance / scale / scale[:, None]


def normal_scores(X: np.ndarray) -> np.ndarray:
    """Return the normal scores of the ranks in each column, of mean 0 and variance 1.

    Equal values have the score of their mean rank.
    """
    Z = ndtri((rankdata(X, axis=0) - 0.5) / len(X))
    Z -= Z.mean(axis=0)
    spread = Z.std(axis=0)
    return Z / np.where(spread > 0, spread, 1.0)


def shrunken_spectrum(Z: np.ndarray) -> Spectrum:
    """Return the covariance of Z with shrunken eigenvalues, of mean 1.

    Each eigenvalue of the sample is drawn towards the others, the more the nearer they are
    (quadratic inverse shrinkage, Ledoit and Wolf 2022). With about as many samples as features the
    least eigenvalues of the sample say nothing, and they bound all distances. Then some samples are
    left out.

    Parameters
    ----------
    Z : ndarray of shape (n_samples, n_features), dtype float64
        Columns of mean 0 and variance 1.
    """
    n_samples, n_features = Z.shape
    if n_features > _FEW and _TOO_CLOSE[0] < n_features / n_samples < _TOO_CLOSE[1]:
        n_samples = int(n_features / _TOO_CLOSE[1])
        Z = Z[np.linspace(0, len(Z) - 1, n_samples).astype(np.int64)]
    if n_samples <= n_features:
        found, vectors = np.linalg.eigh(Z @ Z.T / n_samples)
        kept = found > _ZERO * found[-1]
        found = found[kept]
        vectors = Z.T @ vectors[:, kept] / np.sqrt(n_samples * found)
        n_independent = len(found)
    else:
        found, vectors = np.linalg.eigh(Z.T @ Z / n_samples)
        found = found.clip(_ZERO)
        n_independent = n_samples - 1
    values, elsewhere = shrunken_eigenvalues(found, n_independent, n_features)
    mean = (values.sum() + (n_features - len(values)) * elsewhere) / n_features
    values = np.maximum(values / mean, _LEAST)
    return Spectrum(values, vectors, max(elsewhere / mean, _LEAST))


def shrunken_eigenvalues(found: np.ndarray, n_samples: int, n_features: int):
    """Return the shrunken eigenvalues, and the one in all other directions, up to a factor.

    Parameters
    ----------
    found : ndarray of shape (n_values,), dtype float64
        Eigenvalues of the covariance of the sample that are not 0.
    n_samples : int
        Number of independent samples.
    n_features : int
    """
    ratio = n_features / n_samples
    width = (min(ratio, 1 / ratio) ** 2 / n_features) ** 0.35
    inverse = 1 / found
    # Attraction by the other eigenvalues, and how many of them are near.
    pull, density = np.empty((2, len(found)))
    for i, value in enumerate(inverse):
        distance = inverse - value
        weight = inverse / (distance**2 + (width * inverse) ** 2)
        pull[i] = np.mean(weight * distance)
        density[i] = np.mean(weight * inverse) * width
    size = pull**2 + density**2
    if len(found) < n_features:
        return found / size, 1 / ((n_features / len(found) - 1) * inverse.mean())
    return found / ((1 - ratio) ** 2 + 2 * ratio * (1 - ratio) * pull + ratio**2 * size), 1.0


def reconstructability_distances(covariance: np.ndarray) -> np.ndarray:
    """Return the distances from which a feature is hardest to tell from all other columns.

    They minimise the trace of the inverse of the joint covariance of features and knockoffs,
    ``sum(1 / d) + trace((2 S - D)^-1)``, one coordinate after the other (Spector and Janson).

    Parameters
    ----------
    covariance : ndarray of shape (n_features, n_features), dtype float64
        S, positive definite, with a diagonal of ones.
    """
    least = np.linalg.eigvalsh(covariance)[0]
    distances = np.full(len(covariance), min(1.0, least))
    for _ in range(_MOST_SWEEPS):
        inverse = np.asfortranarray(np.linalg.inv(2 * covariance - np.diag(distances)))
        largest = 0.0
        for j in range(len(distances)):
            column = inverse[:, j].copy()
            length = np.sqrt(column @ column)
            step = (1 - length * distances[j]) / (column[j] + length)
            distances[j] += step
            largest = max(largest, abs(step) / distances[j])
            scale = step / (1 - step * column[j])
            inverse = dger(scale, column, column, a=inverse, overwrite_a=1)
        if largest < _TOLERANCE:
            break
    return distances


def _common_distance(values, vectors, elsewhere):
    """The same for one distance of all features, and a covariance by its eigenvalues."""
    n_features = len(vectors)
    n_elsewhere = n_features - len(values)
    least = min(values.min(), elsewhere) if n_elsewhere else values.min()

    def slope(distance):
        rise = np.sum((2 * values - distance) ** -2.0)
        rise += n_elsewhere * (2 * elsewhere - distance) ** -2.0
        return rise - n_features / distance**2

    return brentq(slope, 1e-6 * least, 2 * least * _INSIDE)


def _regression(C, Z):
    """What the covariates C say of Z, by their shrunken covariance."""
    values, vectors, _ = shrunken_spectrum(C)
    directions = C @ vectors
    return directions @ (directions.T @ Z / len(Z) / values[:, None])
