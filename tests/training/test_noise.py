# SPDX-License-Identifier: BSD-3-Clause
"""Dropout masks."""

import numpy as np
import pytest
import torch

from sparsefs.training.noise import Dropout


@pytest.mark.parametrize("rate", [0.0, 0.2, 0.5, 0.9])
def test_masks_silence_a_share_and_scale_the_rest(rate):
    mask = Dropout(rate, np.random.default_rng(0), "cpu").mask((100, 2000))
    assert mask.dtype == torch.float32
    silent = mask == 0
    assert silent.float().mean().item() == pytest.approx(rate, abs=0.01)
    np.testing.assert_allclose(mask[~silent], 1 / (1 - rate), rtol=1e-6)
    assert mask.mean().item() == pytest.approx(1, abs=0.02)


def test_masks_are_fresh():
    dropout = Dropout(0.5, np.random.default_rng(0), "cpu")
    first, second = dropout.mask((50, 400)), dropout.mask((50, 400))
    agree = (first == second).float().mean().item()
    assert agree == pytest.approx(0.5, abs=0.03)


def test_masks_larger_than_the_pool_differ_everywhere():
    mask = Dropout(0.5, np.random.default_rng(0), "cpu").mask((3000, 500))
    share = (mask == 0).float().mean(dim=1)
    assert 0.3 < share.min() < share.max() < 0.7


def test_masks_depend_on_the_generator_alone():
    first, second = (Dropout(0.5, np.random.default_rng(7), "cpu").mask((20, 30)) for _ in range(2))
    assert torch.equal(first, second)
