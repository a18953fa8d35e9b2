# SPDX-License-Identifier: BSD-3-Clause
"""
Follow a drifting stream
========================

Rows arrive in batches, and are not kept. ``partial_fit`` updates the selection
with every batch. Half-way the informative features change, and the selection
must follow.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits

from sparsefs import NeuronAttributionSelector

# %%
# The stream
# ----------
# A row has 192 columns: the 64 pixels of a small image of a digit, and 128
# columns of noise, which are pixels of other images in random order. After 15
# batches of 500 rows the camera is plugged into another socket: from then on
# the image is in columns 64 to 127.

images, digits = load_digits(return_X_y=True)
rng = np.random.default_rng(0)
N_BATCHES, CHANGE, K = 45, 15, 20


def batch(i):
    rows = rng.integers(0, len(images), 500)
    blocks = [images[rng.permutation(len(images))[:500]] for _ in range(3)]
    blocks = [rng.permuted(block, axis=0) for block in blocks]
    blocks[0 if i < CHANGE else 1] = images[rows]
    return np.hstack(blocks), digits[rows]


# %%
# Select
# ------
# Every call trains one pass over the batch. All fitted attributes are valid
# after it. The first call names the classes, as a batch may lack some. We take
# small batches and a higher learning rate than the default, because there are
# few steps.

selector = NeuronAttributionSelector(
    K=K, batch_size=32, learning_rate_init=0.003, random_state=0
)
counts = []
for i in range(N_BATCHES):
    X, y = batch(i)
    selector.partial_fit(X, y, classes=np.arange(10))
    block = selector.get_support(indices=True) // 64
    counts.append(np.bincount(block, minlength=3))

# %%
# After the change the old columns are noise. The importance of earlier steps
# and the weights that nothing renews fade, and the new pixels take their
# places within some batches.

figure, ax = plt.subplots(figsize=(6, 3.4), layout="constrained")
styles = {"columns 0 to 63": "-", "columns 64 to 127": "--", "noise": ":"}
for (label, style), n in zip(
    styles.items(), np.transpose(counts), strict=True
):
    ax.plot(np.arange(1, N_BATCHES + 1), n, style, label=label, lw=2)
ax.axvline(CHANGE + 0.5, color="0.6", lw=1)
ax.set(xlabel="batches of 500 rows", ylabel=f"of {K} selected features")
ax.legend(frameon=False)
plt.show()

print(f"before the change: {counts[CHANGE - 1][0]} of {K} are pixels")
print(f"at the end:        {counts[-1][1]} of {K} are pixels")
