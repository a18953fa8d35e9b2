# SPDX-License-Identifier: BSD-3-Clause
"""
Add your own importance
=======================

Scores a feature by weight times gradient, summed over the connections of its input neuron and
averaged over the training: to first order, how much the loss would change if they were cut.
Compared with the importances that the library has. Needs no network.
"""

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from sparsefs import NeuronAttributionSelector
from sparsefs.importance import Importance


class TaylorImportance(Importance):
    """Weight times gradient of the connections of an input neuron, averaged over all steps."""

    def __init__(self):
        self.total = 0.0
        self.n_steps = 0

    def before_update(self, network, step):
        layer = network.layers[0]
        x, grad = layer.seen  # inputs and output gradients of this step's batch
        change = (layer.values * layer.weight_grad(grad, x)).abs().cpu().numpy()
        n_inputs = layer.shape[1]
        self.total += np.bincount(layer.neurons("in"), weights=change, minlength=n_inputs)
        self.n_steps += 1

    def scores(self, network):
        return self.total / self.n_steps


def main():
    K = 30
    digits, y = load_digits(return_X_y=True)
    noise = np.random.default_rng(0).standard_normal((len(y), 500))
    X = np.hstack([digits / digits.std(), noise])
    X_train, X_test, y_train, y_test = train_test_split(
        X, y, train_size=300, stratify=y, random_state=0
    )

    print(f"{K} of {X.shape[1]} features, of which 64 are pixels and the others noise")
    for name, importance in [
        ("attribution", "attribution"),
        ("strength", "strength"),
        ("weight times gradient", TaylorImportance()),
    ]:
        selector = NeuronAttributionSelector(
            K=K,
            importance=importance,
            hidden_layer_sizes=(200, 50),
            max_iter=40,
            random_state=0,
        )
        model = make_pipeline(selector, StandardScaler(), SVC()).fit(X_train, y_train)
        n_pixels = np.count_nonzero(selector.get_support(indices=True) < 64)
        print(f"{name:22s} accuracy {model.score(X_test, y_test):.3f}, {n_pixels} pixels")


if __name__ == "__main__":
    main()
