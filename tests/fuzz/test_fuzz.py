# SPDX-License-Identifier: BSD-3-Clause
"""Some cases of the fuzzer; ``python -m tests.fuzz`` runs thousands."""

import pytest

from tests.fuzz.__main__ import run

pytest.importorskip("pyarrow", reason="some of the containers are pyarrow's")
N = 240


@pytest.mark.parametrize("first", range(0, N, 20))
def test_whatever_is_passed_gives_a_fit_or_a_clear_error(first):
    violations = []
    for seed in range(first, first + 20):
        case, _, _, found, _ = run(seed)
        violations += [(f"python -m tests.fuzz --seed {seed}", case, *one) for one in found]
    assert violations == []
