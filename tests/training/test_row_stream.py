# SPDX-License-Identifier: BSD-3-Clause
"""Batches of tables that are larger than the buffer."""

import numpy as np
import pytest

from sparsefs.data import ArrayTable
from sparsefs.training.batches import Batches
from sparsefs.training.row_stream import RowStream
from sparsefs.training.scaling import Scaling
from tests.shards import SOURCES, every_source


@pytest.fixture
def numbered():
    """400 rows of 5 columns, the first of which numbers them."""
    X = np.random.default_rng(0).standard_normal((400, 5)).astype(np.float32)
    X[:, 0] = np.arange(400)
    return X


def opened(source, folder, X):
    table = SOURCES[source](folder, X)
    return ArrayTable(table) if source == "memmap" else table


@pytest.fixture(params=SOURCES)
def table(request, numbered, tmp_path, cut_small):
    return opened(request.param, tmp_path / "X", numbered)


def epoch(stream, sizes, rng):
    """Row numbers of the batches, after a look at what is in them."""
    seen = []
    for rows, buffer, places in stream.epoch(sizes, rng):
        np.testing.assert_array_equal(buffer[places][:, 0], rows)
        seen.append(rows.copy())
    return seen


def test_an_epoch_is_every_row_once_in_another_order_each_time(table):
    stream = RowStream(table, np.arange(400), 16)
    rng = np.random.default_rng(0)
    first, second = (epoch(stream, [16] * 25, rng) for _ in range(2))
    for batches in (first, second):
        np.testing.assert_array_equal(np.sort(np.concatenate(batches)), np.arange(400))
    assert not np.array_equal(first[0], second[0])
    again = epoch(RowStream(table, np.arange(400), 16), [16] * 25, np.random.default_rng(0))
    np.testing.assert_array_equal(np.concatenate(first), np.concatenate(again))


@pytest.mark.parametrize("sizes", [[7] * 57 + [1], [400], [150, 250], [1] * 400])
@pytest.mark.parametrize("seed", [None, 0])
def test_batches_have_the_sizes_asked_for_whatever_the_buffer(table, sizes, seed):
    stream = RowStream(table, np.arange(400), max(sizes))
    rng = None if seed is None else np.random.default_rng(seed)
    batches = epoch(stream, sizes, rng)
    assert [len(rows) for rows in batches] == sizes
    rows = np.concatenate(batches)
    np.testing.assert_array_equal(rows if rng is None else np.sort(rows), np.arange(400))


def test_batches_mix_chunks(table):
    stream = RowStream(table, np.arange(400), 16)
    batches = epoch(stream, [16] * 25, np.random.default_rng(0))
    # A chunk has at most 30 rows, the buffer 150: a batch is of several chunks.
    n_chunks = [
        len({next(i for i, c in enumerate(table.chunks()) if r < c.stop) for r in rows})
        for rows in batches
    ]
    assert np.mean(n_chunks) > 2.5
    # Over the epoch the rows are well spread.
    assert np.std([rows.mean() for rows in batches]) < 100


def test_only_the_given_rows_are_read(table, monkeypatch):
    rows = np.r_[3, 40:80, 200, 399]
    chunks, read = [], type(table).read
    monkeypatch.setattr(
        type(table), "read", lambda self, c, *a, **k: chunks.append(c) or read(self, c, *a, **k)
    )
    got = np.concatenate(epoch(RowStream(table, rows, 10), [10, 10, 10, 10, 3], None))
    np.testing.assert_array_equal(got, rows)
    assert len(chunks) < len(table.chunks())


def test_every_chunk_is_read_once_and_the_buffer_stays_small(table, monkeypatch):
    chunks, read = [], type(table).read
    monkeypatch.setattr(
        type(table), "read", lambda self, c, *a, **k: chunks.append(c) or read(self, c, *a, **k)
    )
    stream = RowStream(table, np.arange(400), 16)
    for _, buffer, _ in stream.epoch([16] * 25, np.random.default_rng(0)):
        assert buffer.nbytes <= 3000
    assert sorted(c.start for c in chunks) == [c.start for c in table.chunks()]


@every_source
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("even", [True, False])
def test_batches_of_a_table_are_those_of_the_array(
    source, dtype, even, numbered, tmp_path, cut_small
):
    X = numbered.astype(dtype)
    table = opened(source, tmp_path / "X", X)
    weight = np.arange(400) % 5 * 1.0
    targets = np.arange(400)
    args = 33, None, "cpu", weight, targets
    pairs = zip(
        Batches(X, Scaling(X, "feature", weight), *args, even=even),
        Batches(table, Scaling(table, "feature", weight), *args, even=even),
        strict=True,
    )
    for of_array, of_table in pairs:
        np.testing.assert_allclose(of_array.x, of_table.x, rtol=1e-6)
        np.testing.assert_array_equal(of_array.target, of_table.target)
        np.testing.assert_array_equal(of_array.sample_weight, of_table.sample_weight)


def test_columns_and_features_of_a_batch_of_a_table(table, numbered):
    batches = Batches(table, Scaling(table, "none"), 20, np.random.default_rng(0), "cpu")
    batches.use_columns(np.array([4, 0]))
    for n, batch in enumerate(batches):
        rows = batch.x[1].numpy().astype(int)
        np.testing.assert_array_equal(rows, batches.last_rows)
        np.testing.assert_array_equal(batch.x[0], numbered[rows, 4])
        np.testing.assert_array_equal(
            batches.features(np.array([2, 3])).numpy().T, numbered[rows, 2:4]
        )
        if n == 10:
            batches.use_columns(np.array([1, 0]))
            break
    batch = batches.batch(np.array([5, 399, 7]))
    np.testing.assert_array_equal(batch.x[1], [5, 399, 7])
