# SPDX-License-Identifier: BSD-3-Clause
"""CSV files as programs export them are read as what they are, and the command says how."""

import lzma

import numpy as np
import pandas as pd
import pytest

from tests.cli.common import INFORMATIVE, numbers

FRAME = numbers(n_noise=3)


@pytest.fixture
def selected(select, tmp_path):
    """What selecting two features from a text says; the two are the informative ones."""

    def run(text, *options, encoding="utf-8", name="data.csv"):
        path = tmp_path / name
        path.write_bytes(text.encode(encoding))
        ran = select(path, "--target", "label", "-K", 2, *options)
        assert set(ran.names) == INFORMATIVE and ran.json["data"]["n_rows"] == 120
        return ran.err

    return run


def test_european_exports(selected):
    frame = FRAME.copy()
    thousands = (frame["f0"] * 1e5).map("{:,.2f}".format)
    frame["f0"] = thousands.str.translate(str.maketrans(",.", ".,"))
    said = selected(frame.to_csv(index=False, sep=";", decimal=","))
    assert "separated by semicolons" in said and "decimal commas; pass --decimal ." in said
    assert "read with marks between thousands: f0" in said


def test_points_between_thousands_are_no_decimal_points(select, tmp_path):
    frame = FRAME.assign(f0=[f"{i}.{500 + i}" for i in range(1, 121)])
    path, out = tmp_path / "data.csv", tmp_path / "out.npz"
    frame.to_csv(path, index=False, sep=";", decimal=",")
    ran = select(path, "--target", "label", "-K", 5, "--out", out)
    assert "read with marks between thousands: f0" in ran.err
    with np.load(out) as arrays:  # numbers, and no text
        written = arrays["X"][:, list(arrays["feature_names"]).index("f0")]
    np.testing.assert_array_equal(written, [1000 * i + 500 + i for i in range(1, 121)])


def test_units_and_currencies(selected):
    frame = FRAME.assign(
        alpha="$" + FRAME["alpha"].astype(str),
        beta=FRAME["beta"].astype(str) + " kg",
        f0=FRAME["f0"].astype(str) + "%",
    )
    said = selected(frame.to_csv(index=False))
    for unit, column in (("$", "alpha"), ("kg", "beta"), ("%", "f0")):
        assert f"read as numbers, without {unit!r}: {column}" in said


def test_commas_that_can_be_read_in_two_ways_are_refused(refused, selected, tmp_path):
    frame = (FRAME.drop(columns="label") * 1000).astype(int).assign(label=FRAME["label"])
    frame["f0"] = (FRAME["f0"] * 1e5).map("{:,.0f}".format)
    frame.to_csv(tmp_path / "data.csv", index=False)
    message = refused("select", tmp_path / "data.csv", "--target", "label")
    assert "column 'f0' contains numbers such as" in message
    assert "Pass --thousands , or --decimal ," in message
    assert "marks between thousands: f0" in selected(frame.to_csv(index=False), "--thousands", ",")
    selected(frame.to_csv(index=False), "--decimal", ".")
    # Points elsewhere in the file decide.
    frame["f1"] = FRAME["f1"]
    assert "marks between thousands: f0" in selected(frame.to_csv(index=False))


def test_a_target_of_numbers_that_is_read_as_text(select, tmp_path):
    frame = FRAME.drop(columns="label")
    frame["y"] = (3 * frame["alpha"]).map("{:.2f}".format).str.replace(".", ",")
    frame.loc[4, "y"] = "n/d"
    frame.to_csv(tmp_path / "data.csv", index=False)
    ran = select(tmp_path / "data.csv", "--target", "y", "-K", 1)
    assert ran.names == ["alpha"] and ran.json["target"]["task"] == "regression"
    assert "taken as missing: 'n/d' (row 5) in y" in ran.err and "1 row left out" in ran.err


def test_odd_values_of_a_target_of_numbers_are_refused(refused, tmp_path):
    frame = FRAME.assign(label=FRAME["alpha"].astype(object))
    frame.loc[4, "label"] = "oops"
    frame.to_csv(tmp_path / "data.csv", index=False)
    message = refused("select", tmp_path / "data.csv", "--target", "label")
    assert "'oops' (row 5)" in message and "--missing" in message and "--task" in message


def test_spaces_around_classes_make_no_classes(select, tmp_path):
    frame = FRAME.assign(label=[f"{v} " if i % 5 else v for i, v in enumerate(FRAME["label"])])
    frame.to_csv(tmp_path / "data.csv", index=False)
    ran = select(tmp_path / "data.csv", "--target", "label", "-K", 2)
    assert ran.json["target"]["n_classes"] == 2
    assert "spaces around values of 'label' ignored" in ran.err


@pytest.mark.parametrize(
    ("before", "words"),
    [
        ("# exported, by, X\n# on, Monday\n", "2 lines before the column names skipped: '# exp"),
        ("Report of May\n\n", "2 lines before the column names skipped: 'Report of May'"),
        ("Report,,,,,\n,,,,,\n", "2 lines before the column names skipped: 'Report,,,"),
        ("\n\n", ""),
        ("\ufeff", ""),
        ("#", None),
    ],
)
def test_lines_before_the_names(before, words, selected):
    text = before + FRAME.to_csv(index=False)
    assert (words or "") in selected(text)
    assert ("skipped" in selected(text)) == bool(words)


def test_lines_and_comments_to_skip_can_be_told(selected):
    text = FRAME.to_csv(index=False)
    selected("a,b,c,d,e,f\n" + text, "--skip-rows", "1")
    selected(text.replace("case\n", "case ;checked\n"), "--comment", ";")


def test_a_spreadsheet_is_told_the_separator(selected):
    selected("sep=;\n" + FRAME.to_csv(index=False, sep=";"))


def test_columns_between_spaces(selected):
    text = FRAME.to_string(index=False) + "\n"
    assert "columns are separated by spaces" in selected(text, name="data.txt")


def test_encodings(selected, refused, tmp_path):
    frame = FRAME.rename(columns={"f0": "größe"})
    text = frame.to_csv(index=False)
    assert "encoding utf-16" in selected(text, encoding="utf-16")
    selected(text, "--encoding", "cp1252", encoding="cp1252")
    (tmp_path / "data.csv").write_bytes(text.encode("cp1252"))
    path = tmp_path / "data.csv"
    assert "pass --encoding" in refused("select", path, "--target", "label")
    assert "unknown encoding" in refused(
        "select", path, "--target", "label", "--encoding", "utf8000"
    )


def test_a_row_of_totals_is_left_out(selected):
    frame = FRAME.copy()
    frame.insert(0, "id", [f"S{i}" for i in range(120)])
    total = {"id": "Total", **frame.sum(numeric_only=True), "label": "120"}
    frame = pd.concat([frame, pd.DataFrame([total])])
    assert "row 121 left out: it looks like totals ('Total')" in selected(frame.to_csv(index=False))


def test_commas_in_names_of_a_table_of_semicolons(selected):
    frame = FRAME.rename(columns={"f0": "weight, kg", "f1": "height, cm"})
    selected(frame.to_csv(index=False, sep=";", decimal=","))


@pytest.mark.parametrize("name", ["out.csv", "out.parquet", "out.npz"])
def test_columns_of_one_name_are_told_apart(name, select, tmp_path):
    """The column that is written is the one that was selected."""
    frame = FRAME.copy()
    frame.columns = ["G", "H", "K", "G", "H", "label"]
    frame.to_csv(tmp_path / "data.csv", index=False)
    out = tmp_path / name
    ran = select(tmp_path / "data.csv", "--target", "label", "-K", 2, "--out", out)
    assert set(ran.names) == {"G.1", "H.1"}
    assert "2 columns have the name of an earlier column and got a number: G.1, H.1" in ran.err
    if name == "out.npz":
        with np.load(out) as arrays:
            written = pd.DataFrame(arrays["X"], columns=arrays["feature_names"])
    else:
        written = pd.read_csv(out) if name == "out.csv" else pd.read_parquet(out)
    np.testing.assert_allclose(written["G.1"], FRAME["alpha"], rtol=1e-6)
    np.testing.assert_allclose(written["H.1"], FRAME["beta"], rtol=1e-6)
    dropped = select(tmp_path / "data.csv", "--target", "label", "-K", 2, "--exclude", "G")
    assert not {"G", "G.1"} & set(dropped.names)  # all of the name


def gene_table(with_labels=False):
    """Genes in rows, samples in columns."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((600, 40)).round(3)
    labels = np.where(X[5] + X[7] > 0, "tumour", "normal")
    frame = pd.DataFrame(X, columns=[f"GSM{i}" for i in range(40)])
    frame.insert(0, "gene", [f"gene{i}" for i in range(600)])
    if with_labels:
        row = pd.DataFrame([["diagnosis", *labels]], columns=frame.columns)
        frame = pd.concat([row, frame.astype(object)])
    return frame, labels


def test_a_table_with_a_feature_per_row_is_recognised(refused, command, tmp_path):
    frame, labels = gene_table()
    frame.to_csv(tmp_path / "genes.csv", index=False)
    (tmp_path / "labels.txt").write_text("\n".join(labels))
    assert "pass --transpose" in refused("select", tmp_path / "genes.csv")
    options = ["--target", tmp_path / "labels.txt"]
    message = refused("select", tmp_path / "genes.csv", *options)
    assert "40 values" in message and "600 rows" in message and "--transpose" in message
    gene_table(with_labels=True)[0].to_csv(tmp_path / "genes.csv", index=False)
    message = refused("select", tmp_path / "genes.csv", "--target", "diagnosis")
    assert "'diagnosis' is a row of" in message and "pass --transpose" in message


@pytest.mark.parametrize("form", ["csv", "row", "parquet", "npz"])
def test_a_turned_table(form, select, tmp_path):
    frame, labels = gene_table(with_labels=form == "row")
    path, options = tmp_path / "genes.csv", ["--target", "diagnosis"]
    if form != "row":
        (tmp_path / "labels.txt").write_text("\n".join(labels))
        options = ["--target", tmp_path / "labels.txt"]
    if form == "npz":
        path = tmp_path / "genes.npz"
        np.savez(path, X=frame.iloc[:, 1:].to_numpy(), feature_names=frame["gene"].to_numpy(str))
    elif form == "parquet":
        path = tmp_path / "genes.parquet"
        frame.to_parquet(path)
    else:
        frame.to_csv(path, index=False)
    ran = select(path, "--transpose", *options, "-K", 2, "--no-score")
    data = ran.json["data"]
    assert (data["n_rows"], data["n_columns"]) == (40, 600)
    assert all(name.startswith("gene") for name in ran.names)
    assert ran.json["target"]["n_classes"] == 2


def test_an_ordinary_table_is_not_taken_for_a_turned_one(refused, tmp_path):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.standard_normal((600, 8)) * 10.0 ** np.arange(8))
    frame.insert(0, "customer", [f"C{i}" for i in range(600)])
    frame.to_csv(tmp_path / "data.csv", index=False)
    assert "transpose" not in refused("select", tmp_path / "data.csv")


def test_svmlight_in_xz(select, tmp_path):
    rows = (f"{i % 2} 1:{i % 2 + i / 100} 2:{i % 3}.5\n" for i in range(40))
    (tmp_path / "data.svm.xz").write_bytes(lzma.compress("".join(rows).encode()))
    assert select(tmp_path / "data.svm.xz", "-K", 1).json["data"]["n_rows"] == 40
