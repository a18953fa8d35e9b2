# SPDX-License-Identifier: BSD-3-Clause
"""What is selected from real data serves a classifier: floors, for trainings of a second or two.

madelon: of its 500 features 20 are of use, so that a random selection is little better than chance.
"""

import numpy as np
import pytest
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from tools import datasets

from sparsefs import (
    DeepLassoSelector,
    HyperSparseSelector,
    NeuroFSSelector,
    NeuronAttributionSelector,
    QuickSelectionSelector,
)


@pytest.mark.slow
@pytest.mark.skipif(not datasets.available(), reason="the folder with real data sets is not here")
@pytest.mark.parametrize(
    ("Selector", "params", "floor"),
    [
        (QuickSelectionSelector, {"max_iter": 20}, 0.68),
        (
            NeuronAttributionSelector,
            {"max_iter": 20, "hidden_layer_sizes": (200, 50)},
            0.61,
        ),
        (HyperSparseSelector, {"max_iter": 40, "hidden_layer_sizes": 200}, 0.58),
        (DeepLassoSelector, {}, 0.6),
        (NeuroFSSelector, {"max_iter": 60, "hidden_layer_sizes": 200}, 0.73),
    ],
)
def test_a_short_training_reaches_an_accuracy(Selector, params, floor):
    X, y = datasets.load("madelon")
    X_train, X_test, y_train, y_test = train_test_split(
        X, y, test_size=0.2, stratify=y, random_state=0
    )

    def accuracy(columns):
        model = make_pipeline(StandardScaler(), SVC()).fit(X_train[:, columns], y_train)
        return model.score(X_test[:, columns], y_test)

    rng = np.random.default_rng(0)
    random = [accuracy(rng.choice(500, 20, replace=False)) for _ in range(5)]
    selected = [
        accuracy(
            Selector(K=20, random_state=seed, device="cpu", **params)
            .fit(X_train, y_train)
            .get_support(indices=True)
        )
        for seed in range(3)
    ]
    assert np.mean(selected) > floor > np.mean(random) + 0.02, (selected, random)
