# SPDX-License-Identifier: BSD-3-Clause
"""The code of the documentation's page on sparse training prints about what stands there."""

import re
from pathlib import Path

import numpy as np
import pytest
import torch

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "sparse_modules.rst").read_text()
NUMBER = r"\d+(?:\.\d*)?"


def blocks():
    found = re.findall(r"\.\. code-block:: (python|none)\n\n((?:   .*\n|\n)+)", PAGE)
    return [(kind, re.sub(r"(?m)^   ", "", block).strip()) for kind, block in found]


@pytest.mark.slow
def test_code_of_the_page(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names, printed, checked = {}, "", 0
    with torch.random.fork_rng():
        for kind, block in blocks():
            if kind == "python":
                exec(block, names)
                printed += capsys.readouterr().out.strip()
            elif printed:  # the last one is what an example prints
                ours, theirs = (re.sub(NUMBER, "0", text) for text in (printed, block))
                assert ours == theirs
                # Another processor rounds otherwise, and may learn or stop a little later.
                ours, theirs = (np.array(re.findall(NUMBER, t), float) for t in (printed, block))
                np.testing.assert_allclose(ours, theirs, rtol=0.3)
                printed, checked = "", checked + 1
    assert checked == 4
