# SPDX-License-Identifier: BSD-3-Clause
"""Tables of other libraries: read as the array, fitted as the array, and refused with a reason."""

import pickle
import subprocess
import sys
from functools import partial

import numpy as np
import pandas as pd
import pytest
import torch
from scipy import sparse
from sklearn.base import clone

from sparsefs import (
    CrossValidatedK,
    NeuronAttributionSelector,
    StabilitySelector,
    WASTSelector,
    open_table,
)
from sparsefs.data import BatchTable
from tests.shards import write_npy, write_parquet

NAMES = [f"f{j}" for j in range(8)]


@pytest.fixture
def X():
    X = np.random.default_rng(0).standard_normal((50, 8)).astype(np.float32)
    return np.where(X > -0.5, X, np.float32(0))


def in_parts(X, make=np.asarray, n_parts=4):
    return [make(part) for part in np.array_split(X, n_parts)]


def frame_of(X):
    label = np.where(X[:, 0] > 0, "ill", "well").astype(object)
    return pd.DataFrame(X, columns=NAMES).assign(label=label)


def of_function(folder, X):
    return open_table(partial(in_parts, X))


def of_csr(folder, X):
    return open_table(in_parts(X, sparse.csr_array))


def of_tensors(folder, X):
    return open_table(in_parts(X, torch.tensor))


def of_pandas(folder, X):
    frame = frame_of(X)
    return open_table([frame[:7], frame[7:30], frame[30:30], frame[30:]], exclude="label")


def of_polars(folder, X):
    polars = pytest.importorskip("polars")
    frame = polars.DataFrame({name: X[:, j] for j, name in enumerate(NAMES)})
    return open_table([frame[:20], frame[20:]])


def arrow_dataset(folder, X):
    pytest.importorskip("pyarrow", reason="Arrow needs pyarrow")
    import pyarrow.dataset

    return pyarrow.dataset.dataset(write_parquet(folder, X, label=frame_of(X)["label"]))


def of_arrow(folder, X):
    return open_table(arrow_dataset(folder, X), exclude="label")


def of_lazy_frame(folder, X):
    polars = pytest.importorskip("polars")
    folder = write_parquet(folder, X, label=frame_of(X)["label"])
    return open_table(polars.scan_parquet(folder / "*.parquet"), exclude="label")


def of_duckdb(folder, X):
    duckdb = pytest.importorskip("duckdb")
    folder = write_parquet(folder, X, label=frame_of(X)["label"])
    return open_table(duckdb.connect().sql(f"FROM '{folder}/*.parquet'"), exclude="label")


def of_zarr(folder, X):
    zarr = pytest.importorskip("zarr")
    folder.mkdir()
    array = zarr.open(str(folder), mode="w", shape=X.shape, chunks=(6, 3), dtype=X.dtype)
    array[:] = X
    return open_table(zarr.open(str(folder), mode="r"))


def of_hdf5(folder, X):
    h5py = pytest.importorskip("h5py")
    folder.mkdir()
    with h5py.File(folder / "X.h5", "w") as file:
        file.create_dataset("X", data=X, chunks=(6, 8), compression="gzip")
    return open_table(h5py.File(folder / "X.h5")["X"])


def annotated(folder, X):
    anndata = pytest.importorskip("anndata", reason="h5ad needs anndata")
    folder.mkdir()
    made = anndata.AnnData(
        X,
        obs=pd.DataFrame(index=pd.Index([str(i) for i in range(X.shape[0])], dtype=object)),
        var=pd.DataFrame(index=pd.Index(NAMES, dtype=object)),
    )
    made.write_h5ad(folder / "X.h5ad")
    return anndata.read_h5ad(folder / "X.h5ad", backed="r")


def of_h5ad(folder, X):
    return open_table(annotated(folder, X))


def of_sparse_h5ad(folder, X):
    return open_table(annotated(folder, sparse.csr_array(X)))


def of_dask_array(folder, X):
    array = pytest.importorskip("dask.array", reason="Dask needs the extra 'dask'")
    return open_table(array.from_array(X, chunks=(12, 5)))


def of_sparse_dask_array(folder, X):
    array = pytest.importorskip("dask.array", reason="Dask needs the extra 'dask'")
    return open_table(array.from_array(X, chunks=(12, 8)).map_blocks(sparse.csr_matrix))


def dask_frame(X):
    dataframe = pytest.importorskip("dask.dataframe", reason="Dask needs the extra 'dask'")
    return dataframe.from_pandas(frame_of(X), npartitions=3)


def of_dask_frame(folder, X):
    return open_table(dask_frame(X), exclude="label")


SOURCES = {
    name.removeprefix("of_"): make for name, make in globals().items() if name.startswith("of_")
}
NAMED = {"pandas", "polars", "arrow", "lazy_frame", "duckdb", "h5ad", "sparse_h5ad", "dask_frame"}
every_source = pytest.mark.parametrize("source", SOURCES)


@every_source
def test_a_source_reads_like_the_array(source, X, tmp_path, cut_small):
    table = SOURCES[source](tmp_path / "X", X)
    assert (table.shape, table.dtype) == (X.shape, X.dtype)
    assert (table.column_names is None) == (source not in NAMED)
    assert table.column_names is None or list(table.column_names) == NAMES
    for key in (slice(None), [49, 3, 3, -1], 7, (slice(10, 30), [6, 1]), (slice(None), 2)):
        np.testing.assert_array_equal(table[key], X[key])
    for columns in (None, np.array([5, 0])):
        blocks = [block for _, block in table.blocks(4, columns)]
        expected = X if columns is None else X[:, columns]
        np.testing.assert_array_equal(np.concatenate(blocks), expected)
        assert max(map(len, blocks)) <= 4
    for chunk in table.chunks()[::-1]:
        got = np.concatenate([block for _, block in table.read(chunk)])
        np.testing.assert_array_equal(got, X[chunk])


@every_source
@pytest.mark.parametrize("Selector", [WASTSelector, NeuronAttributionSelector])
def test_a_small_source_gives_the_scores_of_the_array(Selector, source, X, tmp_path):
    y = (X[:, 0] > 0).astype(int)
    selector = Selector(K=3, max_iter=2, random_state=0, device="cpu")
    expected = selector.fit(X, y).scores_
    table = SOURCES[source](tmp_path / "X", X)
    got = selector.fit(table, y)
    np.testing.assert_array_equal(got.scores_, expected)
    np.testing.assert_array_equal(got.transform(table), X[:, got.get_support()])
    if source in NAMED:
        assert list(got.feature_names_in_) == NAMES


@every_source
@pytest.mark.filterwarnings("ignore:X does not have valid feature names")
def test_a_large_source_is_fitted_in_pieces(source, X, tmp_path, cut_small):
    X = np.tile(X, (6, 1))
    table = SOURCES[source](tmp_path / "X", X)
    selector = WASTSelector(K=3, max_iter=2, random_state=0, device="cpu")
    first, again = (selector.fit(table).scores_ for _ in range(2))
    np.testing.assert_array_equal(first, again)
    assert selector.score(table) == pytest.approx(selector.score(X), rel=1e-5)


@pytest.mark.parametrize("source", ["function", "arrow", "zarr", "sparse_h5ad", "dask_frame"])
def test_folds_and_halves_of_a_source(source, X, tmp_path, monkeypatch):
    y = (X[:, 0] > 0).astype(int)
    ranker = NeuronAttributionSelector(max_iter=2, random_state=0, device="cpu")
    selectors = (
        clone(ranker).set_params(K=CrossValidatedK(cv=2, Ks=[1, 3])),
        StabilitySelector(ranker.set_params(K=3), q=2, n_pairs=2, random_state=0),
    )
    expected = [selector.fit(X, y) for selector in selectors]
    path, ranking = expected[0].path_.scores, expected[1].ranking_
    table = SOURCES[source](tmp_path / "X", X)
    monkeypatch.setattr("sparsefs.data.table.BUFFER_BYTES", X.nbytes - 1)  # a half fits
    np.testing.assert_array_equal(selectors[0].fit(table, y).path_.scores, path)
    np.testing.assert_array_equal(selectors[1].fit(table, y).ranking_, ranking)
    if source in NAMED:
        groups = {"first": ["f0", "f1"], "last": ["f6", "f7"]}
        scores = ranker.set_params(feature_groups=groups).fit(table, y).scores_
        assert scores[0] == scores[1] and scores[6] == scores[7]


@pytest.mark.parametrize("source", ["arrow", "lazy_frame", "duckdb", "pandas"])
def test_a_label_that_is_left_out_can_be_read(source, X, tmp_path):
    table = SOURCES[source](tmp_path / "X", X)
    assert list(table.column("label")) == list(frame_of(X)["label"])
    np.testing.assert_array_equal(table.column("f3"), X[:, 3])


def test_columns_are_chosen_in_order(X, tmp_path):
    for table in (
        open_table(partial(in_parts, X), columns=[5, 2]),
        open_table(
            in_parts(X, lambda part: pd.DataFrame(part, columns=NAMES)), columns=["f5", "f2"]
        ),
        open_table(write_npy(tmp_path / "npy", X), columns=[5, 2]),
        BatchTable(in_parts(X), 50, NAMES, columns=["f5", "f2"]),
    ):
        np.testing.assert_array_equal(table[:], X[:, [5, 2]])
        np.testing.assert_array_equal(table[:, 1], X[:, 2])
    assert list(table.column_names) == ["f5", "f2"]
    np.testing.assert_array_equal(table.column("f7"), X[:, 7])


def test_a_filter_and_partitions_of_arrow(X, tmp_path):
    pytest.importorskip("pyarrow", reason="Arrow needs pyarrow")
    import pyarrow as pa
    import pyarrow.dataset

    table = pa.table({name: X[:, j] for j, name in enumerate(NAMES)} | {"part": np.arange(50) % 3})
    pyarrow.dataset.write_dataset(
        table, tmp_path, format="parquet", partitioning=["part"], partitioning_flavor="hive"
    )
    dataset = pyarrow.dataset.dataset(tmp_path, partitioning="hive")
    part = np.sort(np.arange(50) % 3)
    expected = np.column_stack([X[np.argsort(np.arange(50) % 3, kind="stable"), 0], part])
    got = open_table(dataset, columns=["f0", "part"])
    np.testing.assert_array_equal(got[:], expected)
    # Files are read in random order, as rows that are sorted need.
    assert got.chunks() == [slice(0, 17), slice(17, 34), slice(34, 50)]
    np.testing.assert_array_equal(got.column("part"), part)
    kept = dataset.filter(pyarrow.dataset.field("part") > 0)
    got = open_table(kept, columns=["f0", "part"])
    np.testing.assert_array_equal(got[:], expected[part > 0])
    assert len(got.chunks()) == 1


def test_missing_values_are_nan(tmp_path):
    frame = pd.DataFrame({"a": pd.array([1, None, 3], dtype="Int64"), "b": [1.5, 2.5, None]})
    expected = [[1, 1.5], [np.nan, 2.5], [3, np.nan]]
    np.testing.assert_array_equal(open_table([frame])[:], expected)
    polars, pa = pytest.importorskip("polars"), pytest.importorskip("pyarrow")
    columns = {"a": [1, None, 3], "b": [1.5, 2.5, None]}
    np.testing.assert_array_equal(open_table([polars.DataFrame(columns)])[:], expected)
    np.testing.assert_array_equal(open_table([pa.table(columns)])[:], expected)
    dask = pytest.importorskip("dask.dataframe", reason="Dask needs the extra 'dask'")
    np.testing.assert_array_equal(open_table(dask.from_pandas(frame, npartitions=1))[:], expected)


def test_small_integers_may_have_gaps_later():
    frame = pd.DataFrame({"a": np.int8([1, 2])})
    table = open_table([frame, pd.DataFrame({"a": [np.nan, 4.0]})])
    assert table.dtype == np.float32
    np.testing.assert_array_equal(table[:, 0], [1, 2, np.nan, 4])
    with pytest.raises(ValueError, match="float64.*read as float32, which loses digits"):
        open_table([frame, pd.DataFrame({"a": [0.1]})])[:]


def test_only_the_columns_that_are_needed_are_read(X, tmp_path, monkeypatch):
    from sparsefs.data import sources

    asked, scan = [], sources._scan_arrow

    def watched(part, schema, names):
        asked.append(names)
        return scan(part, schema, names)

    monkeypatch.setattr(sources, "_scan_arrow", watched)
    table = of_arrow(tmp_path / "X", X)
    list(table.blocks(columns=np.array([4, 1])))
    assert asked[-1] == ["f4", "f1"]


class Once:
    """Batches that can be read once, behind a function."""

    def __init__(self, X):
        self.iterator = iter(in_parts(X))

    def __call__(self):
        return self.iterator


@pytest.mark.parametrize(
    ("source", "error", "words"),
    [
        (lambda X: iter([X]), ValueError, "read only once. Pass a function"),
        (lambda X: (part for part in [X]), ValueError, "read only once. Pass a function"),
        (lambda X: [], ValueError, "no batches"),
        (lambda X: [(X, X[:, 0])], TypeError, "A batch is a tuple.*without the labels"),
        (lambda X: [X[:, 0]], ValueError, r"rows and columns. Its shape is \(50,\)"),
        (lambda X: [X.astype(str)], ValueError, "real numbers. The dtype is <U"),
        (lambda X: [frame_of(X)], ValueError, r"'label' must contain numbers.*exclude=\['label'\]"),
        (lambda X: X, TypeError, "ndarray in memory. Pass it to a selector"),
        (lambda X: pd.DataFrame(X), TypeError, "DataFrame in memory"),
        (lambda X: 3, TypeError, "A int is no table. Pass a path, an Arrow dataset"),
        (lambda X: open_table([X]), TypeError, "a table already"),
        (lambda X: dask_frame(X), ValueError, r"'label' must contain.*exclude=\['label'\]"),
    ],
)
def test_sources_that_cannot_be_opened(source, error, words, X):
    with pytest.raises(error, match=words):
        open_table(source(X))


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (lambda X: Once(X), "this pass has 0 rows instead of 50.*new iterator in every call"),
        (lambda X: [X, X[:, 1:]], "A batch has 7 columns, but the first has 8"),
        (
            lambda X: [frame_of(X)[["f0", "f1"]], frame_of(X)[["f0", "f2"]]],
            r"other columns than the first: missing \['f1'\], unknown \['f2'\]",
        ),
    ],
)
def test_batches_that_differ(source, words, X):
    table = open_table(source(X))
    with pytest.raises(ValueError, match=words):
        table[:]


def test_a_column_of_text_in_a_query_is_named(X, tmp_path):
    with pytest.raises(ValueError, match=r"'label' must contain numbers.*exclude"):
        open_table(arrow_dataset(tmp_path / "X", X))


def test_names_must_be_as_many_as_columns(X):
    with pytest.raises(ValueError, match="'column_names' has 7 names for 8 columns"):
        BatchTable([X], column_names=NAMES[:-1])


def test_a_matrix_by_columns_is_refused(X, tmp_path):
    with pytest.raises(ValueError, match="stored by columns.*Write it as CSR"):
        open_table(annotated(tmp_path / "X", sparse.csc_array(X)))


def test_a_dask_array_of_unknown_length_is_refused(X):
    frame = dask_frame(X)[NAMES]
    with pytest.raises(ValueError, match="compute_chunk_sizes"):
        open_table(frame.to_dask_array())


@pytest.mark.parametrize("source", ["function", "pandas", "arrow", "zarr", "dask_array"])
def test_a_pickled_source_reads_the_same(source, X, tmp_path):
    table = SOURCES[source](tmp_path / "X", X)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(table))[:], X)


def test_opening_imports_no_other_library():
    script = """
import sys, numpy as np, sparsefs
assert sparsefs.open_table([np.eye(3)]).shape == (3, 3)
others = {"torch", "pyarrow.dataset", "polars", "duckdb", "dask", "zarr", "h5py", "anndata"}
assert not others & set(sys.modules), others & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", script], check=True)
