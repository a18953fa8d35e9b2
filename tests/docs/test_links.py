# SPDX-License-Identifier: BSD-3-Clause
"""The check of the documentation's links finds what leads nowhere, and nothing else."""

import runpy
import subprocess
import sys

import pytest

from tests.docs.pages import DOCS

SCRIPT = DOCS / "check_links.py"
check = runpy.run_path(str(SCRIPT))["check"]


@pytest.fixture
def site(tmp_path):
    (tmp_path / "a b").mkdir()
    (tmp_path / "a b" / "index.html").write_text('<h1 id="here">x</h1><a name="old">y</a>')
    (tmp_path / "picture.png").write_bytes(b"")

    def write(body):
        (tmp_path / "page.html").write_text(f'<p id="own">{body}</p>')
        return tmp_path

    return write


@pytest.mark.parametrize(
    "link",
    [
        '<a href="">x</a>',
        '<a href="#">x</a>',
        '<a href="#own">x</a>',
        '<a href="a%20b/index.html#here">x</a>',
        '<a href="a%20b/#old">x</a>',
        '<a href="/page.html?highlight=x#own">x</a>',
        '<img src="picture.png?v=1"/>',
        '<img srcset="picture.png, picture.png 2x">',
        '<img src="data:image/png;base64,AAAA">',
        '<a href="mailto:me@example.org">x</a>',
    ],
)
def test_links_that_resolve(site, link):
    assert check(site(link))[0] == {}


@pytest.mark.parametrize(
    ("link", "why"),
    [
        ('<a href="nowhere.html">x</a>', "no such file"),
        ('<a href="#nowhere">x</a>', "no such anchor"),
        ('<a href="a%20b/index.html#own">x</a>', "no such anchor"),
        ('<img src="nowhere.png"/>', "no such file"),
        ('<img srcset="picture.png, nowhere.png 2x">', "no such file"),
        ('<script src="_static/nowhere.js"></script>', "no such file"),
        ('<a href="../../etc/passwd">x</a>', "outside the folder"),
    ],
)
def test_links_that_lead_nowhere(site, link, why):
    assert list(check(site(link))[0]["page.html"].values()) == [why]


def test_templates_among_the_static_files_are_no_pages(site):
    folder = site('<script src="_static/macros.html"></script>')
    (folder / "_static").mkdir()
    (folder / "_static" / "macros.html").write_text('<a href="{{ template }}">x</a>')
    assert check(folder)[0] == {}


def test_external_links_are_listed_only(site):
    broken, external = check(site('<a href="https://example.org/x#y">x</a><img src="//h/y">'))
    assert not broken
    assert external == {"https://example.org/x#y": {"page.html"}, "//h/y": {"page.html"}}


@pytest.mark.parametrize(("body", "status"), [("", 0), ('<a href="no.html">x</a>', 1)])
def test_the_command_ends_with_1_where_something_is_broken(site, body, status):
    run = subprocess.run(
        [sys.executable, SCRIPT, site(body)], capture_output=True, text=True, check=False
    )
    assert run.returncode == status, run.stderr
    assert ("page.html: no.html: no such file" in run.stdout) == bool(status)


def test_the_command_refuses_a_folder_without_pages(tmp_path):
    run = subprocess.run(
        [sys.executable, SCRIPT, tmp_path], capture_output=True, text=True, check=False
    )
    assert run.returncode == 2
    assert "no HTML" in run.stderr
