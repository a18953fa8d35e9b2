# SPDX-License-Identifier: BSD-3-Clause
"""The code of the documentation's page on ParetoSearchCV prints about what stands there."""

import matplotlib.pyplot as plt
import pytest

from tests.docs.pages import run_page


@pytest.mark.slow
def test_code_of_the_page(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # a picture and a study land there
    run_page("pareto_search.rst", capsys)
    plt.close("all")
    assert {path.name for path in tmp_path.iterdir()} == {"front.png", "digits.jsonl"}
