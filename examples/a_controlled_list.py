# SPDX-License-Identifier: BSD-3-Clause
"""
A list of genes with few false ones
===================================

Twelve of 1,000 genes act on a marker in 300 patients. The samples were processed
in two batches, which shift both the marker and a third of the genes. Which genes
matter, and how many of the list are false?
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from sparsefs import (
    GradualPruningSelector,
    KnockoffSelector,
    StabilitySelector,
)

rng = np.random.default_rng(0)
X = pd.DataFrame(rng.standard_normal((300, 1000))).add_prefix("gene")
X["batch"] = rng.integers(0, 2, 300).astype(float)
X.iloc[:, :333] += 0.5 * X[["batch"]].to_numpy()
true = [f"gene{j}" for j in range(0, 960, 80)]
y = X[true].sum(axis=1) + 4 * X["batch"] + 2 * rng.standard_normal(300)


def report(name, selected):
    n_false = sum(gene not in true for gene in selected)
    print(
        f"{name}: {len(selected)} selected, {len(selected) - n_false} of 12 true"
    )


# %%
# Control the share of false genes
# --------------------------------
# The estimator ranks the genes on halves of the patients, and sees the batch in
# each of them. ``adjust_for`` keeps the batch out of the list. A q-value is the
# false discovery rate at which a gene is selected.

stable = StabilitySelector(
    GradualPruningSelector(),
    control="fdr",
    n_pairs=25,
    adjust_for=["batch"],
    random_state=0,
).fit(X, y)
report("q-values", stable.get_feature_names_out())
print(f"expected false: {stable.expected_false_:.2f}")

order = np.sort(stable.q_values_)[:40]
figure, ax = plt.subplots(figsize=(5, 3), layout="constrained")
ax.plot(np.arange(1, 41), order, "o", markersize=4)
ax.axhline(0.1, color="0.5", linewidth=1)
ax.annotate("level = 0.1", (30, 0.12), color="0.4")
ax.set(xlabel="rank", ylabel="q-value")
plt.show()

# %%
# The level can be changed without another fit.

for level in (0.01, 0.05, 0.2):
    report(
        f"level {level}",
        stable.set_params(level=level).get_feature_names_out(),
    )

# %%
# Ask knockoffs as well
# ---------------------
# A knockoff correlates with the other genes as the original does, but was drawn
# without the marker. At level 0.2 at least five genes must beat their knockoffs.

knockoffs = KnockoffSelector(
    GradualPruningSelector(), level=0.2, adjust_for=["batch"], random_state=0
).fit(X, y)
report("knockoffs", knockoffs.get_feature_names_out())
both = set(stable.get_feature_names_out()) & set(
    knockoffs.get_feature_names_out()
)
report("both", sorted(both))
