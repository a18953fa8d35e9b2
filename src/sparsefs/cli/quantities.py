# SPDX-License-Identifier: BSD-3-Clause
"""Numbers that a file writes as text: decimal commas, thousands, units, words for missing."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import numpy as np

from .numbers import FEW_ROWS

FEW = 20  # different values: a column of fewer may be classes with odd names, such as "3+"
_MOSTLY = 0.5  # share of numbers from which the other values are exceptions
_SHOWN = 3  # values in a message

# Compared in lower case. Words that may be a value, such as "none", are no part of it.
_ABSENT = {
    *("", "?", "??", "-", "--", "---", ".", "..", "...", "*", "n/d", "nd", "n.d.", "n.d", "n/a"),
    *("na", "n.a.", "n.a", "nan", "null", "nil", "missing", "unknown", "tbd", "k.a.", "s/d", "\\n"),
    *("(blank)", "(null)", "[null]", "#n/a", "#na", "#div/0!", "#ref!", "#value!", "#num!"),
    *("#name?", "#null!", "#error!", "#####", "no data", "no value", "not available"),
    *("not applicable", "not detected"),
}
_PLAIN = str.maketrans(  # other minus signs, apostrophes and spaces
    dict.fromkeys("\u2212\u2013\u2014", "-")
    | {"\u2019": "'"}
    | dict.fromkeys("\u00a0\u202f\u2009", " ")
)
_MONEY = "[$€£¥₹]|(?:US|CA|AU)[$]|USD|EUR|GBP|CHF|JPY|CNY|INR|SEK|NOK|DKK|PLN|CZK"
_QUANTITY = re.compile(
    rf"(?P<than>(?:[<>~≤≥≈]=?)?) *(?P<open>\(?)(?P<sign>[+-]?)(?P<before>(?:{_MONEY})?) *"
    r"(?P<sign2>[+-]?)(?P<body>\d(?:[\d.,' ]*[\d.])?|[.,]\d+)(?P<power>(?:[eE][+-]?\d+)?)"
    r"(?P<close>\)?) *(?P<after>[^\d\s(),;:<>+/-][^\d(),;<>+]{0,11})?"
)


@dataclass
class Quantities:
    """What the texts of a column are as numbers.

    Attributes
    ----------
    numbers : ndarray of shape (n_values,)
        NaN for missing values and exceptions.
    absent, exceptions : ndarray of shape (n_values,), dtype bool
        Words for a missing value; other texts.
    decimal : {".", ",", None}
        The decimal mark that the texts need; None if both do.
    unit : str
        Text next to every number, such as "kg", or "".
    grouped : bool
        Whether thousands are separated.
    notation : bool
        Whether negative numbers are in brackets or have an unusual sign.
    ambiguous : str or None
        Text that is one number with a decimal point and another with a decimal comma.
    """

    numbers: np.ndarray
    absent: np.ndarray
    exceptions: np.ndarray
    decimal: str | None = None
    unit: str = ""
    grouped: bool = False
    notation: bool = False
    ambiguous: str | None = None
    texts: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=object))

    @property
    def mostly_numbers(self) -> bool:
        """Whether the column is one of numbers, perhaps with exceptions."""
        read = np.isfinite(self.numbers)
        like = read.copy()
        like[self.exceptions] = [
            str(text).lstrip()[:1] in "<>~≤≥≈" for text in self.texts[self.exceptions]
        ]
        # One frequent word among many different numbers is an exception, too.
        different = len(set(self.texts[like])), len(set(self.texts[~self.absent]))
        many = different[0] > max(FEW, _MOSTLY * different[1])
        return bool(read.any() and (many or like.sum() > _MOSTLY * (~self.absent).sum()))

    @property
    def may_be_classes(self) -> bool:
        """Whether the values are few and the exceptions frequent, like names of classes."""
        counts = np.unique(self.texts[self.exceptions], return_counts=True)[1]
        n_rows = len(self.texts)
        return bool(
            len(set(self.texts[~self.absent])) <= FEW
            and (n_rows < FEW_ROWS or (len(counts) > 0 and counts.min() >= 3))
        )

    def shown(self, which, rows) -> str:
        """List values with their rows, as in ``'n/d' (row 4), '<5' (rows 3, 9 and 7 more)``."""
        found: dict[str, list] = {}
        for text, row in zip(self.texts[which], np.asarray(rows)[which], strict=True):
            found.setdefault(text, []).append(row)
        said = []
        for text, numbers in found.items():
            most = ", ".join(str(n) for n in numbers[:_SHOWN])
            more = f" and {len(numbers) - _SHOWN:,} more" if len(numbers) > _SHOWN else ""
            said.append(f"{text!r} (row{'s' if len(numbers) > 1 else ''} {most}{more})")
        more = f" and {len(said) - _SHOWN:,} other values" if len(said) > _SHOWN else ""
        return ", ".join(said[:_SHOWN]) + more


def quantities_of(texts, marks=(None, None), guess: str | None = None) -> Quantities:
    """Read texts as numbers.

    Parameters
    ----------
    texts : ndarray of str of shape (n_values,)
    marks : pair of str or None
        The decimal mark and the mark between thousands that the user gave.
    guess : {".", ",", None}
        The decimal mark of the rest of the file, for texts such as "1.234".
    """
    values = {text: place for place, text in enumerate(dict.fromkeys(texts))}
    codes = np.array([values[text] for text in texts], dtype=np.int64)
    counts = np.bincount(codes, minlength=len(values))
    stripped = [_bare(value) for value in values]
    absent = np.array([text.lower() in _ABSENT for text in stripped], dtype=bool)
    found = [None if a else _QUANTITY.fullmatch(t) for t, a in zip(stripped, absent, strict=True)]
    units: dict[str, int] = {}
    for match, n in zip(found, counts, strict=True):
        if match is not None:
            units[_unit(match)] = units.get(_unit(match), 0) + int(n)
    unit = max(units, key=units.__getitem__, default="")
    usable = [m if m and not m["than"] and _unit(m) == unit else None for m in found]
    implied = marks[0] or {",": ".", ".": ","}.get(marks[1] or "")
    decimals = [implied] if implied else [",", "."] if guess == "," else [".", ","]
    read = {d: np.array([_number(m, d, marks[1]) for m in usable]) for d in decimals}
    n_read = {d: counts[np.isfinite(read[d])].sum() for d in decimals}
    decimal = max(decimals, key=n_read.__getitem__)
    numbers, ambiguous, needed = read[decimal], None, decimal
    if len(decimals) > 1:
        other = read["," if decimal == "." else "."]
        twofold = np.isfinite(numbers) & np.isfinite(other) & (numbers != other)
        if n_read["."] == n_read[","]:
            needed = None
            commas = [i for i in np.flatnonzero(twofold) if "," in stripped[i]]
            ambiguous = stripped[commas[0]] if commas and guess is None else None
    group = "." if decimal == "," else ","
    grouped = any(m and re.search(rf"\d[{group}' ]\d", m["body"]) for m in usable)
    return Quantities(
        numbers[codes],
        absent[codes],
        (~absent & ~np.isfinite(numbers))[codes],
        needed,
        unit,
        grouped,
        any(m and m["open"] for m in usable),
        ambiguous,
        np.asarray(texts, dtype=object),
    )


def quickly(texts, numbers) -> Quantities | None:
    """Return texts of which the numbers are known, if all others mean a missing value."""
    absent = np.isnan(numbers)
    if np.isinf(numbers).any() or not all(_bare(text).lower() in _ABSENT for text in texts[absent]):
        return None
    return Quantities(numbers, absent, np.zeros(len(texts), dtype=bool), texts=texts)


def _bare(text):
    """Return a text without what spreadsheets put around text: '1.5 and ="1.5"."""
    text = str(text).translate(_PLAIN).strip()
    if text.startswith('="') and text.endswith('"'):
        text = text[2:-1]
    return text.removeprefix("'")


def _unit(match):
    return " ".join(filter(None, (match["before"], (match["after"] or "").strip())))


def _number(match, decimal, group):
    """Return the number of a text; NaN if it is none with these marks."""
    if match is None or bool(match["open"]) != bool(match["close"]):
        return np.nan
    body, point = match["body"].strip(), re.escape(decimal)
    groups = f"[{group or ('.' if decimal == ',' else ',')}]" if group != decimal else "(?!)"
    if group is None:
        groups = f"(?:{groups}|[' ])"
    fraction = f"(?:{point}\\d*)?"
    if not re.fullmatch(rf"\d*{fraction}", body):
        if not re.fullmatch(rf"\d{{1,3}}(?:{groups}\d{{3}})+{fraction}", body):
            return np.nan
        body = re.sub(groups, "", body)
    value = float(body.replace(decimal, ".") + match["power"])
    negative = match["open"] or "-" in match["sign"] + match["sign2"]
    return -value if negative else value
