# SPDX-License-Identifier: BSD-3-Clause
"""Style of all pictures: colours for the colour-blind, the place of the legend, new axes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BLUE, RED, GREY = "#0072b2", "#d55e00", "0.6"
# Colours of Okabe and Ito (for the colour-blind), and markers that differ in grey.
STYLES = [
    (BLUE, "o"),
    ("#e69f00", "s"),
    ("#009e73", "^"),
    ("#cc79a7", "v"),
    ("#56b4e9", "P"),
    ("black", "<"),
]
LEGEND: dict[str, Any] = {  # above the axes
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
    """Import ``matplotlib.pyplot``; the error names the extra."""
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError(
            f'{type(display).__name__} needs matplotlib: pip install "sparsefs[plot]".'
        ) from error
    return plt


class Display:
    """Base of pictures, which are drawn on the axes of the user or of a new figure."""

    ax_: Axes
    figure_: Figure
    legend_: Any

    def _set_axes(self, ax: Any, figsize=None) -> Any:
        """Take the axes, or make a figure if they are None."""
        if ax is None:
            _, ax = pyplot(self).subplots(figsize=figsize, layout="constrained")
        self.ax_, self.figure_ = ax, ax.figure
        return ax


def without_math(name: str) -> str:
    """Escape a name so that matplotlib does not read it as mathematics."""
    return name.replace("$", r"\$")


def whole_ticks(axis: Any) -> None:
    """Place ticks at integers only."""
    from matplotlib.ticker import MaxNLocator

    axis.set_major_locator(MaxNLocator("auto", integer=True, steps=[1, 2, 5, 10]))


def add_legend(ax: Any, legend: bool | dict, *entries: Any) -> Any:
    """Add a legend of (artist, label) above the axes; return None if `legend` is False.

    An entry without an artist is a remark, and an entry of None is skipped. A dict `legend`
    contains settings for matplotlib.
    """
    from matplotlib.lines import Line2D

    shown = [entry for entry in entries if entry is not None]
    if not legend or not shown:
        return None
    handles = [Line2D([], [], ls="none") if artist is None else artist for artist, _ in shown]
    settings = LEGEND | (legend if isinstance(legend, dict) else {})
    return ax.legend(handles, [label for _, label in shown], **settings)
