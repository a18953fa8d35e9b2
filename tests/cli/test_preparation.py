# SPDX-License-Identifier: BSD-3-Clause
"""What is made of columns and targets of every kind, and that it is said."""

import decimal

import numpy as np
import pandas as pd
import pytest

from tests.cli.common import INFORMATIVE, numbers


@pytest.fixture
def prepared(select, tmp_path):
    """What selecting everything from a frame says, and all features by rank."""

    def run(frame, *options, ending="csv"):
        path = tmp_path / f"data.{ending}"
        frame.to_csv(path, index=False) if ending == "csv" else frame.to_parquet(path)
        return select(path, "--target", "label", "-K", 1000, *options)

    return run


def said(ran, *texts):
    for text in texts:
        assert any(text in step for step in ran.json["preparation"]), ran.err
        assert text in ran.err


def test_numbers_without_gaps_need_nothing(prepared):
    ran = prepared(numbers())
    assert ran.json["preparation"] == [] and len(ran.names) == 12


def test_text_is_one_hot_encoded(prepared):
    frame = numbers()
    frame["sex"] = np.where(frame["label"] == "case", "male", "female")
    frame["town"] = np.resize(["Rome", "Oslo", "Bern"], len(frame))
    frame.loc[:5, "town"] = None
    ran = prepared(frame)
    said(ran, "2 columns of text one-hot encoded: sex, town")
    said(ran, "6 missing values in columns of text taken as a value of its own")
    towns = {f"town={value}" for value in ("Rome", "Oslo", "Bern", "(missing)")}
    assert ran.names[0] == "sex=male"  # one column says it
    assert set(ran.names) == {"sex=male", *towns, *numbers().columns[:-1]}
    assert {f["column"] for f in ran.json["features"] if f["name"] in towns} == {"town"}


def test_rare_values_of_text_are_one(prepared):
    frame = numbers(200)
    frame["city"] = [f"c{min(i // 4, 40)}" for i in range(200)]
    ran = prepared(frame)
    said(ran, "the 19 most frequent values, and one for the others, of city")
    assert sum(name.startswith("city=") for name in ran.names) == 20
    assert "city=infrequent_sklearn" in ran.names


def test_missing_numbers_become_the_median(prepared):
    frame = numbers()
    frame.loc[3:14, "f2"] = np.nan
    frame.loc[0, "f5"] = np.nan
    said(prepared(frame), "13 missing values in 2 columns replaced by the median")


def test_columns_that_say_nothing_are_left_out(prepared):
    frame = numbers()
    frame.insert(0, "Unnamed: 0", np.arange(len(frame)))
    frame["patient"] = [f"P{i:03}" for i in range(len(frame))]
    frame["seen"] = pd.date_range("2020-01-01", periods=len(frame)).astype(str)
    frame["nothing"] = np.nan
    frame["clinic"] = "north"
    frame["one"] = 1.5
    ran = prepared(frame)
    said(
        ran,
        "1 column that only count the rows left out: Unnamed: 0; --keep takes them",
        "1 column of text that differs in every row left out: patient; --keep takes them",
        "1 column of dates left out: seen; --keep takes them",
        "1 column without a value left out: nothing",
        "1 column of the same text in every row left out: clinic",
        "1 column is constant and ranked last: one",
    )
    assert set(ran.names) == {*numbers().columns[:-1], "one"} and ran.names[-1] == "one"
    kept = prepared(frame, "--keep", "Unnamed: 0", "patient", "seen")
    assert {"Unnamed: 0", "seen", "patient=infrequent_sklearn"} <= set(kept.names)


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_types_of_pandas(ending, prepared):
    frame = numbers()
    cases = frame["label"] == "case"
    frame["flag"] = cases
    frame["maybe"] = pd.array([None, *cases[1:]], dtype="boolean")
    frame["count"] = pd.array([None, *range(len(frame) - 1)], dtype="Int64") % 7
    frame["kind"] = pd.Categorical(np.where(cases, "a", "b"))
    ran = prepared(frame, ending=ending)
    assert {"flag", "maybe", "count", "kind=b"} <= set(ran.names)
    said(ran, "2 missing values in 2 columns", "1 column of text one-hot encoded: kind")
    assert set(ran.names[:3]) == {"flag", "maybe", "kind=b"}


def test_dates_and_decimals_of_parquet(prepared):
    frame = numbers()
    frame["when"] = pd.date_range("2020-01-01", periods=len(frame), tz="UTC")
    frame["price"] = [decimal.Decimal(i * 7 % 50) / 10 for i in range(len(frame))]
    ran = prepared(frame, ending="parquet")
    said(ran, "1 column of dates left out: when")
    assert "price" in ran.names
    assert "when" in prepared(frame, "--keep", "when", ending="parquet").names


def test_numbers_with_a_few_words_among_them_are_pointed_out(prepared):
    frame = numbers().astype({"f0": object})
    frame.loc[[3, 60], "f0"] = "?"
    ran = prepared(frame)
    assert "column 'f0' is numbers but for 2 values such as '?': pass --missing '?'" in ran.err
    ran = prepared(frame, "--missing", "?")
    said(ran, "2 missing values in 1 column replaced by the median")
    assert "f0" in ran.names


def test_precision_is_kept_where_it_is_needed(select, tmp_path):
    frame = numbers(200)
    frame["alpha"] = 1.7e9 + frame["alpha"]  # float32 has steps of 128 there
    frame.to_csv(tmp_path / "data.csv", index=False)
    assert set(select(tmp_path / "data.csv", "--target", "label", "-K", 2).names) == INFORMATIVE


def test_rows_without_a_target_are_left_out(prepared):
    frame = numbers()
    frame.loc[:9, "label"] = None
    ran = prepared(frame)
    said(ran, "10 rows without a value of 'label' left out")
    assert ran.json["data"]["n_rows"] == 110


@pytest.mark.parametrize(
    ("values", "options", "task", "n_classes"),
    [
        (lambda z: z > 0, [], "classification", 2),
        (lambda z: np.where(z > 0, 2.5, 1.5), [], "classification", 2),
        (lambda z: np.digitize(z, [-1, 0, 1]), [], "classification", 4),
        (lambda z: np.digitize(z, [-1, 0, 1]).astype(float), [], "classification", 4),
        (lambda z: np.digitize(z, [-1, 0, 1]), ["--task", "regression"], "regression", None),
        (lambda z: z, [], "regression", None),
        (lambda z: np.round(z, 0) / 2, [], "regression", None),
        (lambda z: np.round(10 * z), [], "regression", None),
        (lambda z: np.round(z, 0) / 2, ["--task", "classification"], "classification", 11),
    ],
)
def test_what_a_target_is(values, options, task, n_classes, prepared):
    frame = numbers(200)
    z = (frame["alpha"] + frame["beta"]).to_numpy()
    n_values = len(np.unique(values(z)))
    ran = prepared(frame.assign(label=values(z)), *options, "--no-score")
    expected = n_values if task == "classification" else None
    assert n_classes in (expected, 11)
    assert ran.json["target"] == {"name": "label", "task": task, "n_classes": expected}
    assert f"({task}" in ran.err
    assert set(ran.names[:2]) == INFORMATIVE


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda f: f.assign(label="same"), "'label' is same in every row"),
        (lambda f: f.assign(label=np.nan), "'label' has no values"),
        (lambda f: f.assign(label=[f"L{i}" for i in range(len(f))]), "an identifier rather than"),
        (lambda f: f.assign(f3=np.inf), "120 infinite values in f3"),
        (lambda f: f[["label"]], "1 column"),
        (lambda f: f[["label"]].assign(a="x", b=np.nan), "no column is left"),
        (lambda f: f.iloc[:0], "has 0 rows"),
        (lambda f: f.iloc[:6], "6 rows are too few to hold out 20% for a score"),
    ],
)
def test_unusable_tables(change, words, refused, tmp_path):
    change(numbers()).to_csv(tmp_path / "data.csv", index=False)
    if words != "1 column":
        assert words in refused("select", tmp_path / "data.csv", "--target", "label")
    else:
        assert "0 columns" in refused("select", tmp_path / "data.csv", "--target", "label")


def test_text_as_a_quantity_is_refused(refused, tmp_path):
    numbers().to_csv(tmp_path / "data.csv", index=False)
    message = refused("select", tmp_path / "data.csv", "--target", "label", "--task", "regression")
    assert "the target 'label' is text, such as" in message


def test_lists_are_refused_by_name(refused, tmp_path):
    frame = numbers()
    frame["tags"] = [["a"]] * len(frame)
    frame.to_parquet(tmp_path / "data.parquet")
    message = refused("select", tmp_path / "data.parquet", "--target", "label")
    assert "column 'tags' holds" in message and "--drop" in message


def test_constant_and_missing_values_in_arrays(select, tmp_path):
    frame = numbers()
    X = frame.drop(columns="label").to_numpy(copy=True)
    X[:, 0], X[:4, 1], X[:, 2] = 3, np.nan, np.nan
    np.savez(tmp_path / "data.npz", X=X, y=frame["label"].to_numpy(str))
    ran = select(tmp_path / "data.npz", "-K", 2)
    said(ran, "1 column without a value left out: x2", "1 column is constant and ranked last: x0")
    said(ran, "4 missing values in 1 column replaced by the median")
    assert set(ran.names) == {"x10", "x11"}
