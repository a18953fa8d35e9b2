# SPDX-License-Identifier: BSD-3-Clause
"""Columns of any kind become inputs: what they contain, and where they come from."""

import datetime
import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest

from sparsefs.data.cells import is_plain, read_column
from sparsefs.data.encoding import FEWEST_ROWS, MOST_LEVELS, Encoding
from sparsefs.data.target import Target

N = 60
DAYS = pd.date_range("2026-01-05", periods=N)  # from a Monday to the fifth of March


def encoded(X, y=None, rows=None, **options):
    names = np.asarray(X.columns) if hasattr(X, "columns") else None
    target = None if y is None else Target.of(y, "auto", None)
    rows = np.arange(len(X)) if rows is None else rows
    return Encoding.of(X, names, target, rows, 0, **options)


def test_gaps_become_the_median_and_an_indicator_if_the_target_differs():
    X = np.random.default_rng(0).standard_normal((N, 3))
    X[:12, 1] = np.nan
    X[::5, 2] = np.nan
    y = X[:, 0].copy()
    y[:12] += 10
    encoding, inputs = encoded(X, y)
    assert encoding.column_of.tolist() == [0, 1, 2, 1]
    np.testing.assert_array_equal(inputs[:, 0], X[:, 0])
    assert (inputs[:12, 1] == np.median(X[12:, 1])).all()
    assert (inputs[::5, 2] == np.nanmedian(X[:, 2])).all()
    np.testing.assert_array_equal(inputs[:, 3], np.isnan(X[:, 1]))
    np.testing.assert_allclose(encoding.share, [1, 0.8, 1, 0.2])
    assert encoding.names(["a", "b", "c"]).tolist() == ["a", "b", "c", "b=(missing)"]
    assert encoding.incomplete.tolist() == [1, 2]
    # A gap where the fit had none: the mean, and no further input.
    expected = [X[:, 0].mean(), *np.nanmedian(X[:, 1:], axis=0), 1]
    np.testing.assert_allclose(encoding.inputs(np.full((1, 3), np.nan)), [expected])
    # Classes, too; and without a target nothing is known.
    assert encoded(X, np.where(y > 5, "high", "low"))[0].column_of.tolist() == [0, 1, 2, 1]
    assert encoded(X)[0].column_of.tolist() == [0, 1, 2]


def test_rows_that_do_not_count_are_encoded_but_not_learnt_from():
    X = np.arange(float(N))[:, None].copy()
    X[0] = np.nan
    X[40:] += 1000
    _, inputs = encoded(X, rows=np.arange(40))
    assert inputs[0, 0] == np.median(np.arange(1, 40))
    assert inputs[50, 0] == 1050


def test_texts_like_our_names_are_values_of_their_own():
    own = ["(other)", "(missing)", None]
    X = pd.DataFrame({"a": own * 19 + ["x", "y", "z"], "a=(other)": np.arange(float(N))})
    encoding, inputs = encoded(X)
    expected = ["a=(other)", "a=(missing)", "a=(other).1", "a=(missing).1", "a=(other).2"]
    assert sorted(encoding.names(X.columns)) == sorted(expected)
    np.testing.assert_array_equal(sorted(inputs[:, 1:].sum(axis=0)), [3, 19, 19, 19])
    assert not len(encoded(X.fillna("(missing)"))[0].incomplete)


@pytest.mark.parametrize("library", [pd, pl], ids=["pandas", "polars"])
def test_texts_have_an_input_for_each_frequent_value(library):
    texts = ["red"] * 20 + ["blue"] * 20 + ["green"] * 16 + ["pink"] * (FEWEST_ROWS - 1)
    X = library.DataFrame({"colour": texts, "sex": ["f", "m"] * 30})
    encoding, inputs = encoded(X)
    assert encoding.names(["colour", "sex"]).tolist() == [
        *("colour=blue", "colour=green", "colour=red", "colour=(other)", "sex=m")
    ]
    np.testing.assert_array_equal(inputs[:, :3].sum(axis=0), [20, 16, 20])
    np.testing.assert_array_equal(inputs[:, :4].sum(axis=1), 1)
    np.testing.assert_array_equal(inputs[:, 4], [0, 1] * 30)
    np.testing.assert_allclose(encoding.share, [0.25] * 4 + [1])
    new = library.DataFrame({"colour": ["blue", "never seen"], "sex": ["m", None]})
    assert encoding.inputs(new).tolist() == [[1, 0, 0, 0, 1], [0, 0, 0, 1, 0]]


def test_a_missing_text_is_a_value():
    X = pd.DataFrame({"c": ["a"] * 25 + [None] * 15 + ["b"] * 20})
    encoding, inputs = encoded(X)
    assert encoding.labels == ["=(missing)", "=a", "=b"]
    assert inputs[:, 0].sum() == 15
    assert encoding.incomplete.tolist() == [0]


@pytest.mark.parametrize("task", ["classes", "three classes", "numbers"])
def test_many_values_become_the_mean_of_the_target_of_other_rows(task):
    rng = np.random.default_rng(0)
    shops = np.array([f"shop {i}" for i in range(MOST_LEVELS + 10)])
    X = pd.DataFrame({"shop": rng.choice(shops, 3000)})
    good = X.shop.isin(shops[:10]).to_numpy()
    noise = rng.integers(2, size=3000)
    y = {
        "classes": np.where(rng.random(3000) < 0.1, 1 - good, good),
        "three classes": good + noise,
        "numbers": good + 0.1 * rng.standard_normal(3000),
    }[task]
    encoding, inputs = encoded(X, y)
    assert inputs.shape[1] == (3 if task == "three classes" else 1)
    assert abs(np.corrcoef(inputs[:, 0], good)[0, 1]) > 0.9
    # Values without a relation to y say nothing, although each is rare.
    unique = pd.DataFrame({"name": [f"name {i // 2}" for i in range(3000)]})
    leak = encoded(unique, noise)[1]
    assert abs(np.corrcoef(leak[:, 0], noise)[0, 1]) < 0.1
    unknown = encoding.inputs(pd.DataFrame({"shop": ["unknown"]}))
    np.testing.assert_allclose(unknown[0], inputs.mean(axis=0), atol=0.02)
    # Without a target, the most frequent have an input.
    assert encoded(X)[1].shape[1] == MOST_LEVELS + 1


@pytest.mark.parametrize(
    "dates",
    [
        pd.Series(DAYS),
        pd.Series(DAYS.tz_localize("Europe/Berlin")),
        pd.Series(DAYS.strftime("%Y-%m-%d")),
        pd.Series([day.date() for day in DAYS], dtype=object),
        pl.Series(list(DAYS.date)),
        pl.Series(DAYS.to_pydatetime()),
    ],
    ids=["pandas", "zone", "text", "objects", "polars dates", "polars times"],
)
def test_dates_become_days_weekdays_and_months(dates):
    X = (pd if isinstance(dates, pd.Series) else pl).DataFrame({"d": dates})
    encoding, inputs = encoded(X)
    names = encoding.names(["d"]).tolist()
    assert names == [
        "d=day",
        *(f"d weekday={k}" for k in range(7)),
        "d month=1",
        "d month=2",
        "d month=3",
    ]
    np.testing.assert_allclose(np.diff(inputs[:, 0]), 1, atol=0.1)
    np.testing.assert_array_equal(inputs[:, 1], np.arange(N) % 7 == 0)
    assert encoding.share.sum() == pytest.approx(1)
    assert set(encoding.column_of) == {0}


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["1.5", "2", None], [1.5, 2, np.nan]),
        ([True, None, False], [1, np.nan, 0]),
        (pd.array([1, None, 3], dtype="Int64"), [1, np.nan, 3]),
        (pd.Categorical(["low", "high", None], ["low", "high"], ordered=True), [0, 1, np.nan]),
        (pd.to_timedelta([1, 2, None], unit="D"), [1, 2, np.nan]),
        ([datetime.timedelta(days=2), None, datetime.timedelta(hours=12)], [2, np.nan, 0.5]),
        (pd.Categorical([1, 2, 1]), ["1", "2", "1"]),
        (pd.Categorical(["1", "2", "1"]), ["1", "2", "1"]),
        (["a", 1, None], ["a", "1", None]),
    ],
)
def test_what_a_column_contains(values, expected):
    X = pd.DataFrame({"c": pd.Series(values)})
    found = read_column(X, 0, "c")
    if isinstance(expected[0], str):
        assert found.tolist() == expected
    else:
        np.testing.assert_array_equal(found, expected)


def test_an_encoding_of_numbers_only_is_trivial():
    X = pd.DataFrame({"a": pd.array([1, 2, 3], dtype="Int64"), "b": [0.5, 1, 2]})
    encoding, inputs = encoded(X.astype(object))
    assert encoding.is_trivial
    np.testing.assert_array_equal(inputs, X.to_numpy(float))


def test_columns_left_out_are_not_read():
    X = pd.DataFrame({"a": [1.0, np.nan] * 30, "odd": [[1]] * N, "c": ["x", "y"] * 30})
    encoding, inputs = encoded(X, left_out=np.array([False, True, False]))
    assert encoding.column_of.tolist() == [0, 2]
    again = encoding.inputs(X.assign(odd=[{}] * N))
    np.testing.assert_array_equal(again, inputs)


def test_texts_in_a_column_of_numbers_are_refused_later():
    X = pd.DataFrame({"a": np.arange(N) * 1.0, "b": ["x", "y"] * 30})
    encoding, _ = encoded(X)
    with pytest.raises(ValueError, match="'a' contains texts"):
        encoding.inputs(X.assign(a="blue"))


def test_an_encoding_survives_pickling():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(
        {"a": rng.choice(list("abc"), N), "b": rng.choice(60, N).astype(str), "d": DAYS}
    )
    X["b"] = X["b"].astype("category")
    encoding, _ = encoded(X, rng.integers(2, size=N))
    again = pickle.loads(pickle.dumps(encoding))
    np.testing.assert_array_equal(again.inputs(X), encoding.inputs(X))


def test_plain_tables_are_left_to_scikit_learn():
    frame = pd.DataFrame({"a": [1.0, 2], "b": [True, False]})
    assert is_plain(frame)
    assert is_plain(pl.from_pandas(frame))
    assert is_plain(np.array([[1, None], [2, 3]], dtype=object))
    for column in (["x", "y"], [datetime.date(2026, 1, 1)] * 2, pd.Categorical([1, 2])):
        assert not is_plain(frame.assign(c=column))
    assert not is_plain(np.array([[1, "x"]], dtype=object))
    assert not is_plain(np.array([["x"]]))
