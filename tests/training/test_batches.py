# SPDX-License-Identifier: BSD-3-Clause
import numpy as np
import pytest
from scipy import sparse

from sparsefs.training.batches import Batches, Scaling


@pytest.fixture
def table():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((50, 7)) * [0, 0.1, 1, 5, 20, 1, 1] + [3, 0, 1, -5, 100, 0, 0]
    X[:, 5] *= rng.random(50) < 0.3
    return X.astype(np.float32)


@pytest.mark.parametrize("container", [np.asarray, sparse.csr_matrix, sparse.csr_array])
def test_global_scaling_is_one_mean_and_one_deviation(table, container):
    scaling = Scaling(container(table), "global")
    np.testing.assert_allclose(scaling.mean, table.mean(dtype=np.float64), rtol=1e-6)
    np.testing.assert_allclose(scaling.scale, table.std(dtype=np.float64), rtol=1e-6)


@pytest.mark.parametrize("container", [np.asarray, sparse.csr_matrix])
def test_feature_scaling_standardises_and_spares_constants(table, container):
    scaling = Scaling(container(table), "feature")
    np.testing.assert_allclose(scaling.mean, table.mean(0, dtype=np.float64), rtol=1e-5, atol=1e-7)
    assert scaling.scale[0] == 1.0
    np.testing.assert_allclose(scaling.scale[1:], table[:, 1:].std(0, dtype=np.float64), rtol=1e-4)


@pytest.mark.parametrize("how", ["global", "feature"])
@pytest.mark.parametrize("container", [np.asarray, sparse.csr_matrix])
def test_weights_count_like_repetitions(table, how, container):
    weight = np.random.default_rng(1).integers(0, 4, 50)
    weighted = Scaling(container(table), how, weight.astype(float))
    repeated = Scaling(container(np.repeat(table, weight, axis=0)), how)
    np.testing.assert_allclose(weighted.mean, repeated.mean, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(weighted.scale, repeated.scale, rtol=1e-4)


def test_no_scaling(table):
    scaling = Scaling(table, "none")
    assert not scaling.mean.any()
    assert (scaling.scale == 1).all()


@pytest.mark.parametrize("container", [np.asarray, np.asfortranarray, sparse.csr_matrix])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_an_epoch_is_every_scaled_row_once(table, container, dtype):
    table = table.astype(dtype)
    scaling = Scaling(table, "feature")
    batches = Batches(container(table), scaling, 16, np.random.default_rng(0), "cpu")
    assert len(batches) == 4
    epochs = [[x.numpy().T.copy() for x, _, _ in batches] for _ in range(2)]
    for parts in epochs:
        assert [len(part) for part in parts] == [16, 16, 16, 2]
        got = np.concatenate(parts)
        expected = (table - scaling.mean) / scaling.scale
        np.testing.assert_allclose(
            got[np.lexsort(got.T)], expected[np.lexsort(expected.T)], atol=1e-4
        )
    assert not np.array_equal(epochs[0][0], epochs[1][0])  # shuffled anew


def test_batches_carry_the_weights_of_their_rows(table):
    weight = np.arange(1.0, 51.0)
    X = np.column_stack([weight, table]).astype(np.float32)
    batches = Batches(X, Scaling(X, "none"), 16, np.random.default_rng(0), "cpu", weight)
    for x, _, w in batches:
        np.testing.assert_allclose(x[0], w)


def test_a_batch_is_never_larger_than_the_data(table):
    batches = Batches(table, Scaling(table, "none"), 10**9, np.random.default_rng(0), "cpu")
    assert [x.shape for x, _, _ in batches] == [(7, 50)]
