# SPDX-License-Identifier: BSD-3-Clause
"""
Data larger than memory
=======================

300,000 patches of two photographs lie in files. Which of the pixels around it
tell the brightness of the one in the middle? A selector reads the table piece
by piece, and we measure what that saves.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_sample_images
from sklearn.linear_model import LinearRegression

from sparsefs import GradualPruningSelector, open_shards

# %%
# Write the table
# ---------------
# Patches of 15 x 15 pixels without the inner 5 x 5: 200 columns of one byte in
# eight files. That is 60 MB, and 240 MB in the float32 that networks learn
# from. Neighbouring patches are nearly the same, so the rows are written in
# random order, as they should be in large tables.

SIZE, INNER = 15, 5
photographs = (
    np.stack(load_sample_images().images).mean(axis=3).astype(np.uint8)
)
patches = np.lib.stride_tricks.sliding_window_view(
    photographs, (SIZE, SIZE), axis=(1, 2)
)
ring = np.ones((SIZE, SIZE), dtype=bool)
ring[SIZE // 2 - INNER // 2 :, SIZE // 2 - INNER // 2 :][:INNER, :INNER] = (
    False
)

scratch = tempfile.TemporaryDirectory()
folder = Path(scratch.name) / "patches"
folder.mkdir()
places = np.random.default_rng(0).permutation(np.prod(patches.shape[:3]))[
    :300_000
]
photo, row, column = np.unravel_index(places, patches.shape[:3])
for i, rows in enumerate(np.array_split(np.arange(len(places)), 8)):
    part = patches[photo[rows], row[rows], column[rows]]
    np.save(folder / f"part-{i}.npy", part[:, ring])
y = photographs[photo, row + SIZE // 2, column + SIZE // 2].astype(float)
np.save(folder.parent / "y.npy", y)

# %%
# Select
# ------
# ``open_shards`` looks at the headers of the files only. The selector takes
# the table for an array. The last 20,000 rows are left out and tell how well a
# linear model on the selected pixels predicts the middle, in grey levels from
# 0 to 255.

table = open_shards(folder)
print(f"{table.shape[0]} rows x {table.shape[1]} columns, {table.dtype}")
selector = GradualPruningSelector(
    K=12, loss="squared_error", n_networks=4, random_state=0
)
selector.fit(table, y)

some, others = table[:20_000], table[-20_000:]
for K in [4, 8, 12, 24, 200]:
    columns = selector.set_params(K=K).get_support(indices=True)
    model = LinearRegression().fit(some[:, columns], y[:20_000])
    print(
        f"R2 score with {K:3d} of the pixels: {model.score(others[:, columns], y[-20_000:]):.3f}"
    )

# %%
# The nearest ones matter, on all sides; what is farther out is told by these.

selector.set_params(K=12)
image = np.full((SIZE, SIZE), np.nan)
image[ring] = selector.scores_
figure, ax = plt.subplots(figsize=(4.4, 3.6), layout="constrained")
drawn = ax.imshow(image, cmap="cividis")
figure.colorbar(drawn, label="share of the training survived")
y_of, x_of = np.argwhere(ring)[selector.get_support()].T
ax.scatter(
    x_of,
    y_of,
    marker="s",
    fc="none",
    ec="#d55e00",
    s=150,
    lw=1.5,
    label="selected",
)
ax.plot(SIZE // 2, SIZE // 2, "k*", label="predicted")
ax.set(xticks=[], yticks=[])
ax.legend(loc="upper left", bbox_to_anchor=(0, 0), ncols=2, frameon=False)
plt.show()

# %%
# What it takes
# -------------
# The same fit in processes of their own: with the table as an array in memory,
# and as files. Counted is the highest use of memory above that of Python and
# the libraries, which only Linux tells in this way. With files most of it are
# two buffers of 128 MiB: one in which rows are mixed, and one for the few
# columns that are left in the end. With four times the rows it was 440 MB with
# files and 1500 MB with the array, as a fit holds some numbers a row. A
# ``numpy.memmap`` is read in the same way as files.

PROGRAM = """
import sys, time
import numpy as np, torch
from sparsefs import GradualPruningSelector, open_shards

def megabytes(what):
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) / 1000 for line in file if line.startswith(what))

folder, kind = sys.argv[1:]
selector = GradualPruningSelector(loss="squared_error", n_networks=4, random_state=0)
selector.fit(np.eye(9), np.arange(9.0))  # loads what is loaded at the first fit
before = megabytes("VmRSS")
y, X = np.load(folder + "/y.npy"), open_shards(folder + "/patches")
if kind == "array":
    X = X[:]
start = time.perf_counter()
selector.fit(X, y)
print(f"{kind:7s} {megabytes('VmHWM') - before:6.0f} MB {time.perf_counter() - start:7.1f} s")
"""

if sys.platform == "linux":
    for kind in ["array", "files"]:
        command = [sys.executable, "-c", PROGRAM, str(folder.parent), kind]
        print(
            subprocess.run(
                command, check=True, capture_output=True, text=True
            ).stdout,
            end="",
        )
scratch.cleanup()
