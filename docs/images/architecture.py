# SPDX-License-Identifier: BSD-3-Clause
"""Writes architecture.svg: the folders of the library, and the way of the data through a fit."""

from pathlib import Path
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 800, 604
BLUE, ORANGE, GREEN, GREY = "#dbe9f6", "#fdebd3", "#dcf0e4", "#f0f0f0"
PARTS = []


def text(x, y, line, size=13, bold=False, anchor="middle", mono=False):
    weight = ' font-weight="bold"' if bold else ""
    family = ' font-family="DejaVu Sans Mono, Menlo, Consolas, monospace"' if mono else ""
    PARTS.append(
        f'<text x="{x}" y="{y}" font-size="{size}" text-anchor="{anchor}"{weight}{family}>'
        f"{escape(line)}</text>"
    )


def box(x, y, width, height, name, lines, fill):
    """A folder, and what is in it."""
    PARTS.append(
        f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="5" fill="{fill}" '
        'stroke="#444" stroke-width="1.2"/>'
    )
    text(x + width / 2, y + 21, name, 14, bold=True, mono=True)
    for i, line in enumerate(lines):
        text(x + width / 2, y + 40 + 16 * i, line)


def arrow(*points, dashed=False):
    path = " L".join(f"{x},{y}" for x, y in points)
    dash = ' stroke-dasharray="5 4"' if dashed else ""
    PARTS.append(
        f'<path d="M{path}" fill="none" stroke="#222" stroke-width="1.6"{dash} '
        'marker-end="url(#head)"/>'
    )


def heading(y, line):
    text(20, y, line, 13, bold=True, anchor="start")


heading(22, "What people use")
box(20, 32, 110, 66, "cli/", ["the command", "sparsefs"], GREY)
box(140, 32, 120, 66, "report/", ["one page", "about a fit"], GREY)
box(270, 32, 110, 66, "plots/", ["displays"], GREY)
box(390, 32, 120, 66, "meta/", ["stability,", "ensembles"], GREY)
box(520, 32, 120, 66, "search/", ["score and", "cost at once"], GREY)
box(650, 32, 130, 66, "modules/", ["any torch module", "made sparse"], GREY)

heading(132, "The scikit-learn side")
box(
    20,
    142,
    400,
    68,
    "selectors/",
    [
        "base.py: X, y, K, transform; network.py: one network;",
        "one short file per method names its parts",
    ],
    BLUE,
)
box(430, 142, 210, 68, "evaluation/", ["score against K, folds,", "rules, stability"], BLUE)
heading(244, "The loops")
box(
    20,
    254,
    620,
    66,
    "training/",
    [
        "loop.py for sparse networks, pruning_loop.py for inputs that are removed;",
        "scaling, batches, losses, optimisers, progress",
    ],
    BLUE,
)
heading(354, "The parts, and what all stand on")
PARTS.append(
    '<rect x="10" y="362" width="780" height="84" rx="7" fill="none" stroke="#444" '
    'stroke-dasharray="5 4"/>'
)
box(16, 370, 106, 68, "networks/", ["sparse layers,", "products"], ORANGE)
box(128, 370, 96, 68, "topology/", ["start, drop,", "grow, when"], ORANGE)
box(230, 370, 102, 68, "importance/", ["scores of", "the inputs"], ORANGE)
box(338, 370, 132, 68, "regularization/", ["penalties", "that prune"], ORANGE)
box(476, 370, 80, 68, "data/", ["what X and", "y are"], ORANGE)
box(562, 370, 110, 68, "distributed/", ["processes that", "fit together"], ORANGE)
box(678, 370, 106, 68, "utils/", ["devices, seeds,", "statistics"], ORANGE)

for above, below in [(98, 142), (210, 254), (320, 362)]:
    arrow((600, above), (600, below - 3))
arrow((715, 98), (715, 359))
text(724, 200, "no selector", 12, anchor="start")
text(724, 216, "needed", 12, anchor="start")

heading(468, "The way of the data in a fit")
STEPS = [
    (20, "X, y", "checked"),
    (128, "batches", "scaled"),
    (236, "network", "sparse"),
    (344, "loss", "gradients"),
    (452, "importance", "per input"),
    (560, "scores_", "ranking_"),
    (668, "support", "at K"),
]
for x, name, note in STEPS:
    wide = 112 if x == 668 else 90
    PARTS.append(
        f'<rect x="{x}" y="480" width="{wide}" height="50" rx="5" fill="{GREEN}" '
        'stroke="#444" stroke-width="1.2"/>'
    )
    text(x + wide / 2, 501, name, 13, bold=True)
    text(x + wide / 2, 518, note, 12)
    if x < 668:
        arrow((x + 90, 505), (x + 105, 505))
PARTS.append(
    f'<rect x="290" y="556" width="200" height="40" rx="5" fill="{GREEN}" stroke="#444" '
    'stroke-width="1.2"/>'
)
text(390, 573, "topology rule", 13, bold=True)
text(390, 589, "drops and grows connections", 12)
arrow((512, 530), (512, 576), (493, 576))
arrow((290, 576), (281, 576), (281, 533))

DESCRIPTION = (
    "Folders of sparsefs from what users call, over selectors and training, down to networks, "
    "topology, importance, regularization, data and distributed; below, the way of the data "
    "through a fit."
)
SVG = "\n".join(
    [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'width="{WIDTH}" height="{HEIGHT}" font-family="DejaVu Sans, Arial, sans-serif" '
        'fill="#111">',
        "<title>The architecture of sparsefs</title>",
        f"<desc>{escape(DESCRIPTION)}</desc>",
        '<defs><marker id="head" markerWidth="8" markerHeight="8" refX="6" refY="4" orient="auto">'
        '<path d="M0,0 L8,4 L0,8 z" fill="#222"/></marker></defs>',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        *PARTS,
        "</svg>\n",
    ]
)

if __name__ == "__main__":
    Path(__file__).with_suffix(".svg").write_text(SVG, encoding="utf-8")
