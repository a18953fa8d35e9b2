# SPDX-License-Identifier: BSD-3-Clause
"""Pairs of halves that share no sample, and hold half of every class."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparsefs.data.target import strata
from sparsefs.evaluation.subsamples import complementary_pair


@given(sizes=st.lists(st.integers(0, 9), min_size=1, max_size=8), seed=st.integers(0, 99))
def test_halves_are_disjoint_equal_and_stratified(sizes, seed):
    rng = np.random.default_rng(seed)
    classes = rng.permutation(np.repeat(np.arange(len(sizes)), sizes))
    n_samples = len(classes)
    first, second = complementary_pair(classes, rng)
    assert len(first) == len(second) == n_samples // 2
    assert not set(first) & set(second)
    assert set(first) | set(second) <= set(range(n_samples))
    assert (np.diff(first) > 0).all() and (np.diff(second) > 0).all()
    for half in (first, second):
        drawn = np.bincount(classes[half], minlength=len(sizes))
        assert (np.abs(drawn - np.array(sizes) / 2) <= 0.5).all()


def test_every_split_is_as_likely():
    rng = np.random.default_rng(0)
    counts = {}
    for _ in range(4000):
        for half in complementary_pair(np.zeros(5, dtype=int), rng):
            counts[tuple(half)] = counts.get(tuple(half), 0) + 1
    assert len(counts) == 10  # two of five
    assert max(counts.values()) - min(counts.values()) < 200  # of 800 on the mean


def test_what_is_left_over_is_of_the_large_classes():
    classes = np.array([0] * 21 + [1, 2])
    for seed in range(20):
        drawn = np.sort(np.concatenate(complementary_pair(classes, np.random.default_rng(seed))))
        assert {21, 22} < set(drawn)  # one sample of class 0 is in neither half


@pytest.mark.parametrize(
    ("y", "expected"),
    [
        (["b", "a", "b"], [1, 0, 1]),
        ([[2], [1], [2]], [1, 0, 1]),
        (pd.Series([True, False, True], index=[7, 8, 9]), [1, 0, 1]),
        (pd.Categorical(["b", "a", "c"]), [1, 0, 2]),
        ([0.5, 1.5, 2.5], None),
        (None, None),
        ([[0, 1], [1, 1], [1, 0]], None),
        ([[0.1, 1], [1, 1.2], [1, 0]], None),
        ([[3, 1], [1, 4], [1, 0]], None),
        (np.array(["b", "a", "b"], dtype=object), [1, 0, 1]),
        (pd.Series([1, 0, 1], dtype="Int64"), [1, 0, 1]),
        (np.array([True, False, True], dtype=object), [1, 0, 1]),
        (np.arange(50) * 1000, None),  # a quantity
    ],
)
def test_classes_are_found_in_any_y(y, expected):
    found = strata(y)
    assert found is None if expected is None else list(found) == expected
