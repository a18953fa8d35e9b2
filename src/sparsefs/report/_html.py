# SPDX-License-Identifier: BSD-3-Clause
"""HTML elements, tables and numbers; text is escaped when it becomes part of an element."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from html import escape
from numbers import Integral, Real
from typing import Any, NamedTuple

MISSING = "\N{EN DASH}"
LONGEST = 24  # letters of a name


class Html(str):
    """Text that is HTML and needs no escaping."""

    __slots__ = ()


def html(*content: Any) -> Html:
    """Join contents; text is escaped, HTML is not, None is skipped."""
    return Html(
        "".join(
            part if isinstance(part, Html) else escape(str(part))
            for part in content
            if part is not None
        )
    )


def tag(name: str, *content: Any, **attributes: Any) -> Html:
    """Make an element with its contents; ``class_="a"`` writes ``class="a"``."""
    return Html(f"<{name}{_written(attributes)}>{html(*content)}</{name}>")


class Section(NamedTuple):
    """A part of the report.

    Attributes
    ----------
    name : str
        Its anchor.
    title : str
        Its heading, and its entry in the contents.
    body : Html
    """

    name: str
    title: str
    body: Html


def section(name: str, title: str, *content: Any) -> Section:
    """Make a section with a heading."""
    heading = tag("h2", title, id=f"{name}-title")
    body = tag("section", heading, *content, id=name, aria_labelledby=f"{name}-title")
    return Section(name, title, body)


def folded(summary: Any, *content: Any, printed: bool = True) -> Html:
    """Make a folded part, which is open in print if `printed`."""
    name = "printed-open" if printed else None
    return tag("details", tag("summary", summary), *content, class_=name)


def paragraph(*content: Any) -> Html:
    """Make a paragraph."""
    return tag("p", *content)


def items(kind: str, contents: Iterable[Any], **attributes: Any) -> Html:
    """Make a list, ``"ul"`` or ``"ol"``."""
    return tag(kind, *(tag("li", content) for content in contents), **attributes)


def shortened(names: Iterable[str]) -> dict[str, str]:
    """Cut long names in the middle; names that would look the same keep more letters."""
    found: dict[str, str] = {}
    left, length = list(dict.fromkeys(names)), LONGEST
    while left:
        cuts = {name: _cut(name, length) for name in left}
        times = Counter(cuts.values())
        found |= {name: cut for name, cut in cuts.items() if times[cut] == 1 or cut == name}
        left = [name for name in left if name not in found]
        length += 8
    return found


def _cut(name, length):
    if len(name) <= length:
        return name
    return f"{name[: length // 2]}\N{HORIZONTAL ELLIPSIS}{name[-((length - 1) // 2) :]}"


def named(name: str, short: str | None = None) -> Html:
    """Write a name that never breaks; the screen shows the short form, all else reads the name."""
    short = _cut(name, LONGEST) if short is None else short
    if short == name:
        return tag("span", name, class_="name")
    # In print, a line may end behind a mark between words.
    parts = re.split(r"(?<=[_./:-])", name)
    whole = html(*(html(Html("<wbr>") if i else None, part) for i, part in enumerate(parts)))
    return tag("span", tag("span", whole), class_="name", title=name, data_short=short)


def printable(name: Any) -> str:
    """Replace what no file can contain: line ends, control characters, lone surrogates."""
    text = str(name)
    if text.isprintable():
        return text
    return "".join(
        c if c.isprintable() else " " if c.isspace() else "\N{REPLACEMENT CHARACTER}" for c in text
    )


def number(value: Any) -> str:
    """Format a number for a table; a missing one is a dash."""
    if value is None or (isinstance(value, Real) and not math.isfinite(value)):
        return MISSING if value is None or math.isnan(value) else f"{value}"
    if isinstance(value, Integral):
        return f"{int(value)}"
    value = float(value)
    if value == 0:
        return "0"
    if not 1e-3 <= abs(value) < 1e6:
        return f"{value:.3g}"
    return f"{value:.{max(0, 3 - math.floor(math.log10(abs(value))))}f}"


def count(value: Any) -> str:
    """Format an integer for running text."""
    return f"{int(value):,}"


def share(value: Any) -> str:
    """Format a share in percent."""
    percent = 100 * float(value)
    if 0 < percent < 0.1:
        return "under 0.1 %"
    return f"{percent:.1f} %" if 0 < percent < 100 else f"{percent:.0f} %"


class Bar(NamedTuple):
    """Number of a table with a bar behind it.

    Attributes
    ----------
    value : float
    length : float
        Length of the bar as a share of the cell.
    text : str or None
        Text instead of the value.
    """

    value: Any
    length: float
    text: str | None = None


def table(
    head: Sequence[Any],
    rows: Iterable[Sequence[Any]],
    caption: Any,
    header: int = 0,
    **attributes: Any,
) -> Html:
    """Make a table in a scrolling box.

    Parameters
    ----------
    head : sequence
        Headers of the columns.
    rows : iterable of sequences
        Cells. Text and HTML are aligned to the left, numbers and bars to the right.
    caption : str or Html
    header : int, default=0
        Column whose cells are the headers of the rows.
    **attributes : str
        Attributes of the table.
    """
    body, text = [], [True] * len(head)
    for row in rows:
        body.append(_row(row, header))
        text = [isinstance(cell, str) for cell in row]
    headers = "".join(
        f'<th scope="col"{_CLASS[of_text]}>{html(label)}</th>'
        for label, of_text in zip(head, text, strict=True)
    )
    inside = f"<caption>{html(caption)}</caption><thead><tr>{headers}</tr></thead>"
    whole = f"<table{_written(attributes)}>{inside}<tbody>{''.join(body)}</tbody></table>"
    return tag("div", Html(whole), class_="box", role="region", aria_label="Table", tabindex="0")


_CLASS = {True: ' class="t"', False: ""}


def _row(row, header):
    # HTML allows to omit the ends of cells and rows: there may be thousands.
    cells = ["<tr>"]
    for place, value in enumerate(row):
        start = '<th scope="row"' if place == header else "<td"
        if isinstance(value, Bar):
            length = min(max(value.length, 0), 1)
            shown = number(value.value) if value.text is None else escape(value.text)
            cells.append(f'{start} class="b" style="--b:{100 * length:.0f}%">{shown}')
        elif isinstance(value, str):
            cells.append(f"{start}{_CLASS[True]}>{html(value)}")
        else:
            cells.append(f"{start}>{number(value)}")
    return "".join(cells)


def _written(attributes):
    return "".join(
        f' {name.rstrip("_").replace("_", "-")}="{escape(str(value))}"'
        for name, value in attributes.items()
        if value is not None
    )
