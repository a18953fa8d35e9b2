# SPDX-License-Identifier: BSD-3-Clause
"""
Your own importance
===================

An importance scores the input neurons of a network during the training. This one
is weight times gradient, summed over the connections of an input neuron and
averaged over the training. To first order, it is the change of the loss without
these connections.
"""

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from sparsefs import NeuronAttributionSelector
from sparsefs.importance import Importance

# %%
# The importance
# --------------
# ``before_update`` is called in every step, when the gradients of the batch are
# known. ``scores`` returns the result at the end. Sums over the connections take
# time and memory in proportion to their number. See :doc:`/extending`.


class TaylorImportance(Importance):
    """Weight times gradient of the connections of an input neuron, averaged over all steps."""

    def __init__(self):
        self.total = 0.0
        self.n_steps = 0

    def before_update(self, network, step):
        layer = network.layers[0]
        x, grad = (
            layer.seen
        )  # inputs and output gradients of this step's batch
        change = (
            (layer.values * layer.weight_grad(grad, x)).abs().cpu().numpy()
        )
        n_inputs = layer.shape[1]
        self.total += np.bincount(
            layer.cols, weights=change, minlength=n_inputs
        )
        self.n_steps += 1

    def scores(self, network):
        return self.total / self.n_steps


# %%
# Does it help?
# -------------
# We compare it with the built-in importances on 300 digits, whose 64 pixels are
# hidden among 500 columns of noise.


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
    for name, importance in [
        ("attribution", "attribution"),
        ("strength", "strength"),
        ("weight times gradient", TaylorImportance()),
    ]:
        selectors[name] = selector = NeuronAttributionSelector(
            K=K,
            importance=importance,
            hidden_layer_sizes=(200, 50),
            max_iter=40,
            random_state=0,
        )
        model = make_pipeline(selector, StandardScaler(), SVC()).fit(
            X_train, y_train
        )
        n_pixels = np.count_nonzero(selector.get_support(indices=True) < 64)
        print(
            f"{name:22s} accuracy {model.score(X_test, y_test):.3f}, {n_pixels} pixels"
        )
    return selectors


if __name__ == "__main__":
    selectors = main()

# %%
# The histograms show the scores of pixels and of noise, as a share of the highest.
# The less they overlap, the better an importance separates them. One seed and one
# data set prove little: compare several of both.

if __name__ == "__main__":
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(
        1, 3, figsize=(8.5, 2.8), sharey=True, layout="constrained"
    )
    for ax, (name, selector) in zip(axes, selectors.items(), strict=True):
        share = selector.scores_ / selector.scores_.max()
        bins = np.linspace(0, 1, 21)
        ax.hist(
            share[64:],
            bins,
            color="0.7",
            hatch="////",
            ec="0.4",
            label="500 noise columns",
        )
        ax.hist(
            share[:64],
            bins,
            color="#0072b2",
            alpha=0.8,
            ec="black",
            label="64 pixels",
        )
        ax.set(title=name, xlabel="score / highest", yscale="log")
    axes[0].set_ylabel("number of features")
    axes[2].legend(frameon=False)
    plt.show()
