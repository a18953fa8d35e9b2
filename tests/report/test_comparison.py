# SPDX-License-Identifier: BSD-3-Clause
"""The report of a comparison: its table, its curves, and what it says of the measurement."""

import json

import pytest

from sparsefs.cli import main
from tests.cli.common import numbers
from tests.report import browser
from tests.report.pages import Page


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Paths of a page and of its document, in which a method has failed."""
    folder = tmp_path_factory.mktemp("comparison")
    frame = numbers(90).rename(columns={"label": "<b>label</b>"})
    frame.to_csv(folder / "data.csv", index=False)
    page, out = folder / "methods.html", folder / "methods.json"
    methods = "f-test,mrmr,l1,variance,random,rfe,mutual-information,gradual-pruning,all"
    with pytest.MonkeyPatch.context() as patch:
        from sparsefs.evaluation.rivals import RIVALS

        patch.setitem(RIVALS, "rfe", lambda *a, **k: 1 / 0)
        options = ["--target", "<b>label</b>", "-K", "2", "6", "500", "--methods", methods, "-q"]
        options += ["--report", str(page), "--out", str(out)]
        assert main(["compare", str(folder / "data.csv"), *options]) == 0
    return page, out


def test_the_table_is_that_of_the_command(files):
    page, document = Page.of(files[0]), json.loads(files[1].read_text())
    rows = {row["accuracy"]: row for row in page.table("Mean ± standard deviation")}
    failed = [row for row in document["methods"] if row["error"]]
    assert [row["method"] for row in failed] == ["rfe"] and rows["rfe"]["K=2"] == "-"
    assert "rfe: ZeroDivisionError: division by zero" in page.text
    for row in document["methods"]:
        if row["method"] not in ("all", "rfe"):
            assert rows[row["method"]]["K=6"] == f"{row['mean'][1]:.3f} ± {row['std'][1]:.3f}"
    assert rows["all 12 features"]["K=2"] == rows["f-test"]["K=500"]
    assert rows["always guessing"]["seconds"] == ""
    bold = sum(tag == "b" for tag, _ in page.tags)
    ties = sum(sum(row.get("tied_with_best", [])) for row in document["methods"])
    assert bold == ties + 3  # the best at each K is named once more


def test_all_methods_are_drawn_with_error_bars(files):
    page, document = Page.of(files[0]), json.loads(files[1].read_text())
    lines = [a for tag, a in page.tags if tag == "path" and a.get("class") == "curve"]
    assert len(lines) == 7  # the palette has six colours
    assert len({(line["stroke"], line["stroke-dasharray"]) for line in lines}) == 7
    f_test = document["methods"][0]
    assert f"f-test, K = 2: {f_test['mean'][0]:.3f} ± {f_test['std'][0]:.3f}" in page.text
    bars = [
        a for tag, a in page.tags if tag == "line" and a.get("x1") == a.get("x2") and "stroke" in a
    ]
    assert len(bars) == 7 * 3


def test_it_says_how_it_was_measured(files):
    page = Page.of(files[0])
    assert "8 methods on data.csv" in page.source
    assert "an SVC, trained on the K best features" in page.text
    assert "corrected resampled t-test" in page.text
    facts = {row[0]: row[1] for row in page.tables["Table"][1:]}
    assert facts["Rows"] == "90" and facts["Target"].startswith("<b>label</b> (classification")
    assert page.block("command").startswith("sparsefs compare ")
    assert "http" not in page.source.replace("http-equiv", "")


def test_one_method_and_no_target(tmp_path):
    numbers(60).to_csv(tmp_path / "data.csv", index=False)
    page = tmp_path / "page.html"
    options = ["--unsupervised", "--exclude", "label", "-K", "3", "--cv", "2", "-q"]
    options += ["--methods", "variance", "--report", str(page)]
    assert main(["compare", str(tmp_path / "data.csv"), *options]) == 0
    page = Page.of(page)
    assert "1 method on data.csv" in page.source and "Bold" not in page.text
    assert "guessing" not in page.text


@pytest.mark.slow
@pytest.mark.skipif(None in browser.found(), reason="no Chromium")
@pytest.mark.parametrize("width", [1300, 390])
def test_no_script_fails_and_nothing_is_wider_than_the_page(files, width):
    driver = browser.start()
    try:
        driver.get(files[0].as_uri())
        browser.resize(driver, width)
        assert driver.get_log("browser") == []
        assert driver.execute_script("return document.documentElement.scrollWidth") == width
        assert driver.execute_script("return document.querySelectorAll('button.copy').length") == 1
    finally:
        driver.quit()
