# SPDX-License-Identifier: BSD-3-Clause
"""Order statistics by counting equal those by sorting."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sparsefs.utils import order_statistics as module
from sparsefs.utils.order_statistics import OrderStatistics


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_every_rank_of_either_sign(dtype, data):
    width = 8 * np.dtype(dtype).itemsize
    few = st.sampled_from([0.0, -0.0, 1.0, -1.0, 1.0625, 1e-45, -1e-40, float("inf")])
    numbers = data.draw(
        arrays(dtype, st.integers(1, 60), elements=few | st.floats(width=width, allow_nan=False))
    )
    statistics = OrderStatistics(numbers)
    negative = np.signbit(numbers)
    assert statistics.n_negative_bits == negative.sum()
    for sign in (False, True):
        for rank, expected in enumerate(np.sort(np.abs(numbers[negative == sign]))):
            assert statistics.magnitude(rank, negative=sign) == expected


def test_numbers_need_not_be_contiguous():
    numbers = np.arange(20, dtype=np.float32)[::-2]
    assert OrderStatistics(numbers).magnitude(3) == np.sort(numbers)[3]


def test_more_numbers_than_a_chunk(monkeypatch):
    monkeypatch.setattr(module, "_CHUNK", 7)
    numbers = np.random.default_rng(0).standard_normal(100)
    statistics = OrderStatistics(numbers)
    for rank, expected in enumerate(np.sort(numbers[numbers > 0])):
        assert statistics.magnitude(rank) == expected
