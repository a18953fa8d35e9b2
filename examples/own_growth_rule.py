# SPDX-License-Identifier: BSD-3-Clause
"""
Add your own growth rule
========================

Connections grow where an input neuron is strong and the gradient of the loss is large, among
random candidates: RigL's idea without its dense gradient. Compared with the rules that the
library has, on digits hidden among noise. Needs no network.
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


class StrongInputGrow:
    """Grow at input neurons with the largest strength times gradient, among random candidates."""

    def __init__(self, n_candidates=4):
        self.n_candidates = n_candidates  # for every connection that is to grow

    def __call__(self, layer, dropped, importance, rng):
        drawn = free_positions(layer, dropped, self.n_candidates * len(dropped), rng)
        rows, cols = np.divmod(drawn, layer.shape[1])  # output neurons, input neurons
        x, grad = layer.seen  # inputs and output gradients of the last batch
        layer.extra_flops += 2 * len(drawn) * x.shape[1]  # so that costs_ tells the truth
        gradient = torch.linalg.vecdot(grad[rows], x[cols]).abs().cpu().numpy()
        score = (layer.strength("in")[cols] + 1e-6) * gradient
        return growth_at(layer, dropped, drawn[np.argsort(-score)[: len(dropped)]])


def main():
    K = 30
    digits, y = load_digits(return_X_y=True)
    noise = np.random.default_rng(0).standard_normal((len(y), 500))
    X = np.hstack([digits / digits.std(), noise])
    X_train, X_test, y_train, y_test = train_test_split(
        X, y, train_size=300, stratify=y, random_state=0
    )

    print(f"{K} of {X.shape[1]} features, of which 64 are pixels and the others noise")
    for name, topology in [
        ("random (SET)", "set"),
        ("gradient (RigL)", "rigl"),
        ("strength times gradient", StrongInputGrow()),
    ]:
        selector = NeuronAttributionSelector(
            K=K,
            topology=topology,
            density=0.05,
            hidden_layer_sizes=(200, 50),
            max_iter=40,
            random_state=0,
        )
        model = make_pipeline(selector, StandardScaler(), SVC()).fit(X_train, y_train)
        n_pixels = np.count_nonzero(selector.get_support(indices=True) < 64)
        flops = selector.costs_["training_flops"]["sparse"]
        print(
            f"{name:24s} accuracy {model.score(X_test, y_test):.3f}, {n_pixels} pixels, "
            f"{flops / 1e9:.1f} GFLOP"
        )


if __name__ == "__main__":
    main()
