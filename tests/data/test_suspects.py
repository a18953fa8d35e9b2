# SPDX-License-Identifier: BSD-3-Clause
"""Identifiers and copies of the target are recognised, ordinary columns are not."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris, load_wine

from sparsefs.data.suspects import suspects

RNG = np.random.default_rng(0)
N = 80
Y = np.arange(N) % 2
NOISE = RNG.standard_normal((N, 3))


def said(column, target=Y, task="classification", name="c", form=np.asarray):
    X = np.column_stack([NOISE, column])
    return suspects(form(X), ["a", "b", "d", name], target, task)


@pytest.mark.parametrize(
    "column",
    [Y, 1 - Y, 5.0 * Y + RNG.random(N), np.exp(8 * Y) * (1 + RNG.random(N))],
    ids=["copy", "inverse", "shifted", "skewed"],
)
@pytest.mark.parametrize("form", [np.asarray, sparse.csr_matrix])
def test_a_column_that_separates_the_classes(column, form):
    (sentence,) = said(column, form=form)
    assert sentence.startswith("1 column predicts the target alone: c.")


@pytest.mark.parametrize("change", [lambda y: 1.8 * y + 32, np.exp, lambda y: -(y**3), np.round])
def test_a_column_that_follows_a_target_of_numbers(change):
    y = RNG.standard_normal(N) * 10
    (sentence,) = said(change(y), y, "regression")
    assert sentence.startswith("1 column predicts the target alone: c.")


@pytest.mark.parametrize(
    ("values", "name"),
    [
        (RNG.permutation(N) + 1001, "c"),
        (np.arange(N) + 17, "c"),
        (10 * RNG.permutation(N), "c"),
        (RNG.choice(90_000, N, replace=False) + 10_000, "c"),
        (RNG.integers(10**9, 10**10, N), "c"),
        (RNG.choice([10115, *range(20000, 20030)], N), "zip_code"),
        (RNG.integers(0, 40, N), "patient id"),
    ],
    ids=["shuffled", "counter", "tens", "customer", "phone", "zip", "patient"],
)
def test_identifiers(values, name):
    (sentence,) = said(values.astype(np.float32), name=name)
    assert sentence.startswith(f"1 column looks like an identifier: {name}.")


@pytest.mark.parametrize(
    "values",
    [
        RNG.integers(18, 90, N),  # an age
        RNG.lognormal(8, 2, N).round(),  # a count
        RNG.standard_normal(N),
        np.where(Y, 0.5, RNG.random(N)),  # the classes overlap
        RNG.integers(0, 2, N),
    ],
)
def test_ordinary_columns(values):
    assert said(values) == []


@pytest.mark.parametrize("load", [load_breast_cancer, load_iris, load_wine, load_diabetes])
def test_ordinary_data(load):
    X, y = load(return_X_y=True)
    task = "regression" if load is load_diabetes else "classification"
    assert suspects(X, [str(i) for i in range(X.shape[1])], y, task) == []


def test_tables_of_counts_have_no_identifiers():
    X = RNG.integers(10_000, 99_999, (N, 100))
    assert suspects(X, [f"g{i}" for i in range(100)]) == []


def test_chance_does_not_predict():
    y = np.arange(24) % 2
    X = RNG.standard_normal((24, 20_000))
    X[:, 0] = y + RNG.random(24)
    found = suspects(X[:, :50], range(50), y[:24], "classification")
    assert "alone: 0." in found[0]
    few = np.arange(20) % 10  # ten classes of two
    assert suspects(X[:20], range(20_000), few, "classification") == []


def test_marks_of_missing_values():
    values = RNG.standard_normal(N)
    values[[3, 40]] = -999
    (sentence,) = said(values)
    assert "perhaps marks of missing values: -999 in c (2 rows)" in sentence
