# SPDX-License-Identifier: BSD-3-Clause
"""The code of the documentation's page on the report runs."""

import re
from pathlib import Path

import pytest

from tests.report.pages import Page

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "report.rst").read_text()


@pytest.mark.slow
def test_code_of_the_page(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"\.\. code-block:: python\n\n((?:   .*\n|\n)+)", PAGE)
    names, titles = {}, []
    for block in blocks:
        exec(re.sub(r"(?m)^   ", "", block), names)
        titles.append(Page.of(tmp_path / "report.html").text)
    assert titles[0].startswith("8 of 30 features")
    assert "roc_auc with the selection" in titles[1]
    assert "logistic regression on 143 held-out rows" in titles[2]
