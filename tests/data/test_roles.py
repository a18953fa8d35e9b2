# SPDX-License-Identifier: BSD-3-Clause
"""Covariates: which columns `adjust_for` means, and what is refused."""

import numpy as np
import pandas as pd
import pytest

from sparsefs.data.roles import column_mask

NAMES = np.array(["age", "batch", "gene1", "gene2"], dtype=object)


@pytest.mark.parametrize(
    ("adjust_for", "expected"),
    [
        (None, []),
        ([], []),
        (["batch"], [1]),
        (("gene2", "age"), [0, 3]),
        ([1, "age"], [0, 1]),
        (range(2), [0, 1]),
        (np.array([3, 1]), [1, 3]),
        (np.array(["age"]), [0]),
        (pd.Index(["age", "batch"]), [0, 1]),
    ],
)
def test_names_and_indices(adjust_for, expected):
    mask = column_mask(adjust_for, NAMES, 4)
    assert mask.dtype == bool and mask.shape == (4,)
    assert np.flatnonzero(mask).tolist() == expected


def test_indices_without_names():
    assert column_mask([2], None, 4).tolist() == [False, False, True, False]


@pytest.mark.parametrize(
    ("adjust_for", "names", "words"),
    [
        ("age", NAMES, ["list", "'age'"]),
        (3, NAMES, ["list", "3"]),
        ({"age": 1}, NAMES, ["list"]),
        (["sex"], NAMES, ["'sex'", "not in X", "age, batch"]),
        (["age"], None, ["'age'", "no column names"]),
        ([4], NAMES, ["index 4", "0 to 3"]),
        ([-1], NAMES, ["index -1", "0 to 3"]),
        ([10**30], NAMES, ["0 to 3"]),
        ([True], NAMES, ["True"]),
        (np.arange(4) < 1, NAMES, ["True"]),
        ([1.0], NAMES, ["1.0"]),
        ([None], NAMES, ["None"]),
        ([[0]], NAMES, ["[0]"]),
        (["age", "age"], NAMES, ["'age' twice"]),
        (["age", 0], NAMES, ["0 twice"]),
        (range(4), NAMES, ["all columns", "n_features=4"]),
    ],
)
def test_what_is_no_list_of_columns_is_refused(adjust_for, names, words):
    with pytest.raises(ValueError, match="'adjust_for'") as error:
        column_mask(adjust_for, names, 4)
    assert all(word in str(error.value) for word in words), str(error.value)
