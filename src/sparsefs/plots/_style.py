# SPDX-License-Identifier: BSD-3-Clause
"""What all pictures share: colours that differ for the colour-blind, a legend's place, new axes."""

from __future__ import annotations

from typing import Any

BLUE, RED, GREY = "#0072b2", "#d55e00", "0.6"
# Colours of Okabe and Ito, which differ for the colour-blind, with markers that differ in grey.
STYLES = [
    (BLUE, "o"),
    ("#e69f00", "s"),
    ("#009e73", "^"),
    ("#cc79a7", "v"),
    ("#56b4e9", "P"),
    ("black", "<"),
]
LEGEND: dict[str, Any] = {  # above the axes, where nothing is drawn
    "loc": "lower right",
    "bbox_to_anchor": (1, 1),
    "ncols": 2,
    "fontsize": "small",
    "frameon": False,
    "handlelength": 1.4,
    "columnspacing": 1,
    "borderaxespad": 0.2,
}
CHOSEN: dict[str, Any] = {
    "marker": "*",
    "ms": 11,
    "mfc": RED,
    "mec": "black",
    "mew": 0.6,
    "zorder": 6,
}


def pyplot(display: Any) -> Any:
    """``matplotlib.pyplot``, or an error that names the extra."""
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError(
            f'{type(display).__name__} draws with matplotlib: pip install "sparsefs[plot]".'
        ) from error
    return plt


def new_axes(display: Any, figsize=None) -> Any:
    """The axes of a new figure."""
    _, ax = pyplot(display).subplots(figsize=figsize, layout="constrained")
    return ax


def whole_ticks(axis: Any) -> None:
    """Ticks at whole numbers only, for what is counted."""
    from matplotlib.ticker import MaxNLocator

    axis.set_major_locator(MaxNLocator("auto", integer=True, steps=[1, 2, 5, 10]))


def add_legend(ax: Any, legend: bool | dict, *entries: Any) -> Any:
    """A legend of (artist, label) above the axes, with settings of the user's; None for False.

    An entry whose artist is None is a remark, and an entry of None is left out.
    """
    from matplotlib.lines import Line2D

    shown = [entry for entry in entries if entry is not None]
    if not legend or not shown:
        return None
    handles = [Line2D([], [], ls="none") if artist is None else artist for artist, _ in shown]
    settings = LEGEND | (legend if isinstance(legend, dict) else {})
    return ax.legend(handles, [label for _, label in shown], **settings)
