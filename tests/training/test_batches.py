# SPDX-License-Identifier: BSD-3-Clause
import numpy as np
import pytest
import torch
from scipy import sparse

from sparsefs.training.batches import Batches
from sparsefs.training.scaling import Scaling


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


@pytest.mark.parametrize("container", [np.asarray, sparse.csr_matrix, sparse.csr_array])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_minmax_brings_every_feature_to_0_to_1_and_spares_constants(table, container, dtype):
    X = container(table.astype(dtype))
    batches = Batches(X, Scaling(X, "minmax"), 50, None, "cpu")
    (x, _, _) = next(iter(batches))
    np.testing.assert_allclose(x.min(1).values, 0, atol=1e-5)
    np.testing.assert_allclose(x[1:].max(1).values, 1, atol=1e-5)
    np.testing.assert_allclose(x[0], 0, atol=1e-5)  # constant


@pytest.mark.parametrize("container", [np.asarray, sparse.csr_matrix])
def test_minmax_leaves_out_rows_of_weight_zero(table, container, monkeypatch):
    weight = (np.arange(50) % 3 > 0).astype(float)
    weight[:10] = 0
    expected = Scaling(container(table[weight > 0]), "minmax")
    # Several blocks of rows, one of them without weight.
    monkeypatch.setattr("sparsefs.data.summary._BLOCK", 10 * table.shape[1])
    got = Scaling(container(table), "minmax", weight)
    np.testing.assert_array_equal(got.mean, expected.mean)
    np.testing.assert_array_equal(got.scale, expected.scale)


def test_without_targets_the_target_is_the_batch_itself(table):
    batch = next(iter(Batches(table, Scaling(table, "none"), 16, None, "cpu")))
    assert batch.target is batch.x


@pytest.mark.parametrize("n_outputs", [None, 1, 3])
def test_batches_carry_the_targets_of_their_rows(table, n_outputs):
    targets = table[:, 1] if n_outputs is None else table[:, 1 : 1 + n_outputs]
    batches = Batches(
        table, Scaling(table, "none"), 16, np.random.default_rng(0), "cpu", targets=targets
    )
    for x, target, _ in batches:
        np.testing.assert_array_equal(target, x[1] if n_outputs is None else x[1 : 1 + n_outputs])
        assert target.is_contiguous()


def test_class_numbers_stay_integers(table):
    classes = np.arange(50) % 3
    batch = next(iter(Batches(table, Scaling(table, "none"), 16, None, "cpu", targets=classes)))
    assert batch.target.dtype == torch.int64
    np.testing.assert_array_equal(batch.target, classes[:16])


def test_only_the_given_rows_are_used_and_those_without_weight_left_out(table):
    weight = np.ones(50)
    weight[[5, 7]] = 0
    numbered = np.column_stack([np.arange(50), table]).astype(np.float32)
    rows = np.array([3, 4, 5, 30, 49])
    batches = Batches(
        numbered, Scaling(numbered, "none"), 2, np.random.default_rng(0), "cpu", weight, rows=rows
    )
    assert (batches.n_samples, len(batches)) == (4, 2)
    for _ in range(2):
        seen = np.concatenate([x[0].numpy().copy() for x, _, _ in batches])
        np.testing.assert_array_equal(np.sort(seen), [3, 4, 30, 49])


def test_without_a_generator_rows_come_in_order(table):
    numbered = np.column_stack([np.arange(50), table]).astype(np.float32)
    batches = Batches(numbered, Scaling(numbered, "none"), 16, None, "cpu")
    seen = np.concatenate([x[0].numpy().copy() for x, _, _ in batches])
    np.testing.assert_array_equal(seen, np.arange(50))


@pytest.mark.parametrize("container", [np.asarray, np.asfortranarray, sparse.csr_matrix])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_only_the_used_columns_are_loaded_in_their_order(table, container, dtype):
    X = container(table.astype(dtype))
    scaling = Scaling(X, "feature")
    batches = Batches(X, scaling, 16, None, "cpu")
    expected = (table[:16] - scaling.mean) / scaling.scale
    for columns in (np.array([6, 1, 3]), np.array([2]), None):
        batches.use_columns(columns)
        got = next(iter(batches)).x.numpy().T
        wanted = expected if columns is None else expected[:, columns]
        np.testing.assert_allclose(got, wanted, atol=1e-4)
