# SPDX-License-Identifier: BSD-3-Clause
"""Numbers that are written as text are read as what they mean, or not at all."""

import numpy as np
import pytest

from sparsefs.cli.quantities import quantities_of


def read(*texts, **options):
    return quantities_of(np.array(texts, dtype=object), **options)


@pytest.mark.parametrize(
    ("texts", "numbers"),
    [
        (["1,5", "2,25", "3"], [1.5, 2.25, 3]),
        (["1,234.50", "12.5", "1,234,567"], [1234.5, 12.5, 1234567]),
        (["1.234,50", "2,5", "12.345"], [1234.5, 2.5, 12345]),
        (["1 234,5", "12 345", "7"], [1234.5, 12345, 7]),
        (["1\u202f234,5", "7"], [1234.5, 7]),
        (["1'234.5", "7"], [1234.5, 7]),
        (["$12.30", "-$5", "$-6.5"], [12.3, -5, -6.5]),
        (["12,30 €", "1.000,00 €"], [12.3, 1000]),
        (["EUR 5.5", "EUR 6"], [5.5, 6]),
        (["5.1%", "7 %"], [5.1, 7]),
        (["12 kg", "13.5 kg"], [12, 13.5]),
        (["90 mg/dL", "100 mg/dL"], [90, 100]),
        (["(12.5)", "3"], [-12.5, 3]),
        (["\u22123.2", "4"], [-3.2, 4]),
        (["'1.5", '="2.5"'], [1.5, 2.5]),
        (["1e5", "2.5E-3", "x,y"], [1e5, 2.5e-3, np.nan]),
        (["1.234", "2.345"], [1.234, 2.345]),
    ],
)
def test_numbers(texts, numbers):
    found = read(*texts)
    np.testing.assert_allclose(found.numbers, numbers)
    assert found.mostly_numbers and found.ambiguous is None


@pytest.mark.parametrize(
    "texts",
    [
        ["P001", "P002"],
        ["3A", "3B", "3C"],
        ["12 Oak St", "13 Elm Rd", "14 High St"],
        ["1,2,3", "4,5,6,7"],
        ["1.2.3", "4.5.6"],
        ["01.02.2020", "03.04.2021"],
        ["12:30", "13:30"],
        ["5-10", "10-20"],
        ["555-1234", "555-9876"],
        ["2020-01-02", "2020-01-03"],
    ],
)
def test_texts_that_are_no_numbers(texts):
    assert not read(*texts).mostly_numbers


def test_a_comma_that_may_be_either_is_decided_by_the_file_or_the_user():
    assert read("1,234", "987").ambiguous == "1,234"
    assert read("1,234", guess=",").numbers[0] == 1.234
    assert read("1,234", guess=".").numbers[0] == 1234
    assert read("1,234", marks=(",", None)).numbers[0] == 1.234
    assert read("1,234", marks=(None, ",")).numbers[0] == 1234
    assert read("1.234", guess=",").numbers[0] == 1234
    assert all(read("1,234", **given).ambiguous is None for given in ({"marks": (None, ",")},))


def test_words_for_a_missing_value_are_no_exceptions():
    found = read("1.5", "?", "n/d", "-", "\u2013", "#DIV/0!", "n.a.", " ")
    assert found.absent.tolist() == [False, *[True] * 7] and not found.exceptions.any()


@pytest.mark.parametrize("odd", ["<0.5", "low", "5 g", "12.5.3", "none"])
def test_what_is_neither_is_an_exception(odd):
    found = read(*(f"{i}.25 kg" if odd == "5 g" else f"{i}.25" for i in range(30)), odd)
    assert found.mostly_numbers and found.exceptions.tolist() == [False] * 30 + [True]
    assert found.shown(found.exceptions, np.arange(1, 32)) == f"{odd!r} (row 31)"


def test_a_frequent_word_among_many_different_numbers_is_an_exception():
    found = read(*["low"] * 60, *(f"{i}.5" for i in range(40)))
    assert found.mostly_numbers and found.exceptions.sum() == 60


def test_limits_of_detection_are_of_a_column_of_numbers():
    texts = [f"<{i / 10}" for i in range(20)] + [f"{i}.5" for i in range(10)]
    assert read(*texts).mostly_numbers
