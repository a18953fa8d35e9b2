# SPDX-License-Identifier: BSD-3-Clause
"""Shared fixtures, and the environment that libraries read when they are first imported."""

import os

# The tests run in a process per core: threads of one process would take the cores of the others.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# Without it one of scikit-learn's checks would be skipped.
os.environ.setdefault("SCIPY_ARRAY_API", "1")

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, settings

# Neither a busy machine nor chance decides whether a property holds.
settings.register_profile(
    "sparsefs",
    deadline=None,
    derandomize=True,
    max_examples=50,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("sparsefs")


@pytest.fixture
def wide():
    """60 samples x 40 features in three correlated blocks; columns 3 and 17 are constant."""
    rng = np.random.default_rng(0)
    latent = rng.standard_normal((60, 3))
    X = latent @ rng.standard_normal((3, 40)) + 0.3 * rng.standard_normal((60, 40))
    X[:, 3], X[:, 17] = 0.0, 2.5
    return X.astype(np.float32)


@pytest.fixture(autouse=True)
def global_state_is_left_as_found():
    """No test, and so no fit, may leave torch or numpy set up differently."""

    def state():
        return (
            torch.get_num_threads(),
            torch.get_default_dtype(),
            torch.get_rng_state().tolist(),
            np.geterr(),
        )

    before = state()
    yield
    assert state() == before


@pytest.fixture
def cut_small(monkeypatch):
    """Chunks and a buffer so small that the tests' tables do not fit."""
    monkeypatch.setattr("sparsefs.data.table.CHUNK_BYTES", 600)
    monkeypatch.setattr("sparsefs.data.table.BUFFER_BYTES", 3000)
