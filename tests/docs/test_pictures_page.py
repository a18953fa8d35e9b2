# SPDX-License-Identifier: BSD-3-Clause
"""The code of the documentation's page on pictures runs, and makes the pictures on it."""

import runpy
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE = (DOCS / "pictures.rst").read_text()


@pytest.fixture
def script():
    return runpy.run_path(str(DOCS / "images" / "pictures.py"))


def test_every_picture_is_there(script):
    names = [name for _, name in script["parts"](PAGE) if name]
    assert len(names) == PAGE.count(".. image::") == len(set(names)) >= 5
    for name in names:
        assert "<dc:date>" not in (DOCS / "images" / f"{name}.svg").read_text()
    of_displays = {"importance", "importance_image", "connections", "k_curve", "stability"}
    assert {f"{name}_display" for name in of_displays} <= set(names)


@pytest.mark.slow
def test_code_of_the_page(script, tmp_path):
    script["draw"](PAGE, tmp_path)
    for _, name in script["parts"](PAGE):
        if name:
            # Fonts may differ from machine to machine, what is drawn does not.
            drawn = (tmp_path / f"{name}.svg").read_text()
            assert drawn.startswith("<?xml") and len(drawn) > 5000
