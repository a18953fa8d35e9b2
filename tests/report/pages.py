# SPDX-License-Identifier: BSD-3-Clause
"""Reports made for tests, and a reader that understands HTML as a browser does."""

from __future__ import annotations

from html.parser import HTMLParser

import numpy as np

from sparsefs.evaluation import KCurve
from sparsefs.report import write_report

VOID = {"meta", "link", "input", "img", "br", "wbr"}
IMPLIED = {"tr": {"tr", "td", "th"}, "td": {"td", "th"}, "th": {"td", "th"}, "tbody": {"tr"}}


class Page(HTMLParser):
    """What is in a report.

    Attributes
    ----------
    tags : list of (str, dict)
        Elements that were opened, and their attributes.
    tables : dict of str to list of list of str
        Head and rows of the tables by their captions.
    text : str
        What is to be read, without script and style.
    """

    def __init__(self, source):
        super().__init__()
        self.source = source
        self.tags, self.tables, self._open, self._words = [], {}, [], []
        self._blocks = {}
        self.feed(source)
        self.close()
        assert not self._open, self._open
        self.text = " ".join("".join(self._words).split())

    @classmethod
    def of(cls, path):
        return cls(path.read_text(encoding="utf-8"))

    @property
    def pictures(self):
        """Texts of the pictures for those who do not see them."""
        return [
            a.get("alt") or a["aria-label"]
            for t, a in self.tags
            if t in ("img", "svg")
            if "alt" in a or a.get("role") == "img"
        ]

    def block(self, name):
        """Text of the element with an id."""
        return "".join(self._blocks[name])

    def table(self, start):
        """The table whose caption starts so: its head, and its rows as dicts."""
        found = [rows for caption, rows in self.tables.items() if caption.startswith(start)]
        assert len(found) == 1, (start, list(self.tables))
        head, *rows = found[0]
        head = [" ".join(name.split()) for name in head]
        return [dict(zip(head, row, strict=True)) for row in rows]

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.tags.append((tag, attrs))
        while self._open and self._open[-1][0] in IMPLIED.get(tag, ()):
            self._end()
        if tag in VOID:
            return
        self._open.append((tag, attrs.get("id")))
        if tag == "table":
            self._caption, self._rows = [], []
        elif tag == "tr":
            self._rows.append([])
        elif tag in ("td", "th"):
            self._rows[-1].append("")

    def handle_endtag(self, tag):
        while self._open[-1][0] != tag and self._open[-1][0] in ("tr", "td", "th"):
            self._end()
        assert self._open[-1][0] == tag, (tag, self._open)
        self._end()

    def _end(self):
        tag, _ = self._open.pop()
        if tag == "table":
            self.tables["".join(self._caption)] = self._rows
        elif tag in ("p", "li", "td", "th", "h1", "h2", "span"):
            self._words.append(" ")

    def handle_data(self, data):
        inside = [tag for tag, _ in self._open]
        if "script" in inside or "style" in inside:
            return
        self._words.append(data)
        for _, name in self._open:
            if name:
                self._blocks.setdefault(name, []).append(data)
        if "caption" in inside:
            self._caption.append(data)
        elif "td" in inside or ("table" in inside and "th" in inside):
            self._rows[-1][-1] += data


def report(tmp_path, selector, X, y=None, **options):
    """The page of a report, by default without a curve."""
    path = tmp_path / "report.html"
    write_report(path, selector, X, y, **{"curve": False, **options})
    return Page.of(path)


def curve_of(n_features, Ks=(1, 4, 16), metric="accuracy"):
    """A curve that rises: 0.5 at the first K, then 0.1 more each; 5 folds, 0.01 apart."""
    means = 0.5 + 0.1 * np.arange(len(Ks))
    scores = means[:, None] + 0.01 * np.arange(-2, 3)
    rankings = np.tile(np.arange(1, n_features + 1), (5, 1))
    return KCurve(np.array(Ks), scores, metric, rankings, np.ones(5))
