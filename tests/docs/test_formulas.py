# SPDX-License-Identifier: BSD-3-Clause
"""Formulas of the documentation become MathML."""

import runpy
import xml.etree.ElementTree as ElementTree

import pytest

from tests.docs.pages import DOCS

pytest.importorskip("sphinx", reason="docutils and Sphinx are not installed")
mathml = runpy.run_path(str(DOCS / "_mathml.py"))


def shape(formula):
    """The names of the elements, nested, and the text of the leaves."""
    root = ElementTree.fromstring(mathml["with_accents"](mathml["tex2mathml"](formula)))

    def of(element):
        name = element.tag.removeprefix(mathml["tag"](""))
        return (name, *map(of, element)) if len(element) else (name, element.text)

    return [of(element) for element in root]


def test_index_of_a_letter_with_an_accent_stands_beside_it():
    (found,) = shape(r"\hat x_j")
    assert found == ("msub", ("mover", ("mi", "x"), ("mo", "\u02c6")), ("mi", "j"))


def test_limits_of_a_sum_stay():
    assert shape(r"\sum_{b}^B x")[0][0] == "munderover"


def test_bars_have_a_sign_that_fonts_have():
    assert shape(r"\bar e") == [("mover", ("mi", "e"), ("mo", "\u00af"))]


def test_characters_that_only_html_names():
    found = mathml["with_accents"](f"<math xmlns='{mathml['MATHML']}'>&nbsp;&lt;</math>")
    assert found.endswith(">\u00a0&lt;</math>")
