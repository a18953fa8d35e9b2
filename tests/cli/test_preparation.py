# SPDX-License-Identifier: BSD-3-Clause
"""Columns of every kind are features, and the command says how."""

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


def test_text_stays_a_column(prepared):
    frame = numbers()
    frame["sex"] = np.where(frame["label"] == "case", "male", "female")
    frame["town"] = np.resize(["Rome", "Oslo", "Bern"], len(frame))
    frame["city"] = [f"c{i // 3}" for i in range(len(frame))]
    frame.loc[:5, "town"] = None
    ran = prepared(frame)
    said(ran, "3 columns of text: sex, town, city")
    said(ran, "6 missing values in columns of text or dates")
    assert ran.names[0] == "sex" and set(ran.names) == set(frame.columns) - {"label"}
    assert ran.json["data"]["n_features"] == 15


def test_missing_numbers_have_an_indicator(prepared):
    frame = numbers()
    frame.loc[3:14, "f2"] = np.nan
    frame.loc[0, "f5"] = np.nan
    said(prepared(frame), "13 missing values in 2 columns of numbers: estimated")


def test_what_is_missing_may_be_selected(select, tmp_path):
    frame = numbers(300)
    frame["f2"] = frame["f2"].mask(np.random.default_rng(0).random(300) < 0.4)
    frame["label"] = np.where(frame["f2"].isna(), "case", "control")
    frame.loc[:20, "label"] = "case"
    frame.to_csv(tmp_path / "data.csv", index=False)
    ran = select(tmp_path / "data.csv", "--target", "label", "-K", 1)
    assert ran.names == ["f2"] and ran.json["held_out"]["selected"] > 0.8


def test_columns_that_say_nothing_are_left_out(prepared):
    frame = numbers()
    frame.insert(0, "Unnamed: 0", np.arange(len(frame)))
    frame["patient"] = [f"P{i:03}" for i in range(len(frame))]
    frame["nothing"] = np.nan
    frame["clinic"] = "north"
    frame["one"] = 1.5
    ran = prepared(frame)
    said(
        ran,
        "left out: Unnamed: 0 (row numbers; use --keep to include)",
        "left out: patient (text, different in every row; use --keep to include)",
        "left out: nothing (no values)",
        "left out: clinic (the same text in every row)",
        "1 constant column ranked last: one",
    )
    assert set(ran.names) == {*numbers().columns[:-1], "one"} and ran.names[-1] == "one"
    kept = prepared(frame, "--keep", "Unnamed: 0", "patient", "clinic")
    assert {"Unnamed: 0", "patient", "clinic"} == set(kept.names[:3])


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_types_of_pandas(ending, prepared):
    frame = numbers()
    cases = frame["label"] == "case"
    frame["flag"] = cases
    frame["maybe"] = pd.array([None, *cases[1:]], dtype="boolean")
    frame["count"] = pd.array([None, *range(len(frame) - 1)], dtype="Int64") % 7
    frame["kind"] = pd.Categorical(np.where(cases, "a", "b"))
    ran = prepared(frame, ending=ending)
    said(ran, "2 missing values in 2 columns of numbers", "1 column of text: kind")
    assert set(ran.names[:3]) == {"flag", "maybe", "kind"} and "count" in ran.names


def test_dates_and_decimals_of_parquet(prepared):
    frame = numbers()
    frame["when"] = pd.date_range("2020-01-01", periods=len(frame), tz="UTC")
    frame["price"] = [decimal.Decimal(i * 7 % 50) / 10 for i in range(len(frame))]
    ran = prepared(frame, ending="parquet")
    said(ran, "1 column of dates: when")
    assert {"price", "when"} < set(ran.names)


def test_words_for_missing_values_among_numbers_are_missing(prepared):
    frame = numbers().astype({"f0": object, "f1": object})
    frame.loc[[3, 60], "f0"], frame.loc[7, "f1"] = "n/d", "#DIV/0!"
    ran = prepared(frame)
    said(ran, "taken as missing: 'n/d' (rows 4, 61) in f0, '#DIV/0!' (row 8) in f1")
    said(ran, "3 missing values in 2 columns of numbers")
    assert set(ran.names) == set(numbers().columns[:-1])


def test_other_texts_among_numbers_are_refused_with_their_rows(refused, prepared, tmp_path):
    frame = numbers().astype({"f0": object})
    frame.loc[[3, 60], "f0"], frame.loc[9, "f0"] = "low", "<0.5"
    frame.to_csv(tmp_path / "data.csv", index=False)
    message = refused("select", tmp_path / "data.csv", "--target", "label")
    assert "column 'f0' contains numbers and 3 values" in message
    assert "'low' (rows 4, 61), '<0.5' (row 10)" in message
    assert all(option in message for option in ("--missing", "--text", "--exclude"))
    assert "f0" in prepared(frame, "--missing", "low", "<0.5").names
    said(prepared(frame.assign(f0=["1", "2", "low"] * 40), "--text", "f0"), "of text: f0")


def test_odd_names_of_frequent_classes_are_text(prepared):
    frame = numbers()
    frame["children"] = np.resize(["0", "1", "2", "3+"], len(frame))
    ran = prepared(frame)
    said(ran, "read as text, because of 30 values among numbers such as '3+' (rows 4, 8, 12")
    said(ran, "1 column of text: children")


def test_codes_are_categories_on_request(prepared):
    frame = numbers()
    frame["zip"] = np.resize([10115, 20095, 80331], len(frame))
    said(prepared(frame, "--text", "zip"), "1 column of text: zip")


def test_text_that_differs_in_most_rows_is_left_out(prepared):
    frame = numbers()
    frame["name"] = [f"N{max(i, 3)}" for i in range(len(frame))]
    said(prepared(frame), "left out: name (text, different in most rows; use --keep to include)")


@pytest.mark.parametrize("start", [0, 1, 17, 1001, 10**9])
@pytest.mark.parametrize("step", [1, -1])
def test_row_numbers_from_any_start_are_left_out(start, step, prepared):
    frame = numbers()
    frame["patient"] = start + step * np.arange(len(frame))
    frame.loc[[5, 50], "label"] = None  # rows that are left out do not hide them
    said(prepared(frame), "left out: patient (row numbers; use --keep to include)")


@pytest.mark.parametrize(
    "form",
    ["%d.%m.%Y", "%m/%d/%Y", "%Y/%m/%d %H:%M", "%b %d, %Y", "%d-%b-%Y", "%Y%m%d", "%Y-%m-%d"],
)
def test_dates_in_any_form_are_used(form, select, tmp_path):
    frame, rng = numbers(200), np.random.default_rng(0)
    days = pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 700, 200), "D")
    frame["seen"] = days.strftime(form)
    frame["label"] = np.where(days.month > 6, "case", "control")
    frame.to_csv(tmp_path / "data.csv", index=False)
    out = tmp_path / "out.csv"
    ran = select(tmp_path / "data.csv", "--target", "label", "-K", 1, "--out", out)
    said(ran, "1 column of dates: seen")
    assert ran.names == ["seen"]
    assert pd.read_csv(out, dtype=str)["seen"].tolist() == frame["seen"].tolist()


def test_times_of_a_day_are_numbers(select, tmp_path):
    frame, rng = numbers(200), np.random.default_rng(0)
    times = pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 86400, 200), "s")
    frame["at"] = times.strftime("%H:%M:%S")
    frame["label"] = np.where(times.hour > 12, "case", "control")
    frame.to_csv(tmp_path / "data.csv", index=False)
    ran = select(tmp_path / "data.csv", "--target", "label", "-K", 1)
    assert ran.names == ["at"] and ran.json["preparation"] == []


def test_dates_whose_day_and_month_can_be_confused_are_left_out(refused, prepared, tmp_path):
    frame = numbers()
    days = pd.Series(pd.date_range("2020-01-01", periods=len(frame)))
    frame["seen"] = days.dt.strftime("%d.%m.%Y")
    assert "seen" in prepared(frame).names
    frame["seen"] = np.resize(["03/04/2020", "05/06/2020"], len(frame))
    said(prepared(frame), "left out: seen (dates in which day and month can be confused)")
    message = refused("select", tmp_path / "data.csv", "--target", "label", "--keep", "seen")
    assert "dates in which day and month can be confused, such as '03/04/2020'" in message


def test_counted_columns_are_those_that_were_read(prepared):
    frame = numbers()
    frame["clinic"] = "north"
    ran = prepared(frame)
    assert "13 columns to select from" in ran.err
    assert ran.json["data"]["n_columns"] == 13 and ran.json["data"]["n_features"] == 12


def test_precision_is_kept_where_it_is_needed(select, tmp_path):
    frame = numbers(200)
    frame["alpha"] = 1.7e9 + frame["alpha"]  # float32 has steps of 128 there
    frame.to_csv(tmp_path / "data.csv", index=False)
    assert set(select(tmp_path / "data.csv", "--target", "label", "-K", 2).names) == INFORMATIVE


def test_rows_without_a_target_are_left_out(prepared):
    frame = numbers()
    frame.loc[:9, "label"] = None
    ran = prepared(frame)
    said(ran, "10 rows left out: 'label' is missing")
    assert ran.json["data"]["n_rows"] == 110


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda f: f.assign(label="same"), "y has one class only"),
        (lambda f: f.assign(label=np.nan), "'label' has no values"),
        (lambda f: f.assign(label=[f"L{i}" for i in range(len(f))]), "looks like an identifier"),
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


def test_lists_are_refused_by_name(refused, tmp_path):
    frame = numbers()
    frame["tags"] = [["a"]] * len(frame)
    frame.to_parquet(tmp_path / "data.parquet")
    message = refused("select", tmp_path / "data.parquet", "--target", "label")
    assert "column 'tags' contains" in message and "--exclude" in message


def test_constant_and_missing_values_in_arrays(select, tmp_path):
    frame = numbers()
    X = frame.drop(columns="label").to_numpy(copy=True)
    X[:, 0], X[:4, 1], X[:, 2] = 3, np.nan, np.nan
    np.savez(tmp_path / "data.npz", X=X, y=frame["label"].to_numpy(str))
    ran = select(tmp_path / "data.npz", "-K", 2)
    said(ran, "left out: x2 (no values)", "1 constant column ranked last: x0")
    said(ran, "4 missing values in 1 column of numbers")
    assert set(ran.names) == {"x10", "x11"}
