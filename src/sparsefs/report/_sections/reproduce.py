# SPDX-License-Identifier: BSD-3-Clause
"""Program, command, settings and versions to repeat the selection."""

from __future__ import annotations

import platform
import textwrap
from importlib.metadata import PackageNotFoundError, version

from .._code import is_default
from .._html import Section, folded, html, paragraph, section, table, tag
from .._subject import Subject

_PACKAGES = ("sparsefs", "torch", "scikit-learn", "numpy", "scipy", "joblib")
_LONGEST = 200  # of a value


def reproduce(subject: Subject, code: str, command: str | None, to_fill_in: list[str]) -> Section:
    """Write the command, the program, the settings and the versions."""
    says = "This program selects the same features"
    if to_fill_in:
        says += f" once {', '.join(to_fill_in)} {'is' if len(to_fill_in) == 1 else 'are'} filled in"
    elif getattr(subject.selector, "random_state", 0) is None:
        says += " up to chance, as no seed was set"
    return section(
        "reproduce",
        "Reproduce",
        *_copied("The command that made this selection:", command, "command"),
        *_copied(f"{says}:", code, "code"),
        _settings(subject),
        _versions(),
    )


def _copied(says, text, name):
    if text:
        yield paragraph(says)
        yield tag("pre", tag("code", text, id=name), class_="copied")


def _settings(subject):
    params = subject.selector.get_params(deep=True)
    rows = []
    for name, value in sorted(params.items(), key=lambda item: item[0].lower()):
        default = is_default(subject.selector, name, value)
        text = textwrap.shorten(repr(value), _LONGEST, placeholder=" ...")
        rows.append((tag("code", name), tag("code", text), "" if default else "yes"))
    rows.sort(key=lambda row: row[2] == "")
    caption = html("Settings of ", tag("code", type(subject.selector).__name__), ", changed first")
    head = ["Parameter", "Value", "Changed"]
    return folded(f"All {len(rows)} settings", table(head, rows, caption))


def _versions():
    rows = [("Python", platform.python_version())]
    for name in _PACKAGES:
        try:
            rows.append((name, version(name)))
        except PackageNotFoundError:
            rows.append((name, "not installed"))
    rows.append(("Platform", platform.platform()))
    return folded("Versions", table(["", "Version"], rows, "Versions", class_="facts"))
