# SPDX-License-Identifier: BSD-3-Clause
"""What the build makes before it reads the pages: tables and figures of the benchmarks' rows, and
the pictures that the code of a page draws.
"""

import contextlib
import io
import os
import re
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
MEASURED, DRAWN = HERE / "measured", HERE / "drawn"
PAGES = ("pictures.rst", "pareto_search.rst")
PART = re.compile(r"\.\. (?:code-block:: python\n\n((?:   .*\n|\n)+)|image:: drawn/(\S+)\.svg)")


def make(app=None):
    """Make everything; pictures only of pages that are newer than they are."""
    from benchmarks import tables

    tables.write(MEASURED)
    DRAWN.mkdir(exist_ok=True)
    for page in PAGES:
        text = (HERE / page).read_text(encoding="utf-8")
        drawn = [DRAWN / f"{name}.svg" for _, name in parts(text) if name]
        changed = (HERE / page).stat().st_mtime
        if not all(path.exists() and path.stat().st_mtime > changed for path in drawn):
            draw(text, DRAWN)


def parts(text):
    """Code of a page up to its last picture, and the names of the pictures, in their order."""
    found = PART.findall(text)
    while found and not found[-1][1]:
        found.pop()
    for code, name in found:
        yield re.sub(r"(?m)^   ", "", code), name


def draw(text, folder):
    """Run the code, and save each `display` where the page shows it."""
    import matplotlib.pyplot as plt
    from benchmarks.tables import save

    names = {}
    with tempfile.TemporaryDirectory() as scratch, _inside(scratch):
        for code, name in parts(text):
            if code:
                exec(code, names)
            else:
                save(names["display"].figure_, folder / f"{name}.svg")
                plt.close("all")


@contextlib.contextmanager
def _inside(folder):
    """In an empty folder, for the files that the code writes, and without its output."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            yield
    finally:
        os.chdir(before)
