# SPDX-License-Identifier: BSD-3-Clause
"""The code of the documentation's page on the number of features prints about what stands there."""

import re
from pathlib import Path

import numpy as np
import pytest

PAGE = (Path(__file__).resolve().parents[1] / "docs" / "how_many.rst").read_text()
NUMBER = r"\d+(?:\.\d*)?"


def blocks(kind):
    found = re.findall(rf"\.\. code-block:: {kind}\n\n((?:   .*\n|\n)+)", PAGE)
    return [re.sub(r"(?m)^   ", "", block).strip() for block in found]


@pytest.mark.slow
def test_code_of_the_page(capsys):
    names = {}
    for code, expected in zip(blocks("python"), blocks("none"), strict=True):
        exec(code, names)
        printed = capsys.readouterr().out.strip()
        ours, theirs = (re.sub(rf"\s*{NUMBER}", " 0", text) for text in (printed, expected))
        assert ours == theirs
        # Another processor rounds otherwise, and may choose the next number.
        ours, theirs = (np.array(re.findall(NUMBER, t), float) for t in (printed, expected))
        np.testing.assert_allclose(ours, theirs, rtol=0.5, atol=0.05)
