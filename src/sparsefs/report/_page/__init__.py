# SPDX-License-Identifier: BSD-3-Clause
"""The page around the sections; template, style and script are files of this folder."""

from __future__ import annotations

import time
from base64 import b64encode
from collections.abc import Sequence
from hashlib import sha256
from importlib.resources import files
from string import Template

from ..._version import __version__
from .._html import Html, Section, html, items, tag


def page(title: str, answer: Html, sections: Sequence[Section | None]) -> str:
    """Write the page; a section that is None is left out."""
    script, shown = _read("report.js"), [part for part in sections if part is not None]
    links = [tag("a", part.title, href=f"#{part.name}") for part in shown]
    return Template(_read("report.html")).substitute(
        title=html(title),
        version=__version__,
        date=time.strftime("%d %B %Y"),
        style=_read("report.css"),
        script=script,
        # Only this script may run, whatever the names and texts of the user contain.
        script_hash=f"sha256-{b64encode(sha256(script.encode()).digest()).decode()}",
        contents=tag("nav", items("ul", links), aria_label="Contents"),
        sections="\n".join([answer, *(part.body for part in shown)]),
    )


def _read(name):
    return files(__package__).joinpath(name).read_text(encoding="utf-8")
