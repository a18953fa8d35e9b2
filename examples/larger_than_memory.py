# SPDX-License-Identifier: BSD-3-Clause
"""
Data larger than memory
=======================

The table contains 300,000 patches of two photographs. Which surrounding pixels
predict the brightness of the pixel in the middle? A selector reads the table in
chunks, and we measure how much memory this saves.
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
# Each row is a patch of 15 x 15 pixels without the inner 5 x 5: 200 columns of
# one byte, in eight files. This is 60 MB, and 240 MB as float32 for the
# training. Neighbouring patches are nearly the same, so we write the rows in
# random order, as is best for large tables.

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
# ``open_shards`` reads only the headers of the files. The selector uses the
# table like an array. The last 20,000 rows show how well a linear model on the
# selected pixels predicts the middle, in grey levels from 0 to 255.

table = open_shards(folder)
print(f"{table.shape[0]} rows x {table.shape[1]} columns, {table.dtype}")
selector = GradualPruningSelector(
    K=12, task="regression", n_networks=4, random_state=0
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
# The nearest pixels on all sides matter; they predict those farther out.

selector.set_params(K=12)
image = np.full((SIZE, SIZE), np.nan)
image[ring] = selector.scores_
figure, ax = plt.subplots(figsize=(4.4, 3.6), layout="constrained")
drawn = ax.imshow(image, cmap="cividis", norm="log")
figure.colorbar(drawn, label="rise of the loss without the pixel (share)")
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
# Memory
# ------
# We run the same fit in separate processes, with the table as an array in memory
# and as files. The memory is the peak above Python and the libraries; only Linux
# reports it in this way. With files most of it is two buffers of 128 MiB: one to
# mix rows, and one for the few columns that remain at the end. With four times
# the rows it was 440 MB with files and 1500 MB with the array, because a fit
# holds some numbers per row. A ``numpy.memmap`` is read in the same way as files.

PROGRAM = """
import sys, time
import numpy as np, torch
from sparsefs import GradualPruningSelector, open_shards

def megabytes(what):
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) / 1000 for line in file if line.startswith(what))

folder, kind = sys.argv[1:]
selector = GradualPruningSelector(task="regression", n_networks=4, random_state=0)
selector.fit(np.eye(9), np.arange(9.0))  # the first fit loads libraries
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
