# SPDX-License-Identifier: BSD-3-Clause
"""HTML out of values: what is no HTML yet is escaped where it is put in."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from html import escape
from numbers import Integral, Real
from typing import Any, NamedTuple

MISSING = "\N{EN DASH}"


class Html(str):
    """Text that is HTML already."""

    __slots__ = ()


def html(*content: Any) -> Html:
    """Contents one after another, escaped unless they are HTML; None is nothing."""
    return Html(
        "".join(
            part if isinstance(part, Html) else escape(str(part))
            for part in content
            if part is not None
        )
    )


def tag(name: str, *content: Any, **attributes: Any) -> Html:
    """An element with its contents; ``class_="a"`` writes ``class="a"``."""
    return Html(f"<{name}{_written(attributes)}>{html(*content)}</{name}>")


def section(name: str, title: str, *content: Any) -> Html:
    """A part of the report under a heading; `name` is its anchor."""
    heading = tag("h2", title, id=f"{name}-title")
    return tag("section", heading, *content, id=name, aria_labelledby=f"{name}-title")


def folded(summary: Any, *content: Any, printed: bool = True) -> Html:
    """What only some readers want to see; `printed` is whether it is unfolded in print."""
    name = "printed-open" if printed else None
    return tag("details", tag("summary", summary), *content, class_=name)


def paragraph(*content: Any) -> Html:
    """A paragraph."""
    return tag("p", *content)


def items(kind: str, contents: Iterable[Any], **attributes: Any) -> Html:
    """A list, ``"ul"`` or ``"ol"``."""
    return tag(kind, *(tag("li", content) for content in contents), **attributes)


def number(value: Any) -> str:
    """A number as tables show it; an absent one is a dash."""
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
    """A whole number in running text."""
    return f"{int(value):,}"


def share(value: Any) -> str:
    """A share in percent."""
    percent = 100 * float(value)
    if 0 < percent < 0.1:
        return "under 0.1 %"
    return f"{percent:.1f} %" if 0 < percent < 100 else f"{percent:.0f} %"


class Bar(NamedTuple):
    """A number with a bar behind it.

    Attributes
    ----------
    value : float
    length : float
        Share of the cell.
    text : str or None
        What is shown; None is the value.
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
    """A table in a box of its own that scrolls sideways.

    Parameters
    ----------
    head : sequence
        Headers of the columns.
    rows : iterable of sequences
        Their cells: text and HTML, set to the left; numbers and bars, to the right.
    caption : str or Html
    header : int, default=0
        Column whose cells are the headers of their rows.
    **attributes : str
        Of the table.
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
    # Ends of cells and rows are left out, as HTML allows: there may be thousands.
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
