# SPDX-License-Identifier: BSD-3-Clause
"""Every page's code and commands run in their order, and print about what stands there."""

import sys
from types import SimpleNamespace

import matplotlib.pyplot as plt
import pytest
import torch
from sklearn.svm import SVC

from tests.docs.pages import DOCS, blocks, run_page

# Their code runs elsewhere: in the build, which draws the pictures, and in tests of their own.
ELSEWHERE = {"pictures.rst", "extending.rst", "reproducing.rst"}
PAGES = sorted(
    page
    for page in (path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.rst"))
    if not page.startswith(("gallery/", "api/generated/", "_build/")) and blocks(page)
)
# Files that a page leaves in the folder in which it runs.
FILES = {
    "command_line.rst": {"digits_8.csv", "digits.html", "digits.joblib"},
    "large_data.rst": {"pixels.npy", "shards", "tables", "wast"},
    "pareto_search.rst": {"front.png", "digits.jsonl"},
    "report.rst": {"report.html"},
    "sparse_modules.rst": {"training.pt"},
    "tour.rst": {"tumours.csv", "small.csv", "report.html"},
}


class TabPFNClassifier(SVC):
    """A stand-in with the limits of TabPFN v2, whose weights are not in its package."""

    def fit(self, X, y):
        assert X.shape[0] <= 10_000 and X.shape[1] <= 500
        return super().fit(X, y)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::UserWarning")  # some pages show what warns
@pytest.mark.parametrize("page", sorted({*PAGES} - ELSEWHERE))
def test_page_runs_and_prints_what_it_shows(page, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "tabpfn", SimpleNamespace(TabPFNClassifier=TabPFNClassifier))
    with torch.random.fork_rng():  # some pages seed torch
        run_page(page, capsys)
    plt.close("all")
    written = {path.name for path in tmp_path.iterdir()}
    assert written >= FILES.get(page, set())
    assert page in FILES or not written


def test_pages_that_run_are_found():
    assert ELSEWHERE | {*FILES} <= {*PAGES}
    assert {"faq.rst", "index.rst", "methods/wast.rst"} <= {*PAGES}
