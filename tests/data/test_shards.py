# SPDX-License-Identifier: BSD-3-Clause
"""Tables on disk: indexing, formats, choice of columns, and files that do not suit."""

import os
import pickle
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from sparsefs import WASTSelector, open_shards
from sparsefs.data import ArrayTable, RowTable, npy, parquet
from sparsefs.data.table import RowsOfTable
from tests.shards import SOURCES, as_memmap, every_source, pyarrow, write_npy, write_parquet


@pytest.fixture
def X():
    return np.random.default_rng(0).standard_normal((50, 8)).astype(np.float32)


def opened(source, folder, X):
    table = SOURCES[source](folder, X)
    return ArrayTable(table) if source == "memmap" else table


@every_source
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.uint8, np.int16, np.int64, bool])
def test_a_table_reads_like_the_array(source, dtype, X, tmp_path):
    X = (X * 20 + 100).astype(dtype)
    table = opened(source, tmp_path / "X", X)
    assert (table.shape, table.dtype, table.ndim, len(table)) == ((50, 8), X.dtype, 2, 50)
    assert table.nbytes == X.nbytes
    rows = np.array([49, 3, 3, -1, 20])
    for key in (
        slice(None),
        slice(5, 40, 3),
        slice(0, 0),
        7,
        -1,
        rows,
        rows.tolist(),
        X[:, 0] > X[0, 0],
        (slice(10, 30), [6, 1]),
        (slice(None), 2),
        (rows, slice(None)),
        (rows, Ellipsis),
        (4, 5),
        np.ix_(rows, [2, 0]),
    ):
        np.testing.assert_array_equal(table[key], X[key])
        assert table[key].dtype == X.dtype
    np.testing.assert_array_equal(np.asarray(table), X)
    np.testing.assert_array_equal(table.astype(np.float64)[:], X.astype(np.float64))


@every_source
def test_indices_that_a_table_has_not(source, X, tmp_path):
    table = opened(source, tmp_path / "X", X)
    for key, words in (
        (50, "out of bounds"),
        ((0, 8), "out of bounds"),
        ((0, 0, 0), "2 dimensions"),
        (([1, 2], [1, 2]), "numpy.ix_"),
        (np.zeros((2, 2), int), "1-d"),
    ):
        with pytest.raises(IndexError, match=words):
            table[key]


@every_source
def test_blocks_are_all_rows_in_order_and_never_many(source, X, tmp_path, cut_small):
    table = opened(source, tmp_path / "X", X)
    for n_rows in (None, 1, 4, 1000):
        for columns in (None, np.array([5, 0])):
            rows, blocks = zip(*table.blocks(n_rows, columns))
            assert [i for part in rows for i in range(50)[part]] == list(range(50))
            expected = X if columns is None else X[:, columns]
            np.testing.assert_array_equal(np.concatenate(blocks), expected)
            assert max(map(len, blocks)) <= (n_rows or table.n_chunk_rows)


@every_source
def test_chunks_can_be_read_in_any_order(source, X, tmp_path, cut_small):
    table = opened(source, tmp_path / "X", X)
    chunks = table.chunks()
    assert len(chunks) >= 3
    for chunk in chunks[::-1]:
        got = np.concatenate([block for _, block in table.read(chunk)])
        np.testing.assert_array_equal(got, X[chunk])


@every_source
def test_some_rows_of_a_table_are_a_table(source, X, tmp_path, cut_small):
    table = opened(source, tmp_path / "X", X)
    for rows in (np.array([3, 4, 20, 21, 49]), np.arange(0, 50, 3), np.arange(50), np.arange(0)):
        some = RowsOfTable(table, rows)
        np.testing.assert_array_equal(some[:], X[rows])
        np.testing.assert_array_equal(some.astype(np.float64)[:, [5, 0]], X[rows][:, [5, 0]])
        assert all(len(block) <= 2 for _, block in some.blocks(2))
        chunks = [i for part in some.chunks() for i in range(len(rows))[part]]
        assert chunks == list(range(len(rows)))


@pytest.mark.parametrize("source", ["npy", "parquet"])
def test_a_pickled_table_reads_the_same_files(source, X, tmp_path):
    table = SOURCES[source](tmp_path / "X", X)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(table))[:], X)
    assert repr(table) == f"{type(table).__name__}(shape=(50, 8), dtype=float32)"


def test_rows_stand_in_the_order_of_file_names(X, tmp_path):
    folder = write_npy(tmp_path / "X", X, 12)
    names = [file.name for file in open_shards(folder).files]
    assert names == sorted(names) and names[1:4] == ["part-1.npy", "part-10.npy", "part-11.npy"]
    np.testing.assert_array_equal(open_shards(str(folder / "part-0.npy"))[:], X[:5])


def test_other_files_and_empty_shards_do_no_harm(X, tmp_path):
    folder = write_npy(tmp_path / "X", X)
    (folder / "README").write_text("ignored")
    (folder / "deeper").mkdir()
    for name in ("aaa", "part-00", "zzz"):
        np.save(folder / f"{name}.npy", X[:0])
    np.testing.assert_array_equal(open_shards(folder)[:], X)
    np.save(folder / "fortran.npy", np.asfortranarray(X))
    assert open_shards(folder).shape == (100, 8)


def test_columns_of_npy_are_chosen_by_number(X, tmp_path):
    folder = write_npy(tmp_path / "X", X)
    np.testing.assert_array_equal(open_shards(folder, columns=[5, 2])[:], X[:, [5, 2]])
    table = open_shards(folder, exclude=7)
    np.testing.assert_array_equal(table[:, [6, 0]], X[:, [6, 0]])
    assert table.shape == (50, 7) and table.column_names is None
    np.testing.assert_array_equal(table.column(7), X[:, 7])


def test_columns_of_parquet_are_chosen_by_name(X, tmp_path):
    label = np.where(X[:, 0] > 0, "yes", "no")
    folder = write_parquet(tmp_path / "X", X, label=label)
    table = open_shards(folder, exclude="label")
    np.testing.assert_array_equal(table[:], X)
    assert list(table.column_names) == [f"f{j}" for j in range(8)]
    np.testing.assert_array_equal(table.column("label"), label)
    chosen = open_shards(folder, columns=["f5", "f2"])
    np.testing.assert_array_equal(chosen[:], X[:, [5, 2]])
    assert list(chosen.column_names) == ["f5", "f2"]
    with pytest.raises(ValueError, match=r"'label' of .*part-0.parquet.*must contain.*exclude"):
        open_shards(folder)


def test_the_index_that_pandas_wrote_is_no_column(X, tmp_path):
    pyarrow()
    frame = pd.DataFrame(X).add_prefix("f").set_index(pd.Index(range(100, 150), name="id"))
    frame.to_parquet(tmp_path / "X.parquet")
    np.testing.assert_array_equal(open_shards(tmp_path / "X.parquet")[:], X)


def test_missing_values_of_parquet_are_nan(tmp_path):
    pyarrow()
    frame = pd.DataFrame({"a": pd.array([1, None, 3], dtype="Int64"), "b": [1.5, 2.5, None]})
    frame.to_parquet(tmp_path / "X.parquet")
    table = open_shards(tmp_path / "X.parquet")
    np.testing.assert_array_equal(table[:], [[1, 1.5], [np.nan, 2.5], [3, np.nan]])
    whole_numbers = open_shards(tmp_path / "X.parquet", columns=["a"])
    with pytest.raises(ValueError, match=r"'a' of .*X.parquet has missing values"):
        whole_numbers[:]
    assert np.isnan(whole_numbers.astype(np.float32)[1, 0])


def write_text(folder):
    folder.mkdir()
    (folder / "part-0.npy").write_text("no array")


def write_one(array):
    def write(folder):
        folder.mkdir()
        np.save(folder / "part-0.npy", array)

    return write


def write_two(first, second):
    def write(folder):
        folder.mkdir()
        np.save(folder / "part-0.npy", first)
        np.save(folder / "part-1.npy", second)

    return write


def write_mixed(folder):
    write_two(np.ones((3, 2)), np.ones((3, 2)))(folder)
    (folder / "part-2.parquet").write_text("")


@pytest.mark.parametrize(
    ("write", "params", "error", "words"),
    [
        (lambda folder: None, {}, FileNotFoundError, "No such file or directory"),
        (lambda folder: folder.mkdir(), {}, ValueError, "must be, or contain, .npy or .parquet"),
        (write_mixed, {}, ValueError, "mixes formats: part-0.npy and part-2.parquet"),
        (write_text, {}, ValueError, "part-0.npy is not a .npy file of numbers"),
        (
            write_one(np.array([["a"]], dtype=object)),
            {},
            ValueError,
            "part-0.npy is not a .npy file of numbers.*[Oo]bject",
        ),
        (write_one(np.array([["a"]])), {}, ValueError, "part-0.npy must contain real numbers.*<U1"),
        (write_one(np.ones((2, 2)) * 1j), {}, ValueError, "part-0.npy must contain real.*complex"),
        (write_one(np.ones(4)), {}, ValueError, r"part-0.npy must have rows and columns.*\(4,\)"),
        (
            write_two(np.ones((3, 2)), np.ones((3, 4))),
            {},
            ValueError,
            "part-1.npy has 4 columns, but part-0.npy has 2",
        ),
        (write_one(np.ones((3, 2))), {"exclude": 5}, ValueError, r"'exclude'.*\[5\].*2 columns"),
        (write_one(np.ones((3, 2))), {"columns": ["a"]}, ValueError, r"'columns'.*\['a'\]"),
        (write_one(np.ones((3, 2))), {"columns": [1, 1]}, ValueError, "'columns'.*twice"),
        (write_one(np.ones((3, 2))), {"exclude": [0, 1]}, ValueError, "leaves no column"),
        (
            write_one(np.ones((3, 2))),
            {"exclude": 0, "columns": [1]},
            ValueError,
            "either 'columns' or 'exclude'",
        ),
    ],
)
def test_files_that_do_not_suit_are_named(write, params, error, words, tmp_path):
    write(tmp_path / "X")
    with pytest.raises(error, match=f"(?s){words}"):
        open_shards(tmp_path / "X", **params)


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ({"a": [1.0], "c": [1.0]}, r"part-1.parquet.*missing \['b'\], unknown \['c'\]"),
        ({"b": [1.0], "a": [1.0]}, "columns of part-0.parquet in a different order"),
        ({"a": [1.0], "b": ["x"]}, "'b' of .*part-1.parquet must contain numbers"),
    ],
)
def test_parquet_files_must_have_the_same_columns(other, words, tmp_path):
    pyarrow()
    pd.DataFrame({"a": [1.0], "b": [2.0]}).to_parquet(tmp_path / "part-0.parquet")
    pd.DataFrame(other).to_parquet(tmp_path / "part-1.parquet")
    with pytest.raises(ValueError, match=words):
        open_shards(tmp_path)


def test_a_broken_parquet_file_is_named(tmp_path):
    pyarrow()
    (tmp_path / "part-0.parquet").write_text("no table")
    with pytest.raises(ValueError, match="part-0.parquet is not a Parquet file"):
        open_shards(tmp_path)


def test_without_pyarrow_the_error_says_what_to_install(tmp_path, monkeypatch):
    (tmp_path / "part-0.parquet").write_text("")
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(ImportError, match=r"pip install 'sparsefs\[parquet\]'"):
        open_shards(tmp_path)


def test_opening_does_not_import_torch(X, tmp_path):
    write_npy(tmp_path / "X", X)
    script = """
import sys, sparsefs
assert sparsefs.open_shards("X").shape == (50, 8)
assert "torch" not in sys.modules and "pyarrow.parquet" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", script], cwd=tmp_path, check=True)


def test_more_shards_than_files_may_be_open(tmp_path):
    resource = pytest.importorskip("resource", reason="limits are for Unix")
    folder = write_npy(tmp_path / "X", np.arange(600.0).reshape(300, 2), 300)
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (150, limits[1]))
    try:
        assert open_shards(folder)[:].sum() == np.arange(600).sum()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)


def test_a_memmap_is_read_lazily(X, tmp_path):
    table = ArrayTable(as_memmap(tmp_path / "X", X))
    (_, block), *_ = table.blocks(5)
    assert np.shares_memory(block, table.array)


def rewritten(folder, change):
    """Write the middle file of a folder anew, as `change(array)`."""
    (file,) = folder.glob("part-1.*")
    if file.suffix == ".npy":
        np.save(file, change(np.load(file)))
        return file
    frame = pd.read_parquet(file)
    changed = change(frame.to_numpy())
    pd.DataFrame(changed, columns=[f"f{j}" for j in range(changed.shape[1])]).to_parquet(
        file, row_group_size=7
    )
    return file


CHANGES = {
    "fewer rows": lambda part: part[:-2],
    "more rows": lambda part: np.concatenate([part, part]),
    "fewer columns": lambda part: part[:, :-1],
    "more columns": lambda part: np.column_stack([part, part]),
    "another type": lambda part: part.astype(np.float64),
    "no rows": lambda part: part[:0],
}


@pytest.mark.parametrize("source", ["npy", "parquet"])
@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.filterwarnings("ignore:X has feature names")
def test_a_file_that_has_changed_is_named(source, change, X, tmp_path, cut_small):
    table = opened(source, tmp_path / "X", X)
    file = rewritten(tmp_path / "X", CHANGES[change])
    selector = WASTSelector(K=2, max_iter=2, device="cpu")
    for read in (
        lambda: table[:],
        lambda: table[20:22, [1]],
        lambda: list(table.blocks()),
        lambda: table.column(1 if source == "npy" else "f1"),
        lambda: selector.fit(table),
        lambda: selector.fit(X).transform(table),
    ):
        with pytest.raises(ValueError, match=rf"{file.name} has changed since.*Open the table aga"):
            read()
    np.testing.assert_array_equal(table[:16], X[:16])  # of other files
    again = open_shards(tmp_path / "X") if "columns" not in change else None
    assert again is None or len(again) == 50 + {"fewer rows": -2, "more rows": 17}.get(
        change, -17 if change == "no rows" else 0
    )


@pytest.mark.parametrize("source", ["npy", "parquet"])
def test_a_file_that_changes_in_the_middle_of_a_fit_is_named(
    source, X, tmp_path, cut_small, monkeypatch
):
    table = opened(source, tmp_path / "X", np.tile(X, (4, 1)))
    shard = {"npy": npy, "parquet": parquet}[source]
    n_opened, opened_before = [], shard.opened

    def counted(file):
        n_opened.append(file)
        if len(n_opened) == 100:
            rewritten(tmp_path / "X", CHANGES["fewer rows"])
        return opened_before(file)

    monkeypatch.setattr(shard, "opened", counted)
    with pytest.raises(ValueError, match=r"part-1.* has changed since"):
        WASTSelector(
            K=2, max_iter=9, batch_size=5, learning_rate_init=0.01, random_state=0, device="cpu"
        ).fit(table)


@pytest.mark.parametrize("source", ["npy", "parquet"])
@pytest.mark.parametrize("content", ["cut", "empty", "nothing", "archive"])
def test_a_file_that_is_none_any_more_is_named(source, content, X, tmp_path):
    table = opened(source, tmp_path / "X", X)
    (file,) = (tmp_path / "X").glob("part-1.*")
    whole = file.read_bytes()
    file.unlink()
    if content == "archive":
        with file.open("wb") as stream:
            np.savez(stream, X)
    elif content != "nothing":
        file.write_bytes(whole[: len(whole) - 40] if content == "cut" else b"")
    for read in (
        lambda: table[:],
        lambda: open_shards(tmp_path / "X") if file.exists() else table[:],
    ):
        with pytest.raises((ValueError, FileNotFoundError), match=file.name):
            read()


def test_a_memmap_of_a_file_that_was_cut_is_an_error(X, tmp_path, cut_small, monkeypatch):
    X = np.tile(X, (100, 1))
    np.save(tmp_path / "X.npy", X)
    for mapped, view in (
        (np.load(tmp_path / "X.npy", mmap_mode="r"), lambda X: X),
        (np.load(tmp_path / "X.npy", mmap_mode="r"), lambda X: np.asarray(X)[10:]),
        (np.memmap(tmp_path / "X.npy", np.float32, "r", 8192, (100, 8)), lambda X: X[3:]),
    ):
        fitted = WASTSelector(K=2, max_iter=1, device="cpu").fit(view(mapped))
        whole = (tmp_path / "X.npy").read_bytes()
        os.truncate(tmp_path / "X.npy", 8192 + 64)
        for read in (fitted.fit, fitted.score, fitted.transform):
            with pytest.raises(ValueError, match=r"X.npy was cut to 8256 bytes"):
                read(view(mapped))
        (tmp_path / "X.npy").write_bytes(whole)


class Promising(RowTable):
    """A format that keeps no promise."""

    def __init__(self, block):
        super().__init__((10, 3), np.float32)
        self.block = block

    def chunks(self):
        return [slice(0, 10)]

    def _read(self, chunk, n_rows, columns):
        yield from self.block


@pytest.mark.parametrize("shapes", [[], [(9, 3)], [(11, 3)], [(5, 3), (6, 3)], [(10, 2)], [(10,)]])
def test_a_format_of_your_own_must_read_what_it_says(shapes):
    table = Promising([np.ones(shape) for shape in shapes])
    with pytest.raises(
        ValueError, match="Promising: the chunk of rows 0 to 10 should have 10 rows"
    ):
        table[:]
