# SPDX-License-Identifier: BSD-3-Clause
"""Files that are damaged, or are not what they are called: file, cause and cure in one line."""

import bz2
import gzip
import io
import lzma
import zipfile

import anndata
import numpy as np
import pandas as pd
import pyarrow
import pyarrow.parquet
import pytest

from tests.cli.common import INFORMATIVE, numbers

FRAME = numbers(n_noise=1)
TEXT = FRAME.to_csv(index=False).encode()


def zipped(*names):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, TEXT)
    return file.getvalue()


def parquet():
    file = io.BytesIO()
    FRAME.to_parquet(file)
    return file.getvalue()


def npz():
    file = io.BytesIO()
    np.savez(file, X=FRAME[["alpha", "beta"]].to_numpy(), y=FRAME["label"].to_numpy(str))
    return file.getvalue()


def changed(content):
    return content[:150] + bytes(60) + content[210:]


def cut(content):
    return content[: len(content) - 200]


SVM = b"".join(b"%d 1:%d.5 2:3\n" % (i % 2, i) for i in range(2000))
DAMAGED = {
    **{f"cut.csv{end}": cut(pack(TEXT)) for end, pack in [(".gz", gzip.compress)]},
    "changed.csv.gz": changed(gzip.compress(TEXT)),
    "cut.csv.bz2": cut(bz2.compress(TEXT)),
    "cut.csv.xz": cut(lzma.compress(TEXT)),
    "changed.csv.xz": changed(lzma.compress(TEXT)),
    "cut.csv.zip": cut(zipped("a.csv")),
    "changed.csv.zip": changed(zipped("a.csv")),
    "cut.svm.xz": cut(lzma.compress(SVM)),
    "cut.svm.gz": cut(gzip.compress(SVM)),
    "cut.parquet": cut(parquet()),
    "cut.npz": cut(npz()),
    "cut.h5ad": b"\x89HDF\r\n\x1a\n" + bytes(300),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_damaged_files(name, refused, tmp_path):
    path = tmp_path / name
    path.write_bytes(DAMAGED[name])
    options = [] if ".svm" in name or ".npz" in name else ["--target", "label"]
    message = refused("select", path, *options)
    assert str(path) in message and "damaged" in message


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.csv", gzip.compress(TEXT), "compressed by gzip, whatever its name says: rename it to"),
        ("a.csv", lzma.compress(TEXT), "compressed by xz"),
        ("a.csv", parquet(), "is a Parquet file, whatever its name says: rename it to a.parquet"),
        ("a.parquet", TEXT, "is no .parquet file, or is damaged"),
        ("a.csv.gz", TEXT, "is no .gz file, or is damaged"),
        ("a.csv", b"PK\x03\x04xlsx", "a spreadsheet or a zip archive"),
        ("a.csv", b"<!DOCTYPE html>\n<html>", "is a web page"),
        ("a.parquet.gz", gzip.compress(parquet()), "ending in .gz are not supported: decompress"),
        ("a.xlsx", b"PK\x03\x04xlsx", "cannot be read as .xlsx, perhaps it is damaged"),
        ("a.ods", b"PK\x03\x04ods", "save a spreadsheet as .xlsx or CSV"),
        ("a.csv.zip", zipped("a.csv", "b.csv"), "Only one file per ZIP"),
    ],
)
def test_files_of_another_format(name, content, words, refused, tmp_path):
    (tmp_path / name).write_bytes(content)
    message = refused("select", tmp_path / name, "--target", "label")
    assert str(tmp_path / name) in message and words in message


@pytest.mark.parametrize("url", ["https://example.org/a.csv", "s3://bucket/a.parquet"])
def test_addresses(url, refused):
    assert f"{url} is a URL: download the file first" in refused("select", url, "--target", "y")


def test_zstd(select, tmp_path):
    with pyarrow.output_stream(str(tmp_path / "data.csv.zst"), compression="zstd") as file:
        file.write(TEXT)
    ran = select(tmp_path / "data.csv.zst", "--target", "label", "-K", 2)
    assert set(ran.names) == INFORMATIVE


def test_the_index_of_parquet_as_target(select, tmp_path):
    FRAME.set_index("label").to_parquet(tmp_path / "data.parquet")
    ran = select(tmp_path / "data.parquet", "--target", "label", "-K", 2)
    assert set(ran.names) == INFORMATIVE and ran.json["data"]["n_columns"] == 3


def test_columns_of_one_name_in_parquet(refused, tmp_path):
    table = pyarrow.table([[1.0] * 30, [2.0] * 30, [0, 1] * 15], names=["G", "G", "label"])
    pyarrow.parquet.write_table(table, tmp_path / "data.parquet")
    message = refused("select", tmp_path / "data.parquet", "--target", "label")
    assert "has several columns named G: rename all but one" in message


@pytest.fixture
def array(tmp_path):
    np.save(tmp_path / "X.npy", FRAME[["f0", "alpha", "beta"]].to_numpy())
    return tmp_path / "X.npy"


@pytest.mark.parametrize("values", [FRAME["label"], FRAME["alpha"]])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_header_in_a_file_of_the_target(values, end, array, select, tmp_path):
    lines = "".join(f"{line}{end}" for line in ["kind", *values])
    (tmp_path / "y.txt").write_bytes(lines.encode())
    ran = select(array, "--target", tmp_path / "y.txt", "-K", 1)
    assert "'kind', is read as a header" in ran.err and ran.json["data"]["n_rows"] == 120
    assert ran.json["target"]["task"] == (
        "classification" if values.dtype != float else "regression"
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("id,label\n" + "".join(f"{i},x{i % 2}\n" for i in range(120)), "several columns"),
        ("a\n" * 100, "has 100 values, but"),
        ("k\xe4se\n" * 120, "is not UTF-8 text"),
    ],
)
def test_unusable_files_of_the_target(text, words, array, refused, tmp_path):
    (tmp_path / "y.txt").write_bytes(text.encode("latin-1"))
    message = refused("select", array, "--target", tmp_path / "y.txt")
    assert str(tmp_path / "y.txt") in message and words in message


def test_a_file_of_the_target_for_any_table(select, tmp_path):
    FRAME.drop(columns="label").to_csv(tmp_path / "data.csv", index=False)
    (tmp_path / "y.txt").write_text("\n".join(FRAME["label"]))
    ran = select(tmp_path / "data.csv", "--target", tmp_path / "y.txt", "-K", 2)
    assert set(ran.names) == INFORMATIVE and ran.json["target"]["name"] == "y"


@pytest.mark.parametrize("form", ["npz", "h5ad"])
def test_genes_of_one_name_are_told_apart(form, select, tmp_path):
    """The column that is written is the one that was selected."""
    X = FRAME[["f0", "alpha", "beta"]].to_numpy()
    names = np.array(["GENE", "GENE", "GENE"])
    path = tmp_path / f"data.{form}"
    if form == "npz":
        np.savez(path, X=X, label=FRAME["label"].to_numpy(str), feature_names=names)
    else:
        cells = anndata.AnnData(
            X.astype(np.float32),
            obs=pd.DataFrame({"label": FRAME["label"].astype(object).to_numpy()}, dtype=object),
            var=pd.DataFrame(index=pd.Index(names, dtype=object)),
        )
        cells.obs_names = pd.Index([str(i) for i in range(120)], dtype=object)
        cells.write_h5ad(path)
    ran = select(path, "--target", "label", "-K", 2, "--out", tmp_path / "out.csv")
    assert set(ran.names) == {"GENE.1", "GENE.2"} and "got a number: GENE.1, GENE.2" in ran.err
    written = pd.read_csv(tmp_path / "out.csv")
    np.testing.assert_allclose(written["GENE.1"], X[:, 1], rtol=1e-6)
    np.testing.assert_allclose(written["GENE.2"], X[:, 2], rtol=1e-6)
