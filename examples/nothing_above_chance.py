# SPDX-License-Identifier: BSD-3-Clause
"""
A list of genes that is no better than chance
=============================================

Every ranking has a top ten. Here 80 patients have 1,500 genes in blocks that
rise and fall together, and the outcome has nothing to do with them. Three tools
say so.
"""

import warnings

import matplotlib.pyplot as plt
import numpy as np

from sparsefs import GradualPruningSelector, StabilitySelector
from sparsefs.evaluation import random_subsets

rng = np.random.default_rng(1)
pathways = np.repeat(rng.standard_normal((80, 150)), 10, axis=1)
X = pathways + 0.5 * rng.standard_normal((80, 1500))
y = rng.permutation(np.repeat(["relapse", "healthy"], 40))

# %%
# The list looks like any other list.

selector = GradualPruningSelector(K=10, random_state=0).fit(X, y)
print(selector.to_frame().head(10).to_string(index=False))

# %%
# Random genes predict as well
# ----------------------------
# In each fold the ten best genes of the training part are scored on the other
# patients, and so are random sets of ten genes. The p-value is the share of
# random sets that are at least as good.

chance = random_subsets(selector, X, y, K=10, random_state=0)
print(
    f"selected {chance.score:.2f}, random {chance.mean:.2f}, p = {chance.p_value:.2f}"
)

figure, ax = plt.subplots(figsize=(5, 3), layout="constrained")
ax.hist(chance.scores, bins=15, color="0.75", label="10 random genes")
ax.axvline(chance.score, color="C3", label="10 selected genes")
ax.set(xlabel="accuracy on left-out patients", ylabel="random sets")
ax.legend(frameon=False)
plt.show()

# %%
# No gene stands out
# ------------------
# Shadows are copies of genes with permuted patients. ``K="above_noise"`` keeps
# the genes that rank before them. q-values compare the ranks of a gene over
# halves of the patients. Both select nothing, and warn about it.

with warnings.catch_warnings(record=True) as said:
    warnings.simplefilter("always")
    above = GradualPruningSelector(
        K="above_noise", n_shadows="auto", random_state=0
    ).fit(X, y)
    stable = StabilitySelector(
        selector, control="fdr", n_pairs=25, random_state=0
    ).fit(X, y)
for warning in said:
    print(str(warning.message).partition(":")[0])
print(
    "above noise:",
    above.K_,
    "genes; smallest q-value:",
    stable.q_values_.min().round(2),
)

# %%
# Nothing here is above chance. A selection with ``K=10`` would have been reported
# all the same.
