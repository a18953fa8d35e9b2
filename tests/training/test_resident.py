# SPDX-License-Identifier: BSD-3-Clause
"""Batches gathered on the device, against those of the host."""

import numpy as np
import pytest
from scipy import sparse

from sparsefs.training import resident
from sparsefs.training.batches import Batches
from sparsefs.training.resident import ResidentBatches, make_batches
from sparsefs.training.scaling import Scaling
from sparsefs.utils import device as _device
from tests.no_waiting import no_waiting


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("targets", [None, "classes", "numbers"])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("even", [False, True])
def test_batches_are_those_of_the_host(wide, dtype, targets, weighted, even):
    X = wide.astype(dtype) + (0 if dtype is np.float32 else 1e9)
    y = {None: None, "classes": np.arange(60) % 3, "numbers": wide[:, :2].copy()}[targets]
    weight = np.arange(60) % 4 / 1.5 if weighted else None
    scaling = Scaling(X, "feature", weight)
    here, there = (
        kind(X, scaling, 16, np.random.default_rng(0), "cpu", weight, y, even=even)
        for kind in (Batches, ResidentBatches)
    )
    assert len(here) == len(there) and here.n_samples == there.n_samples
    for columns in (None, np.array([1, 5, 2])):
        here.use_columns(columns)
        there.use_columns(columns)
        for _ in range(2):
            for one, other in zip(here, there, strict=True):
                for a, b in zip(one, other, strict=True):
                    assert (a is None) == (b is None)
                    if a is not None:
                        assert a.shape == b.shape and a.dtype == b.dtype and b.is_contiguous()
                        np.testing.assert_array_equal(a, b)
                some = np.array([7, 0])
                np.testing.assert_array_equal(here.features(some), there.features(some))
    np.testing.assert_array_equal(here.batch(np.array([3, 9])).x, there.batch(np.array([3, 9])).x)


def test_only_the_start_of_an_epoch_needs_the_host(wide):
    batches = ResidentBatches(wide, Scaling(wide, "global"), 16, np.random.default_rng(0), "cpu")
    steps = iter(batches)
    next(steps)
    with no_waiting():
        assert len(list(steps)) == 3


def test_data_move_to_a_device_where_they_fit(wide, monkeypatch):
    args = Scaling(wide, "global"), 16, None, "cpu"
    assert type(make_batches(wide, *args)) is Batches
    monkeypatch.setattr(_device, "_CPU_IS_REMOTE", True)
    assert type(make_batches(wide, *args)) is ResidentBatches
    assert type(make_batches(sparse.csr_matrix(wide), *args)) is Batches
    monkeypatch.setattr(resident, "free_memory", lambda device: 7.9 * wide.size)
    assert type(make_batches(wide, *args)) is Batches
