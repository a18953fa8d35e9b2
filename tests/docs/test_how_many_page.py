# SPDX-License-Identifier: BSD-3-Clause
"""The code of the documentation's page on the number of features prints about what stands there."""

import pytest

from tests.docs.pages import run_page


@pytest.mark.slow
def test_code_of_the_page(capsys):
    run_page("how_many.rst", capsys)
