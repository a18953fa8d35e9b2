# SPDX-License-Identifier: BSD-3-Clause
"""The code of the documentation's page on choosing K prints about what stands there."""

import pytest

from tests.pages import run_page


@pytest.mark.slow
def test_code_of_the_page(capsys):
    run_page("choosing_k.rst", capsys)
