# SPDX-License-Identifier: BSD-3-Clause
"""The report in a real browser: it runs, fetches nothing, sorts, filters, and fits a phone."""

import base64
import re

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import make_classification

from sparsefs import GradualPruningSelector
from sparsefs.report import write_report
from tests.report import browser
from tests.report.pages import curve_of

pytest.importorskip("selenium", reason="needs selenium")
from selenium.webdriver.support.ui import WebDriverWait

if None in browser.found():
    pytest.skip("needs chromium and chromedriver", allow_module_level=True)

ATTACK = "<img src=x onerror=document.title='hit'>"
LONG = "a_name_without_a_break_that_is_far_longer_than_any_phone_is_wide_" * 2


@pytest.fixture(scope="module")
def page_and_selector(tmp_path_factory):
    X, y = make_classification(200, 60, n_informative=10, random_state=0)
    X = pd.DataFrame(X, columns=[f"f{i}" for i in range(58)] + [ATTACK, LONG])
    X[[ATTACK, LONG]] += 3 * y[:, None]
    y = np.where(y, f"1{LONG}", f"0{LONG}")
    selector = GradualPruningSelector(K=40, max_iter=5, random_state=0).fit(X, y)
    path = tmp_path_factory.mktemp("report") / "report.html"
    write_report(path, selector, X, y, curve=curve_of(60, (1, 40, 60)), command=LONG)
    return path.as_uri(), selector


@pytest.fixture(scope="module")
def driver():
    driver = browser.start()
    yield driver
    driver.quit()


@pytest.fixture
def open_page(driver, page_and_selector):
    def opened(width=1100):
        browser.resize(driver, width)
        driver.get(page_and_selector[0])
        return driver

    return opened


def column(driver, number):
    rows = "[...document.querySelectorAll('#selected tbody tr')].filter(r => !r.hidden)"
    return driver.execute_script(f"return {rows}.map(r => r.cells[{number}].textContent)")


def click(driver, head):
    buttons = driver.find_elements("css selector", "#selected thead button")
    next(b for b in buttons if b.text.startswith(head)).click()
    place = "[...document.querySelectorAll('#selected thead th')].findIndex(h => h.ariaSort)"
    return driver.execute_script(f"return {place}")


def test_runs_without_errors_and_fetches_nothing(open_page):
    driver = open_page()
    assert driver.get_log("browser") == []
    entries = "return performance.getEntriesByType('resource').map(e => e.name.slice(0, 40))"
    assert [name for name in driver.execute_script(entries) if not name.startswith("data:")] == []
    drawn = "return [...document.images].map(i => i.complete && i.naturalWidth > 0)"
    assert driver.execute_script(drawn) == [True] * 2
    assert driver.title == "40 of 60 features"


def test_a_script_of_a_stranger_would_not_run(open_page):
    driver = open_page()
    driver.execute_script(
        "const s = document.createElement('script'); s.textContent = 'window.hit = 1';"
        "document.body.append(s); document.body.insertAdjacentHTML('beforeend',"
        '\'<img src="data:," onerror="window.hit = 2">\');'
    )
    assert driver.execute_script("return window.hit === undefined")


def test_a_click_sorts_and_another_turns_the_order(open_page, page_and_selector):
    driver = open_page()
    ranked = column(driver, 1)
    place = click(driver, "Mean")
    means = [float(text) for text in column(driver, place)]
    assert means == sorted(means, reverse=True)
    click(driver, "Mean")
    means = [float(text) for text in column(driver, place)]
    assert means == sorted(means)
    assert sorted(column(driver, 1)) == sorted(ranked) != ranked
    click(driver, "Feature")
    names = [name for name in column(driver, 1) if name.startswith("f")]
    assert names == sorted(names, key=lambda name: int(name[1:]))
    click(driver, "Rank")
    assert column(driver, 1) == ranked
    assert len(ranked) == page_and_selector[1].K_


def test_keyboard_sorts(open_page):
    driver = open_page()
    button = driver.find_elements("css selector", "#selected thead button")[0]
    button.send_keys("\n")
    assert column(driver, 0) == [str(i) for i in range(40, 0, -1)]


def test_filter(open_page):
    driver = open_page()
    everything = column(driver, 1)
    field = driver.find_element("id", "filter")
    field.send_keys("F1")
    wanted = [name for name in everything if "f1" in name.lower()]
    assert 0 < len(wanted) < 40 and column(driver, 1) == wanted
    assert driver.find_element("id", "shown").text == f"{len(wanted)} of 40"
    field.clear()
    field.send_keys(" ")
    assert column(driver, 1) == everything


@pytest.mark.parametrize("width", [390, 320, 1100])
def test_nothing_sticks_out(open_page, width):
    driver = open_page(width)
    driver.execute_script("document.querySelectorAll('details').forEach(d => { d.open = true })")
    assert driver.execute_script("return document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("width", [390, 1100])
def test_names_are_on_one_line_and_in_full_for_the_pointer(open_page, width):
    driver = open_page(width)
    lines = "return [...document.querySelectorAll('.name')].map(e => e.getClientRects().length)"
    assert set(driver.execute_script(lines)) == {1}
    (long, *_) = driver.find_elements("css selector", "#selected .name[data-short]")
    assert long.get_attribute("title") == long.get_attribute("textContent") in (ATTACK, LONG)
    assert long.size["width"] < 250


def test_names_that_differ_in_their_middle_fit_a_phone(driver, tmp_path):
    X, y = make_classification(60, 20, random_state=0)
    X = pd.DataFrame(X, columns=[f"{'a' * 60}{i}{'b' * 60}" for i in range(20)])
    selector = GradualPruningSelector(K=12, max_iter=2, random_state=0).fit(X, y)
    write_report(tmp_path / "report.html", selector, X, y, curve=False)
    browser.resize(driver, 390)
    driver.get((tmp_path / "report.html").as_uri())
    assert driver.execute_script("return document.documentElement.scrollWidth") <= 390


def test_the_heat_map_tells_its_values(open_page):
    driver = open_page()
    script = """
        const map = document.querySelector('#samples img'), box = map.getBoundingClientRect();
        map.dispatchEvent(new PointerEvent('pointermove',
          { clientX: box.right - 1, clientY: box.top + 1 }));
        return document.querySelector('#samples .value').textContent
    """
    assert re.fullmatch(r".+, sample \d+ \(1a_.+\): -?\d\.\d\d.*", driver.execute_script(script))


def test_code_and_names_are_there_to_copy(open_page):
    driver = open_page()
    code = driver.find_element("id", "code").text
    assert "selector = GradualPruningSelector(K=40, max_iter=5, random_state=0)" in code
    buttons = driver.find_elements("css selector", "button.copy")
    assert len(buttons) == 3  # names, command, program
    buttons[-1].click()
    done = ("Copied", "Selected: copy with the keyboard")  # as the browser allows
    WebDriverWait(driver, 5, poll_frequency=0.1).until(lambda _: buttons[-1].text in done)


def test_without_javascript_all_is_there(driver, page_and_selector):
    driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        driver.get(page_and_selector[0])
        assert len(driver.find_elements("css selector", "#selected tbody tr")) == 40
        assert not driver.find_element("id", "tools").is_displayed()
        assert not driver.find_elements("css selector", "#selected button")
    finally:
        driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


def test_dark_and_print(open_page):
    driver = open_page()
    colors = "const s = getComputedStyle(document.body); return [s.color, s.backgroundColor]"
    light = driver.execute_script(colors)
    dark = {"features": [{"name": "prefers-color-scheme", "value": "dark"}]}
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", dark)
    try:
        ink, paper = driver.execute_script(colors)
        assert ink != light[0] and paper != light[1]
        driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {**dark, "media": "print"})
        assert driver.execute_script(colors) == ["rgb(0, 0, 0)", "rgb(255, 255, 255)"]
        full = "return document.querySelector('.name[data-short] > span').offsetWidth"
        assert driver.execute_script(full) > 100
        assert not driver.find_element("css selector", "nav").is_displayed()
    finally:
        driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "", "features": []})
    pdf = base64.b64decode(driver.execute_cdp_cmd("Page.printToPDF", {})["data"])
    assert pdf.startswith(b"%PDF") and len(re.findall(rb"/Type ?/Page\b", pdf)) > 2


def test_contrast(open_page):
    """Text is told from its ground by 4.5 to 1 at least (WCAG AA), in light and dark."""
    script = """
        const luminance = (c) => {
          const [r, g, b] = c.match(/[0-9.]+/g).slice(0, 3).map((v) => v / 255)
            .map((v) => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
          return 0.2126 * r + 0.7152 * g + 0.0722 * b;
        };
        const ground = (e) => {
          const c = getComputedStyle(e).backgroundColor;
          return c !== "rgba(0, 0, 0, 0)" ? c : ground(e.parentElement);
        };
        const bar = (e) =>
          (getComputedStyle(e).backgroundImage.match(/rgb\\([^)]*\\)/) || [null])[0];
        const worst = (e) => {
          const ink = luminance(getComputedStyle(e).color);
          const ratios = [bar(e), ground(e)].filter(Boolean).map(luminance)
            .map((g) => (Math.max(ink, g) + 0.05) / (Math.min(ink, g) + 0.05));
          return Math.min(...ratios);
        };
        const texts = "h1, h2, p, li, td, th, dt, dd, a, summary, code, caption, figcaption, " +
          "span, small, .labels div";
        return Math.min(...[...document.querySelectorAll(texts)].map(worst));
    """
    driver = open_page()
    assert driver.execute_script(script) >= 4.5
    dark = {"features": [{"name": "prefers-color-scheme", "value": "dark"}]}
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", dark)
    try:
        assert driver.execute_script(script) >= 4.5
    finally:
        driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
