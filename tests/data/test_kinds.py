# SPDX-License-Identifier: BSD-3-Clause
"""Values that numpy would take for numbers, and that are none."""

import datetime

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse
from sklearn.feature_selection import SelectKBest

from sparsefs import EnsembleSelector, StabilitySelector
from sparsefs.data.inputs import validated
from sparsefs.data.kinds import refuse_other_kinds
from sparsefs.data.target import Target
from sparsefs.evaluation import k_curve
from sparsefs.selectors import WASTSelector

NUMBERS = np.arange(12.0).reshape(6, 2)
DATES = np.datetime64("2026-01-01", "ns") + np.arange(12).reshape(6, 2) * np.timedelta64(1, "D")
SPANS = DATES - DATES[0, 0]


def objects(table):
    array = np.empty(np.shape(table), dtype=object)
    for place, value in np.ndenumerate(table):
        array[place] = value
    return array


def frame(table, **more):
    return pd.DataFrame({"a": table[:, 0], "b": table[:, 1], **more})


def polars(table):
    return pl.DataFrame({"a": table[:, 0], "b": table[:, 1]})


def each_column(table, convert):
    return pd.DataFrame({name: convert(values) for name, values in frame(table).items()})


BOTH = ["'a', 'b'"]
OTHERS = {
    "dates": (DATES, "dates", "0, 1"),
    "NaT": (np.where(DATES > DATES[2, 0], np.datetime64("NaT"), DATES), "dates", "0, 1"),
    "days": (DATES.astype("datetime64[D]"), "dates", "0, 1"),
    "spans": (SPANS, "durations", "0, 1"),
    "complex": (NUMBERS * 1j, "complex numbers", "0, 1"),
    "sparse complex": (sparse.csr_matrix(NUMBERS * 1j), "complex numbers", "0, 1"),
    "list of dates": (list(map(list, DATES)), "dates", "0, 1"),
    "list of spans": (list(map(list, SPANS)), "durations", "0, 1"),
    "list of complex": ((NUMBERS * 1j).tolist(), "complex numbers", "0, 1"),
    "objects": (objects(DATES), "dates", "0, 1"),
    "objects, spans": (objects(SPANS), "durations", "0, 1"),
    "objects, one": (objects([[1.0, DATES[0, 0]], [2.0, 3.0]]), "dates", "1"),
    "objects of pandas": (frame(DATES).astype(object).to_numpy(), "dates", "0, 1"),
    "objects of Python": ([[datetime.date(2026, 1, 1), 1.0]] * 3, "dates", "0"),
    "spans of Python": ([[1.0, datetime.timedelta(1)]] * 3, "durations", "1"),
    "frame": (frame(DATES), "dates", "'a', 'b'"),
    "frame of spans": (frame(SPANS), "durations", "'a', 'b'"),
    "frame of complex": (frame(NUMBERS * 1j), "complex numbers", "'a', 'b'"),
    "frame, mixed": (frame(NUMBERS, day=DATES[:, 0]), "dates", "'day'"),
    "frame, objects": (frame(NUMBERS, day=objects(DATES)[:, 0]), "dates", "'day'"),
    "frame with a zone": (
        each_column(DATES, lambda s: s.dt.tz_localize("UTC")), "dates", "'a', 'b'",
    ),
    "frame of periods": (each_column(DATES, lambda s: s.dt.to_period("D")), "dates", "'a', 'b'"),
    "polars": (polars(DATES), "dates", "'a', 'b'"),
    "polars, spans": (polars(SPANS), "durations", "'a', 'b'"),
    "polars, dates": (polars(DATES).select(pl.all().cast(pl.Date)), "dates", "'a', 'b'"),
    "polars, times": (polars(DATES).select(pl.all().dt.time()), "durations", "'a', 'b'"),
}  # fmt: skip


@pytest.mark.parametrize("case", OTHERS)
def test_other_kinds_are_refused_with_their_columns(case):
    X, kind, columns = OTHERS[case]
    with pytest.raises((TypeError, ValueError), match=rf"columns? {columns} \({kind}\)") as error:
        validated(WASTSelector(), X)
    assert "OrdinalEncoder" not in str(error.value)
    advice = {"dates": "divide by a day", "durations": "Divide them", "complex numbers": "real and"}
    assert advice[kind] in str(error.value)


def test_the_advice_for_dates_makes_numbers():
    days = (DATES - np.datetime64("2000-01-01")) / np.timedelta64(1, "D")
    assert validated(WASTSelector(), days).dtype == np.float64
    assert validated(WASTSelector(), SPANS / np.timedelta64(1, "D"))[0, 1] == 1


@pytest.mark.parametrize(
    "y",
    [DATES[:, 0], SPANS[:, 0], objects(DATES)[:, 0], list(SPANS[:, 0]), pd.Series(DATES[:, 0])],
)
def test_a_target_of_dates_is_refused(y):
    with pytest.raises(
        ValueError, match=r"y holds neither text nor numbers, but (dates|durations)"
    ):
        Target.of(y)


def test_masked_values_are_refused_and_masks_without_any_are_not():
    mask = np.zeros(NUMBERS.shape, dtype=bool)
    for X in (np.ma.array(NUMBERS), np.ma.array(NUMBERS, mask=mask)):
        np.testing.assert_array_equal(validated(WASTSelector(), X), NUMBERS)
    mask[[2, 4], 1] = True
    for X in (
        np.ma.array(NUMBERS, mask=mask),
        np.ma.array(NUMBERS.astype(int), mask=mask),
        list(np.ma.array(NUMBERS, mask=mask)),
    ):
        for read in (validated, lambda *args: validated(*args, reset=False)):
            with pytest.raises(ValueError, match=r"2 masked values, in column 1\..*filled"):
                read(WASTSelector(), X)
    fitted = WASTSelector(K=1, max_iter=1, device="cpu").fit(NUMBERS)
    with pytest.raises(ValueError, match="2 masked values, in column 1"):
        fitted.transform(np.ma.array(NUMBERS, mask=mask))
    filled = np.ma.array(NUMBERS.astype(int), mask=mask).astype(float).filled(np.nan)
    assert np.isnan(filled).sum() == 2  # as the advice says
    with pytest.raises(ValueError, match="y contains 2 masked values"):
        Target.of(np.ma.array(NUMBERS[:, 1], mask=mask[:, 1]))


@pytest.mark.parametrize(
    "X",
    [
        NUMBERS,
        objects(NUMBERS),
        frame(NUMBERS),
        polars(NUMBERS),
        frame(NUMBERS).astype("Int64"),
        frame(NUMBERS > 3),
        pd.DataFrame({"date": [1.0], "time": [2.0]}),
        pl.DataFrame({"a": ["date"]}, schema={"a": pl.Enum(["date"])}),
        [["date", "time"]],
        [[None, float("nan")]],
        [[1], [1, 2]],
        None,
    ],
)
def test_numbers_and_what_others_refuse_pass(X):
    refuse_other_kinds(X, "X")


@pytest.mark.parametrize(
    "table", [SPANS, frame(DATES), polars(SPANS)], ids=["array", "pandas", "polars"]
)
@pytest.mark.parametrize("kind", [StabilitySelector, EnsembleSelector, k_curve])
def test_other_estimators_are_not_given_dates_as_numbers_either(table, kind):
    y = np.arange(6) % 2
    with pytest.raises(TypeError, match="Not numeric: columns .*dates|durations"):
        k_curve(SelectKBest(), table, y) if kind is k_curve else kind(SelectKBest()).fit(table, y)
