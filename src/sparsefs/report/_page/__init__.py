# SPDX-License-Identifier: BSD-3-Clause
"""The page around the parts: template, style and script, as they lie in this folder."""

from __future__ import annotations

import time
from base64 import b64encode
from collections.abc import Sequence
from hashlib import sha256
from importlib.resources import files
from string import Template

from ..._version import __version__
from .._html import Html, html, items, tag

_CONTENTS = {  # those that are long; the others are reached by reading on
    "features": "Selected features",
    "curve": "How many",
    "redundancy": "Redundancy",
    "importance": "Ranking",
    "data": "Data",
    "cost": "Cost",
    "reproduce": "Do it again",
}


def page(title: str, sections: Sequence[Html | None]) -> str:
    """The whole file; a section that is None is left out."""
    script, there = _read("report.js"), [part for part in sections if part is not None]
    links = [
        tag("a", label, href=f"#{name}")
        for name, label in _CONTENTS.items()
        if any(f'<section id="{name}"' in part[:80] for part in there)
    ]
    return Template(_read("report.html")).substitute(
        title=html(title),
        version=__version__,
        date=time.strftime("%d %B %Y"),
        style=_read("report.css"),
        script=script,
        # No script runs but this one, whatever names and texts of the user's may hold.
        script_hash=f"sha256-{b64encode(sha256(script.encode()).digest()).decode()}",
        contents=tag("nav", items("ul", links), aria_label="Contents"),
        sections="\n".join(there),
    )


def _read(name):
    return files(__package__).joinpath(name).read_text(encoding="utf-8")
