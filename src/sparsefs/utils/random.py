# SPDX-License-Identifier: BSD-3-Clause
"""Seeds and generators of a fit."""

from __future__ import annotations

from numbers import Integral

import numpy as np
from sklearn.utils import check_random_state


def seed_of(random_state) -> int:
    """Draw the seed of a fit from `random_state`; None does not use numpy's global state."""
    if random_state is None:
        return int(np.random.SeedSequence().generate_state(1)[0])
    if isinstance(random_state, Integral):
        return int(random_state)
    return int(check_random_state(random_state).randint(2**31))


def generators(seed: int, n: int) -> list[np.random.Generator]:
    """Return `n` independent generators; the first ones do not depend on `n`."""
    root = np.random.SeedSequence(seed)
    return [np.random.default_rng(seed) for seed in (root, *root.spawn(n - 1))]


def seeded(estimator, rng):
    """Set every ``random_state`` of an estimator and of what it is made of."""
    names = _random_states(estimator)
    return estimator.set_params(**{name: int(rng.integers(2**31 - 1)) for name in names})


def seeded_where_open(estimator, seed: int):
    """Set every ``random_state`` that is None, which would use numpy's global state."""
    names = [name for name, value in _random_states(estimator).items() if value is None]
    return estimator.set_params(**dict.fromkeys(names, seed))


def _random_states(estimator) -> dict:
    params = sorted(estimator.get_params().items())
    return {n: v for n, v in params if n == "random_state" or n.endswith("__random_state")}
