# SPDX-License-Identifier: BSD-3-Clause
"""What is needed to select the same again."""

from __future__ import annotations

import platform
import textwrap
from importlib.metadata import PackageNotFoundError, version

from .._code import is_default
from .._html import Html, folded, html, paragraph, section, table, tag
from .._subject import Subject

_PACKAGES = ("sparsefs", "torch", "scikit-learn", "numpy", "scipy", "joblib")
_LONGEST = 200  # of a value


def reproduce(subject: Subject, code: str, command: str | None, to_fill_in: list[str]) -> Html:
    """The program, the command, the settings and the versions."""
    says = "This program selects the same features again"
    if to_fill_in:
        says += (
            f", once {', '.join(to_fill_in)} {'is' if len(to_fill_in) == 1 else 'are'} filled in"
        )
    elif getattr(subject.selector, "random_state", 0) is None:
        says += ", as far as chance allows without a seed"
    says += "."
    parts = [paragraph(says), tag("pre", tag("code", code, id="code"), class_="copied")]
    if command:
        parts = [
            paragraph("The command that made this selection:"),
            tag("pre", tag("code", command, id="command"), class_="copied"),
            *parts,
        ]
    return section("reproduce", "Do it again", *parts, _settings(subject), _versions())


def _settings(subject):
    params = subject.selector.get_params(deep=True)
    rows = []
    for name, value in sorted(params.items(), key=lambda item: item[0].lower()):
        default = is_default(subject.selector, name, value)
        text = textwrap.shorten(repr(value), _LONGEST, placeholder=" ...")
        rows.append((tag("code", name), tag("code", text), "" if default else "set"))
    rows.sort(key=lambda row: row[2] == "")
    who = html(
        "Settings of ", tag("code", type(subject.selector).__name__), ", those that were set first"
    )
    return folded(
        f"All {len(rows)} settings",
        table(["Parameter", "Value", "Default?"], rows, who),
    )


def _versions():
    rows = [("Python", platform.python_version())]
    for name in _PACKAGES:
        try:
            rows.append((name, version(name)))
        except PackageNotFoundError:
            rows.append((name, "not installed"))
    rows.append(("Platform", platform.platform()))
    return folded(
        "Versions",
        table(["", "Version"], rows, "Versions", class_="facts"),
    )
