# SPDX-License-Identifier: BSD-3-Clause
"""Formulas as MathML, which browsers show without a script: pages are whole without a network."""

import html
import re
import xml.etree.ElementTree as ElementTree

from docutils import nodes
from docutils.utils.math import MathError
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.util import logging

LOGGER = logging.getLogger(__name__)
NAMED = re.compile(r"&(?!lt;|gt;|amp;)\w+;")  # characters that HTML names and XML does not
MATHML = "http://www.w3.org/1998/Math/MathML"
ElementTree.register_namespace("", MATHML)


def tag(name):
    return f"{{{MATHML}}}{name}"


def with_accents(formula):
    """An index of a letter with an accent stands beside it, not below; bars have a usual sign."""
    root = ElementTree.fromstring(NAMED.sub(lambda name: html.unescape(name[0]), formula))
    for element in root.iter():
        if element.text == "\u02c9":
            element.text = "\u00af"
        if element.tag != tag("munderover") or element[2].get("stretchy") != "false":
            continue
        letter, index, accent = element
        element.tag = tag("msub")
        element[:] = [ElementTree.Element(tag("mover"), accent="true"), index]
        element[0].extend([letter, accent])
    return ElementTree.tostring(root, encoding="unicode")


def converted(node, as_block):
    try:
        return with_accents(tex2mathml(node.astext(), as_block=as_block))
    except MathError as error:
        LOGGER.warning("formula: %s in %r", error, node.astext(), location=node)
        return ""


def visit_inline(translator, node):
    translator.body.append(converted(node, as_block=False))
    raise nodes.SkipNode


def visit_block(translator, node):
    formula = converted(node, as_block=True)
    translator.body.append(f"{translator.starttag(node, 'div', CLASS='math')}{formula}</div>\n")
    raise nodes.SkipNode


def setup(app):
    app.add_html_math_renderer("mathml", (visit_inline, None), (visit_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
