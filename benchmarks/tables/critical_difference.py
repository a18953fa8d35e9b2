# SPDX-License-Identifier: BSD-3-Clause
"""Critical-difference diagram: mean ranks on a line, bars over methods that do not differ."""

import numpy as np
from matplotlib.figure import Figure

from benchmarks.comparison import alike

STEP = 0.24  # inches between lines of text


def draw(names, mean_ranks, difference, title):
    """A figure; the best methods on the left."""
    order = np.argsort(mean_ranks, kind="stable")
    names, mean_ranks = [names[i] for i in order], np.asarray(mean_ranks)[order]
    bars = alike(mean_ranks, difference)
    n, n_left = len(names), (len(names) + 1) // 2
    lowest, highest = 1, max(n, 2)
    depth = STEP * (len(bars) + n_left + 1)
    figure = Figure(figsize=(8, depth + 1.2))
    axes = figure.add_axes((0.26, 0.02, 0.48, 0.96))
    axes.set(xlim=(lowest, highest), ylim=(-depth, 1.2))
    axes.axis("off")
    text = {"fontsize": 9, "clip_on": False}
    line = {"color": "black", "linewidth": 0.8, "clip_on": False}

    axes.plot([lowest, highest], [0, 0], **line)
    for tick in range(lowest, highest + 1):
        axes.plot([tick, tick], [0, 0.08], **line)
        axes.text(tick, 0.14, tick, ha="center", va="bottom", **text)
    end = min(lowest + difference, highest)
    axes.plot([lowest, end], [0.55, 0.55], **line | {"linewidth": 2})
    label = f"critical difference {difference:.2f}"
    axes.text(lowest, 0.62, label, ha="left", va="bottom", **text)
    axes.text(lowest, 0.95, title, ha="left", va="bottom", **text | {"fontsize": 10})

    for i, (first, last) in enumerate(bars):
        y, margin = -STEP * (i + 0.8), 0.004 * (highest - lowest)
        ends = [mean_ranks[first] - margin, mean_ranks[last] + margin]
        axes.plot(ends, [y, y], **line | {"linewidth": 3, "color": "tab:blue"})
    for i, (name, rank) in enumerate(zip(names, mean_ranks, strict=True)):
        left = i < n_left
        row = i if left else n - 1 - i
        y, edge = -STEP * (len(bars) + row + 1), lowest if left else highest
        outside = edge + (-0.01 if left else 0.01) * (highest - lowest)
        axes.plot([rank, rank, outside], [0, y, y], **line | {"linewidth": 0.6, "color": "0.4"})
        shown = f"{name}  {rank:.1f}" if left else f"{rank:.1f}  {name}"
        gap = (-0.02 if left else 0.02) * (highest - lowest)
        axes.text(outside + gap, y, shown, ha="right" if left else "left", va="center", **text)
    return figure
