# SPDX-License-Identifier: BSD-3-Clause
"""The code of the documentation's page on ParetoSearchCV prints about what stands there."""

import re
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest

PAGE = (Path(__file__).resolve().parents[1] / "docs" / "pareto_search.rst").read_text()
NUMBER = r"\d+(?:\.\d*)?"


def blocks():
    """Code and what it prints, in the order of the page; None where no output follows."""
    found = re.findall(r"\.\. code-block:: (python|none)\n\n((?:   .*\n|\n)+)", PAGE)
    found = [(kind, re.sub(r"(?m)^   ", "", text).strip()) for kind, text in found]
    for i, (kind, text) in enumerate(found):
        if kind == "python":
            after = found[i + 1] if i + 1 < len(found) else (None, None)
            yield text, after[1] if after[0] == "none" else None


@pytest.mark.slow
def test_code_of_the_page(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # a picture and a study land there
    names = {}
    for code, expected in blocks():
        exec(code, names)
        printed = capsys.readouterr().out.strip()
        if expected is None:
            continue
        ours, theirs = (re.sub(rf"\s*{NUMBER}", " 0", text) for text in (printed, expected))
        assert ours == theirs
        # Another processor rounds otherwise, and may choose another trial.
        ours, theirs = (np.array(re.findall(NUMBER, t), float) for t in (printed, expected))
        np.testing.assert_allclose(ours, theirs, rtol=0.5, atol=0.05)
    plt.close("all")
    assert {path.name for path in tmp_path.iterdir()} == {"front.png", "digits.jsonl"}
