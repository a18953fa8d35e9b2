# SPDX-License-Identifier: BSD-3-Clause
"""Charts as SVG in the page. Places are in percent, so that a chart fills any width."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from ._html import Html, tag

_SIZE = 1000  # units across the lines of a chart


class Chart:
    """Axes and what is drawn on them.

    Parameters
    ----------
    x, y : tuple of (float, float)
        Ends of the axes. `y` rises to the top.
    """

    def __init__(self, x: tuple[float, float], y: tuple[float, float]):
        self.y, self._ends = y, np.array([x, y[::-1]], dtype=np.float64)
        self._parts: list[Html] = []

    def add(self, *parts: Html) -> None:
        """Add elements."""
        self._parts += parts

    def places(self, values: Any, axis: int) -> np.ndarray:
        """Return values as percent of the width (axis 0) or the height (axis 1)."""
        low, high = self._ends[axis]
        return 100 * (np.asarray(values, dtype=np.float64) - low) / (high - low)

    def line(self, x: Any, y: Any, look: str, **attributes: Any) -> None:
        """Draw a line through points; `look` is a class of the style sheet."""
        self._path(x, y, "", look, **attributes)

    def band(self, x: Any, low: Any, high: Any) -> None:
        """Fill the area between two lines."""
        both = np.concatenate([x, x[::-1]]), np.concatenate([low, high[::-1]])
        self._path(*both, "Z", "band")

    def _path(self, x, y, end, look, **attributes):
        px, py = (_SIZE / 100 * self.places(v, axis) for axis, v in enumerate((x, y)))
        path = "L".join(f"{a:.0f} {b:.0f}" for a, b in zip(px, py, strict=True))
        drawn = tag("path", d=f"M{path}{end}", class_=look, **attributes)
        box = f"0 0 {_SIZE} {_SIZE}"
        self.add(tag("svg", drawn, viewBox=box, preserveAspectRatio="none"))

    def points(self, x: Any, y: Any, titles: Iterable[str]) -> None:
        """Draw dots, with texts to show at the pointer."""
        places = zip(self.places(x, 0), self.places(y, 1), titles, strict=True)
        for px, py, title in places:
            self.add(tag("circle", tag("title", title), cx=_pc(px), cy=_pc(py), r=4))

    def chosen(self, x: float, y: float, title: str) -> None:
        """Mark a point by a diamond."""
        shape = tag("path", tag("title", title), d="M0-8 7 0 0 8-7 0Z", class_="chosen")
        place = _pc(self.places(x, 0)), _pc(self.places(y, 1))
        self.add(tag("svg", shape, x=place[0], y=place[1], class_="mark"))

    def rule(self, axis: int, value: float, look: str, title: str) -> None:
        """Draw a line across the chart at a value of an axis."""
        across = {"x1": 0, "x2": "100%", "y1": 0, "y2": "100%"}
        name, place = "xy"[axis], _pc(self.places(value, axis))
        across |= {f"{name}1": place, f"{name}2": place}
        self.add(tag("line", tag("title", title), class_=look, **across))

    def ticks(self, axis: int, values: Any, labels: Sequence[str], name: str) -> None:
        """Label an axis, and name it."""
        for place, label in zip(self.places(values, axis), labels, strict=True):
            if axis:
                self.add(tag("line", x1=0, x2="100%", y1=_pc(place), y2=_pc(place), class_="grid"))
                text = {"x": -6, "y": _pc(place), "dy": ".35em", "class_": "end"}
            else:
                text = {"x": _pc(place), "y": "100%", "dy": "1.4em", "class_": "mid"}
            self.add(tag("text", label, **text))
        if axis:
            self.add(tag("text", name, x=-6, y=0, dy="-.9em"))
        else:
            self.add(tag("text", name, x="50%", y="100%", dy="2.9em", class_="mid"))

    def drawn(self, alt: str, height: int) -> Html:
        """Return the picture, `height` in pixels, with a text for those who do not see it."""
        frame = tag("rect", width="100%", height="100%", class_="frame")
        look = {"class_": "chart", "height": height, "role": "img", "aria_label": alt}
        return tag("svg", frame, *self._parts, **look)


def figure(drawn: Html, caption: Any) -> Html:
    """Put a picture above its caption."""
    return tag("figure", drawn, tag("figcaption", caption))


def round_numbers(
    low: float, high: float, most: int = 5, percent: bool = False
) -> tuple[np.ndarray, list[str]]:
    """Return round numbers between two ends, and their texts."""
    span = (high - low) / most
    power = 10.0 ** np.floor(np.log10(span))
    step = next(power * f for f in (1, 2, 5, 10) if power * f >= span * (1 - 1e-9))
    values = step * np.arange(np.ceil(low / step - 1e-9), np.floor(high / step + 1e-9) + 1)
    if percent:
        return values, [f"{100 * value:.3g} %" for value in values]
    digits = max(0, -int(np.floor(np.log10(step) + 1e-9)))
    return values, [f"{value + 0.0:,.{digits}f}" for value in values]


def apart(places: np.ndarray, least: float = 7.0) -> np.ndarray:
    """Return which of ascending places, in percent, have room for a label; the last has."""
    kept, last = [], np.inf
    for i in range(len(places) - 1, -1, -1):
        if last - places[i] >= least:
            kept.append(i)
            last = places[i]
    return np.array(kept[::-1])


def png(pixels: np.ndarray) -> bytes:
    """Encode an image, (height, width, 3), uint8."""
    height, width, _ = pixels.shape
    rows = b"".join(b"\0" + row.tobytes() for row in pixels)
    chunks = [
        (b"IHDR", struct.pack(">2I5B", width, height, 8, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(rows, 9)),
        (b"IEND", b""),
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )


def _pc(place):
    return f"{float(place):.2f}%"
