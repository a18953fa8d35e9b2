# SPDX-License-Identifier: BSD-3-Clause
"""WASTSelector's own options, and its result on real data."""

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from tools import datasets

from sparsefs import WASTSelector
from tests.selectors.common import quick


@pytest.mark.parametrize(
    "option",
    [
        {"density": 0.5},
        {"lam": 0.9},
        {"mixing": "sum"},
        {"learning_rate": "constant"},
        {"scaling": "feature"},
        {"scaling": "none"},
        {"rank_by": "strength"},
        {"drop": "magnitude"},
        {"grow": "random"},
        {"drop_fraction": 0.3},
        {"update_every": "epoch"},
        {"update_every": 2},
        {"update_until": 0.5},
        {"hidden_layer_sizes": (12,)},
        {"max_iter": 4},
        {"batch_size": 20},
        {"solver": "adam", "learning_rate_init": 1e-3},
        {"learning_rate_init": 0.2},
        {"momentum": 0.0},
        {"alpha": 0.1},
        {"noise_std": 0.0},
    ],
    ids=str,
)
def test_every_option_matters(option, wide):
    wide = wide + 1.0  # so that centring matters
    base, other = quick(WASTSelector).fit(wide), quick(WASTSelector, **option).fit(wide)
    assert not np.allclose(base.scores_, other.scores_, rtol=1e-6)


@pytest.mark.parametrize("density", [0.05, 0.2, 1.0])
def test_kernels_give_the_same_training(density, wide):
    fits = [
        quick(WASTSelector, kernel=k, density=density, hidden_layer_sizes=40, max_iter=8).fit(wide)
        for k in ("csr", "block", "masked")
    ]
    for fit in fits[1:]:
        np.testing.assert_allclose(fit.scores_, fits[0].scores_, rtol=1e-3)
        np.testing.assert_allclose(fit.history_["loss"], fits[0].history_["loss"], rtol=1e-4)


def test_topology_changes_when_it_should(wide):
    changed = {
        every: quick(WASTSelector, update_every=every).fit(wide).history_["connections_changed"]
        for every in ("batch", "epoch", 100)
    }
    assert (changed["batch"] > 0).all()
    assert (changed["epoch"][:-1] > 0).all() and changed["epoch"][-1] == 0
    assert (changed[100] == 0).all()  # three epochs have twelve steps


def test_density_is_exact_and_constant(wide):
    history = quick(WASTSelector, density=0.3).fit(wide).history_
    np.testing.assert_array_equal(history["density"], round(0.3 * 40 * 16) / (40 * 16))


def test_training_reconstructs(wide):
    loss = quick(WASTSelector, max_iter=60, learning_rate_init=1.0).fit(wide).history_["loss"]
    assert loss[-1] < 0.7 * loss[0]


def test_from_paper_is_the_papers_setting():
    selector = WASTSelector.from_paper("images", K=25, random_state=3)
    assert (selector.K, selector.random_state, selector.lam) == (25, 3, 0.4)
    assert (selector.mixing, selector.scaling, selector.density) == ("sum", "global", 0.2)
    assert WASTSelector.from_paper().lam == 0.9
    with pytest.raises(ValueError, match="variant must be one of"):
        WASTSelector.from_paper("sounds")


def test_selected_digits_pixels_beat_random_ones():
    X, y = load_digits(return_X_y=True)
    X_train, X_test, y_train, y_test = train_test_split(X, y, stratify=y, random_state=0)
    selected = WASTSelector(K=15, random_state=0, device="cpu").fit(X_train).get_support(True)
    random = np.random.default_rng(0).permuted(np.tile(np.arange(64), (20, 1)), axis=1)[:, :15]

    def accuracy(columns):
        model = make_pipeline(StandardScaler(), SVC()).fit(X_train[:, columns], y_train)
        return model.score(X_test[:, columns], y_test)

    assert accuracy(selected) > np.mean([accuracy(columns) for columns in random]) + 0.02


@pytest.mark.slow
@pytest.mark.skipif(not datasets.available(), reason="the folder with real data sets is not here")
@pytest.mark.parametrize(
    ("name", "kind", "K", "published"),
    [("madelon", "other", 20, 83.3), ("isolet_1560", "other", 50, 78.7)],
)
def test_paper_setting_reaches_the_reference_programs_accuracy(name, kind, K, published):
    X, y = datasets.load(name)
    accuracies = []
    for seed in range(5):
        X_train, X_test, y_train, y_test = train_test_split(
            X, y, test_size=0.2, stratify=y, random_state=seed
        )
        selector = WASTSelector.from_paper(kind, K=K, random_state=seed, device="cpu")
        model = make_pipeline(selector, StandardScaler(), SVC()).fit(X_train, y_train)
        accuracies.append(100 * model.score(X_test, y_test))
    # With other seeds the mean of five is 0.8 higher or lower.
    assert np.mean(accuracies) > published - 3
