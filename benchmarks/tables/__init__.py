# SPDX-License-Identifier: BSD-3-Clause
"""Tables and figures of the documentation, made from the rows of the benchmarks.

The build of the documentation writes them all before it reads its pages. To look at them:
``python -m benchmarks.tables FOLDER``.
"""

import csv

import matplotlib as mpl

from benchmarks.results import Results
from benchmarks.tables import (
    accuracy,
    columns,
    controls,
    mixed,
    papers,
    performance,
    scale,
    stability,
    tradeoff,
    tradeoff_figures,
)

# {name: (function, files of rows that it is given)}. A table is a header and lines.
MODULES = (accuracy, controls, columns, stability, mixed, performance, papers, scale, tradeoff)
TABLES = {name: entry for module in MODULES for name, entry in module.TABLES.items()}
FIGURES = {**accuracy.FIGURES, **tradeoff_figures.FIGURES}


def made(function, *files):
    """What a function makes of the rows of these files."""
    return function(*(Results(file, key=()) for file in files))


def write(folder):
    """``NAME.csv`` of all tables, ``NAME.svg`` of all figures."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, entry in TABLES.items():
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows(typeset(*made(*entry)))
    for name, entry in FIGURES.items():
        save(made(*entry), folder / f"{name}.svg")


def typeset(header, lines):
    """Cells as a page shows them, not a terminal; a table needs a line to be one."""
    yield header
    for line in lines or [["not measured yet", *[""] * (len(header) - 1)]]:
        yield ["" if cell == "-" else str(cell).replace("+-", "± ") for cell in line]


def save(figure, path):
    # The same rows give the same bytes.
    with mpl.rc_context({"svg.hashsalt": "sparsefs", "svg.fonttype": "path"}):
        figure.savefig(path, format="svg", metadata={"Date": None})
