# SPDX-License-Identifier: BSD-3-Clause
"""Draws the pictures of docs/pictures.rst by the code on that page; run it in a checkout."""

import re
import sys
from pathlib import Path

import matplotlib as mpl

mpl.use("agg")

import matplotlib.pyplot as plt

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))

from benchmarks.critical_difference import save  # noqa: E402

PART = re.compile(r"\.\. (?:code-block:: python\n\n((?:   .*\n|\n)+)|image:: images/(\S+)\.svg)")


def parts(page):
    """Code of a page, and the names of the pictures that it makes, in their order."""
    for code, name in PART.findall(page):
        yield re.sub(r"(?m)^   ", "", code), name


def draw(page, folder):
    """Run the code, and save each `display` where its picture belongs."""
    names = {}
    for code, name in parts(page):
        if code:
            exec(code, names)
        else:
            save(names["display"].figure_, folder / f"{name}.svg")
            plt.close("all")


if __name__ == "__main__":
    draw((HERE.parent / "pictures.rst").read_text(), HERE)
