# SPDX-License-Identifier: BSD-3-Clause
"""Initial densities and positions of the connections."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

Shape = tuple[int, ...]


def uniform_densities(shapes: Sequence[Shape], density: float) -> list[float]:
    """Return the same density for every layer.

    Parameters
    ----------
    shapes : sequence of tuple of int
    density : float in [0, 1]

    Returns
    -------
    list of float
    """
    return [float(density)] * len(shapes)


def epsilon_density(shape: Shape, epsilon: float) -> float:
    """Return the Erdos-Renyi density of a layer: epsilon * (n_in + n_out) connections, at most all.

    Parameters
    ----------
    shape : tuple of (int, int)
    epsilon : float

    References
    ----------
    Mocanu et al., "Scalable training of artificial neural networks with adaptive sparse
    connectivity inspired by network science", Nature Communications 2018.
    """
    return min(1.0, epsilon * sum(shape) / float(np.prod(shape)))


def erdos_renyi_densities(shapes: Sequence[Shape], density: float) -> list[float]:
    """Return densities proportional to (n_in + n_out) / (n_in * n_out), `density` in total.

    Like :func:`erk_densities` without the sizes of convolution kernels: the first two
    dimensions of each shape count.
    """
    return _scaled([sum(s[:2]) / float(np.prod(s[:2])) for s in shapes], shapes, density)


def erk_densities(shapes: Sequence[Shape], density: float) -> list[float]:
    """Return Erdos-Renyi-Kernel densities, proportional to sum(shape) / prod(shape).

    Layers that would exceed 1 are dense. The connections which they cannot take are shared among
    the others, so that the density over all layers is `density`.

    Parameters
    ----------
    shapes : sequence of tuple of int
        Weight shapes: ``(n_out, n_in)``, or ``(n_out, n_in, height, width)``.
    density : float in [0, 1]

    Returns
    -------
    list of float

    References
    ----------
    Evci et al., "Rigging the lottery: making all tickets winners", ICML 2020.
    """
    return _scaled([sum(s) / float(np.prod(s)) for s in shapes], shapes, density)


def _scaled(raw, shapes, density):
    raw = np.asarray(raw, dtype=float)
    sizes = np.array([np.prod(s) for s in shapes], dtype=float)
    full = np.zeros(len(raw), dtype=bool)
    while not full.all():
        budget = density * sizes.sum() - sizes[full].sum()
        scale = max(0.0, budget) / (raw * sizes)[~full].sum()
        over = ~full & (raw * scale > 1)
        if not over.any():
            return np.where(full, 1.0, raw * scale).tolist()
        full |= over
    return [1.0] * len(raw)


def sample_positions(shape: Shape, density: float, rng: np.random.Generator) -> np.ndarray:
    """Draw ``round(density * n_possible)`` distinct connections uniformly.

    Up to density 0.5 memory follows the number of connections; above, it follows the layer.

    Parameters
    ----------
    shape : tuple of (int, int)
    density : float in [0, 1]
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of int64
        Ascending flat positions.
    """
    n_possible = int(shape[0]) * int(shape[1])
    return distinct_integers(n_possible, round(density * n_possible), rng)


def distinct_integers(n_possible: int, n: int, rng: np.random.Generator) -> np.ndarray:
    """Draw `n` distinct integers from range(n_possible) uniformly, ascending, int64.

    ``Generator.choice(replace=False)`` would allocate the whole range.
    """
    if 2 * n > n_possible:
        taken = np.ones(n_possible, dtype=bool)
        taken[distinct_integers(n_possible, n_possible - n, rng)] = False
        return np.flatnonzero(taken)
    drawn = np.empty(0, dtype=np.int64)
    while len(drawn) < n:
        more = rng.integers(n_possible, size=int(1.2 * (n - len(drawn))) + 8)
        drawn = np.sort(np.concatenate([drawn, more]))
        drawn = drawn[np.diff(drawn, prepend=-1) > 0]
    surplus = rng.choice(len(drawn), size=len(drawn) - n, replace=False, shuffle=False)
    return np.delete(drawn, surplus)
