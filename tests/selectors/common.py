# SPDX-License-Identifier: BSD-3-Clause
"""The selectors under test: every contract test runs for each of them."""

import pytest

from sparsefs import WASTSelector

SELECTORS = [WASTSelector]
every_selector = pytest.mark.parametrize("Selector", SELECTORS)


def quick(Selector, K=5, **params):
    """A selector that fits in milliseconds."""
    setting = {"max_iter": 3, "hidden_layer_sizes": 16, "batch_size": 16, "random_state": 0}
    return Selector(K=K, **{**setting, "device": "cpu", **params})
