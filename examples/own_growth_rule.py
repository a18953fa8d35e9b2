# SPDX-License-Identifier: BSD-3-Clause
"""
Your own growth rule
====================

Sparse networks drop connections during the training and grow others. A growth
rule decides where. This rule grows connections where an input neuron is strong
and the gradient of the loss is large, among random candidates. It follows RigL's
idea without its dense gradient.
"""

import numpy as np
import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from sparsefs import NeuronAttributionSelector
from sparsefs.topology import free_positions, growth_at

# %%
# The rule
# --------
# A rule gets a layer, the dropped positions, the importance in use and a random
# generator. ``free_positions`` draws positions without a connection, and
# ``growth_at`` returns the result for the chosen ones. See :doc:`/extending`.


class StrongInputGrow:
    """Growth at the largest strength times gradient, among random candidates."""

    def __init__(self, n_candidates=4):
        self.n_candidates = n_candidates  # per connection to grow

    def __call__(self, layer, dropped, importance, rng):
        drawn = free_positions(
            layer, dropped, self.n_candidates * len(dropped), rng
        )
        rows, cols = np.divmod(
            drawn, layer.shape[1]
        )  # output neurons, input neurons
        x, grad = layer.seen  # inputs and output gradients of the last batch
        layer.extra_flops += 2 * len(drawn) * x.shape[1]  # counted in costs_
        gradient = torch.linalg.vecdot(grad[rows], x[cols]).abs().cpu().numpy()
        score = (layer.strength("in")[cols] + 1e-6) * gradient
        return growth_at(
            layer, dropped, drawn[np.argsort(-score)[: len(dropped)]]
        )


# %%
# Does it help?
# -------------
# We compare it with the built-in rules on 300 digits, whose 64 pixels are hidden
# among 500 columns of noise.


def main():
    K = 30
    digits, y = load_digits(return_X_y=True)
    noise = np.random.default_rng(0).standard_normal((len(y), 500))
    X = np.hstack([digits / digits.std(), noise])
    X_train, X_test, y_train, y_test = train_test_split(
        X, y, train_size=300, stratify=y, random_state=0
    )

    print(f"{K} of {X.shape[1]} features; 64 are pixels, the others are noise")
    selectors = {}
    for name, topology in [
        ("random (SET)", "set"),
        ("gradient (RigL)", "rigl"),
        ("strength times gradient", StrongInputGrow()),
    ]:
        selectors[name] = selector = NeuronAttributionSelector(
            K=K,
            topology=topology,
            density=0.05,
            hidden_layer_sizes=(200, 50),
            max_iter=40,
            random_state=0,
        )
        model = make_pipeline(selector, StandardScaler(), SVC()).fit(
            X_train, y_train
        )
        n_pixels = np.count_nonzero(selector.get_support(indices=True) < 64)
        flops = selector.costs_["training_flops"]["sparse"]
        print(
            f"{name:24s} accuracy {model.score(X_test, y_test):.3f}, {n_pixels} pixels, "
            f"{flops / 1e9:.1f} GFLOP"
        )
    return selectors


if __name__ == "__main__":
    selectors = main()

# %%
# This is one seed of each rule: compare several seeds before you prefer one. The
# images show the pixels' scores, each on its own scale.

if __name__ == "__main__":
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 3, figsize=(8, 3), layout="constrained")
    for ax, (name, selector) in zip(axes, selectors.items(), strict=True):
        ax.imshow(selector.scores_[:64].reshape(8, 8), cmap="cividis")
        ax.set(title=name, xticks=[], yticks=[])
    plt.show()
