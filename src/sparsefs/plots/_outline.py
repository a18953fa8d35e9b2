# SPDX-License-Identifier: BSD-3-Clause
"""Outline of selected pixels."""

from __future__ import annotations

from typing import Any

import numpy as np


def outline(ax: Any, mask: np.ndarray, linewidth: float = 1.6) -> Any:
    """Draw lines around the pixels of a mask, without the sides between two of them."""
    from matplotlib.collections import LineCollection
    from matplotlib.patheffects import Normal, Stroke

    lines = LineCollection(
        _borders(mask),
        colors="black",
        linewidths=linewidth,
        capstyle="projecting",
        # White on both sides: visible on dark and on light colours.
        path_effects=[Stroke(linewidth=2 * linewidth, foreground="white"), Normal()],
        clip_on=False,
        zorder=3,
    )
    ax.add_collection(lines, autolim=False)
    return lines


def _borders(mask):
    """Return the sides between the mask and other pixels, as (n_sides, 2, 2) of (x, y)."""
    framed = np.pad(mask, 1)
    rows, columns = np.nonzero(framed[:-1, 1:-1] != framed[1:, 1:-1])  # horizontal sides
    horizontal = np.stack([columns, rows, columns + 1, rows], axis=1)
    rows, columns = np.nonzero(framed[1:-1, :-1] != framed[1:-1, 1:])
    vertical = np.stack([columns, rows, columns, rows + 1], axis=1)
    return np.concatenate([horizontal, vertical]).reshape(-1, 2, 2) - 0.5
