# SPDX-License-Identifier: BSD-3-Clause
"""Every format is read as what it is, and selects the same."""

import sys
import urllib.error
from types import SimpleNamespace

import anndata
import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.datasets import dump_svmlight_file
from sklearn.utils import Bunch

import sparsefs
from sparsefs.cli.readers.parquet import read as read_parquet
from tests.cli.common import INFORMATIVE, numbers


@pytest.fixture
def fitted_to(monkeypatch):
    """What the selector was fitted to."""
    seen, fit = [], sparsefs.GradualPruningSelector.fit

    def spy(self, X, y=None, **kwargs):
        seen.append((X, y))
        return fit(self, X, y, **kwargs)

    monkeypatch.setattr(sparsefs.GradualPruningSelector, "fit", spy)
    return seen


@pytest.mark.parametrize(
    ("ending", "options"),
    [
        (".csv", {}),
        (".csv.gz", {}),
        (".CSV", {}),
        (".tsv", {"sep": "\t"}),
        (".tsv.bz2", {"sep": "\t"}),
        (".txt", {"sep": "|"}),
    ],
)
def test_text(ending, options, tmp_path, select):
    path = tmp_path / f"data{ending}"
    numbers().to_csv(path, index=False, **options)
    ran = select(path, "--target", "label", "-K", 2)
    assert set(ran.names) == INFORMATIVE
    assert ran.json["data"] == {
        "source": str(path),
        "n_rows": 120,
        "n_columns": 12,
        "n_features": 12,
    }
    assert ran.json["target"] == {
        "name": "label",
        "columns": ["label"],
        "task": "classification",
        "n_classes": 2,
    }


def test_another_separator_is_found_or_given(tmp_path, select):
    numbers().to_csv(tmp_path / "data.csv", index=False, sep=";")
    found = select(tmp_path / "data.csv", "--target", "label", "-K", 2)
    assert "columns are separated by semicolons" in found.err
    numbers().to_csv(tmp_path / "colon.csv", index=False, sep=":")
    given = select(tmp_path / "colon.csv", "--target", "label", "-K", 2, "--separator", ":")
    assert set(found.names) == set(given.names) == INFORMATIVE


def test_no_header(tmp_path, select):
    numbers().to_csv(tmp_path / "data.csv", index=False, header=False)
    ran = select(tmp_path / "data.csv", "--no-header", "--target", "12", "-K", 2)
    assert set(ran.names) == {"10", "11"}
    frame = numbers()
    frame.columns = frame.iloc[0].astype(str)
    frame.to_csv(tmp_path / "data.csv", index=False)
    with_it = select(tmp_path / "data.csv", "--unsupervised", "-K", 2, "--no-score")
    assert "looks like data; pass --no-header" in with_it.err


def test_parquet(tmp_path, select):
    path = tmp_path / "data.parquet"
    numbers().astype({"label": "category"}).to_parquet(path)
    assert set(select(path, "--target", "label", "-K", 2).names) == INFORMATIVE
    dropped = select(path, "--target", "label", "-K", 2, "--exclude", "alpha", "f0")
    assert "alpha" not in dropped.names and dropped.json["data"]["n_columns"] == 10


def arff(frame, path):
    """Write ARFF; row 3 has a missing number and a missing text."""
    text = frame.astype(object).astype(str)
    text.iloc[3, [0, -1]] = "?"
    types = [
        "numeric" if values.dtype.kind == "f" else f"{{{','.join(values.unique())}}}"
        for _, values in frame.items()
    ]
    lines = [f"@attribute {name} {kind}" for name, kind in zip(frame, types)]
    rows = text.to_csv(index=False, header=False)
    path.write_text("\n".join(["@relation test", *lines, "@data", rows]))


WRITERS = {
    ".xlsx": lambda frame, path: frame.to_excel(path, index=False),
    ".feather": lambda frame, path: frame.to_feather(path),
    ".arff": arff,
    ".jsonl": lambda frame, path: frame.to_json(path, orient="records", lines=True),
    ".ndjson.gz": lambda frame, path: frame.to_json(path, orient="records", lines=True),
}


@pytest.mark.parametrize("ending", WRITERS)
def test_tables(ending, tmp_path, select, refused):
    frame, path = numbers().round(2), tmp_path / f"data{ending}"
    frame["town"] = np.resize(["Rome", "Oslo", "Bonn"], len(frame))
    WRITERS[ending](frame, path)
    ran = select(path, "--target", "label", "-K", 2)
    assert set(ran.names) == INFORMATIVE
    assert ran.json["data"]["n_features"] == 13
    expected = ["1 column of text: town"]
    if ending == ".arff":
        numbers_ = "1 missing value in 1 column of numbers: estimated for the selection"
        expected = [numbers_, *expected, "1 missing value in columns of text or dates"]
    assert ran.json["preparation"] == expected
    assert "did you mean 'label'?" in refused("select", path, "--target", "lable")
    path.write_bytes(path.read_bytes()[:300])
    message = refused("select", path, "--target", "label")
    assert str(path) in message and len(message) < 400


def test_the_first_sheet_is_read(tmp_path, select):
    with pd.ExcelWriter(tmp_path / "data.xlsx") as book:
        numbers().to_excel(book, sheet_name="patients", startrow=2, index=False)
        numbers().to_excel(book, sheet_name="others")
    ran = select(tmp_path / "data.xlsx", "--target", "label", "-K", 2, "--skip-rows", 2)
    assert "sheet 'patients' is read, the first of 2" in ran.err and set(ran.names) == INFORMATIVE


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.jsonl", '{"a": 1}\n{"a": \n', "line 2 is no JSON"),
        ("a.jsonl", "[1, 2]\n", "line 1 must be an object"),
        ("a.jsonl", "\n", "has 0 rows and 0 columns"),
        ("a.arff", "@relation a\n@attribute b string\n@data\nx\n", "Save it as CSV"),
        ("a.arff", "@relation a\n@attribute b {ü}\n@data\nü\n", "not ASCII: save it as CSV"),
        ("a.arff", "a,b\n1,2\n", "cannot be read as .arff"),
        ("a.feather", "a,b\n1,2\n", "is no .feather file, or is damaged"),
        ("a.xlsx", "a,b\n1,2\n", "is no .xlsx file, or is damaged"),
    ],
)
def test_tables_that_cannot_be_read(name, content, words, tmp_path, refused):
    (tmp_path / name).write_text(content, encoding="utf-8")
    message = refused("select", tmp_path / name, "--unsupervised")
    assert str(tmp_path / name) in message and words in message


def arrays():
    frame = numbers()
    X = frame.drop(columns="label").to_numpy(copy=True)
    return X, (frame["label"] == "case").to_numpy(int)


def test_npz(tmp_path, select):
    X, y = arrays()
    np.savez(tmp_path / "data.npz", X=X, y=y)
    assert set(select(tmp_path / "data.npz", "-K", 2).names) == {"x10", "x11"}
    names = numbers().columns[:-1].to_numpy(str)
    np.savez(tmp_path / "data.npz", X=X, kind=y, feature_names=names)
    ran = select(tmp_path / "data.npz", "--target", "kind", "-K", 2, "--exclude", "f3")
    assert set(ran.names) == INFORMATIVE and ran.json["data"]["n_columns"] == 11


def test_sparse_npz_with_the_target_in_a_file(tmp_path, select, fitted_to):
    X, y = arrays()
    X[np.abs(X) < 0.5] = 0
    sparse.save_npz(tmp_path / "data.npz", sparse.csc_matrix(X))
    np.save(tmp_path / "labels.npy", y)
    (tmp_path / "labels.txt").write_text("".join(f"{'yes' if v else 'no'}\n" for v in y))
    for file in ("labels.npy", "labels.txt"):
        ran = select(tmp_path / "data.npz", "--target", tmp_path / file, "-K", 2)
        assert set(ran.names) == {"x10", "x11"} and ran.json["target"]["name"] == "labels"
    assert all(sparse.issparse(X) for X, _ in fitted_to)
    np.save(tmp_path / "data.npy", X)
    ran = select(tmp_path / "data.npy", "--target", tmp_path / "labels.npy", "-K", 2)
    assert set(ran.names) == {"x10", "x11"}


@pytest.mark.parametrize("zero_based", [True, False])
def test_svmlight(zero_based, tmp_path, select, fitted_to):
    X, y = arrays()
    X[np.abs(X) < 0.5] = 0
    path = tmp_path / "data.svm"
    dump_svmlight_file(X, y, str(path), zero_based=zero_based)
    expected = {"10", "11"} if zero_based else {"11", "12"}
    assert set(select(path, "-K", 2).names) == expected
    assert all(sparse.issparse(X) and X.shape[1] == 12 for X, _ in fitted_to)


def test_h5ad(tmp_path, select, fitted_to):
    X, y = arrays()
    X[np.abs(X) < 0.5] = 0
    cells = anndata.AnnData(
        sparse.csr_matrix(X.astype(np.float32)),
        obs=pd.DataFrame(
            {"kind": pd.Categorical.from_codes(y, pd.Index(["B", "T"], dtype=object))}
        ),
        var=pd.DataFrame(index=pd.Index(numbers().columns[:-1], dtype=object)),
    )
    # Names as objects: anndata does not write the strings of every pandas.
    cells.obs_names = pd.Index([str(i) for i in range(120)], dtype=object)
    cells.write_h5ad(tmp_path / "cells.h5ad")
    ran = select(tmp_path / "cells.h5ad", "--target", "kind", "-K", 2)
    assert set(ran.names) == INFORMATIVE
    ((X, labels),) = fitted_to
    assert sparse.issparse(X) and X.dtype == np.float32 and set(labels) == {"T", "B"}


def test_bundled_sets(select, tmp_path, monkeypatch):
    ran = select("iris", "-K", 2)
    assert ran.json["data"]["source"] == "sklearn:iris" and ran.json["data"]["n_rows"] == 150
    assert ran.names[0].startswith("petal_") and ran.json["target"]["n_classes"] == 3
    assert select("sklearn:wine", "-K", 2).json["data"]["n_columns"] == 13
    assert select("diabetes", "-K", 2).json["target"]["task"] == "regression"
    monkeypatch.chdir(tmp_path)
    numbers().to_csv("iris", index=False)  # a file of this name is meant, whatever it is


def test_a_file_named_as_a_bundled_set_is_the_file(refused, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    numbers().to_csv("iris", index=False)
    assert "iris: unknown file type; supported: .csv" in refused("select", "iris")


def fetched(found):
    def fetch_openml(**kwargs):
        if isinstance(found, Exception):
            raise found
        assert kwargs.pop("as_frame") and kwargs.pop("parser") == "auto"
        frame = numbers()
        return Bunch(frame=frame, target_names=["label"], details={"name": str(kwargs)})

    return fetch_openml


def test_openml(select, refused, monkeypatch):
    monkeypatch.setattr("sklearn.datasets.fetch_openml", fetched(None))
    ran = select("openml:genes@2", "-K", 2)
    assert ran.json["data"]["source"] == "openml:{'name': 'genes', 'version': 2}"
    assert set(ran.names) == INFORMATIVE
    assert select("openml:61", "-K", 2).json["data"]["source"] == "openml:{'data_id': 61}"
    offline = urllib.error.URLError("Name or service not known")
    monkeypatch.setattr("sklearn.datasets.fetch_openml", fetched(offline))
    message = refused("select", "openml:genes", status=1)
    assert "could not be downloaded" in message and "sparsefs datasets" in message
    monkeypatch.setattr("sklearn.datasets.fetch_openml", fetched(ValueError("No known dataset")))
    assert "No known dataset" in refused("select", "openml:gnes")


@pytest.mark.parametrize(
    ("name", "module", "extra"),
    [
        ("data.csv", "pandas", "cli"),
        ("data.parquet", "pyarrow.parquet", "cli"),
        ("data.h5ad", "anndata", "h5ad"),
        ("data.xlsx", "openpyxl", "cli"),
        ("data.feather", "pyarrow", "cli"),
        ("data.jsonl", "pandas", "cli"),
        ("openml:genes", "pandas", "cli"),
    ],
)
def test_a_missing_library_is_one_line_that_names_the_extra(
    name, module, extra, refused, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data.csv").write_text("a,b\n1,2\n")
    starts = {"parquet": b"PAR1", "h5ad": b"\x89HDF", "xlsx": b"PK\x03\x04", "feather": b"ARROW1"}
    for ending, start in (starts | {"jsonl": b"{}"}).items():
        (tmp_path / f"data.{ending}").write_bytes(start)
    monkeypatch.setitem(sys.modules, module, None)
    message = refused("select", name, "--target", "b", status=1)
    assert f'needs {module}: pip install "sparsefs[{extra}]"' in message
    assert f"or pip install {module.split('.')[0]}" in message


@pytest.mark.parametrize(
    "name", ["a.csv", "a.tsv", "a.parquet", "a.npz", "a.npy", "a.svm", "a.h5ad", "a.csv.gz"]
)
def test_files_that_are_not_what_they_are_called(name, refused, tmp_path):
    path = tmp_path / name
    path.write_bytes(b"\x89PNG\r\n\x1a\n\x00\xff\xfe" * 20)
    assert str(path) in refused("select", path, "--target", "y")
    path.write_bytes(b"")
    assert str(path) in refused("select", path, "--target", "y")


def test_a_line_break_in_a_name(select, tmp_path):
    frame = numbers(n_noise=1).rename(columns={"f0": 'a "quoted"\nname'})
    frame.to_csv(tmp_path / "odd.csv", index=False)
    ran = select(tmp_path / "odd.csv", "--target", "label", "-K", 3)
    assert 'a "quoted"\nname' in ran.names


def test_the_word_missing_and_missing_values(select, tmp_path):
    frame = numbers(n_noise=1)
    frame["t"] = ["missing", "there", None] * 40
    frame.to_csv(tmp_path / "data.csv", index=False)
    ran = select(tmp_path / "data.csv", "--target", "label", "-K", 6)
    assert "t" in ran.names and "40 missing values in columns of text" in ran.err


def test_parquet_with_numbers_as_names(select, tmp_path):
    frame = numbers(n_noise=1)
    frame.columns = [1, 2, 3, 4]
    frame.to_parquet(tmp_path / "data.parquet")
    assert set(select(tmp_path / "data.parquet", "--target", 4, "-K", 2).names) == {"2", "3"}


@pytest.mark.parametrize("name", ["o.TSV", "o.tsv.csv", "o.tsv.gz", "o.NPZ"])
def test_what_is_written_is_what_the_ending_says(name, select, tmp_path):
    frame = numbers()
    frame.to_csv(tmp_path / "data.csv", index=False)
    path = tmp_path / name
    ran = select(tmp_path / "data.csv", "--target", "label", "-K", 2, "--out", path)
    if name == "o.NPZ":
        with np.load(path) as arrays:
            np.testing.assert_allclose(arrays["X"], frame[ran.names], rtol=1e-6)
        return
    separator = "," if name.endswith(".csv") else "\t"
    pd.testing.assert_frame_equal(pd.read_csv(path, sep=separator), frame[[*ran.names, "label"]])


def test_binary_files_are_not_compressed_twice(refused, tmp_path):
    numbers().to_csv(tmp_path / "data.csv", index=False)
    message = refused(
        "select", tmp_path / "data.csv", "--target", "label", "--out", tmp_path / "o.npz.gz"
    )
    assert "must end in" in message


@pytest.mark.parametrize("index", [None, "key", "f0"])
def test_parquet_is_read_as_pandas_reads_it(tmp_path, index):
    frame = numbers(40).assign(
        town=pd.Categorical(["a", "b"] * 20), day=pd.Timestamp("2026-01-01"), n=range(40)
    )
    frame["key"] = [f"k{i}" for i in range(40)]
    frame.loc[3, "town"] = None
    frame["flag"] = pd.array([True, None] * 20, dtype="boolean")
    frame = frame if index is None else frame.set_index(index)
    frame.to_parquet(tmp_path / "t.parquet", row_group_size=7)
    arguments = SimpleNamespace(
        transpose=False,
        exclude=["n"],
        target=["label"],
        event=None,
        id=None,
        groups=None,
        weights=None,
        keep=[],
        text=[],
        data="t.parquet",
    )
    found = read_parquet(tmp_path / "t.parquet", arguments).X
    expected = pd.read_parquet(tmp_path / "t.parquet").drop(columns="n")
    pd.testing.assert_frame_equal(found, expected.reset_index(drop=True))
